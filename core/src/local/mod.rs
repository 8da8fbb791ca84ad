//! The same verbs on a directory, for tests, caches and machines without a server.
//!
//! Invariant: a verb returns what S3 would, or fails with `Unsupported`; no option is silently ignored. No
//! key leads out of the root. Keys that S3 allows and a file system does not (`a` and `a/b` at once, a slash
//! at the end) are errors. An etag is made of size, time and inode: it changes with every write, and with a
//! copy of the tree.

mod conditions;
mod dir;
mod list;
mod path;
mod read;
mod remove;
mod reserved;
mod sidecar;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use self::path::ObjectPath;
use self::sidecar::Sidecar;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{self, Sink, Source};
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::options;
use crate::reply::{
    Acl, Bucket, DeleteReply, Deleted, EncryptReply, GetReply, Identity, ObjectMeta, Page, PutReply,
    RekeyReply, UnencryptedReply, Upload, UploadPage,
};
use crate::runtime;
use crate::value::ByteRange;

/// A directory that holds objects.
#[derive(Clone)]
pub(crate) struct Local {
    root: PathBuf,
    /// As the host wrote it, for `explain`.
    config: Box<Config>,
}

/// Settings that promise what a directory can't keep. Those about servers and credentials are merely of no
/// use here.
const REFUSED: &[&str] = &[
    "acl",
    "grant_read",
    "grant_read_acp",
    "grant_write_acp",
    "grant_full_control",
    "sse",
    "sse_kms_key_id",
    "sse_customer_key",
    "storage_class",
];

impl Local {
    /// The directory's path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The store's settings, as the host gave them.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn open(directory: &Path, config: &Config) -> Result<Local> {
        if let Some((name, _)) = config.to_pairs().iter().find(|(name, _)| REFUSED.contains(&name.as_str())) {
            fail!(Config, "setting `{name}` can't be kept by a directory store; it is for s3:// only");
        }
        if let Some((name, _)) = config.to_pairs().iter().find(|(name, _)| name.starts_with("encryption_")) {
            fail!(
                Config,
                "setting `{name}` is for s3:// only: a directory store does not encrypt; keep the directory \
                 on an encrypted disk"
            );
        }
        Ok(Local { root: directory.to_owned(), config: Box::new(config.clone()) })
    }

    /// Runs file work on a thread for it.
    async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = self.root.clone();
        work(move || run(&root)).await
    }
}

/// Runs work that makes files: a cancelled call leaves none of them behind; see `io::owned`.
async fn owned<T: Send + 'static>(run: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    io::owned(move || Ok(run()))
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a worker thread stopped")))
}

/// Runs blocking file work on a thread made for it.
async fn work<T: Send + 'static>(run: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    runtime::blocking(run)
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a worker thread stopped")))
}

/// Refuses the first of these options that was given.
fn refuse(options: &[(&str, bool)]) -> Result<()> {
    match options.iter().find(|(_, given)| *given) {
        Some((name, _)) => fail!(Unsupported, "option `{name}` asks for what a directory store can't do"),
        None => Ok(()),
    }
}

/// `Put` and `Copy` name these options alike.
macro_rules! refuse_keeping {
    ($options:ident) => {
        refuse(&[
            ("storage_class", $options.storage_class.is_some()),
            ("acl", $options.acl.is_some()),
            ("grant_read", $options.grant_read.is_some()),
            ("grant_read_acp", $options.grant_read_acp.is_some()),
            ("grant_write_acp", $options.grant_write_acp.is_some()),
            ("grant_full_control", $options.grant_full_control.is_some()),
            ("sse", $options.sse.is_some()),
            ("sse_kms_key_id", $options.sse_kms_key_id.is_some()),
            ("sse_customer_key", $options.sse_customer_key.is_some()),
        ])
    };
}

/// `Get` and `Head` name these options alike.
macro_rules! read_conditions {
    ($options:ident) => {
        conditions::ReadConditions {
            if_match: $options.if_match,
            if_none_match: $options.if_none_match,
            if_modified_since: $options.if_modified_since,
            if_unmodified_since: $options.if_unmodified_since,
        }
    };
}

pub(crate) async fn get(
    at: &Local,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: options::Get,
) -> Result<GetReply> {
    refuse(&[
        ("version_id", options.version_id.is_some()),
        ("sse_customer_key", options.sse_customer_key.is_some()),
        ("encryption_context", options.encryption_context.is_some()),
    ])?;
    read::get(
        at.root.clone(),
        ObjectPath::new(&key.0)?,
        into,
        options.range,
        read_conditions!(options),
        mailbox,
    )
    .await
}

pub(crate) async fn get_ranges(
    at: &Local,
    mailbox: &Arc<Mailbox>,
    key: Key,
    ranges: Vec<ByteRange>,
    options: options::GetRanges,
) -> Result<Vec<Bytes>> {
    refuse(&[
        ("version_id", options.version_id.is_some()),
        ("sse_customer_key", options.sse_customer_key.is_some()),
        ("encryption_context", options.encryption_context.is_some()),
    ])?;
    let path = ObjectPath::new(&key.0)?;
    let conditions = conditions::ReadConditions { if_match: options.if_match, ..Default::default() };
    let mailbox = mailbox.clone();
    at.run(move |root| read::ranges(root, &path, &ranges, &conditions, &mailbox)).await
}

