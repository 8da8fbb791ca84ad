//! Deleting objects, changing their tags, and making and deleting the store's directory itself.
//!
//! Invariant: whatever changes something holds the store's lock. An object takes with it what is kept beside
//! it and the directories that it leaves empty.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::conditions;
use super::dir::{Dir, ObjectStat, os};
use super::path::{ObjectPath, is_reserved};
use super::read::{self, look, missing};
use super::reserved::{RESERVED, Reserved};
use super::sidecar::{self, Sidecar};
use crate::error::{Result, fail};

/// Deletes the object, if it is there and as the conditions want it.
pub(super) fn delete(root: &Path, path: &ObjectPath, conditions: &conditions::WriteConditions) -> Result<()> {
    // A look without the lock first: there is often nothing to delete, and nothing is to be made then.
    let there = read::find(root, path)?;
    conditions.check(there.as_ref())?;
    if there.is_none() {
        return Ok(());
    }
    let at = Dir::root(root)?;
    let reserved = Reserved::make(&at)?;
    let _lock = reserved.lock()?;
    let parent = path.find_parent(at)?;
    let there = look(parent.as_ref(), path)?;
    conditions.check(there.as_ref())?;
    if let (Some(parent), Some(facts)) = (parent, there) {
        parent.unlink(path.name()).map_err(os("delete the object"))?;
        sidecar::remove(&reserved, path.key(), &facts.etag)?;
        path.prune(root);
    }
    Ok(())
}

/// Returns the object's tags.
pub(super) fn tags(root: &Path, path: &ObjectPath) -> Result<BTreeMap<String, String>> {
    Ok(read::open(root, path)?.sidecar.tags)
}

/// Replaces the object's tags.
pub(super) fn set_tags(root: &Path, path: &ObjectPath, tags: BTreeMap<String, String>) -> Result<()> {
    sidecar::check_tags(&tags)?;
    let Some(_) = read::find(root, path)? else { return Err(missing(path)) };
    let at = Dir::root(root)?;
    let reserved = Reserved::make(&at)?;
    let _lock = reserved.lock()?;
    let Some(ObjectStat { etag, .. }) = look(path.find_parent(at)?.as_ref(), path)? else {
        return Err(missing(path));
    };
    let mut sidecar = Sidecar::read(&reserved, path.key(), &etag)?.unwrap_or_default();
    sidecar.tags = tags;
    sidecar.write(&reserved, path.key(), &etag)
}

/// Makes the store's directory.
pub(super) fn create_bucket(root: &Path) -> Result<()> {
    if let Some(above) = root.parent() {
        fs::create_dir_all(above).map_err(os("make the directories above the store's"))?;
    }
    match fs::create_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fail!(AlreadyExists, "{} exists already", root.display())
        }
        made => made.map_err(os("make the store's directory")),
    }
}

/// Removes the store's directory, which must hold nothing but what the store keeps for itself.
pub(super) fn delete_bucket(root: &Path) -> Result<()> {
    let at = Dir::root(root)?;
    let lock = match Reserved::find(&at)? {
        Some(reserved) => Some(reserved.lock()?),
        None => None,
    };
    // Not `Dir::entries`: a link or a special file keeps the directory from being empty too.
    for entry in fs::read_dir(root).map_err(os("read the store's directory"))? {
        let name = entry.map_err(os("read the store's directory"))?.file_name();
        if !name.to_str().is_some_and(is_reserved) {
            fail!(Precondition, "the store's directory is not empty: {} is in it", name.display());
        }
    }
    if lock.is_some() {
        fs::remove_dir_all(root.join(RESERVED)).map_err(os("remove the store's reserved directory"))?;
    }
    match fs::remove_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            fail!(Precondition, "the store's directory was written to meanwhile")
        }
        done => done.map_err(os("remove the store's directory")),
    }
}
