//! Which proxy a request goes through: the setting's, else the environment's, but for the hosts that NO_PROXY
//! takes out.
//!
//! Invariant: a proxy's user and password go to the proxy and nowhere else, no message shows them. A proxy
//! that can't be used is an error, never a direct connection.

use std::env;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Scheme;
use http::{HeaderValue, Uri};

use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};

/// The proxies for plain and for TLS servers.
#[derive(Default)]
pub(super) struct Proxies {
    /// For http and for https.
    http: Option<Hop>,
    https: Option<Hop>,
    except: Vec<Except>,
    /// The variable that `except` was found in.
    excepted_by: Option<&'static str>,
    key: String,
}

/// The proxy for a URL and the source of that choice, for `explain`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ProxyChoice {
    /// The proxy, without user and password.
    pub(crate) proxy: Option<String>,
    /// The environment variable that names the proxy.
    pub(crate) variable: Option<&'static str>,
    /// The environment variable that keeps the URL's host from the proxy.
    pub(crate) excepted_by: Option<&'static str>,
}

/// One proxy.
#[derive(Clone)]
pub(super) struct Hop {
    /// Without user and password.
    pub(super) uri: Uri,
    pub(super) authorization: Option<HeaderValue>,
    /// The variable that names it.
    variable: Option<&'static str>,
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {}", self.uri.authority().map_or("", |authority| authority.as_str()))
    }
}

impl Proxies {
    pub(super) fn of(settings: &Settings) -> Result<Proxies> {
        Proxies::read(settings.proxy.as_ref().map(|proxy| proxy.0.as_str()), &|name| {
            env::var(name).ok().filter(|value| !value.trim().is_empty())
        })
    }

