//! Where a bucket is reached: the endpoint, and whether the bucket stands in its path or before its name.
//!
//! Invariant: what can't be reached as asked is an error before anything is sent, never another address.
//! Reads settings only.

use super::offers::Point;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};

/// How requests reach a bucket: by which URL, and whether the bucket is in its path.
#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    /// The endpoint as a URL; AWS's own if there is none.
    pub(crate) url: Option<String>,
    pub(crate) path_style: bool,
}

/// The way to a bucket by settings that the surroundings have completed.
pub(crate) fn route(settings: &Settings, bucket: &str) -> Result<Route> {
    let url = url(settings);
    let style = settings.addressing_style.as_deref().unwrap_or("auto");
    let point = Point::of(bucket);
    let arn = point.is_some();
    let dotted = bucket.contains('.') && !arn;
    // Without TLS no certificate has to cover the name.
    let plain = url.as_ref().is_some_and(|url| url.starts_with("http://"));
    let aws_only = [
        ("use_fips_endpoint", settings.use_fips_endpoint),
        ("use_dualstack_endpoint", settings.use_dualstack_endpoint),
        ("use_accelerate_endpoint", settings.use_accelerate_endpoint),
    ];
    if let Some(url) = &url
        && let Some((name, _)) = aws_only.iter().find(|(_, wanted)| *wanted == Some(true))
    {
        fail!(
            Config,
            "`{name}` chooses among AWS's endpoints and can't be used together with the endpoint {url}"
        );
    }
    if point == Some(Point::MultiRegion) {
        if settings.disable_multiregion_access_points == Some(true) {
            fail!(
                Config,
                "{bucket} is a multi-region access point, and `disable_multiregion_access_points` refuses \
                 those"
            );
        }
        // The rules would leave the custom endpoint out.
        if let Some(url) = &url {
            fail!(
                Config,
                "{bucket} is a multi-region access point, which only AWS's global endpoint serves; leave out \
                 the endpoint {url}"
            );
        }
    }
    if arn && style == "path" {
        fail!(Config, "an access point is not reached by `addressing_style` path");
    }
    if dotted && style == "virtual" && !plain {
        fail!(
            Config,
            "the name of the bucket {bucket} holds a dot, so no certificate covers it as a host name; leave \
             `addressing_style` at auto"
        );
    }
    if settings.use_accelerate_endpoint == Some(true) && (dotted || style == "path") {
        fail!(
            Config,
            "`use_accelerate_endpoint` needs a bucket whose name is part of the host name: one without a \
             dot, and not `addressing_style` path"
        );
    }
    if settings.use_accelerate_endpoint == Some(true) && settings.use_fips_endpoint == Some(true) {
        fail!(
            Config,
            "`use_accelerate_endpoint` and `use_fips_endpoint` can't be used together: there are no such \
             endpoints"
        );
    }
    let path_style = style == "path" || (style == "auto" && !arn && (url.is_some() || dotted));
    Ok(Route { url, path_style })
}

/// What is odd about the endpoint if the server reports that a bucket or an object is not there: a path, or
/// the bucket in it.
pub(super) fn misplaced(endpoint: Option<&str>, bucket: &str, error: &Error) -> Option<String> {
    let is_missing =
        matches!(error.kind(), ErrorKind::NoSuchBucket | ErrorKind::NotFound) || error.status() == Some(404);
    let endpoint = url::Url::parse(endpoint.filter(|_| is_missing)?).ok()?;
    let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
    let base = |host: &str, path: &str| format!("{}://{host}{port}{path}", endpoint.scheme());
    let (host, path) = (endpoint.host_str()?, endpoint.path().trim_end_matches('/'));
    let named = |better: String| {
        format!("`endpoint` names the bucket already, and requests name it again; set `endpoint` to {better}")
    };
    if let Some(rest) = host.strip_prefix(&format!("{bucket}.")) {
        return Some(named(base(rest, path)));
    }
    match path.rsplit_once('/')? {
        (before, last) if last == bucket => Some(named(base(host, before))),
        _ if error.kind() == ErrorKind::NotFound && error.code() != Some("NotFound") => None,
        _ => Some(format!(
            "`endpoint` has the path {path}, so requests go to {}; leave the path out unless the server is \
             below it",
            base(host, &format!("{path}/{bucket}"))
        )),
    }
}

/// The endpoint as a URL: a bare `host:port` gets its scheme from `use_ssl`.
fn url(settings: &Settings) -> Option<String> {
    let endpoint = settings.endpoint.as_ref()?;
    if endpoint.contains("://") {
        return Some(endpoint.clone());
    }
    let scheme = if settings.use_ssl == Some(false) { "http" } else { "https" };
    Some(format!("{scheme}://{endpoint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::value::Value;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().fold(Settings::default(), |settings, (name, value)| {
            settings.over(Settings::of(name, Value::Str(value.to_string())).unwrap()).unwrap()
        })
    }

    #[test]
    fn path_or_virtual() {
        for (pairs, bucket, path_style) in [
            (&[][..], "bucket", false),
            (&[], "dotted.bucket", true),
            (&[("endpoint", "host:9000")], "bucket", true),
            (&[("endpoint", "host:9000"), ("addressing_style", "virtual")], "bucket", false),
            (&[("addressing_style", "path")], "bucket", true),
            (&[("endpoint", "http://h"), ("addressing_style", "virtual")], "dotted.bucket", false),
            (&[], "arn:aws:s3::123456789012:accesspoint/name.mrap", false),
            (&[], "arn:aws:s3:us-west-2:123456789012:accesspoint/my.point", false),
            (&[("endpoint", "https://h")], "arn:aws:s3:us-west-2:123456789012:accesspoint/p", false),
        ] {
            assert_eq!(route(&settings(pairs), bucket).unwrap().path_style, path_style, "{bucket} {pairs:?}");
        }
        assert_eq!(
            route(&settings(&[("endpoint", "h:1"), ("use_ssl", "false")]), "b").unwrap().url.as_deref(),
            Some("http://h:1")
        );
    }

    #[test]
    fn what_leads_nowhere() {
        for (pairs, bucket, kind, word) in [
            (&[("addressing_style", "virtual")][..], "a.b", ErrorKind::Config, "dot"),
            (
                &[("use_fips_endpoint", "true"), ("endpoint", "h")],
                "bucket",
                ErrorKind::Config,
                "use_fips_endpoint",
            ),
            (&[("use_accelerate_endpoint", "true")], "a.b", ErrorKind::Config, "accelerate"),
            (
                &[("use_accelerate_endpoint", "true"), ("use_fips_endpoint", "true")],
                "b",
                ErrorKind::Config,
                "no such",
            ),
            (
                &[("addressing_style", "path")],
                "arn:aws:s3:us-west-2:123456789012:accesspoint/p",
                ErrorKind::Config,
                "access point",
            ),
            (
                &[("endpoint", "https://h")],
                "arn:aws:s3::123456789012:accesspoint/name.mrap",
                ErrorKind::Config,
                "https://h",
            ),
            (
                &[("disable_multiregion_access_points", "true")],
                "arn:aws:s3::123456789012:accesspoint/name.mrap",
                ErrorKind::Config,
                "disable_multiregion_access_points",
            ),
        ] {
            let error = route(&settings(pairs), bucket).unwrap_err();
            assert!(error.kind() == kind && error.message().contains(word), "{error}");
        }
    }
}
