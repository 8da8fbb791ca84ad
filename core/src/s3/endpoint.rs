//! Resolves where requests go and how they are signed, by AWS's endpoint rules, without the network.
//!
//! Invariant: the only file of the product that names aws-sdk-s3, whose rules these are: access points, FIPS,
//! dual stack, acceleration, directory buckets. Requests and `explain` use the same endpoint.
//! Source of the settings:
//! <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>.

use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_types::Document;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use super::route::Route;
use crate::config::Settings;
use crate::credentials::sign::{Signer, value};
use crate::error::{Error, ErrorKind, Result};

/// What a request is about, which decides its endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Subject {
    /// The bucket or one of its objects.
    Bucket,
    /// The existence of the bucket. Directory buckets have an endpoint of their own for that.
    Control,
    /// A session with a directory bucket.
    Session,
    /// The account's buckets.
    Account,
}

/// How requests to an endpoint are signed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SigningScheme {
    /// For one region.
    SigV4,
    /// For a set of regions (multi-region access points, Outposts).
    SigV4a,
    /// With the keys of a session (directory buckets).
    Express,
}

impl SigningScheme {
    const ALL: [SigningScheme; 3] = [SigningScheme::SigV4, SigningScheme::SigV4a, SigningScheme::Express];

    /// The name that endpoint rules use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SigningScheme::SigV4 => "sigv4",
            SigningScheme::SigV4a => "sigv4a",
            SigningScheme::Express => "sigv4-s3express",
        }
    }
}

/// Where requests go, and how and for whom they are signed.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) signing_scheme: SigningScheme,
    /// The service that signatures name.
    pub(crate) service: String,
    /// The region that signatures name; with SigV4A the set of regions, `*` for all.
    pub(crate) region: String,
    pub(super) signer: Signer,
    scheme: Scheme,
    authority: Authority,
    /// The path before `/key`.
    pub(super) path: String,
    /// The Host header.
    pub(super) host: HeaderValue,
}

impl Endpoint {
    /// The endpoint of a target.
    pub(crate) async fn resolve(
        settings: &Settings,
        route: &Route,
        bucket: &str,
        region: &str,
        subject: Subject,
    ) -> Result<Endpoint> {
        let wrong = |why: String| {
            Error::new(ErrorKind::Config, format!("the bucket {bucket} has no endpoint in {region}: {why}"))
        };
        let is_session = subject == Subject::Session;
        let parameters = Params::builder()
            .set_bucket((subject != Subject::Account).then(|| bucket.to_owned()))
            .region(region)
            .set_endpoint(route.url.clone())
            .force_path_style(route.path_style)
            .use_global_endpoint(settings.us_east_1_regional_endpoint.as_deref() == Some("legacy"))
            .use_arn_region(settings.use_arn_region != Some(false))
            .use_fips(settings.use_fips_endpoint == Some(true))
            .use_dual_stack(settings.use_dualstack_endpoint == Some(true))
            .accelerate(settings.use_accelerate_endpoint == Some(true))
            .disable_multi_region_access_points(settings.disable_multiregion_access_points == Some(true))
            .disable_s3_express_session_auth(
                is_session || settings.disable_express_session_auth == Some(true),
            )
            .set_use_s3_express_control_endpoint((subject == Subject::Control).then_some(true));
        let parameters = parameters.build().map_err(|error| wrong(error.to_string()))?;
        let resolved = DefaultResolver::new().resolve_endpoint(&parameters).await;
        let resolved = resolved.map_err(|error| wrong(error.to_string()))?;
        // The first signing scheme that the rules offer and we have.
        let scheme_of = |name: &str| SigningScheme::ALL.into_iter().find(|scheme| scheme.name() == name);
        let offers = resolved.auth_schemes().iter();
        let (signing_scheme, offer) = offers
            .filter_map(|offer| Some((scheme_of(offer.name())?, offer)))
            .next()
            .ok_or_else(|| wrong("it needs signatures that oarlock does not make".to_owned()))?;
        let text = |name: &str| offer.get(name).and_then(Document::as_string);
        let region = match signing_scheme {
            SigningScheme::SigV4a => {
                let set = offer.get("signingRegionSet").and_then(Document::as_array);
                let names: Vec<&str> = set.into_iter().flatten().filter_map(Document::as_string).collect();
                if names.is_empty() { region.to_owned() } else { names.join(",") }
            }
            _ => text("signingRegion").unwrap_or(region).to_owned(),
        };
        let service = text("signingName").unwrap_or("s3").to_owned();
        Endpoint::new(resolved.url(), signing_scheme, service, region)
    }

    fn new(url: &str, signing_scheme: SigningScheme, service: String, region: String) -> Result<Endpoint> {
        let unusable =
            |why: &str| Error::new(ErrorKind::Config, format!("the bucket can't be reached: {why}"));
        let uri: Uri = url.parse().map_err(|_| unusable("its URL can't be read"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(unusable("its URL is not whole"));
        };
        let signer = match signing_scheme {
            SigningScheme::SigV4 => Signer::new(&region, &service),
            SigningScheme::SigV4a => Signer::of_region_set(&region, &service),
            SigningScheme::Express => Signer::of_sessions(&region, &service),
        };
        let is_default_port = match authority.port_u16() {
            Some(80) => scheme == Scheme::HTTP,
            Some(443) => scheme == Scheme::HTTPS,
            _ => false,
        };
        let path = parts.path_and_query;
        Ok(Endpoint {
            url: url.to_owned(),
            host: value(if is_default_port { authority.host() } else { authority.as_str() })?,
            path: path.map_or_else(String::new, |path| path.path().trim_end_matches('/').to_owned()),
            signing_scheme,
            service,
            region,
            signer,
            scheme,
            authority,
        })
    }

    /// Whether requests are signed with the keys of a session (directory buckets).
    pub(super) fn wants_session(&self) -> bool {
        self.signing_scheme == SigningScheme::Express
    }

    /// The one region that signatures name; none where they name a set.
    pub(super) fn signing_region(&self) -> Option<&str> {
        (self.signing_scheme != SigningScheme::SigV4a).then_some(&*self.region)
    }

    /// Host and port of the server.
    pub(super) fn server(&self) -> String {
        let default = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        format!("{}:{}", self.authority.host(), self.authority.port_u16().unwrap_or(default))
    }

    /// The URI of a path and query at this endpoint.
    pub(super) fn uri(&self, path_and_query: String) -> Result<Uri> {
        let unfit =
            |_| Error::new(ErrorKind::InvalidInput, "the request can't be sent: its URL would be too long");
        let path_and_query = PathAndQuery::from_maybe_shared(bytes::Bytes::from(path_and_query));
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query.map_err(unfit)?);
        Uri::from_parts(parts)
            .map_err(|_| Error::new(ErrorKind::Internal, "a URL can't be put together; please report it"))
    }
}
