//! URLs that carry their own permission.
//!
//! Law: such a URL is a secret; it goes to the caller and nowhere else.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use super::client::S3;
use super::error::translate;
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
    let Ok(config) = PresigningConfig::expires_in(expires_in) else {
        fail!(InvalidInput, "option `expires_in` is out of range")
    };
    let client = at.client().await?;
    let (bucket, key, version) = (at.bucket(), at.full(&key.0), options.version_id);
    let request = match method {
        "get" => client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version)
            .presigned(config)
            .await
            .map_err(translate)?,
        "head" => client
            .head_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version)
            .presigned(config)
            .await
            .map_err(translate)?,
        "delete" => client
            .delete_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version)
            .presigned(config)
            .await
            .map_err(translate)?,
        "put" => client
            .put_object()
            .bucket(bucket)
            .key(key)
            .set_content_type(options.content_type)
            .presigned(config)
            .await
            .map_err(translate)?,
        other => fail!(InvalidInput, "option `method` takes get, put, head or delete, not {other:?}"),
    };
    Ok(request.uri().to_owned())
}