pub(crate) async fn put(
    at: &Local,
    mailbox: &Arc<Mailbox>,
    key: Key,
    source: Source,
    mut options: options::Put,
) -> Result<PutReply> {
    refuse(&[
        ("after", options.after.is_some()),
        ("encryption_context", options.encryption_context.is_some()),
    ])?;
    refuse_keeping!(options)?;
    let conditions = conditions::WriteConditions::new(options.if_match.take(), options.if_none_match.take())?;
    let sidecar = Sidecar::of_put(options)?;
    let draft = write::NewObject::begin(at.root.clone(), ObjectPath::new(&key.0)?, conditions).await?;
    draft.fill(source, mailbox).await?;
    draft.commit(sidecar).await
}

pub(crate) async fn head(
    at: &Local,
    _: &Arc<Mailbox>,
    key: Key,
    options: options::Head,
) -> Result<ObjectMeta> {
    refuse(&[
        ("version_id", options.version_id.is_some()),
        ("sse_customer_key", options.sse_customer_key.is_some()),
    ])?;
    let path = ObjectPath::new(&key.0)?;
    let conditions = read_conditions!(options);
    at.run(move |root| {
        let object = read::open(root, &path)?;
        conditions.check(&object.facts)?;
        Ok(object.sidecar.describe(path.key(), &object.facts))
    })
    .await
}

pub(crate) async fn exists(at: &Local, _: &Arc<Mailbox>, key: Key, options: options::Exists) -> Result<bool> {
    refuse(&[
        ("version_id", options.version_id.is_some()),
        ("sse_customer_key", options.sse_customer_key.is_some()),
    ])?;
    let path = ObjectPath::new(&key.0)?;
    at.run(move |root| Ok(read::find(root, &path)?.is_some())).await
}

pub(crate) async fn delete(
    at: &Local,
    _: &Arc<Mailbox>,
    key: Key,
    options: options::Delete,
) -> Result<DeleteReply> {
    refuse(&[("version_id", options.version_id.is_some())])?;
    let path = ObjectPath::new(&key.0)?;
    let conditions = conditions::WriteConditions { if_match: options.if_match, if_none: false };
    at.run(move |root| remove::delete(root, &path, &conditions)).await.map(|()| DeleteReply::default())
}

pub(crate) async fn delete_many(at: &Local, _: &Arc<Mailbox>, keys: Keys) -> Result<Vec<Deleted>> {
    refuse(&[("version_id", keys.0.iter().any(|(_, version)| version.is_some()))])?;
    let paths = keys.0.iter().map(|(key, _)| ObjectPath::new(&key.0)).collect::<Result<Vec<_>>>()?;
    let mut fates = Vec::with_capacity(paths.len());
    for path in paths {
        let key = path.key().to_owned();
        let fate =
            at.run(move |root| remove::delete(root, &path, &conditions::WriteConditions::default())).await;
        let (error, message) = match fate {
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => return Err(error),
            Err(error) => (Some(error.kind().name().to_owned()), Some(error.message().to_owned())),
            Ok(()) => (None, None),
        };
        fates.push(Deleted { key, version_id: None, error, message });
    }
    Ok(fates)
}

pub(crate) async fn copy(
    at: &Local,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    mut options: options::Copy,
) -> Result<PutReply> {
    refuse(&[
        ("source_bucket", options.source_bucket.is_some()),
        ("source_version_id", options.source_version_id.is_some()),
        ("source_sse_customer_key", options.source_sse_customer_key.is_some()),
        ("preserve_etag", options.preserve_etag.unwrap_or_default()),
    ])?;
    refuse_keeping!(options)?;
    let (from, to) = (ObjectPath::new(&source_key.0)?, ObjectPath::new(&key.0)?);
    let conditions = conditions::WriteConditions::new(options.if_match.take(), options.if_none_match.take())?;
    let of_source = conditions::ReadConditions {
        if_match: options.source_if_match.take(),
        if_none_match: options.source_if_none_match.take(),
        ..Default::default()
    };
    let replace = Sidecar::of_copy(options)?;
    let source = at
        .run(move |root| {
            let source = read::open(root, &from)?;
            // A source that is not as asked for is a failed precondition either way, as on S3.
            of_source.check(&source.facts).map_err(|error| {
                Error::new(ErrorKind::Precondition, format!("the source: {}", error.message()))
                    .with_key(from.key())
            })?;
            Ok(source)
        })
        .await?;
    let draft = write::NewObject::begin(at.root.clone(), to, conditions).await?;
    draft.pour(Arc::new(source.file), source.facts.size, mailbox).await?;
    draft.commit(replace(source.sidecar)).await
}

