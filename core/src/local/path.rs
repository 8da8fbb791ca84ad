//! `ObjectPath`: a key as a path below the store's root.
//!
//! Invariant: a key that is no plain path downwards (`..`, an empty segment, the reserved directory) is
//! refused here, before anything is touched; a directory on the way that is a symbolic link is refused
//! wherever it leads.

use std::path::Path;

use rustix::io::Errno;

use super::dir::{Dir, EntryKind, os};
use super::reserved::RESERVED;
use crate::error::{Error, ErrorKind, Result, fail};

/// The longest name of a file, on every file system that matters.
const SEGMENT_BYTES: usize = 255;

/// A checked key.
#[derive(Clone)]
pub(super) struct ObjectPath(String);

/// Why a walk to an object's directory did not arrive.
enum Stop {
    Missing,
    /// A file has the name of the directory at this depth.
    File(usize),
    Failed(Error),
}

impl ObjectPath {
    /// Checks the key.
    pub(super) fn new(key: &str) -> Result<ObjectPath> {
        if key.starts_with('/') {
            fail!(
                InvalidInput,
                "a directory store takes no absolute key; leave out the leading slash of {key:?}"
            );
        }
        if key.ends_with('/') {
            fail!(InvalidInput, "a directory store can't hold an object whose key ends in a slash: {key:?}");
        }
        for segment in key.split('/') {
            match segment {
                "" => fail!(
                    InvalidInput,
                    "a directory store can't hold a key with an empty segment (`//`): {key:?}"
                ),
                "." | ".." => fail!(
                    InvalidInput,
                    "a directory store can't hold a key with the segment `{segment}`: {key:?}"
                ),
                long if long.len() > SEGMENT_BYTES => {
                    fail!(
                        InvalidInput,
                        "a segment of the key has {} bytes; a directory store allows {SEGMENT_BYTES}",
                        long.len()
                    )
                }
                _ => {}
            }
        }
        let path = ObjectPath(key.to_owned());
        if path.segments().next().is_some_and(is_reserved) {
            fail!(InvalidInput, "keys below `{RESERVED}/` are reserved for the store itself");
        }
        Ok(path)
    }

    /// The whole key.
    pub(super) fn key(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub(super) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    fn parents(&self) -> Vec<&str> {
        let mut segments: Vec<_> = self.segments().collect();
        segments.pop();
        segments
    }

    /// The directory that holds the object, if it exists.
    pub(super) fn find_parent(&self, root: Dir) -> Result<Option<Dir>> {
        match self.walk(root, Dir::child) {
            Ok(parent) => Ok(Some(parent)),
            Err(Stop::Missing | Stop::File(_)) => Ok(None),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// The directory that is to hold the object, if it exists; an error if it can't be made.
    pub(super) fn check_parent(&self, root: Dir) -> Result<Option<Dir>> {
        match self.walk(root, Dir::child) {
            Ok(parent) => Ok(Some(parent)),
            Err(Stop::Missing) => Ok(None),
            Err(Stop::File(depth)) => Err(self.blocked(depth)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// The directory that is to hold the object, made where it is missing.
    pub(super) fn make_parent(&self, root: Dir) -> Result<Dir> {
        self.walk(root, Dir::make_child).map_err(|stop| match stop {
            Stop::Missing => {
                Error::new(ErrorKind::NoSuchBucket, "the store's directory was deleted meanwhile")
            }
            Stop::File(depth) => self.blocked(depth),
            Stop::Failed(error) => error,
        })
    }

    fn walk(
        &self,
        root: Dir,
        step: impl Fn(&Dir, &str) -> std::result::Result<Dir, Errno>,
    ) -> std::result::Result<Dir, Stop> {
        let failed = |error| Stop::Failed(os("open the object's directory")(error));
        let mut at = root;
        for (depth, name) in self.parents().into_iter().enumerate() {
            at = match step(&at, name) {
                Ok(child) => child,
                Err(Errno::NOENT) => return Err(Stop::Missing),
                // Which of the two a link gives differs between systems.
                Err(error @ (Errno::NOTDIR | Errno::LOOP)) => {
                    return Err(match at.look(name) {
                        Ok(EntryKind::Link) => Stop::Failed(self.link()),
                        Ok(EntryKind::Object(_) | EntryKind::Special) => Stop::File(depth),
                        _ => failed(error),
                    });
                }
                Err(error) => return Err(failed(error)),
            };
        }
        Ok(at)
    }

    /// Removes the directories above the object that are empty now, up to the root.
    pub(super) fn prune(&self, root: &Path) {
        let mut parents = self.parents();
        while let Some(name) = parents.pop() {
            // Best effort: an empty directory that stays is no object and shows in no listing.
            let Ok(mut at) = Dir::root(root) else { return };
            for parent in &parents {
                let Ok(child) = at.child(parent) else { return };
                at = child;
            }
            if at.rmdir(name).is_err() {
                return;
            }
        }
    }

    /// The error for a symbolic link in the way.
    pub(super) fn link(&self) -> Error {
        Error::new(
            ErrorKind::InvalidInput,
            format!(
                "the key {:?} leads through a symbolic link, which a directory store does not follow",
                self.0
            ),
        )
    }

    fn blocked(&self, depth: usize) -> Error {
        let above = self.parents()[..=depth].join("/");
        Error::new(
            ErrorKind::AlreadyExists,
            format!(
                "the object {above:?} stands where {:?} needs a directory; a directory store can't hold both",
                self.0
            ),
        )
    }
}

/// Whether a segment at the root is the store's own.
pub(super) fn is_reserved(segment: &str) -> bool {
    // A file system that ignores case would reach it by another spelling.
    segment.eq_ignore_ascii_case(RESERVED)
}
