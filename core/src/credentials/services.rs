//! How STS, SSO, sign-in and KMS are reached: region, endpoint, certificates, and what a failed call comes
//! to.
//!
//! Invariant: endpoints come from the same variables and profile keys as for every SDK.

use std::time::Duration;

use aws_config::profile::ProfileSet;

use super::environment::says_true;
use super::host::Host;
use crate::ambient::{self, Profiles, of_service, variable};
use crate::config::Settings;
use crate::error::{Result, fail};
use crate::http::{Http, Transport};

/// What is needed to call STS and SSO.
pub(super) struct Services<'a> {
    pub(super) settings: &'a Settings,
    pub(super) host: &'a Host,
    pub(super) profiles: &'a Profiles,
}

impl Services<'_> {
    /// The address of a service and the client to reach it with. `service` is its name in settings, `host`
    /// that of AWS's own endpoint.
    pub(super) fn reach(&self, service: &str, host: &str, region: &str) -> Result<(String, Http)> {
        let (fips, dual) = (self.fips(), self.dual_stack());
        if (fips || dual) && self.endpoint(service)?.is_some() {
            fail!(
                Config,
                "AWS's endpoints with FIPS or dual stack can't be used together with an endpoint of your own \
                 for {service}"
            );
        }
        self.plainly(service, &usual(host, region, fips, dual))
    }

    fn fips(&self) -> bool {
        self.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
    }

    fn dual_stack(&self) -> bool {
        self.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    }

    /// How long to wait for a connection, and for an answer.
    pub(super) fn patience(&self) -> (Duration, Duration) {
        let seconds = Duration::from_secs;
        (
            self.settings.connect_timeout.unwrap_or(seconds(5)),
            self.settings.read_timeout.unwrap_or(seconds(60)),
        )
    }

    /// The address of a service that no SDK is needed for, and the client to ask it with.
    pub(super) fn plainly(&self, service: &str, usual: &str) -> Result<(String, Http)> {
        let url = self.endpoint(service)?.unwrap_or_else(|| usual.to_owned());
        let http = self.http(Some(&url))?;
        Ok((url, http))
    }

    fn http(&self, endpoint: Option<&str>) -> Result<Http> {
        let way = Transport::of(self.settings)?;
        // Without TLS there is no need to read the system's certificates.
        let way = if endpoint.is_some_and(|url| url.starts_with("http://")) { way.plain() } else { way };
        way.client()
    }

    /// What distinguishes a source of credentials from others, with the services it uses.
    pub(super) fn telling<'t>(&self, source: impl IntoIterator<Item = &'t str>) -> Result<Vec<String>> {
        let place =
            [Some(ambient::region(self.settings).to_owned()), self.endpoint("sts")?, self.endpoint("sso")?];
        Ok(place
            .into_iter()
            .map(Option::unwrap_or_default)
            .chain(source.into_iter().map(str::to_owned))
            .collect())
    }

    fn flag(&self, name: &str, key: &str) -> bool {
        match variable(name) {
            Some(_) => says_true(name),
            None => self.profiles.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true")),
        }
    }

    /// What the environment and the profile say of a service's endpoint.
    fn endpoint(&self, service: &str) -> Result<Option<String>> {
        if self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return Ok(None);
        }
        let names =
            [format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase()), "AWS_ENDPOINT_URL".to_owned()];
        if let Some((name, url)) = names.iter().find_map(|name| Some((name, variable(name)?))) {
            return whole(&url, &format!("environment variable {name}"));
        }
        self.profiles.vouch(&format!("`endpoint_url` of profile `{}`", self.profiles.name()), |set| {
            said(set, service)
        })?;
        match said(&self.profiles.set, service).filter(|value| !value.trim().is_empty()) {
            Some(url) => whole(url, &format!("endpoint_url of profile `{}`", self.profiles.name())),
            None => Ok(None),
        }
    }
}

/// Where another service is that the store itself asks, and how to get there.
pub(super) struct Place {
    pub(super) url: String,
    pub(super) http: Http,
    pub(super) patience: (Duration, Duration),
}

/// Where a service is in a region, unless the surroundings say otherwise.
pub(super) async fn place(settings: &Settings, service: &str, region: &str) -> Result<Place> {
    let (host, profiles) = (Host::default(), ambient::load(settings).await?);
    let services = Services { settings, host: &host, profiles: &profiles };
    let (url, http) = services.reach(service, service, region)?;
    Ok(Place { url, http, patience: services.patience() })
}

