//! One object at a time without its body: head, exists, delete, delete_many, and the copy that a server does
//! in one go.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_sdk_s3::types::{Delete as Batch, MetadataDirective, ObjectIdentifier, TaggingDirective};
use futures_util::{StreamExt, stream};
use http::Method;

use super::client::S3;
use super::direct::{Request, meta, text};
use super::documents::is_char;
use super::echo::{echo, withdraw};
use super::failure::meaning;
use super::list::unescaped;
use super::put::header;
use super::settings::{Keep, bare, customer, kept, quoted};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::{Key, Keys};
use crate::mailbox::Mailbox;
use crate::options::{Copy, Delete, Exists, Head};
use crate::reply::{DeleteReply, Deleted, ObjectMeta, PutReply};
use crate::value::{Field, Value};

pub(crate) async fn head(at: &S3, _: &Mailbox, key: Key, options: Head) -> Result<ObjectMeta> {
    let request = Request::new("HeadObject", Method::HEAD, &at.full(&key.0))?
        .query("versionId", options.version_id.as_deref())
        .header("if-match", options.if_match.as_deref().map(quoted))?
        .header("if-none-match", options.if_none_match.as_deref().map(quoted))?
        .date("if-modified-since", options.if_modified_since)?
        .date("if-unmodified-since", options.if_unmodified_since)?
        .customer_key(&customer(options.sse_customer_key.as_ref(), at.settings()))?
        .payer(at)
        .await?;
    let answer = at.ask(&request).await?;
    let size = text(answer.headers(), "content-length").and_then(|length| length.parse().ok());
    Ok(meta(key.0, size, answer.headers()))
}

/// What the server tells of the checksum of a whole object, which has this size.
pub(crate) async fn checksum(at: &S3, key: &str, size: u64) -> Result<Option<Checksum>> {
    let request = Request::new("HeadObject", Method::HEAD, &at.full(key))?
        .customer_key(&customer(None, at.settings()))?
        .header("x-amz-checksum-mode", Some("ENABLED"))?
        .payer(at)
        .await?;
    let answer = at.ask(&request).await?;
    let told = |algorithm| Checksum::read(algorithm, text(answer.headers(), header(algorithm))?, size);
    Ok(Algorithm::ALL.into_iter().find_map(told))
}

pub(crate) async fn exists(at: &S3, mailbox: &Mailbox, key: Key, options: Exists) -> Result<bool> {
    let options = Head {
        version_id: options.version_id,
        sse_customer_key: options.sse_customer_key,
        ..Head::default()
    };
    match head(at, mailbox, key, options).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // HEAD carries no body, so a missing bucket looks like a missing key here; both mean that the object
        // is not there.
        Err(error) => Err(error),
    }
}

pub(crate) async fn delete(at: &S3, _: &Mailbox, key: Key, options: Delete) -> Result<DeleteReply> {
    delete_one(at, &key, &options).await
}

pub(crate) async fn delete_one(at: &S3, key: &Key, options: &Delete) -> Result<DeleteReply> {
    let request = Request::new("DeleteObject", Method::DELETE, &at.full(&key.0))?
        .query("versionId", options.version_id.as_deref())
        .query("x-id", Some("DeleteObject"))
        .header("if-match", options.if_match.as_deref().map(quoted))?
        .payer(at)
        .await?;
    let answer = at.ask(&request).await?;
    let told = |name| text(answer.headers(), name);
    Ok(DeleteReply {
        version_id: told("x-amz-version-id").map(str::to_owned),
        delete_marker: told("x-amz-delete-marker").is_some_and(|marker| marker.eq_ignore_ascii_case("true")),
    })
}

/// Keys that one request deletes at most.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub(crate) const BATCH: usize = 1000;

/// Single requests that delete at a time what a batch can't.
const SINGLES: usize = 16;

pub(crate) async fn delete_many(at: &S3, _: &Mailbox, keys: Keys) -> Result<Vec<Deleted>> {
    let mut fates = Vec::with_capacity(keys.0.len());
    for batch in keys.0.chunks(BATCH) {
        fates.extend(delete_batch(at, batch).await?);
    }
    Ok(fates)
}

type Named = (Key, Option<String>);

/// Deletes a batch, in one request but for the keys that XML can't hold: those go one by one.
async fn delete_batch(at: &S3, batch: &[Named]) -> Result<Vec<Deleted>> {
    let fits = |named: &Named| at.full(&named.0.0).chars().all(is_char);
    let (mut together, mut alone) = (Vec::with_capacity(batch.len()), Vec::new());
    for (number, named) in batch.iter().enumerate() {
        if fits(named) { together.push((number, named)) } else { alone.push((number, named)) }
    }
    let mut fates = vec![Deleted::default(); batch.len()];
    match delete_together(at, together.iter().map(|(_, named)| *named)).await {
        Ok(told) => together.iter().zip(told).for_each(|((number, _), fate)| fates[*number] = fate),
        // A server may refuse characters that XML allows; a single key is refused alone.
        Err(error) if error.code() == Some("MalformedXML") => alone.extend(together),
        Err(error) => return Err(error),
    }
    let single = |(number, named): (usize, &Named)| {
        let (at, named) = (at.clone(), named.clone());
        // Boxed: the stream moves its futures about.
        Box::pin(async move {
            let options = Delete { version_id: named.1.clone(), ..Delete::default() };
            let outcome = delete_one(&at, &named.0, &options).await;
            alone_told(named, outcome).map(|fate| (number, fate))
        })
    };
    let mut singles = stream::iter(alone).map(single).buffer_unordered(SINGLES);
    while let Some(outcome) = singles.next().await {
        let (number, fate) = outcome?;
        fates[number] = fate;
    }
    Ok(fates)
}

