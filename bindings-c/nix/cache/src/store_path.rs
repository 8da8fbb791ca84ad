//! The names of store paths: `/nix/store/<32 digits>-<name>`.
//!
//! Invariant: a base name that was parsed is safe as a part of a key and of a path: no slash, no dots alone.

use std::fmt;

use crate::hash::DIGITS;

/// The digits of a store path's hash part.
pub const HASH_PART: usize = 32;

/// The base name of a store path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath(String);

impl StorePath {
    /// Reads a base name, or a path with any store directory.
    pub fn parse(text: &str) -> Result<StorePath, String> {
        let wrong = |why: &str| Err(format!("{text:?} is no store path: {why}"));
        let base = text.rsplit('/').next().unwrap_or_default();
        let Some((hash, name)) = base.split_once('-') else {
            return wrong("it has no hyphen after its hash");
        };
        if !is_hash_part(hash) {
            return wrong("its hash has not the 32 digits that Nix writes");
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(&byte);
        if name.is_empty() || base.len() > 255 || !name.bytes().all(legal) {
            return wrong("its name is empty, too long, or has characters that Nix does not allow");
        }
        Ok(StorePath(base.to_owned()))
    }

    /// The digits before the hyphen, which name the narinfo.
    pub fn hash_part(&self) -> &str {
        &self.0[..HASH_PART]
    }

    /// What follows the hyphen.
    pub fn name(&self) -> &str {
        &self.0[HASH_PART + 1..]
    }

    /// Hash and name.
    pub fn base_name(&self) -> &str {
        &self.0
    }

    /// The key of its narinfo.
    pub fn narinfo_key(&self) -> String {
        format!("{}.narinfo", self.hash_part())
    }

    /// The name without a version: up to the first hyphen that a digit follows, as Nix splits names.
    pub fn package(&self) -> &str {
        let name = self.name();
        let bytes = name.as_bytes();
        let end = (1..bytes.len())
            .find(|at| bytes[at - 1] == b'-' && bytes[*at].is_ascii_digit())
            .map_or(name.len(), |at| at - 1);
        &name[..end]
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether these are the digits of a hash part.
pub fn is_hash_part(text: &str) -> bool {
    text.len() == HASH_PART && text.bytes().all(|byte| DIGITS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    #[test]
    fn parts_of_a_path() {
        let path = StorePath::parse(&format!("/nix/store/{HASH}-hello-2.12.1")).unwrap();
        assert_eq!((path.hash_part(), path.name(), path.package()), (HASH, "hello-2.12.1", "hello"));
        assert_eq!(path.narinfo_key(), format!("{HASH}.narinfo"));
        assert_eq!(StorePath::parse(&format!("{HASH}-a-b")).unwrap().package(), "a-b");
    }

    #[test]
    fn others_are_refused() {
        let odd = ["", "hello", "/nix/store", "e-x", HASH, &format!("{HASH}-"), &format!("{HASH}-a b")];
        for text in odd {
            assert!(StorePath::parse(text).is_err(), "{text}");
        }
        assert!(StorePath::parse(&format!("{}-x", "e".repeat(32))).is_err());
    }
}
