//! The four listings, written as S3 writes them; the rules of paging are in `crate::list`.

use crate::acl::owner;
use crate::clock::iso;
use crate::encoding::{base64, form, unbase64};
use crate::error::{Result, S3Error};
use crate::list::{Page, Paging};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::{Object, Version};
use crate::xml::Xml;

/// A non-negative number in the query.
pub fn number(request: &Request, name: &str, default: usize) -> Result<usize> {
    match request.param(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse::<i32>().ok().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
            let message = if text.parse::<i64>().is_ok() {
                format!("Argument {name} must be an integer between 0 and 2147483647")
            } else {
                format!("Provided {name} not an integer or within integer range")
            };
            S3Error::invalid_argument(message, name, text)
        }),
    }
}

/// What every listing asks: prefix, delimiter, maximum and encoding.
struct Ask<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    max: usize,
    url: bool,
}

impl<'a> Ask<'a> {
    fn of(request: &'a Request, max: &str) -> Result<Ask<'a>> {
        let url = match request.param("encoding-type") {
            None | Some("") => false,
            Some("url") => true,
            Some(other) => {
                return Err(S3Error::invalid_argument(
                    "Invalid Encoding Method specified in Request",
                    "encoding-type",
                    other,
                ));
            }
        };
        Ok(Ask {
            prefix: request.param("prefix").unwrap_or(""),
            delimiter: request.param("delimiter").unwrap_or(""),
            max: number(request, max, 1000)?.min(1000),
            url,
        })
    }

    fn paging<'b>(&'b self, after: &'b str) -> Paging<'b> {
        Paging { prefix: self.prefix, delimiter: self.delimiter, after, max: self.max }
    }

    /// A key, prefix or marker as this listing writes it.
    fn text(&self, text: &str) -> String {
        if self.url { form(text) } else { text.to_string() }
    }

    fn head(&self, out: &mut Xml, ctx: &Ctx<'_>, name: &str) {
        out.el(name, ctx.bucket()).el("Prefix", self.text(self.prefix));
        if !self.delimiter.is_empty() {
            out.el("Delimiter", self.text(self.delimiter));
        }
        if self.url {
            out.el("EncodingType", "url");
        }
    }

    fn prefixes(&self, out: &mut Xml, prefixes: &[String]) {
        for prefix in prefixes {
            out.open("CommonPrefixes").el("Prefix", self.text(prefix)).close("CommonPrefixes");
        }
    }
}

/// One page of current objects after `after`, copied out so that the lock is short.
fn current_objects(ctx: &Ctx<'_>, ask: &Ask<'_>, after: &str) -> Result<Page<Entry>> {
    let store = ctx.store();
    let bucket = store.bucket(ctx.bucket())?;
    let paging = ask.paging(after);
    let entries =
        bucket.keys_from(paging.start()).filter(|(key, _)| *key > after).filter_map(|(key, versions)| {
            let version = versions.last()?;
            version.object.as_ref().map(|object| (key, (version, object)))
        });
    let page = paging.page(entries);
    let items =
        page.items.into_iter().map(|(key, (version, object))| (key, Entry::of(version, object))).collect();
    Ok(Page { items, prefixes: page.prefixes, truncated: page.truncated })
}

struct Entry {
    modified: i64,
    etag: String,
    size: u64,
    class: String,
    checksum: Option<(&'static str, &'static str)>,
}

impl Entry {
    fn of(version: &Version, object: &Object) -> Entry {
        Entry {
            modified: version.modified,
            etag: object.etag.clone(),
            size: object.data.len(),
            class: object.attributes.storage_class.clone(),
            checksum: object.checksum.as_ref().map(|checksum| (checksum.algorithm.name(), checksum.kind())),
        }
    }

