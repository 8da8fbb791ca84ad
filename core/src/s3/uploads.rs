//! Unfinished multipart uploads: lists them and their parts, and aborts them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;

use super::checksums::element;
use super::client::S3;
use super::date::{read_http_date, read_timestamp};
use super::headers::customer;
use super::list::{decoded, listed, page_size};
use super::open_uploads::forget;
use super::pages::{PageHistory, Shown, ended};
use super::wire::text;
use crate::checksum::{Algorithm, Checksum};
use crate::error::{ErrorKind, Result, fail};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{AbortUploads, ListUploads, NoOptions, Put};
use crate::reply::{Upload, UploadPage};
use crate::xml::{Document, Malformed, Root, truth};

const UPLOADS: Root = Root {
    name: "ListMultipartUploadsResult",
    operation: "ListMultipartUploads",
    elements: &["Upload", "KeyMarker", "MaxUploads"],
};
const PARTS: Root = Root {
    name: "ListPartsResult",
    operation: "ListParts",
    elements: &["Part", "PartNumberMarker", "UploadId"],
};

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
    let markers = key_marker.zip(upload_marker);
    let asked = Asked { prefix: &prefix, markers: markers.as_ref(), page_size: size };
    let (page, _) = list_page(at, &asked).await?;
    let begun = options.older_than.map(|age| SystemTime::now().checked_sub(age).unwrap_or(UNIX_EPOCH));
    let mut entries = Vec::with_capacity(page.uploads.len());
    for upload in page.uploads {
        entries.push(Upload {
            key: listed(at, upload.key, page.is_encoded, &prefix)?,
            upload_id: upload.id,
            initiated: upload.initiated,
        });
    }
    let next = match (page.is_truncated, page.next_key) {
        (Some(false), _) | (None, None) => None,
        (_, Some(marker)) => {
            let key = at.full(&decoded(at, marker, page.is_encoded));
            Some(format!("{}\n{key}", page.next_upload_id))
        }
        (Some(true), None) => return Err(ended("")),
    };
    let shown = entries.first().map_or(Shown::Nothing, |first| Shown::row(&first.key, &first.upload_id));
    let next = history.next(&shown, next)?;
    // An upload without a time may be young.
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
    abort(at, &key, &upload_id).await
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
        match abort(at, &Key(upload.key.clone()), &upload.upload_id).await {
            Ok(()) => aborted.push(upload),
            // It ended meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        mailbox.advance_objects(1);
    }
    Ok(aborted)
}

/// An uploaded part, as completion needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) number: i32,
    pub(crate) size: u64,
    /// The entity tag as the server wrote it.
    pub(crate) etag: Option<String>,
    pub(crate) checksum: Option<Checksum>,
}

/// The parameters of a page of uploads; the markers are those of key and upload after which it starts.
pub(super) struct Asked<'a> {
    pub(super) prefix: &'a str,
    pub(super) markers: Option<&'a (String, String)>,
    pub(super) page_size: Option<i32>,
}

/// An unfinished upload as the server lists it.
#[derive(Clone, Default)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) initiated: Option<SystemTime>,
}

/// A page of unfinished uploads.
#[derive(Default)]
pub(super) struct ListedPage {
    pub(super) uploads: Vec<Listed>,
    /// Whether keys and markers are percent-encoded.
    pub(super) is_encoded: bool,
    pub(super) is_truncated: Option<bool>,
    pub(super) next_key: Option<String>,
    pub(super) next_upload_id: String,
}

/// One page, and the server's time.
pub(super) async fn list_page(at: &S3, asked: &Asked<'_>) -> Result<(ListedPage, Option<SystemTime>)> {
    let size = asked.page_size.map(|size| size.to_string());
    let request = at
        .bucket_request("ListMultipartUploads", Method::GET)
        .await?
        .query("encoding-type", Some("url"))
        .query("key-marker", asked.markers.map(|(key, _)| key.as_str()))
        .query("max-uploads", size.as_deref())
        .query("prefix", Some(asked.prefix))
        .query("upload-id-marker", asked.markers.map(|(_, id)| id.as_str()))
        .query("uploads", Some(""));
    at.ask_document(&request, |headers, body| {
        Ok((ListedPage::read(body)?, text(headers, "date").and_then(read_http_date)))
    })
    .await
}

