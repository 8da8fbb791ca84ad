//! Whether two stores are one server, and two objects one.
//!
//! Invariant: an object is never taken for another because its store has two names: an access point or its
//! alias, another name of the host, a link or a mount of the directory. The server or the file system
//! decides.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Side;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Head, Put};
use crate::runtime::blocking;
use crate::s3::{self, As, Creation, S3};
use crate::store::Backend;

/// Whether one server holds both stores' objects, for one identity and under one key: it can copy.
pub(super) fn is_one_server(from: &S3, to: &S3) -> bool {
    reach(from.settings()) == reach(to.settings())
}

/// The settings that name the server, the identity and the encryption: those of pace and habit are left
/// out.
fn reach(settings: &Settings) -> Settings {
    Settings {
        connect_timeout: None,
        read_timeout: None,
        attempt_timeout: None,
        operation_timeout: None,
        retry_mode: None,
        max_attempts: None,
        max_concurrency: None,
        max_requests: None,
        max_bandwidth: None,
        multipart_threshold: None,
        multipart_chunksize: None,
        fixed_part_size: None,
        max_parts: None,
        multipart_upload: None,
        list_version: None,
        encryption_verify_buffer: None,
        encryption_spool_limit: None,
        encryption_reuse_objects: None,
        encryption_reuse_age: None,
        retain_fetched: None,
        chunked_assets: None,
        app_name: None,
        ..settings.clone()
    }
}

/// Whether both are one object by their names alone.
pub(super) async fn has_one_address(
    (source, source_key): (&Side, &Key),
    (target, key): (&Side, &Key),
) -> Result<bool> {
    Ok(match (&source.backend, &target.backend) {
        (Backend::S3(from), Backend::S3(to)) => {
            from.full(&source_key.0) == to.full(&key.0) && from.place().await? == to.place().await?
        }
        (Backend::Local(from), Backend::Local(to)) => {
            from.root().join(&source_key.0) == to.root().join(&key.0)
        }
        _ => false,
    })
}

/// Whether both are one object, though their stores have other names.
pub(super) async fn is_one_object(
    (source, source_key): (&Side, &Key),
    (target, key): (&Side, &Key),
    mailbox: &Arc<Mailbox>,
) -> Result<bool> {
    match (&source.backend, &target.backend) {
        (Backend::S3(from), Backend::S3(to)) if from.full(&source_key.0) == to.full(&key.0) => {
            let (before, there) = (look(from, mailbox, source_key).await?, look(to, mailbox, key).await?);
            // Two objects are seldom so alike: a move that broke off may have made them so.
            if before.is_none() || before != there {
                return Ok(false);
            }
            sees_upload(from, source_key, to, key).await
        }
        (Backend::Local(from), Backend::Local(to)) => {
            let paths = (from.root().join(&source_key.0), to.root().join(&key.0));
            blocking(move || is_one_file(paths))
                .await
                .map_err(|_| Error::new(ErrorKind::Internal, "the search for the directory ended"))
        }
        _ => Ok(false),
    }
}

/// What the server names of the object as it lies there.
async fn look(at: &S3, mailbox: &Arc<Mailbox>, key: &Key) -> Result<Option<impl PartialEq + use<>>> {
    match s3::head(at, mailbox, key.clone(), Head::default()).await {
        Ok(meta) => Ok(Some((meta.etag, meta.size, meta.last_modified, meta.version_id))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an upload that starts under the one name is there under the other.
async fn sees_upload(from: &S3, source_key: &Key, to: &S3, key: &Key) -> Result<bool> {
    let options = Put::default();
    let creation = Creation::new(to, key).await?;
    let upload = s3::create(to, key, As::Put(&options), None, &creation).await?;
    creation.settle();
    let seen = s3::list_parts(from, source_key, &upload, &options).await;
    let aborted = s3::abort(to, key, &upload).await;
    match seen {
        Ok(_) => aborted.map(|()| true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
            aborted.map(|()| false)
        }
        Err(error) => {
            fail!(
                InvalidInput,
                "the object may be moved to its own key: both stores show the same object, and whether they \
                 are the same place could not be seen: {}",
                error.message()
            )
        }
    }
}

/// Whether both paths are one name in one directory.
fn is_one_file((source, target): (PathBuf, PathBuf)) -> bool {
    let directory = |path: &PathBuf| -> Option<Metadata> { std::fs::metadata(path.parent()?).ok() };
    source.file_name() == target.file_name()
        && match (directory(&source), directory(&target)) {
            (Some(one), Some(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_pace_and_habit_may_differ() {
        let of = |name: &str, value: &str| {
            reach(&Settings::of(name, crate::value::Value::Str(value.to_owned())).unwrap())
        };
        let plain = reach(&Settings::default());
        for (name, value) in
            [("max_concurrency", "3"), ("retain_fetched", "true"), ("chunked_assets", "true")]
        {
            assert_eq!(of(name, value), plain, "{name}");
        }
        // It needs a key, which is no setting of pace.
        let spooling = Settings { encryption_spool_limit: Some(1 << 30), ..Settings::default() };
        assert_eq!(reach(&spooling), plain);
        for (name, value) in
            [("region", "eu-north-1"), ("profile", "a"), ("endpoint", "http://x"), ("sse", "AES256")]
        {
            assert_ne!(of(name, value), plain, "{name}");
        }
    }

    #[test]
    fn a_link_to_a_directory_is_no_other_place() {
        let root = tempfile::tempdir().unwrap();
        let (one, other) = (root.path().join("one"), root.path().join("other"));
        std::fs::create_dir_all(one.join("sub")).unwrap();
        std::os::unix::fs::symlink(one.join("sub"), &other).unwrap();
        assert!(is_one_file((one.join("sub/a"), other.join("a"))));
        assert!(!is_one_file((one.join("sub/a"), other.join("b"))));
        assert!(!is_one_file((one.join("a"), other.join("a"))));
        assert!(!is_one_file((one.join("none/a"), other.join("none/a"))));
    }
}