    fn write(&self, out: &mut Xml, with_owner: bool) {
        out.el("LastModified", iso(self.modified)).el("ETag", format!("\"{}\"", self.etag));
        if let Some((algorithm, kind)) = self.checksum {
            out.el("ChecksumAlgorithm", algorithm).el("ChecksumType", kind);
        }
        out.el("Size", self.size);
        if with_owner {
            owner(out, "Owner");
        }
        out.el("StorageClass", &self.class);
    }
}

fn contents(out: &mut Xml, ask: &Ask<'_>, page: &Page<Entry>, with_owner: bool) {
    for (key, entry) in &page.items {
        out.open("Contents").el("Key", ask.text(key));
        entry.write(out, with_owner);
        out.close("Contents");
    }
    ask.prefixes(out, &page.prefixes);
}

pub fn objects_v2(ctx: &Ctx<'_>) -> Result<Reply> {
    let ask = Ask::of(ctx.request, "max-keys")?;
    let token = ctx.request.param("continuation-token");
    let start_after = ctx.request.param("start-after");
    let after = match token {
        Some(token) => read_token(token)?,
        None => start_after.unwrap_or("").to_string(),
    };
    let page = current_objects(ctx, &ask, &after)?;
    let mut out = Xml::root("ListBucketResult");
    ask.head(&mut out, ctx, "Name");
    out.el_some("StartAfter", start_after.map(|text| ask.text(text))).el_some("ContinuationToken", token);
    if page.truncated {
        out.el_some("NextContinuationToken", page.last().map(write_token));
    }
    out.el("KeyCount", page.items.len() + page.prefixes.len());
    out.el("MaxKeys", ask.max).el("IsTruncated", page.truncated);
    contents(&mut out, &ask, &page, ctx.request.param("fetch-owner") == Some("true"));
    let mut reply = Reply::xml(out.end("ListBucketResult"));
    reply.set("x-amz-bucket-region", &ctx.store().bucket(ctx.bucket())?.region);
    Ok(reply)
}

/// Opaque to clients: no one may build one from a key.
fn write_token(last: &str) -> String {
    base64(&[b"\x01", last.as_bytes()].concat())
}

fn read_token(token: &str) -> Result<String> {
    unbase64(token).and_then(|raw| String::from_utf8(raw.strip_prefix(b"\x01")?.to_vec()).ok()).ok_or_else(
        || {
            S3Error::invalid_argument(
                "The continuation token provided is incorrect",
                "continuation-token",
                token,
            )
        },
    )
}

pub fn objects_v1(ctx: &Ctx<'_>) -> Result<Reply> {
    let ask = Ask::of(ctx.request, "max-keys")?;
    let marker = ctx.request.param("marker").unwrap_or("");
    let page = current_objects(ctx, &ask, marker)?;
    let mut out = Xml::root("ListBucketResult");
    ask.head(&mut out, ctx, "Name");
    out.el("Marker", ask.text(marker));
    // Without a delimiter the client takes the last key.
    if page.truncated && !ask.delimiter.is_empty() {
        out.el_some("NextMarker", page.last().map(|last| ask.text(last)));
    }
    out.el("MaxKeys", ask.max).el("IsTruncated", page.truncated);
    contents(&mut out, &ask, &page, true);
    Ok(Reply::xml(out.end("ListBucketResult")))
}

pub fn versions(ctx: &Ctx<'_>) -> Result<Reply> {
    let request = ctx.request;
    let ask = Ask::of(request, "max-keys")?;
    let key_marker = request.param("key-marker").unwrap_or("");
    let id_marker = request.param("version-id-marker").unwrap_or("");
    if key_marker.is_empty() && !id_marker.is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(S3Error::invalid_argument(message, "version-id-marker", id_marker));
    }
    let store = ctx.store();
    let bucket = store.bucket(ctx.bucket())?;
    let paging = ask.paging(key_marker);
    let entries = bucket.keys_from(paging.start()).flat_map(|(key, versions)| {
        // Newest first; with both markers the page resumes inside the marked key.
        let after_id = versions.iter().position(|version| version.id == id_marker);
        let left = match (key.cmp(key_marker), after_id) {
            (std::cmp::Ordering::Greater, _) => versions.len(),
            (std::cmp::Ordering::Equal, Some(at)) => at,
            _ => 0,
        };
        let newest = versions.len() - 1;
        versions[..left].iter().enumerate().rev().map(move |(at, version)| (key, (version, at == newest)))
    });
    let page = paging.page(entries);
    let mut out = Xml::root("ListVersionsResult");
    ask.head(&mut out, ctx, "Name");
    out.el("KeyMarker", ask.text(key_marker)).el("VersionIdMarker", id_marker);
    if page.truncated {
        let last = page.last().unwrap_or_default();
        out.el("NextKeyMarker", ask.text(last));
        let item = page.items.last().filter(|(key, _)| key == last);
        out.el_some("NextVersionIdMarker", item.map(|(_, (version, _))| &version.id));
    }
    out.el("MaxKeys", ask.max).el("IsTruncated", page.truncated);
    for (key, (version, latest)) in &page.items {
        let element = if version.object.is_some() { "Version" } else { "DeleteMarker" };
        out.open(element).el("Key", ask.text(key)).el("VersionId", &version.id).el("IsLatest", latest);
        match &version.object {
            Some(object) => Entry::of(version, object).write(&mut out, true),
            None => {
                out.el("LastModified", iso(version.modified));
                owner(&mut out, "Owner");
            }
        }
        out.close(element);
    }
    ask.prefixes(&mut out, &page.prefixes);
    Ok(Reply::xml(out.end("ListVersionsResult")))
}

pub fn uploads(ctx: &Ctx<'_>) -> Result<Reply> {
    let request = ctx.request;
    let ask = Ask::of(request, "max-uploads")?;
    let key_marker = request.param("key-marker").unwrap_or("");
    let id_marker = request.param("upload-id-marker").unwrap_or("");
    let store = ctx.store();
    let mut open: Vec<_> = store.uploads.iter().filter(|(_, upload)| upload.bucket == ctx.bucket()).collect();
    open.sort_by_key(|(id, upload)| (&upload.key, upload.initiated, *id));
    let seen = open.iter().position(|(id, upload)| upload.key == key_marker && id.as_str() == id_marker);
    let entries = open.iter().enumerate().filter(|(at, (_, upload))| match seen {
        Some(seen) => *at > seen,
        None => upload.key.as_str() > key_marker,
    });
    let page =
        ask.paging(key_marker).page(entries.map(|(_, (id, upload))| (upload.key.as_str(), (*id, *upload))));
    let mut out = Xml::root("ListMultipartUploadsResult");
    ask.head(&mut out, ctx, "Bucket");
    out.el("KeyMarker", ask.text(key_marker)).el("UploadIdMarker", id_marker);
    if page.truncated {
        let last = page.last().unwrap_or_default();
        out.el("NextKeyMarker", ask.text(last));
        let item = page.items.last().filter(|(key, _)| key == last);
        out.el_some("NextUploadIdMarker", item.map(|(_, (id, _))| id));
    }
    out.el("MaxUploads", ask.max).el("IsTruncated", page.truncated);
    for (key, (id, upload)) in &page.items {
        out.open("Upload").el("Key", ask.text(key)).el("UploadId", id);
        owner(&mut out, "Initiator");
        owner(&mut out, "Owner");
        out.el("StorageClass", &upload.attributes.storage_class)
            .el("Initiated", iso(upload.initiated))
            .close("Upload");
    }
    ask.prefixes(&mut out, &page.prefixes);
    Ok(Reply::xml(out.end("ListMultipartUploadsResult")))
}
