//! Listing a directory tree as S3 lists a bucket: a page at a time, in UTF-8 byte order of the whole keys.
//!
//! Invariant: a page reads only directories that can hold its keys: not those outside the prefix, before the
//! position or within a reported prefix. Links, special files, empty directories and the reserved directory
//! are not listed.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::io::Errno;

use super::dir::{Dir, EntryKind, ObjectStat, os};
use super::path::is_reserved;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::options::List;
use crate::reply::{Entry, Page};

const PAGE_SIZE: u32 = 1000;

/// A request for a page. Creating it touches no file.
pub(super) struct PageQuery {
    prefix: String,
    delimiter: Option<String>,
    /// Only keys after this one.
    after: String,
    size: usize,
}

impl PageQuery {
    pub(super) fn new(prefix: String, options: List) -> Result<PageQuery> {
        let size = options.page_size.unwrap_or(PAGE_SIZE);
        if !(1..=PAGE_SIZE).contains(&size) {
            fail!(InvalidInput, "option `page_size` takes 1 to {PAGE_SIZE}, not {size}");
        }
        let after = match options.continuation {
            Some(token) => {
                URL_SAFE_NO_PAD.decode(token).ok().and_then(|key| String::from_utf8(key).ok()).ok_or_else(
                    || {
                        Error::new(
                            ErrorKind::InvalidInput,
                            "option `continuation` is no `next` of an earlier page",
                        )
                    },
                )?
            }
            None => options.start_after.unwrap_or_default(),
        };
        if let Some((directories, _)) = prefix.rsplit_once('/')
            && directories.split('/').any(|segment| matches!(segment, "." | ".."))
        {
            fail!(
                InvalidInput,
                "no key of a directory store has a segment `.` or `..`, as the prefix {prefix:?} does"
            );
        }
        let delimiter = options.delimiter.filter(|delimiter| !delimiter.is_empty());
        Ok(PageQuery { prefix, delimiter, after, size: size as usize })
    }

    /// The common prefix of the key, if it has one.
    fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter.as_deref()?;
        let at = key.strip_prefix(&self.prefix)?.find(delimiter)?;
        Some(&key[..self.prefix.len() + at + delimiter.len()])
    }

    /// Reads the page.
    pub(super) fn page(&self, root: &Path) -> Result<Page> {
        let mut page = Page::default();
        let Some(mut walk) = Walk::begin(root, self)? else { return Ok(page) };
        while let Some((key, facts)) = walk.next()? {
            if page.entries.len() == self.size {
                page.next = page.entries.last().map(|last| URL_SAFE_NO_PAD.encode(&last.key));
                break;
            }
            page.entries.push(match self.group(&key) {
                Some(group) => {
                    walk.reported = Some(group.to_owned());
                    Entry { key: group.to_owned(), is_prefix: true, ..Entry::default() }
                }
                None => Entry {
                    key,
                    size: facts.size,
                    etag: Some(facts.etag),
                    last_modified: Some(facts.modified),
                    ..Entry::default()
                },
            });
        }
        Ok(page)
    }
}

/// A walk through the tree in the order of keys.
struct Walk<'a> {
    listing: &'a PageQuery,
    /// The common prefix reported last: keys that begin with it are skipped.
    reported: Option<String>,
    levels: Vec<DirectoryLevel>,
}

