//! One object at a time without its body: head, exists, delete, delete_many, and the copy that a server does in one go.

use std::time::SystemTime;

use aws_sdk_s3::types::{Delete as Batch, MetadataDirective, ObjectIdentifier, TaggingDirective};

use super::client::S3;
use super::settings::{Keep, bare, customer, date, kept, quoted, time};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{Key, Keys};
use crate::mailbox::Mailbox;
use crate::options::{Copy, Delete, DeleteMany, Exists, Head};
use crate::reply::{DeleteReply, Deleted, ObjectMeta, PutReply};
use crate::value::{Field, Value};

/// The metadata that an answer's headers tell; GET and HEAD answer with the same headers in two types.
macro_rules! meta {
    ($key:expr, $size:expr, $output:expr) => {
        ObjectMeta {
            key: $key,
            size: $size,
            etag: bare($output.e_tag()),
            last_modified: time($output.last_modified()),
            version_id: $output.version_id().map(str::to_owned),
            content_type: $output.content_type().map(str::to_owned),
            content_encoding: $output.content_encoding().map(str::to_owned).filter(|encoding| !encoding.is_empty()),
            content_language: $output.content_language().map(str::to_owned),
            content_disposition: $output.content_disposition().map(str::to_owned),
            cache_control: $output.cache_control().map(str::to_owned),
            expires: $crate::s3::object::expires($output.expires_string()),
            metadata: $output.metadata().into_iter().flatten().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect(),
            storage_class: $output.storage_class().map(|class| class.as_str().to_owned()),
            sse: $output.server_side_encryption().map(|sse| sse.as_str().to_owned()),
            sse_kms_key_id: $output.ssekms_key_id().map(str::to_owned),
            sse_customer_algorithm: $output.sse_customer_algorithm().map(str::to_owned),
        }
    };
}
pub(super) use meta;

pub(crate) async fn head(at: &S3, _: &Mailbox, key: Key, options: Head) -> Result<ObjectMeta> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            client
                .head_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_version_id(options.version_id.clone())
                .set_if_match(options.if_match.as_deref().map(quoted))
                .set_if_none_match(options.if_none_match.as_deref().map(quoted))
                .set_if_modified_since(options.if_modified_since.map(date))
                .set_if_unmodified_since(options.if_unmodified_since.map(date))
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let size = u64::try_from(output.content_length().unwrap_or(0)).unwrap_or(0);
    Ok(meta!(key.0, size, output))
}

pub(crate) async fn exists(at: &S3, mailbox: &Mailbox, key: Key, options: Exists) -> Result<bool> {
    let options = Head { version_id: options.version_id, sse_customer_key: options.sse_customer_key, ..Head::default() };
    match head(at, mailbox, key, options).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // HEAD carries no body, so a missing bucket looks like a missing key here; both mean that the object is not there.
        Err(error) => Err(error),
    }
}

pub(crate) async fn delete(at: &S3, _: &Mailbox, key: Key, options: Delete) -> Result<DeleteReply> {
    let output = at
        .send(|client| {
            client
                .delete_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_version_id(options.version_id.clone())
                .set_if_match(options.if_match.as_deref().map(quoted))
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    Ok(DeleteReply { version_id: output.version_id, delete_marker: output.delete_marker.unwrap_or(false) })
}

pub(crate) async fn delete_many(at: &S3, _: &Mailbox, keys: Keys, _: DeleteMany) -> Result<Vec<Deleted>> {
    let mut fates = Vec::with_capacity(keys.0.len());
    for batch in keys.0.chunks(1000) {
        let mut objects = Vec::with_capacity(batch.len());
        for (key, version_id) in batch {
            let object = ObjectIdentifier::builder().key(at.full(&key.0)).set_version_id(version_id.clone()).build();
            objects.push(object.map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))?);
        }
        // Quiet: the server tells only what failed.
        let batch_of = Batch::builder().set_objects(Some(objects)).quiet(true).build();
        let batch_of = batch_of.map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))?;
        let output = at
            .send(|client| client.delete_objects().bucket(at.bucket()).delete(batch_of.clone()).set_request_payer(at.payer()).send())
            .await?;
        for (key, version_id) in batch {
            let full = at.full(&key.0);
            let failed = output.errors().iter().find(|failed| {
                failed.key() == Some(&full) && (failed.version_id().is_none() || failed.version_id() == version_id.as_deref())
            });
            fates.push(Deleted {
                key: key.0.clone(),
                version_id: version_id.clone(),
                error: failed.map(|failed| match failed.code() {
                    Some("AccessDenied") => ErrorKind::PermissionDenied.name().to_owned(),
                    _ => ErrorKind::Service.name().to_owned(),
                }),
                message: failed
                    .map(|failed| format!("{}: {}", failed.code().unwrap_or("Error"), failed.message().unwrap_or("not deleted"))),
            });
        }
    }
    Ok(fates)
}

/// A server-side copy in one request; `source` is `bucket/key?versionId=…`, already encoded.
pub(crate) async fn copy_whole(at: &S3, source: &str, key: &Key, options: &Copy, size: u64) -> Result<PutReply> {
    let keep = Keep::of_copy(options, at.settings())?;
    let from = customer(options.source_sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            kept!(client.copy_object(), keep)
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .copy_source(source)
                .set_copy_source_if_match(options.source_if_match.as_deref().map(quoted))
                .set_copy_source_if_none_match(options.source_if_none_match.as_deref().map(quoted))
                .set_copy_source_sse_customer_algorithm(from.algorithm.clone())
                .set_copy_source_sse_customer_key(from.key.clone())
                .set_copy_source_sse_customer_key_md5(from.md5.clone())
                .set_metadata_directive(keep.describes().then_some(MetadataDirective::Replace))
                .set_tagging_directive(keep.tagging.is_some().then_some(TaggingDirective::Replace))
                .set_if_match(keep.if_match.clone())
                .set_if_none_match(keep.if_none_match.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let etag = output.copy_object_result().and_then(|result| bare(result.e_tag()));
    Ok(PutReply { etag, version_id: output.version_id, size })
}

/// The `Expires` header as a time; servers store any text there, and what is no date is no time.
pub(super) fn expires(header: Option<&str>) -> Option<SystemTime> {
    SystemTime::from_value(Value::Str(header?.to_owned())).ok()
}