impl ListedPage {
    fn read(body: &[u8]) -> std::result::Result<ListedPage, Malformed> {
        let mut page = ListedPage::default();
        Document::open(body, &UPLOADS)?.children(|document, name| {
            match name {
                "Upload" => page.uploads.push(Listed::read(document)?),
                "EncodingType" => page.is_encoded = document.text()? == "url",
                "IsTruncated" => page.is_truncated = Some(truth(&document.text()?)),
                "NextKeyMarker" => page.next_key = document.filled()?,
                "NextUploadIdMarker" => page.next_upload_id = document.text()?.into_owned(),
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(page)
    }
}

impl Listed {
    fn read(document: &mut Document<'_>) -> std::result::Result<Listed, Malformed> {
        let mut upload = Listed::default();
        document.children(|document, name| {
            match name {
                "Key" => upload.key = document.text()?.into_owned(),
                "UploadId" => upload.id = document.text()?.into_owned(),
                "Initiated" => upload.initiated = read_timestamp(&document.text()?),
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(upload)
    }
}

/// Frees an upload's parts.
pub(crate) async fn abort(at: &S3, key: &Key, upload_id: &str) -> Result<()> {
    forget(upload_id);
    let request = at
        .object("AbortMultipartUpload", Method::DELETE, &key.0)
        .await?
        .query("uploadId", Some(upload_id))
        .query("x-id", Some("AbortMultipartUpload"));
    at.ask(&request).await.map(drop)
}

/// The parts that an upload has.
pub(crate) async fn list_parts(at: &S3, key: &Key, upload_id: &str, options: &Put) -> Result<Vec<Part>> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let mut parts = Vec::new();
    let mut marker = 0;
    loop {
        let after = (marker > 0).then(|| marker.to_string());
        let request = at
            .object("ListParts", Method::GET, &key.0)
            .await?
            .query("part-number-marker", after.as_deref())
            .query("uploadId", Some(upload_id))
            .query("x-id", Some("ListParts"));
        let request = customer.add_to(request)?;
        let (more, is_truncated) = at.ask_document(&request, |_, body| read_parts(body)).await?;
        parts.extend(more);
        // Part numbers grow, so the last one is where to go on. A page that brings none that is greater is
        // the last that is believed: a part that is not listed is sent again.
        let last = parts.iter().map(|part: &Part| part.number).max().unwrap_or(0);
        if !is_truncated || last <= marker {
            return Ok(parts);
        }
        marker = last;
    }
}

/// The parts of a page, and whether more follow.
fn read_parts(body: &[u8]) -> std::result::Result<(Vec<Part>, bool), Malformed> {
    let (mut parts, mut is_truncated) = (Vec::new(), false);
    Document::open(body, &PARTS)?.children(|document, name| {
        match name {
            "Part" => parts.push(read_part(document)?),
            "IsTruncated" => is_truncated = truth(&document.text()?),
            _ => document.skip()?,
        }
        Ok(())
    })?;
    Ok((parts, is_truncated))
}

fn read_part(document: &mut Document<'_>) -> std::result::Result<Part, Malformed> {
    let mut part = Part { number: 0, size: 0, etag: None, checksum: None };
    let mut sum = None;
    document.children(|document, name| {
        match (name, Algorithm::ALL.into_iter().find(|algorithm| element(*algorithm) == name)) {
            (_, Some(algorithm)) => sum = Some((algorithm, document.text()?.into_owned())),
            ("PartNumber", _) => part.number = document.text()?.trim().parse().unwrap_or(0),
            ("Size", _) => part.size = document.text()?.trim().parse().unwrap_or(0),
            ("ETag", _) => part.etag = document.filled()?,
            _ => document.skip()?,
        }
        Ok(())
    })?;
    part.checksum = sum.and_then(|(algorithm, text)| Checksum::read(algorithm, &text, part.size));
    Ok(part)
}
