//! The names of a cache's files, as requests give them.
//!
//! Invariant: a name that a cache can't have reaches no store.

use crate::cache::CACHE_INFO;
use crate::store_path::is_hash_part;

/// What a key of a cache is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FileKind {
    /// `nix-cache-info`.
    Info,
    /// A narinfo.
    NarInfo,
    /// A NAR.
    Nar,
    /// A listing, a realisation, a log, debug information.
    Other,
}

/// The key that a request's path names, if a cache may have it.
pub fn kind_of(key: &str) -> Option<FileKind> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._?=!/:".contains(&byte);
    if key.len() > 512
        || !key.bytes().all(legal)
        || key.split('/').any(|part| matches!(part, "" | "." | ".."))
    {
        return None;
    }
    if key == CACHE_INFO {
        return Some(FileKind::Info);
    }
    if let Some((hash, "narinfo")) = key.split_once('.') {
        return is_hash_part(hash).then_some(FileKind::NarInfo);
    }
    match key.split_once('/') {
        None => key.strip_suffix(".ls").filter(|hash| is_hash_part(hash)).map(|_| FileKind::Other),
        Some(("nar", _)) => Some(FileKind::Nar),
        Some(("log" | "realisations" | "build-trace-v2" | "debuginfo", _)) => Some(FileKind::Other),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    #[test]
    fn keys_of_a_cache() {
        for (key, kind) in [
            ("nix-cache-info", FileKind::Info),
            (&format!("{HASH}.narinfo"), FileKind::NarInfo),
            (&format!("{HASH}.ls"), FileKind::Other),
            ("nar/x.nar.xz", FileKind::Nar),
            (&format!("log/{HASH}-boat.drv"), FileKind::Other),
            ("realisations/sha256:ab!out.doi", FileKind::Other),
        ] {
            assert_eq!(kind_of(key), Some(kind), "{key}");
        }
        for key in [
            "",
            "nar",
            "nar/",
            "nar/../x",
            "../x",
            "x.narinfo",
            "secret",
            "oarlock-nix/orphans.json",
            "nar//x",
            "nar/%2e%2e/x",
        ] {
            assert_eq!(kind_of(key), None, "{key}");
        }
    }
}
