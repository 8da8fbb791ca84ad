//! Unfinished multipart uploads: telling them and aborting them.

use aws_sdk_s3::types::EncodingType;

use super::client::S3;
use super::list::{decoded, page_size};
use super::settings::time;
use crate::error::{Result, fail};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{ListUploads, NoOptions};
use crate::reply::{Upload, UploadPage};

pub(crate) async fn list_uploads(at: &S3, _: &Mailbox, prefix: Prefix, options: ListUploads) -> Result<UploadPage> {
    let size = page_size(options.page_size)?;
    let (upload_marker, key_marker) = match &options.continuation {
        Some(continuation) => match continuation.split_once('\n') {
            Some((upload, key)) => (Some(upload.to_owned()), Some(key.to_owned())),
            None => fail!(InvalidInput, "option `continuation` takes the `next` of the page before"),
        },
        None => (None, None),
    };
    let output = at
        .send(|client| {
            client
                .list_multipart_uploads()
                .bucket(at.bucket())
                .prefix(at.full(&prefix.0))
                .encoding_type(EncodingType::Url)
                .set_key_marker(key_marker.clone())
                .set_upload_id_marker(upload_marker.clone())
                .set_max_uploads(size)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let encoded = output.encoding_type() == Some(&EncodingType::Url);
    let entries = output.uploads().iter().map(|upload| Upload {
        key: decoded(at, upload.key(), encoded),
        upload_id: upload.upload_id().unwrap_or("").to_owned(),
        initiated: time(upload.initiated()),
    });
    let next = output
        .is_truncated()
        .unwrap_or(false)
        .then(|| format!("{}\n{}", output.next_upload_id_marker().unwrap_or(""), at.full(&decoded(at, output.next_key_marker(), encoded))));
    Ok(UploadPage { entries: entries.collect(), next })
}

pub(crate) async fn abort_upload(at: &S3, _: &Mailbox, key: Key, upload_id: String, _: NoOptions) -> Result<()> {
    super::multipart::abort(at, &key, &upload_id).await
}
