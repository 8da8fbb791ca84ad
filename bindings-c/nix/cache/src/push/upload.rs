//! One path: its NAR is archived, hashed, compressed and stored.
//!
//! Invariant: a NAR's key is new, or was stored a short time ago: none that a collection may be deleting is
//! relied on.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::SystemTime;

use oarlock::{ErrorKind, Source, options};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::How;
use crate::cache::{Cache, now, seconds};
use crate::compression::Compression;
use crate::failure::{Failure, Result, stopped};
use crate::hash::Hash;
use crate::local_store::PathInfo;
use crate::nar;
use crate::narinfo::NarInfo;

/// The line of a narinfo that shows when it was last pushed. Nix ignores names that it has no use for.
pub const PUSHED: &str = "X-Pushed";

/// Stores the path's NAR and returns its narinfo, which is not stored yet.
pub async fn nar(cache: &Cache, info: &PathInfo, how: &How) -> Result<NarInfo> {
    let (path, compression) = (info.full_path.clone(), how.compression.clone());
    let packed = tokio::task::spawn_blocking(move || pack(Path::new(&path), &compression));
    let packed = packed.await.map_err(stopped)??;
    if packed.nar_hash != info.nar_hash || packed.nar_size != info.nar_size {
        return Err(Failure::new(format!(
            "it was changed after it was built: its NAR has the hash {}, Nix registered {}; \
             `nix-store --verify-path` checks it",
            packed.nar_hash, info.nar_hash
        )));
    }
    let directory = info.full_path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let url = store(cache, info, &packed, how).await?;
    Ok(NarInfo {
        store_dir: directory.to_owned(),
        path: info.path.clone(),
        url,
        compression: how.compression.name().to_owned(),
        file_hash: Some(packed.file_hash),
        file_size: Some(packed.file_size),
        nar_hash: packed.nar_hash,
        nar_size: packed.nar_size,
        references: info.references.clone(),
        deriver: info.deriver.clone(),
        signatures: info.signatures.clone(),
        ca: info.ca.clone(),
        others: Vec::new(),
    })
}

/// Puts the NAR where nothing is, or relies on one that is young enough to stay.
async fn store(cache: &Cache, info: &PathInfo, packed: &Packed, how: &How) -> Result<String> {
    let name = packed.file_hash.base32();
    let ending = how.compression.ending();
    let put = |key: String, condition: Option<&str>| {
        let options = options::Put {
            content_type: Some("application/x-nix-nar".to_owned()),
            if_none_match: condition.map(str::to_owned),
            ..Default::default()
        };
        cache.store.put(key, Source::File(packed.file.path().to_owned()), options)
    };
    let key = format!("nar/{name}.nar{ending}");
    match put(key.clone(), Some("*")).await {
        Ok(_) => return Ok(key),
        Err(error) if error.kind() == ErrorKind::Precondition => {}
        // A server without conditions: the NAR is stored again, which makes it young.
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            put(key.clone(), None).await?;
            return Ok(key);
        }
        Err(error) => return Err(error.into()),
    }
    let young = now() - how.grace.as_secs() as i64 / 2;
    let there = cache.head(&key).await?;
    if there.and_then(|meta| meta.last_modified).is_some_and(|time| seconds(time) >= young) {
        return Ok(key);
    }
    // The key of an old NAR may be deleted at any moment; one that was never used may not.
    let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let key = format!("nar/{name}-{}-{unique}.nar{ending}", info.path.hash_part());
    put(key.clone(), None).await?;
    Ok(key)
}

/// Stores a narinfo again with the time, so that it is young and its bytes, and so its ETag, are others: a
/// collection that is about to delete the one before fails to.
pub async fn refresh(cache: &Cache, narinfo: &mut NarInfo) -> Result<()> {
    narinfo.others.retain(|(name, _)| name != PUSHED);
    narinfo.others.push((PUSHED.to_owned(), format!("{} {}", now(), std::process::id())));
    Ok(cache.write_narinfo(narinfo).await?)
}

/// A NAR, compressed, in a file.
pub struct Packed {
    file: NamedTempFile,
    file_hash: Hash,
    file_size: u64,
    nar_hash: Hash,
    nar_size: u64,
}

/// What is hashed on its way.
pub struct Hashing<W> {
    /// Where the bytes go.
    pub out: W,
    /// The hash so far.
    pub state: Sha256,
    /// The bytes so far.
    pub size: u64,
}

impl<W: Write> Hashing<W> {
    /// Hashes what goes to `out`.
    pub fn new(out: W) -> Hashing<W> {
        Hashing { out, state: Sha256::new(), size: 0 }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.state.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn pack(path: &Path, compression: &Compression) -> Result<Packed> {
    let file = NamedTempFile::with_prefix("oarlock-nix-")?;
    let (nar_hash, nar_size) = if compression.name() == "none" {
        let mut out = BufWriter::with_capacity(64 << 10, Hashing::new(file.reopen()?));
        nar::write(path, &mut out)?;
        let out = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
        (Hash::finish(out.state), out.size)
    } else {
        let mut out = BufWriter::with_capacity(64 << 10, Hashing::new(compression.compress(file.reopen()?)?));
        nar::write(path, &mut out)?;
        let out = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
        out.out.finish()?;
        (Hash::finish(out.state), out.size)
    };
    let (file_hash, file_size) = hash_of(file.reopen()?)?;
    Ok(Packed { file, file_hash, file_size, nar_hash, nar_size })
}

fn hash_of(mut file: File) -> Result<(Hash, u64)> {
    let mut hashing = Hashing::new(io::sink());
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((Hash::finish(hashing.state), hashing.size)),
            count => hashing.write_all(&buffer[..count])?,
        }
    }
}
