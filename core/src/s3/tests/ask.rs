//! An operation with its options, as our own code sends it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::checksum::{Algorithm, Checksum};
use crate::error::Result;
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{Copy, Delete, Get, GetAcl, Head, ListUploads, NoOptions, Put, SetAcl, Tags};
use crate::s3::{self, As, Creation, Part, PartName, S3, Whole};

pub(super) const SUM: Algorithm = Algorithm::Crc64Nvme;
pub(super) const UPLOAD: &str = "u+1/=";

/// An operation, for us and for the SDK.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Get(Get),
    Head(Head),
    HeadPart(Head),
    Put(Box<Put>, &'static [u8]),
    Delete(Delete),
    DeleteMany(Vec<(Key, Option<String>)>),
    Copy(Box<Copy>),
    CopyPart(Box<Copy>),
    Create(Box<Put>),
    PutPart(Box<Put>, &'static [u8]),
    ListParts(Box<Put>),
    ListUploads(ListUploads),
    Complete(Box<Put>),
    Abort,
    GetAcl(GetAcl),
    SetAcl(SetAcl),
    GetTags(Tags),
    SetTags(BTreeMap<String, String>, Tags),
    DeleteTags(Tags),
    Region,
    Buckets,
    CreateBucket,
    DeleteBucket,
    GetVersioning,
    SetVersioning(&'static str),
    SetBucketAcl(&'static str),
}

pub(super) fn parts() -> Vec<Part> {
    let part = |number: i32, bytes: &[u8]| Part {
        number,
        size: bytes.len() as u64,
        etag: Some(format!("\"e&{number}\"")),
        checksum: Some(SUM.of(bytes)),
    };
    vec![part(1, b"one"), part(2, b"two")]
}

pub(super) fn whole() -> Checksum {
    SUM.of(b"one").then(SUM.of(b"two"))
}

/// Everything that a caller gets to see, as text.
pub(super) async fn ours(at: S3, key: String, ask: Ask) -> Result<String> {
    let (at, mailbox, key) = (&at, &Mailbox::new(), Key(key));
    let algorithm = Some(SUM);
    Ok(match ask {
        Ask::Get(options) => {
            let mut body = s3::fetch(at, &key, &options).await?;
            let mut whole = Vec::new();
            while let Some(piece) = body.next().await? {
                whole.extend_from_slice(&piece);
            }
            format!("{:?} {} {} {whole:?}", body.meta, body.offset, body.length)
        }
        Ask::Head(options) => format!("{:?}", s3::head(at, mailbox, key, options).await?),
        Ask::HeadPart(options) => format!("{:?}", s3::part(at, &key, 7, &options).await?),
        Ask::Put(options, body) => {
            let reply = s3::put_whole(at, &key, Bytes::from_static(body), Some(SUM.of(body)), &options);
            format!("{:?}", reply.await?)
        }
        Ask::Delete(options) => format!("{:?}", s3::delete(at, mailbox, key, options).await?),
        Ask::DeleteMany(keys) => {
            let fates = s3::delete_many(at, mailbox, Keys(keys)).await?;
            let failed =
                fates.into_iter().filter_map(|fate| Some((fate.key, fate.version_id, fate.message?)));
            format!("{:?}", failed.collect::<Vec<_>>())
        }
        Ask::Copy(options) => {
            format!("{:?}", s3::copy_whole(at, "bucket/a%20b?versionId=1", &key, &options, 3).await?)
        }
        Ask::CopyPart(options) => {
            let unchanged = Some(then());
            let source = "bucket/a%20b";
            let part =
                s3::copy_part(at, &key, UPLOAD, 7, source, (Some("\"e\""), unchanged), (5, 10), &options);
            format!("{:?}", part.await?.etag)
        }
        Ask::Create(options) => {
            let creation = Creation::new(at, &key).await?;
            format!("{:?}", Some(s3::create(at, &key, As::Put(&options), algorithm, &creation).await?))
        }
        Ask::PutPart(options, body) => {
            let (bytes, sum) = (Bytes::from_static(body), Some(SUM.of(body)));
            let part = PartName { upload_id: UPLOAD, number: 7 };
            format!("{:?}", s3::put_part(at, &key, part, bytes, sum, &options, None).await?.etag)
        }
        Ask::ListParts(options) => {
            let parts = s3::list_parts(at, &key, UPLOAD, &options).await?;
            let shown = parts
                .into_iter()
                .map(|part| (part.number, part.size, part.etag, part.checksum.map(|sum| sum.text())));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::ListUploads(options) => {
            let page = s3::list_uploads(at, mailbox, Prefix(key.0), options).await?;
            let shown =
                page.entries.into_iter().map(|upload| (upload.key, upload.upload_id, upload.initiated));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::Complete(options) => {
            let options = As::Put(&options);
            let reply = s3::complete(at, &key, UPLOAD, &parts(), Whole::Sent(whole()), options).await?;
            format!("{reply:?}")
        }
        Ask::Abort => format!("{:?}", s3::abort(at, &key, UPLOAD).await?),
        Ask::GetAcl(options) => {
            let acl = s3::get_acl(at, mailbox, key, options).await?;
            let grants = acl.grants.into_iter().map(|grant| (grant.grantee, grant.permission));
            format!("{:?} {:?}", acl.owner, grants.collect::<Vec<_>>())
        }
        Ask::SetAcl(options) => format!("{:?}", s3::set_acl(at, mailbox, key, options).await?),
        Ask::GetTags(options) => format!("{:?}", s3::get_tags(at, mailbox, key, options).await?),
        Ask::SetTags(tags, options) => {
            format!("{:?}", s3::set_tags(at, mailbox, key, tags, options).await?)
        }
        Ask::DeleteTags(options) => format!("{:?}", s3::delete_tags(at, mailbox, key, options).await?),
        Ask::Region => s3::bucket_region(at, mailbox, NoOptions::default()).await?,
        Ask::Buckets => {
            let buckets = s3::list_buckets(at, mailbox, NoOptions::default()).await?;
            let shown = buckets.into_iter().map(|bucket| (bucket.name, bucket.created));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::CreateBucket => format!("{:?}", s3::create_bucket(at, mailbox, NoOptions::default()).await?),
        Ask::DeleteBucket => format!("{:?}", s3::delete_bucket(at, mailbox, NoOptions::default()).await?),
        Ask::GetVersioning => s3::get_versioning(at, mailbox, NoOptions::default()).await?,
        Ask::SetVersioning(status) => {
            format!("{:?}", s3::set_versioning(at, mailbox, status.to_owned(), NoOptions::default()).await?)
        }
        Ask::SetBucketAcl(acl) => {
            format!("{:?}", s3::set_bucket_acl(at, mailbox, acl.to_owned(), NoOptions::default()).await?)
        }
    })
}

/// A time that both ways are given.
pub(super) fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480)
}