/// The fate of an object that a request of its own deleted. What concerns all objects fails the call.
fn alone_told((key, version_id): Named, outcome: Result<DeleteReply>) -> Result<Deleted> {
    let mut fate = Deleted { key: key.0, version_id, ..Deleted::default() };
    match outcome {
        Ok(_) => {}
        Err(error)
            if error.status().is_none()
                || matches!(error.kind(), ErrorKind::NoSuchBucket | ErrorKind::Credentials) =>
        {
            return Err(error);
        }
        Err(error) => {
            fate.error = Some(error.kind().name().to_owned());
            fate.message = Some(format!("{}: {}", error.code().unwrap_or("Error"), error.message()));
        }
    }
    Ok(fate)
}

async fn delete_together<'a>(
    at: &S3,
    batch: impl Iterator<Item = &'a Named> + Clone,
) -> Result<Vec<Deleted>> {
    if batch.clone().next().is_none() {
        return Ok(Vec::new());
    }
    let invalid =
        |error: aws_sdk_s3::error::BuildError| Error::new(ErrorKind::InvalidInput, error.to_string());
    let mut objects = Vec::new();
    for (key, version_id) in batch.clone() {
        let object =
            ObjectIdentifier::builder().key(at.full(&key.0)).set_version_id(version_id.clone()).build();
        objects.push(object.map_err(invalid)?);
    }
    let objects_named = objects.len();
    // Quiet: the server tells only what failed.
    let batch_of = Batch::builder().set_objects(Some(objects)).quiet(true).build().map_err(invalid)?;
    let output = at
        .send(|client| {
            client
                .delete_objects()
                .bucket(at.bucket())
                .delete(batch_of.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let mut told = 0;
    let mut fates = Vec::with_capacity(objects_named);
    for (key, version_id) in batch {
        let full = at.full(&key.0);
        let full = one_line(&full);
        let failed = output.errors().iter().find(|failed| {
            failed.key().is_some_and(|failed| one_line(failed) == full)
                && (failed.version_id().is_none() || failed.version_id() == version_id.as_deref())
        });
        told += usize::from(failed.is_some());
        fates.push(Deleted {
            key: key.0.clone(),
            version_id: version_id.clone(),
            error: failed.map(|failed| meaning(200, failed.code(), None).0.name().to_owned()),
            message: failed.map(|failed| {
                format!("{}: {}", failed.code().unwrap_or("Error"), failed.message().unwrap_or("not deleted"))
            }),
        });
    }
    if told == 0
        && let Some(failed) = output.errors().first()
    {
        fail!(
            Service,
            "the server did not delete an object that it names otherwise than it was asked: {}",
            failed.code().unwrap_or("Error")
        );
    }
    Ok(fates)
}

/// The key as it comes back: XML makes one line break of the three that there are.
fn one_line(key: &str) -> Cow<'_, str> {
    if key.contains('\r') {
        Cow::Owned(key.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(key)
    }
}

/// A server-side copy in one request; `source` is `bucket/key?versionId=…`, already encoded.
pub(crate) async fn copy_whole(
    at: &S3,
    source: &str,
    key: &Key,
    options: &Copy,
    size: u64,
) -> Result<PutReply> {
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
    let reply = PutReply { etag, version_id: output.version_id().map(str::to_owned), size };
    match keep.ignored(&echo!(output)) {
        None => Ok(reply),
        Some(option) => {
            // A bucket has several names, so the same key may be the same object.
            let path = unescaped(source.split_once('?').map_or(source, |(path, _)| path).to_owned());
            let full = at.full(&key.0);
            let is_itself = match path.strip_prefix("arn:") {
                Some(path) => path.ends_with(&format!("/{full}")),
                None => path.split_once('/').is_some_and(|(_, of)| of == full),
            };
            let is_ours = !is_itself || reply.version_id.as_deref().is_some_and(|version| version != "null");
            Err(Box::pin(withdraw(at, key, option, &reply, &keep, is_ours)).await)
        }
    }
}

/// The `Expires` header as a time; servers store any text there, and what is no date is no time.
pub(super) fn expires(header: Option<&str>) -> Option<SystemTime> {
    SystemTime::from_value(Value::Str(header?.to_owned())).ok()
}
