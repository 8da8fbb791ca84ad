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
    for (option, is_given, fits) in [
        ("content_type", options.content_type.is_some(), &["put"][..]),
        ("content_length", options.content_length.is_some(), &["put"]),
        ("content_md5", options.content_md5.is_some(), &["put"]),
        ("version_id", options.version_id.is_some(), &["get", "head", "delete"]),
        ("response_content_type", options.response_content_type.is_some(), &["get", "head"]),
        ("response_content_disposition", options.response_content_disposition.is_some(), &["get", "head"]),
    ] {
        if is_given && !fits.contains(&method) {
            fail!(InvalidInput, "option `{option}` goes with method {} only", fits.join(" or "));
        }
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
        .query("response-content-type", options.response_content_type.as_deref())
        .query("response-content-disposition", options.response_content_disposition.as_deref())
        .header("content-type", options.content_type.as_deref())?
        .header("content-length", options.content_length.map(|length| length.to_string()))?
        .header("content-md5", options.content_md5.as_deref())?;
    at.presigned(&request, expires_in).await
}
