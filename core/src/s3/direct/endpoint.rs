//! Where a bucket's requests go and for whom they are signed: the SDK's own answer, asked once.
//!
//! Law: access points, FIPS, dual stack, acceleration and addressing are the SDK's rules; here they are only
//! read.

use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use crate::config::Settings;
use crate::credentials::sign::{Signer, value};
use crate::error::{Error, ErrorKind, Result};
use crate::s3::endpoint::Route;
use crate::s3::rules::{Scheme as Signatures, resolve};

/// The place of one bucket in one region.
pub(super) struct Endpoint {
    scheme: Scheme,
    authority: Authority,
    /// What stands before `/key`.
    pub(super) path: String,
    pub(super) host: HeaderValue,
    pub(super) signer: Signer,
    /// The one region that signatures name; none where they name a set.
    pub(super) region: Option<String>,
    /// Whether requests are signed with the keys of a session (directory buckets).
    pub(super) sessions: bool,
}

impl Endpoint {
    pub(super) async fn resolve(
        settings: &Settings,
        route: &Route,
        bucket: &str,
        region: &str,
    ) -> Result<Endpoint> {
        let bad = |why: String| Error::new(ErrorKind::Config, format!("the bucket can't be reached: {why}"));
        let found = resolve(settings, route, bucket, region).await?;
        let url: Uri = found.url.parse().map_err(|_| bad("its URL can't be read".to_owned()))?;
        let parts = url.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(bad("its URL is not whole".to_owned()));
        };
        let signer = match found.scheme {
            Signatures::SigV4 => Signer::new(&found.region, &found.service),
            Signatures::SigV4a => Signer::of_region_set(&found.region, &found.service),
            Signatures::Express => Signer::of_sessions(&found.region, &found.service),
        };
        let default_port = match authority.port_u16() {
            Some(80) => scheme == Scheme::HTTP,
            Some(443) => scheme == Scheme::HTTPS,
            _ => false,
        };
        Ok(Endpoint {
            host: value(if default_port { authority.host() } else { authority.as_str() })?,
            path: parts
                .path_and_query
                .map_or_else(String::new, |path| path.path().trim_end_matches('/').to_owned()),
            signer,
            sessions: found.scheme == Signatures::Express,
            region: (found.scheme != Signatures::SigV4a).then_some(found.region),
            scheme,
            authority,
        })
    }

    /// Host and port.
    pub(super) fn server(&self) -> String {
        let port = self.authority.port_u16().unwrap_or(if self.scheme == Scheme::HTTPS { 443 } else { 80 });
        format!("{}:{port}", self.authority.host())
    }

    /// The URL of a path and query here.
    pub(super) fn url(&self, target: String) -> Result<Uri> {
        let unfit =
            |_| Error::new(ErrorKind::InvalidInput, "the request can't be sent: its URL would be too long");
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query =
            Some(PathAndQuery::from_maybe_shared(bytes::Bytes::from(target)).map_err(unfit)?);
        Uri::from_parts(parts).map_err(|_| Error::new(ErrorKind::Internal, "a URL can't be put together"))
    }
}