/// A directory of the walk, with its remaining names.
struct DirectoryLevel {
    dir: Dir,
    /// The prefix of the keys within.
    path: String,
    /// The next one last; that of a directory ends in a slash, as its keys go on: so `a.txt` comes before
    /// `a/b`.
    names: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Begins in the directory that the prefix leads to, if there is one.
    fn begin(root: &Path, listing: &'a PageQuery) -> Result<Option<Walk<'a>>> {
        let mut dir = Dir::root(root)?;
        let start = listing.prefix.rfind('/').map_or("", |slash| &listing.prefix[..=slash]);
        for (depth, name) in start.split_terminator('/').enumerate() {
            if name.is_empty() || (depth == 0 && is_reserved(name)) {
                return Ok(None);
            }
            let Some(child) = descend(&dir, name)? else { return Ok(None) };
            dir = child;
        }
        let reported =
            listing.group(&listing.after).filter(|group| *group == listing.after).map(str::to_owned);
        let mut walk = Walk { listing, reported, levels: Vec::new() };
        walk.enter(dir, start.to_owned())?;
        Ok(Some(walk))
    }

    fn enter(&mut self, dir: Dir, path: String) -> Result<()> {
        let mut names = Vec::new();
        for entry in dir.entries().map_err(os("read a directory of the store"))? {
            let (mut name, is_dir) = entry.map_err(os("read a directory of the store"))?;
            if is_dir {
                name.push('/');
            }
            let reserved = path.is_empty() && is_reserved(name.trim_end_matches('/'));
            if !reserved && self.wants(&format!("{path}{name}")) {
                names.push(name);
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        self.levels.push(DirectoryLevel { dir, path, names });
        Ok(())
    }

    /// Whether the key, or for a directory any key within, may be reported.
    fn wants(&self, path: &str) -> bool {
        let (prefix, after) = (self.listing.prefix.as_str(), self.listing.after.as_str());
        let is_dir = path.ends_with('/');
        (path.starts_with(prefix) || (is_dir && prefix.starts_with(path)))
            && (path > after || (is_dir && after.starts_with(path)))
            && !self.reported.as_deref().is_some_and(|reported| path.starts_with(reported))
    }

    fn next(&mut self) -> Result<Option<(String, ObjectStat)>> {
        while let Some(level) = self.levels.last_mut() {
            let Some(name) = level.names.pop() else {
                self.levels.pop();
                continue;
            };
            let path = format!("{}{name}", level.path);
            if !self.wants(&path) {
                continue;
            }
            // Entries that vanished since the directory was read are skipped.
            let Some(level) = self.levels.last() else { break };
            if let Some(name) = name.strip_suffix('/') {
                if let Some(child) = descend(&level.dir, name)? {
                    self.enter(child, path)?;
                }
            } else if let EntryKind::Object(facts) = level.dir.look(&name).map_err(os("look up an object"))? {
                return Ok(Some((path, facts)));
            }
        }
        Ok(None)
    }
}

/// The directory of this name; none if it is missing, no directory, or a link.
fn descend(dir: &Dir, name: &str) -> Result<Option<Dir>> {
    match dir.child(name) {
        Ok(child) => Ok(Some(child)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG) => Ok(None),
        Err(error) => Err(os("read a directory of the store")(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_that_can_hold_a_wanted_key_are_read() {
        let listing = |prefix: &str, start_after: &str| {
            PageQuery::new(
                prefix.to_owned(),
                List {
                    delimiter: Some("/".into()),
                    start_after: Some(start_after.to_owned()),
                    ..List::default()
                },
            )
            .unwrap()
        };
        let wants = |listing: &PageQuery, reported: Option<&str>, path: &str| {
            Walk { listing, reported: reported.map(str::to_owned), levels: Vec::new() }.wants(path)
        };
        let deep = listing("a/b", "");
        for (path, wanted) in [
            ("a/", true),
            ("a/b/", true),
            ("a/bc/", true),
            ("a/b", true),
            ("b/", false),
            ("a/a/", false),
            ("a", false),
        ] {
            assert_eq!(wants(&deep, None, path), wanted, "{path}");
        }
        let late = listing("", "b/c");
        for (path, wanted) in [
            ("a/", false),
            ("b/", true),
            ("b/a/", false),
            ("b/c", false),
            ("b/c/", true),
            ("b/d/", true),
            ("c", true),
        ] {
            assert_eq!(wants(&late, None, path), wanted, "{path}");
        }
        for (path, wanted) in [("b/", false), ("b/d/", false), ("c/", true)] {
            assert_eq!(wants(&late, Some("b/"), path), wanted, "{path}");
        }
    }
}