/// AWS's own address of a service.
/// Source: <https://docs.aws.amazon.com/general/latest/gr/rande.html>
fn usual(service: &str, region: &str, fips: bool, dual: bool) -> String {
    let (plain, both) = match region.split_once('-').map_or(region, |(partition, _)| partition) {
        "cn" => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        "eusc" => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ if region.starts_with("us-iso-") => ("c2s.ic.gov", "api.aws.ic.gov"),
        _ if region.starts_with("us-isob-") => ("sc2s.sgov.gov", "api.aws.scloud"),
        _ if region.starts_with("eu-isoe-") => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        _ if region.starts_with("us-isof-") => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        _ => ("amazonaws.com", "api.aws"),
    };
    if (service, region, fips, dual) == ("sts", "aws-global", false, false) {
        return "https://sts.amazonaws.com".to_owned();
    }
    // In GovCloud the plain names of these services are the FIPS ones.
    let is_plain_fips = region.starts_with("us-gov-") && service != "kms" && !dual;
    let suffix = if fips && !is_plain_fips { "-fips" } else { "" };
    format!("https://{service}{suffix}.{region}.{}", if dual { both } else { plain })
}

/// An endpoint as services take it: a URL.
fn whole(url: &str, place: &str) -> Result<Option<String>> {
    if url.contains('@') {
        // Not shown: what stands before the @ may be a secret.
        fail!(Config, "{place} takes no user and password");
    }
    match url::Url::parse(url.trim()) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => {
            Ok(Some(url.trim().to_owned()))
        }
        _ => fail!(Config, "{place} takes a URL such as https://host:port, not {url:?}"),
    }
}

/// The endpoint of a service in the profile.
fn said<'a>(set: &'a ProfileSet, service: &str) -> Option<&'a str> {
    of_service(set, service, "endpoint_url").or_else(|| set.get("endpoint_url"))
}

/// A service's code and message, each once; without a code, its status.
pub(super) fn complaint(code: Option<&str>, message: Option<&str>, status: u16) -> String {
    match (code, message) {
        (Some(code), Some(message)) if message.contains(code) => message.to_owned(),
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, Some(message)) => format!("{message} (status {status})"),
        (None, None) => {
            format!("the response has status {status} and no error code, so it may not be the service's")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{complaint, usual};

    #[test]
    fn nothing_is_said_twice() {
        assert_eq!(complaint(Some("AccessDenied"), Some("no"), 403), "AccessDenied: no");
        assert_eq!(
            complaint(Some("ExpiredToken"), Some("ExpiredToken: it is old"), 400),
            "ExpiredToken: it is old"
        );
        assert_eq!(complaint(Some("InvalidGrant"), None, 400), "InvalidGrant");
        assert!(complaint(None, None, 403).contains("status 403"));
    }

    /// The SDK's own address of a service.
    macro_rules! theirs {
        ($sdk:ident, $region:expr, $fips:expr, $dual:expr) => {{
            use $sdk::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
            let asked =
                Params::builder().region($region).use_fips($fips).use_dual_stack($dual).build().unwrap();
            DefaultResolver::new().resolve_endpoint(&asked).await.unwrap().url().to_owned()
        }};
    }

    #[tokio::test]
    async fn addresses_are_those_of_the_sdk() {
        let regions = [
            "eu-west-1",
            "us-gov-west-1",
            "cn-north-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "us-isof-south-1",
            "eusc-de-east-1",
        ];
        for region in regions {
            for (fips, dual) in [(false, false), (true, false), (false, true), (true, true)] {
                assert_eq!(usual("kms", region, fips, dual), theirs!(aws_sdk_kms, region, fips, dual));
                assert_eq!(usual("sts", region, fips, dual), theirs!(aws_sdk_sts, region, fips, dual));
                assert_eq!(usual("portal.sso", region, fips, dual), theirs!(aws_sdk_sso, region, fips, dual));
                assert_eq!(usual("oidc", region, fips, dual), theirs!(aws_sdk_ssooidc, region, fips, dual));
            }
        }
        assert_eq!(
            usual("sts", "aws-global", false, false),
            theirs!(aws_sdk_sts, "aws-global", false, false)
        );
    }
}
