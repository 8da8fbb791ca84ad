//! Unfinished multipart uploads: telling them and their parts, and aborting them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::types::EncodingType;

use super::client::S3;
use super::list::{decoded, listed, page_size};
use super::pages::{PageHistory, Shown, ended};
use super::put::Part;
use super::settings::{customer, time};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{ErrorKind, Result, fail};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{AbortUploads, ListUploads, NoOptions, Put};
use crate::reply::{Upload, UploadPage};

pub(crate) async fn list_uploads(
    at: &S3,
    _: &Mailbox,
    prefix: Prefix,
    options: ListUploads,
) -> Result<UploadPage> {
    let size = page_size(options.page_size)?;
    let (history, continuation) = PageHistory::split(options.continuation.as_deref());
    let prefix = at.full(&prefix.0);
    let (upload_marker, key_marker) = match continuation {
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
                .prefix(&prefix)
                .encoding_type(EncodingType::Url)
                .set_key_marker(key_marker.clone())
                .set_upload_id_marker(upload_marker.clone())
                .set_max_uploads(size)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let encoded = output.encoding_type() == Some(&EncodingType::Url);
    let begun = options.older_than.map(|age| SystemTime::now().checked_sub(age).unwrap_or(UNIX_EPOCH));
    let mut entries = Vec::with_capacity(output.uploads().len());
    for upload in output.uploads() {
        entries.push(Upload {
            key: listed(at, upload.key().unwrap_or_default().to_owned(), encoded, &prefix)?,
            upload_id: upload.upload_id().unwrap_or("").to_owned(),
            initiated: time(upload.initiated()),
        });
    }
    let next = match (output.is_truncated(), output.next_key_marker().filter(|marker| !marker.is_empty())) {
        (Some(false), _) | (None, None) => None,
        (_, Some(marker)) => {
            let key = at.full(&decoded(at, marker.to_owned(), encoded));
            Some(format!("{}\n{key}", output.next_upload_id_marker().unwrap_or("")))
        }
        (Some(true), None) => return Err(ended("")),
    };
    let shown = entries.first().map_or(Shown::Nothing, |first| Shown::row(&first.key, &first.upload_id));
    let next = history.next(&shown, next)?;
    // Of an upload that tells no age nobody knows that it is old.
    entries.retain(|upload| {
        begun.is_none_or(|begun| upload.initiated.is_some_and(|initiated| initiated <= begun))
    });
    Ok(UploadPage { entries, next })
}

pub(crate) async fn abort_upload(
    at: &S3,
    _: &Mailbox,
    key: Key,
    upload_id: String,
    _: NoOptions,
) -> Result<()> {
    super::multipart::abort(at, &key, &upload_id).await
}

/// How old an upload must be that nobody is taken to be sending any more: a day.
const STALE: Duration = Duration::from_secs(86_400);

pub(crate) async fn abort_uploads(
    at: &S3,
    mailbox: &Mailbox,
    prefix: Prefix,
    options: AbortUploads,
) -> Result<Vec<Upload>> {
    let mut found = Vec::new();
    mailbox.count_objects(None);
    let mut asked =
        ListUploads { older_than: Some(options.older_than.unwrap_or(STALE)), ..ListUploads::default() };
    loop {
        let page = list_uploads(at, mailbox, prefix.clone(), asked.clone()).await?;
        found.extend(page.entries);
        match page.next {
            Some(next) => asked.continuation = Some(next),
            None => break,
        }
    }
    mailbox.count_objects(Some(found.len() as u64));
    let mut aborted = Vec::new();
    for upload in found {
        match super::multipart::abort(at, &Key(upload.key.clone()), &upload.upload_id).await {
            Ok(()) => aborted.push(upload),
            // It ended meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        mailbox.advance_objects(1);
    }
    Ok(aborted)
}

/// The parts that an upload has.
pub(crate) async fn list_parts(at: &S3, key: &Key, upload_id: &str, options: &Put) -> Result<Vec<Part>> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let mut parts = Vec::new();
    let mut marker = 0;
    loop {
        let output = at
            .send(|client| {
                client
                    .list_parts()
                    .bucket(at.bucket())
                    .key(at.full(&key.0))
                    .upload_id(upload_id)
                    .set_part_number_marker((marker > 0).then(|| marker.to_string()))
                    .set_sse_customer_algorithm(customer.algorithm.clone())
                    .set_sse_customer_key(customer.key.clone())
                    .set_sse_customer_key_md5(customer.md5.clone())
                    .set_request_payer(at.payer())
                    .send()
            })
            .await?;
        for part in output.parts() {
            let size = part.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            let told = [
                (Algorithm::Crc64Nvme, part.checksum_crc64_nvme()),
                (Algorithm::Crc32, part.checksum_crc32()),
                (Algorithm::Crc32c, part.checksum_crc32_c()),
            ];
            let checksum =
                told.into_iter().find_map(|(algorithm, text)| Checksum::read(algorithm, text?, size));
            parts.push(Part {
                number: part.part_number().unwrap_or(0),
                size,
                etag: part.e_tag().map(str::to_owned),
                checksum,
            });
        }
        // Part numbers grow, so the last one is where to go on. A page that brings none that is greater is
        // the last that is believed: a part that is not listed is sent again.
        let last = parts.iter().map(|part| part.number).max().unwrap_or(0);
        if output.is_truncated() != Some(true) || last <= marker {
            return Ok(parts);
        }
        marker = last;
    }
}
