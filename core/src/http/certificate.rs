//! What is wrong with a server's certificate and what to do about it, in words.
//!
//! Invariant: each message names `ca_bundle` and `verify`, and whether they help. A certificate's text is
//! untrusted: it is cleaned and shortened.

use rustls::CertificateError as Fault;
use rustls::pki_types::UnixTime;

use super::no_response::line;

/// Names of a certificate that are shown.
const NAMES: usize = 5;

/// What is wrong, and what to do. `believed` are the certificates that count, in words.
pub(super) fn sentence(fault: &Fault, believed: &str) -> (String, String) {
    let (why, help) = match fault {
        Fault::UnknownIssuer | Fault::BadSignature => (
            format!("its certificate is not trusted: no certificate of {believed} vouches for it"),
            "name the server's certificate or its issuer's by `ca_bundle`",
        ),
        fault if is_a_ca(fault) => (
            format!(
                "its certificate is not trusted: it is a certificate authority's own, and not one of \
                 {believed}"
            ),
            "name the server's certificate by `ca_bundle`",
        ),
        Fault::Expired => ("its certificate has expired".to_owned(), RENEW),
        Fault::ExpiredContext { not_after, .. } => {
            (format!("its certificate expired at {}", moment(*not_after)), RENEW)
        }
        Fault::NotValidYet => ("its certificate is not valid yet".to_owned(), RENEW),
        Fault::NotValidYetContext { not_before, .. } => {
            (format!("its certificate is not valid before {}", moment(*not_before)), RENEW)
        }
        Fault::NotValidForName => ("its certificate is for another name".to_owned(), RENAME),
        Fault::NotValidForNameContext { expected, presented } => {
            let expected = line(&expected.to_str());
            let why = if presented.is_empty() {
                format!(
                    "its certificate is not for {expected}: it has no subjectAltName, so it is for no name \
                     at all"
                )
            } else {
                format!("its certificate is not for {expected}, but for {}", names(presented))
            };
            (why, RENAME)
        }
        other => (
            format!("its certificate can't be trusted: {}", line(other)),
            "`ca_bundle` names the certificates to trust",
        ),
    };
    (why, format!("{help}; `verify` = false trusts any certificate (for tests only)"))
}

const RENEW: &str = "renew it at the server, or check this machine's clock (`ca_bundle` does not help)";
const RENAME: &str =
    "use a name of the certificate in `endpoint`, or a certificate for this name (`ca_bundle` does not help)";

/// Whether a certificate that may sign others is shown as a server's own, as `openssl req -x509` makes them.
pub(super) fn is_a_ca(fault: &Fault) -> bool {
    // webpki's own name for it; rustls hands it on as text.
    matches!(fault, Fault::Other(other) if other.to_string() == "CaUsedAsEndEntity")
}

fn moment(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
}

/// The names of a certificate out of webpki's text, such as `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        line(&inner.trim_matches('"').chars().take(100).collect::<String>())
    };
    let mut text = presented.iter().take(NAMES).map(bare).collect::<Vec<_>>().join(", ");
    if presented.len() > NAMES {
        text.push_str(&format!(" and {} more", presented.len() - NAMES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bare_and_few() {
        let presented: Vec<String> =
            ["DnsName(\"a\\n.example\")", "IpAddress(10.0.0.1)"].map(str::to_owned).into();
        assert_eq!(names(&presented), "a\\n.example, 10.0.0.1");
        let many: Vec<String> = (0..100).map(|n| format!("DnsName(\"h{n}\")")).collect();
        assert_eq!(names(&many), "h0, h1, h2, h3, h4 and 95 more");
    }
}