    fn read(setting: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Proxies> {
        // Lower case is read first, as curl and Python do. A web server passes a client's `Proxy:` header as
        // HTTP_PROXY.
        let cgi = variable("REQUEST_METHOD").is_some();
        let named = |names: &[&'static str]| {
            names
                .iter()
                .filter(|name| !(cgi && **name == "HTTP_PROXY"))
                .find_map(|name| Some((*name, variable(name)?)))
        };
        let given = |names: &[&'static str]| match setting {
            Some(url) => Some((None, url.to_owned())),
            None => named(names)
                .or_else(|| named(&["all_proxy", "ALL_PROXY"]))
                .map(|(name, url)| (Some(name), url)),
        };
        let (http, https) = (given(&["http_proxy", "HTTP_PROXY"]), given(&["https_proxy", "HTTPS_PROXY"]));
        let (excepted_by, except) =
            named(&["no_proxy", "NO_PROXY"]).map(|(name, hosts)| (Some(name), hosts)).unwrap_or_default();
        let key = format!("{http:?} {https:?} {except}");
        let hop = |given: Option<(Option<&'static str>, String)>| {
            given.map(|(variable, url)| Hop::parse(variable, &url)).transpose()
        };
        let except = except.split([',', ' ']).filter_map(Except::parse).collect();
        Ok(Proxies { http: hop(http)?, https: hop(https)?, except, excepted_by, key })
    }

    /// One text for each set of proxies, with their secrets.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Which proxy is on the way to a URL, in words.
    fn choose_for(&self, server: &Uri) -> ProxyChoice {
        let hop = if server.scheme() == Some(&Scheme::HTTP) { &self.http } else { &self.https };
        match (hop, self.of_server(server)) {
            (_, Some(hop)) => ProxyChoice {
                proxy: Some(hop.uri.to_string().trim_end_matches('/').to_owned()),
                variable: hop.variable,
                excepted_by: None,
            },
            (Some(_), None) => ProxyChoice { excepted_by: self.excepted_by, ..ProxyChoice::default() },
            (None, None) => ProxyChoice::default(),
        }
    }

    pub(super) fn choose(&self, url: &str) -> ProxyChoice {
        url.parse().map(|server| self.choose_for(&server)).unwrap_or_default()
    }

    /// Whether a connection to a proxy may need TLS.
    pub(super) fn speak_tls(&self) -> bool {
        self.http.as_ref().is_some_and(|hop| hop.uri.scheme() == Some(&Scheme::HTTPS))
    }

    /// The proxy that requests to this server go through.
    pub(super) fn of_server(&self, server: &Uri) -> Option<&Hop> {
        let plain = server.scheme() == Some(&Scheme::HTTP);
        let hop = if plain { &self.http } else { &self.https }.as_ref()?;
        let port = server.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let host = server.host()?.trim_matches(['[', ']']).to_ascii_lowercase();
        (!self.except.iter().any(|except| except.covers(&host, port))).then_some(hop)
    }
}

impl Hop {
    /// Reads `[http[s]://][user:password@]host[:port][/]` of a variable or of the setting.
    fn parse(variable: Option<&'static str>, url: &str) -> Result<Hop> {
        let place = variable
            .map_or_else(|| "setting `proxy`".to_owned(), |name| format!("the environment variable {name}"));
        let wrong = || {
            Error::new(
                ErrorKind::Config,
                format!("{place} takes the proxy as http://host:port; other kinds can't be used"),
            )
        };
        let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
        let scheme = scheme
            .parse::<Scheme>()
            .ok()
            .filter(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        let rest = rest.trim_end_matches('/');
        let (userinfo, host) =
            rest.rsplit_once('@').map_or((None, rest), |(userinfo, host)| (Some(userinfo), host));
        let uri = Uri::builder()
            .scheme(scheme.ok_or_else(wrong)?)
            .authority(host)
            .path_and_query("/")
            .build()
            .map_err(|_| wrong())?;
        let authorization = userinfo.and_then(|userinfo| {
            let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
            let pair = [percent_decoded(user), vec![b':'], percent_decoded(password)].concat();
            let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Ok(Hop { uri, authorization, variable })
    }
}

/// Decodes percent escapes; a `%` that begins none is kept.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

/// An entry of NO_PROXY.
struct Except {
    whom: Whom,
    port: Option<u16>,
}

enum Whom {
    Everyone,
    /// A host and all below it.
    Name(String),
    /// Addresses that begin with these bits.
    Net(IpAddr, u8),
}

impl Except {
    /// Reads `*`, `host`, `.domain`, `*.domain`, an address or `address/bits`, each also with `:port`.
    fn parse(entry: &str) -> Option<Except> {
        let entry = entry.trim().to_ascii_lowercase();
        let (host, port) = match entry.rsplit_once(':') {
            // More than one colon without brackets is an IPv6 address.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (entry.as_str(), None),
        };
        let host = host.trim_matches(['[', ']']);
        let (address, bits) =
            host.split_once('/').map_or((host, None), |(address, bits)| (address, Some(bits)));
        let whom = match (address.parse::<IpAddr>(), bits) {
            (Ok(address), None) => Whom::Net(address, 128),
            (Ok(address), Some(bits)) => Whom::Net(address, bits.parse().ok()?),
            (Err(_), Some(_)) => return None,
            (Err(_), None) if host == "*" => Whom::Everyone,
            (Err(_), None) => Whom::Name(host.trim_start_matches('*').trim_start_matches('.').to_owned()),
        };
        (!matches!(&whom, Whom::Name(name) if name.is_empty())).then_some(Except { whom, port })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|only| only == port)
            && match &self.whom {
                Whom::Everyone => true,
                Whom::Name(name) => host
                    .strip_suffix(name.as_str())
                    .is_some_and(|left| left.is_empty() || left.ends_with('.')),
                Whom::Net(net, bits) => match (host.parse(), net) {
                    (Ok(IpAddr::V4(host)), IpAddr::V4(net)) => {
                        same(u128::from(host.to_bits()), u128::from(net.to_bits()), 32, *bits)
                    }
                    (Ok(IpAddr::V6(host)), IpAddr::V6(net)) => {
                        same(host.to_bits(), net.to_bits(), 128, *bits)
                    }
                    _ => false,
                },
            }
    }
}

/// Whether two addresses of so many bits begin with the same ones.
fn same(one: u128, other: u128, width: u8, bits: u8) -> bool {
    let free = u32::from(width.saturating_sub(bits));
    (one ^ other).checked_shr(free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(setting: Option<&str>, variables: &[(&str, &str)]) -> Result<Proxies> {
        Proxies::read(setting, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        })
    }

    fn to(proxies: &Proxies, server: &str) -> Option<String> {
        proxies.of_server(&server.parse().unwrap()).map(|hop| hop.uri.authority().unwrap().to_string())
    }

    #[test]
    fn the_setting_then_the_environment() {
        let all = [
            ("https_proxy", "s:1"),
            ("HTTPS_PROXY", "http://S:1"),
            ("HTTP_PROXY", "http://p:2/"),
            ("ALL_PROXY", "https://a"),
        ];
        let found = proxies(None, &all).unwrap();
        assert_eq!(
            (to(&found, "https://h").as_deref(), to(&found, "http://h").as_deref()),
            (Some("s:1"), Some("p:2"))
        );
        let found = proxies(None, &all[2..]).unwrap();
        assert_eq!(
            (to(&found, "https://h").as_deref(), to(&found, "http://h").as_deref()),
            (Some("a"), Some("p:2"))
        );
        let found = proxies(None, &[all[2], ("REQUEST_METHOD", "GET")]).unwrap();
        assert_eq!(to(&found, "http://h"), None);
        let found = proxies(Some("http://own:3"), &all).unwrap();
        assert_eq!(
            (to(&found, "https://h").as_deref(), to(&found, "http://h").as_deref()),
            (Some("own:3"), Some("own:3"))
        );
    }

    #[test]
    fn users_are_kept_apart_and_never_shown() {
        let found = proxies(Some("http://me%40x:canary%2F@w@[::1]:8080"), &[]).unwrap();
        let hop = found.of_server(&Uri::from_static("http://h")).unwrap();
        assert_eq!(hop.uri, "http://[::1]:8080/");
        let header = hop.authorization.as_ref().unwrap();
        assert_eq!(
            STANDARD.decode(header.to_str().unwrap().strip_prefix("Basic ").unwrap()).unwrap(),
            b"me@x:canary/@w"
        );
        assert!(!format!("{hop} {header:?}").contains("canary"));
        for junk in ["socks5://me:canary@h:1", "http://me:canary@", "http://me:canary@h h", "canary://h"] {
            let error = proxies(None, &[("all_proxy", junk)]).map(drop).unwrap_err();
            assert!(error.message().contains("all_proxy") && !error.message().contains("canary"), "{error}");
        }
    }

    #[test]
    fn who_is_reached_directly() {
        for (entries, direct, proxied) in [
            (
                "store.example",
                &["https://store.example", "http://STORE.example:9", "https://b.store.example"][..],
                &["https://restore.example"][..],
            ),
            (
                ".example, *.other",
                &["https://a.example", "https://example", "https://b.other"],
                &["https://anexample", "https://h"],
            ),
            ("h:9000", &["http://h:9000"], &["http://h", "http://h:9001"]),
            ("h:443", &["https://h"], &["http://h"]),
            ("10.1.2.3", &["http://10.1.2.3:80"], &["http://10.1.2.4"]),
            (
                "10.1.0.0/16 192.168.0.0/33",
                &["http://10.1.255.1", "http://192.168.0.0"],
                &["http://10.2.0.1", "http://192.168.0.1"],
            ),
            (
                "fd00::/8,[::1]:9000",
                &["http://[fd00::1]", "http://[::1]:9000"],
                &["http://[::1]", "http://[fe80::1]"],
            ),
            ("0.0.0.0/0", &["http://1.2.3.4"], &["http://h", "http://[::1]"]),
            ("*", &["https://any", "http://1.2.3.4"], &[]),
            (", ., :,x/8,h:port,10.0.0.0/x", &[], &["https://h", "http://10.0.0.0"]),
        ] {
            let found = proxies(Some("http://p"), &[("NO_PROXY", entries)]).unwrap();
            for server in direct {
                assert_eq!(to(&found, server), None, "{entries} {server}");
            }
            for server in proxied {
                assert_eq!(to(&found, server).as_deref(), Some("p"), "{entries} {server}");
            }
        }
    }
}