pub(crate) async fn list(
    at: &Local,
    _: &Arc<Mailbox>,
    prefix: Prefix,
    options: options::List,
) -> Result<Page> {
    let listing = list::PageQuery::new(prefix.0, options)?;
    at.run(move |root| listing.page(root)).await
}

/// Bytes that this user may still write to the directory's file system.
pub(crate) async fn free_space(at: &Local) -> Result<u64> {
    at.run(|root| {
        let space = rustix::fs::statvfs(root).map_err(|error| io::about(&error.into(), root))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    })
    .await
}

pub(crate) async fn list_versions(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::ListVersions,
) -> Result<Page> {
    fail!(Unsupported, "a directory store keeps no versions")
}

pub(crate) async fn rekey(_: &Local, _: &Arc<Mailbox>, _: Key, _: options::Rekey) -> Result<bool> {
    fail!(Unsupported, "a directory store does not encrypt")
}

pub(crate) async fn rekey_all(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::RekeyAll,
) -> Result<RekeyReply> {
    fail!(Unsupported, "a directory store does not encrypt")
}

pub(crate) async fn find_unencrypted(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::EncryptAll,
) -> Result<UnencryptedReply> {
    fail!(Unsupported, "a directory store does not encrypt")
}

pub(crate) async fn encrypt_all(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::EncryptAll,
) -> Result<EncryptReply> {
    fail!(Unsupported, "a directory store does not encrypt")
}

pub(crate) async fn presign(_: &Local, _: &Arc<Mailbox>, _: Key, _: options::Presign) -> Result<String> {
    fail!(Unsupported, "a directory store has no server that a URL could ask")
}

pub(crate) async fn get_acl(_: &Local, _: &Arc<Mailbox>, _: Key, _: options::GetAcl) -> Result<Acl> {
    fail!(Unsupported, "a directory store keeps no access control lists")
}

pub(crate) async fn set_acl(_: &Local, _: &Arc<Mailbox>, _: Key, _: options::SetAcl) -> Result<()> {
    fail!(Unsupported, "a directory store keeps no access control lists")
}

pub(crate) async fn get_tags(
    at: &Local,
    _: &Arc<Mailbox>,
    key: Key,
    options: options::Tags,
) -> Result<BTreeMap<String, String>> {
    refuse(&[("version_id", options.version_id.is_some())])?;
    let path = ObjectPath::new(&key.0)?;
    at.run(move |root| remove::tags(root, &path)).await
}

pub(crate) async fn set_tags(
    at: &Local,
    _: &Arc<Mailbox>,
    key: Key,
    tags: BTreeMap<String, String>,
    options: options::Tags,
) -> Result<()> {
    refuse(&[("version_id", options.version_id.is_some())])?;
    let path = ObjectPath::new(&key.0)?;
    at.run(move |root| remove::set_tags(root, &path, tags)).await
}

pub(crate) async fn delete_tags(
    at: &Local,
    mailbox: &Arc<Mailbox>,
    key: Key,
    options: options::Tags,
) -> Result<()> {
    set_tags(at, mailbox, key, BTreeMap::new(), options).await
}

pub(crate) async fn bucket_region(_: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<String> {
    fail!(Unsupported, "a directory store lies in no region")
}

pub(crate) async fn credentials(_: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<Identity> {
    fail!(
        Unsupported,
        "a directory store is entered as the user that the program runs as; it has no credentials"
    )
}

pub(crate) async fn list_buckets(_: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<Vec<Bucket>> {
    fail!(Unsupported, "a directory store belongs to no account that could have other buckets")
}

pub(crate) async fn create_bucket(at: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<()> {
    at.run(remove::create_bucket).await
}

pub(crate) async fn delete_bucket(at: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<()> {
    at.run(remove::delete_bucket).await
}

pub(crate) async fn get_versioning(_: &Local, _: &Arc<Mailbox>, _: options::NoOptions) -> Result<String> {
    Ok("Unversioned".to_owned())
}

pub(crate) async fn set_versioning(
    _: &Local,
    _: &Arc<Mailbox>,
    _: String,
    _: options::NoOptions,
) -> Result<()> {
    fail!(Unsupported, "a directory store keeps no versions")
}

pub(crate) async fn set_bucket_acl(
    _: &Local,
    _: &Arc<Mailbox>,
    _: String,
    _: options::NoOptions,
) -> Result<()> {
    fail!(Unsupported, "a directory store keeps no access control lists")
}

pub(crate) async fn list_uploads(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::ListUploads,
) -> Result<UploadPage> {
    Ok(UploadPage::default())
}

pub(crate) async fn abort_upload(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Key,
    _: String,
    _: options::NoOptions,
) -> Result<()> {
    fail!(NotFound, "a directory store has no multipart uploads")
}

pub(crate) async fn abort_uploads(
    _: &Local,
    _: &Arc<Mailbox>,
    _: Prefix,
    _: options::AbortUploads,
) -> Result<Vec<Upload>> {
    Ok(Vec::new())
}
