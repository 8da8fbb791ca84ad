//! Conditions of an upload in parts, for servers that ignore them at its completion: a look at the key before
//! the first part and before the completion.
//!
//! Invariant: AWS, and a server that refused a completion because of its condition, are not asked again.
//! Between the last look and the completion another writer may still win; see SEMANTICS.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;

use super::client::S3;
use super::etag::bare;
use super::headers::ObjectHeaders;
use super::route::route;
use super::wire::text;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::runtime;

/// Whether the completions of one address are known to check conditions.
#[derive(Default)]
struct Proven(AtomicBool);

impl Proven {
    async fn of(at: &S3) -> Result<Arc<Proven>> {
        let url = route(at.completed().await?, at.bucket())?.url;
        let is_aws = url.as_deref().is_none_or(is_aws);
        let name = format!("conditions of {}", url.as_deref().unwrap_or("AWS"));
        Ok(runtime::current()?.shared(&name, || Proven(AtomicBool::new(is_aws))))
    }
}

fn is_aws(url: &str) -> bool {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|domain| host.ends_with(domain))
}

/// Checks by a HEAD that an upload's condition holds now. Skipped if the server has proven that it enforces
/// conditions.
pub(super) async fn look(at: &S3, key: &Key, headers: &ObjectHeaders) -> Result<()> {
    if (headers.if_match.is_none() && headers.if_none_match.is_none())
        || Proven::of(at).await?.0.load(Ordering::Relaxed)
    {
        return Ok(());
    }
    let request = headers.customer.add_to(at.object("HeadObject", Method::HEAD, &key.0).await?)?;
    let found = match at.ask(&request).await {
        Ok(answer) => bare(text(answer.headers(), "etag")),
        Err(error) if error.kind() == ErrorKind::NotFound && headers.if_match.is_none() => return Ok(()),
        // A caller who may only write is refused, and an object under another customer key can't be read: the
        // server decides alone.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let failed =
        |why: String| Err(Error::new(ErrorKind::Precondition, why).with_answer(Some(412), None, None));
    if headers.if_none_match.as_deref() == Some("*") {
        return failed("`if_none_match`: an object is there already".to_owned());
    }
    match bare(headers.if_match.as_deref()) {
        Some(wanted) if wanted != "*" && found.as_deref().is_some_and(|found| found != wanted) => {
            failed(format!("`if_match`: the object has the ETag {}, not {wanted}", found.unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// Learns from a refused completion.
pub(super) async fn learn(at: &S3, headers: &ObjectHeaders, error: &Error) -> Result<()> {
    let is_conditional = headers.if_match.is_some() || headers.if_none_match.is_some();
    if is_conditional && (error.status() == Some(412) || error.code() == Some("ConditionalRequestConflict")) {
        Proven::of(at).await?.0.store(true, Ordering::Relaxed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_aws;

    #[test]
    fn addresses_of_aws() {
        for (url, yes) in [
            ("https://s3.eu-west-1.amazonaws.com", true),
            ("https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com:443/", true),
            ("https://s3.cn-north-1.amazonaws.com.cn", true),
            ("https://amazonaws.com.example.org", false),
            ("https://evilamazonaws.com", false),
            ("http://127.0.0.1:9000", false),
            ("no url", false),
        ] {
            assert_eq!(is_aws(url), yes, "{url}");
        }
    }
}
