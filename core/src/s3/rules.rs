//! Resolves where a bucket's requests go and how they are signed, by the SDK's endpoint rules, without the
//! network.
//!
//! Invariant: our own requests, the SDK's client and `explain` use the same rules, so they use the same
//! endpoint.
//! Source of the settings: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>.

use aws_sdk_s3::config::endpoint::{DefaultResolver, EndpointFuture, Params, ResolveEndpoint};
use aws_smithy_types::Document;
use aws_smithy_types::endpoint::Endpoint;

use super::endpoint::Route;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};

/// Whether the old global endpoint serves us-east-1.
pub(super) fn is_legacy(settings: &Settings) -> bool {
    settings.us_east_1_regional_endpoint.as_deref() == Some("legacy")
}

/// The SDK's rules with the global endpoint, which the SDK's own configuration has no word for.
#[derive(Debug)]
pub(super) struct GlobalEndpoint(DefaultResolver);

impl GlobalEndpoint {
    pub(super) fn new() -> GlobalEndpoint {
        GlobalEndpoint(DefaultResolver::new())
    }
}

impl ResolveEndpoint for GlobalEndpoint {
    fn resolve_endpoint<'a>(&'a self, asked: &'a Params) -> EndpointFuture<'a> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let parameters = Params::builder()
            .use_global_endpoint(true)
            .set_bucket(owned(asked.bucket()))
            .set_region(owned(asked.region()))
            .set_use_fips(asked.use_fips())
            .set_use_dual_stack(asked.use_dual_stack())
            .set_endpoint(owned(asked.endpoint()))
            .set_force_path_style(asked.force_path_style())
            .set_accelerate(asked.accelerate())
            .set_use_object_lambda_endpoint(asked.use_object_lambda_endpoint())
            .set_key(owned(asked.key()))
            .set_prefix(owned(asked.prefix()))
            .set_copy_source(owned(asked.copy_source()))
            .set_disable_access_points(asked.disable_access_points())
            .set_disable_multi_region_access_points(asked.disable_multi_region_access_points())
            .set_use_arn_region(asked.use_arn_region())
            .set_use_s3_express_control_endpoint(asked.use_s3_express_control_endpoint())
            .set_disable_s3_express_session_auth(asked.disable_s3_express_session_auth())
            .build();
        EndpointFuture::new(async move { self.0.resolve_endpoint(&parameters?).await })
    }
}

/// How requests to an endpoint are signed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scheme {
    /// For one region.
    SigV4,
    /// For a set of regions (multi-region access points, Outposts).
    SigV4a,
    /// With the keys of a session (directory buckets).
    Express,
}

impl Scheme {
    const ALL: [Scheme; 3] = [Scheme::SigV4, Scheme::SigV4a, Scheme::Express];

    /// The name that endpoint rules use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Scheme::SigV4 => "sigv4",
            Scheme::SigV4a => "sigv4a",
            Scheme::Express => "sigv4-s3express",
        }
    }
}

/// Where requests go, and how and for whom they are signed.
pub(super) struct Resolved {
    pub(super) url: String,
    pub(super) scheme: Scheme,
    /// The service that signatures name.
    pub(super) service: String,
    /// The region that signatures name; with SigV4A the set of regions, `*` for all.
    pub(super) region: String,
}

impl Resolved {
    /// Takes the first signing scheme that the rules offer, as the SDK does.
    fn new(endpoint: &Endpoint, region: &str) -> Option<Resolved> {
        let find = |name: &str| Scheme::ALL.into_iter().find(|scheme| scheme.name() == name);
        let (scheme, offered) =
            endpoint.auth_schemes().iter().find_map(|offered| Some((find(offered.name())?, offered)))?;
        let text = |name: &str| offered.get(name).and_then(Document::as_string);
        let region = match scheme {
            Scheme::SigV4a => {
                let set = offered
                    .get("signingRegionSet")
                    .and_then(Document::as_array)
                    .map_or(&[][..], Vec::as_slice);
                let names: Vec<&str> = set.iter().filter_map(Document::as_string).collect();
                if names.is_empty() { region.to_owned() } else { names.join(",") }
            }
            _ => text("signingRegion").unwrap_or(region).to_owned(),
        };
        Some(Resolved {
            url: endpoint.url().to_owned(),
            scheme,
            service: text("signingName").unwrap_or("s3").to_owned(),
            region,
        })
    }
}

/// Where requests about a bucket's objects go.
pub(super) async fn resolve(
    settings: &Settings,
    route: &Route,
    bucket: &str,
    region: &str,
) -> Result<Resolved> {
    ask(settings, route, bucket, region, false).await
}

/// Where a directory bucket is created and deleted.
pub(super) async fn resolve_control(
    settings: &Settings,
    route: &Route,
    bucket: &str,
    region: &str,
) -> Result<Resolved> {
    ask(settings, route, bucket, region, true).await
}

async fn ask(
    settings: &Settings,
    route: &Route,
    bucket: &str,
    region: &str,
    control: bool,
) -> Result<Resolved> {
    let parameters = Params::builder()
        .bucket(bucket)
        .region(region)
        .set_endpoint(route.url.clone())
        .force_path_style(route.path_style)
        .use_global_endpoint(is_legacy(settings))
        .use_arn_region(settings.use_arn_region != Some(false))
        .use_fips(settings.use_fips_endpoint == Some(true))
        .use_dual_stack(settings.use_dualstack_endpoint == Some(true))
        .accelerate(settings.use_accelerate_endpoint == Some(true))
        .disable_multi_region_access_points(settings.disable_multiregion_access_points == Some(true))
        .disable_s3_express_session_auth(settings.disable_express_session_auth == Some(true))
        .set_use_s3_express_control_endpoint(control.then_some(true));
    let wrong = |why: String| {
        Error::new(ErrorKind::Config, format!("the bucket {bucket} has no endpoint in {region}: {why}"))
    };
    let parameters = parameters.build().map_err(|error| wrong(error.to_string()))?;
    let found = DefaultResolver::new()
        .resolve_endpoint(&parameters)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    Resolved::new(&found, region)
        .ok_or_else(|| wrong("it needs signatures that oarlock does not make".to_owned()))
}
