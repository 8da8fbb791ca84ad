//! A file tree as a NAR, Nix's archive: the same bytes as `nix-store --dump`.
//!
//! Invariant: one pass, in a constant amount of memory. Must not depend on stores.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes the tree at `path`.
pub fn write(path: &Path, out: &mut dyn Write) -> io::Result<()> {
    text(out, b"nix-archive-1")?;
    node(path, out)
}

fn node(path: &Path, out: &mut dyn Write) -> io::Result<()> {
    let about = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let metadata = fs::symlink_metadata(path).map_err(about)?;
    text(out, b"(")?;
    text(out, b"type")?;
    if metadata.is_symlink() {
        text(out, b"symlink")?;
        text(out, b"target")?;
        text(out, fs::read_link(path).map_err(about)?.as_os_str().as_bytes())?;
    } else if metadata.is_dir() {
        text(out, b"directory")?;
        let mut names: Vec<Vec<u8>> = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name().into_vec())).collect())
            .map_err(about)?;
        names.sort_unstable();
        for name in names {
            text(out, b"entry")?;
            text(out, b"(")?;
            text(out, b"name")?;
            text(out, &name)?;
            text(out, b"node")?;
            node(&path.join(OsString::from_vec(name)), out)?;
            text(out, b")")?;
        }
    } else if metadata.is_file() {
        text(out, b"regular")?;
        if metadata.permissions().mode() & 0o100 != 0 {
            text(out, b"executable")?;
            text(out, b"")?;
        }
        text(out, b"contents")?;
        let file = File::open(path).map_err(about)?;
        contents(file, metadata.len(), out).map_err(about)?;
    } else {
        return Err(about(io::Error::other("it is no file, directory or link")));
    }
    text(out, b")")
}

fn contents(file: File, size: u64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&size.to_le_bytes())?;
    let mut file = file.take(size);
    let mut buffer = vec![0; 128 << 10];
    let mut left = size;
    while left > 0 {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        out.write_all(&buffer[..count])?;
        left -= count as u64;
    }
    pad(size, out)
}

fn text(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)?;
    pad(bytes.len() as u64, out)
}

fn pad(size: u64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 8][..(size.wrapping_neg() % 8) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_a_link_and_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("b"), "12345678").unwrap();
        fs::write(tree.join("a"), "x").unwrap();
        fs::set_permissions(tree.join("a"), fs::Permissions::from_mode(0o555)).unwrap();
        std::os::unix::fs::symlink("a", tree.join("c")).unwrap();
        let mut nar = Vec::new();
        write(&tree, &mut nar).unwrap();
        let words: Vec<String> = words(&nar);
        assert_eq!(
            words.join(" "),
            "nix-archive-1 ( type directory \
             entry ( name a node ( type regular executable  contents x ) ) \
             entry ( name b node ( type regular contents 12345678 ) ) \
             entry ( name c node ( type symlink target a ) ) )"
        );
        assert!(write(&directory.path().join("none"), &mut nar).is_err());
    }

    fn words(mut nar: &[u8]) -> Vec<String> {
        let mut words = Vec::new();
        while !nar.is_empty() {
            let size = u64::from_le_bytes(nar[..8].try_into().unwrap()) as usize;
            words.push(String::from_utf8(nar[8..8 + size].to_vec()).unwrap());
            nar = &nar[8 + size.next_multiple_of(8)..];
        }
        words
    }
}
