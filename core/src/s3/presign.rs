//! URLs that carry their own permission.
//!
//! Invariant: such a URL is a secret; it goes to the caller and nowhere else.

use std::time::Duration;

use http::Method;

use super::client::S3;
use super::wire::Request;
use crate::error::{Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Presign;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

pub(crate) async fn presign(at: &S3, _: &Mailbox, key: Key, options: Presign) -> Result<String> {
    let expires_in = options.expires_in.unwrap_or(Duration::from_secs(3600));
    if expires_in < Duration::from_secs(1) || expires_in > WEEK {
        fail!(
            InvalidInput,
            "option `expires_in` takes 1 to 604800 seconds, not {}",
            expires_in.as_secs_f64()
        );
    }
    let method = options.method.as_deref().unwrap_or("get");
    if options.content_type.is_some() && method != "put" {
        fail!(InvalidInput, "option `content_type` goes with method `put` only");
    }
    if options.version_id.is_some() && method == "put" {
        fail!(InvalidInput, "option `version_id` does not go with method `put`");
    }
    let (operation, verb) = match method {
        "get" => ("GetObject", Method::GET),
        "head" => ("HeadObject", Method::HEAD),
        "delete" => ("DeleteObject", Method::DELETE),
        "put" => ("PutObject", Method::PUT),
        other => fail!(InvalidInput, "option `method` takes get, put, head or delete, not {other:?}"),
    };
    let x_id = (method != "head").then_some(operation);
    let request = Request::of_object(operation, verb, &at.full(&key.0))?
        .query("versionId", options.version_id.as_deref())
        .query("x-id", x_id)
        .header("content-type", options.content_type.as_deref())?;
    at.presigned(&request, expires_in).await
}
