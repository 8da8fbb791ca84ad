//! `verify`: is each narinfo whole, is its NAR there, does the cache have all that it needs?
//!
//! Invariant: changes nothing. Without `--deep` it costs a listing and one request for each narinfo; NARs are
//! judged by the listing.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::arguments::{Arguments, CommandRow};
use crate::cache::{Cache, Stored};
use crate::compression::Compression;
use crate::failure::{Failure, Result, stopped};
use crate::hash::Hash;
use crate::narinfo::NarInfo;
use crate::output::{Progress, print};
use crate::signature::PublicKeys;

/// NARs that are read at a time.
const DEEP: usize = 8;

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "verify",
    words: "URL",
    doc: "Checks narinfos against NARs: presence, size, signature, closed references. Exit code 3: findings.",
    options: &[
        ("deep", "", "read each NAR, and check both hashes and sizes"),
        (
            "public-key",
            "KEY",
            "`name:base64`; a narinfo without a valid signature is a finding; may be repeated",
        ),
    ],
};

/// What a cache holds.
pub struct Content {
    /// Narinfos by key.
    pub narinfos: BTreeMap<String, NarInfo>,
    /// Other objects, and the narinfos too, by key.
    pub objects: BTreeMap<String, Stored>,
    /// Narinfos that can't be used, and why.
    pub damaged: BTreeMap<String, String>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The key of the narinfo.
    pub key: String,
    /// `damaged`, `nar-missing`, `nar-size`, `reference-missing`, `signature`, `nar-damaged`.
    pub kind: &'static str,
    /// A sentence.
    pub message: String,
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (url, _) = arguments.url()?;
    let cache = Cache::open(url, arguments.path("settings-file").as_deref())?;
    let keys = PublicKeys::parse(arguments.values("public-key").iter().map(String::as_str))?;
    let mut progress = Progress::new(arguments.has("quiet"));
    let content = content(&cache, &mut progress).await?;
    let mut findings = findings(&content, &keys, cache.encrypted);
    if arguments.has("deep") {
        findings.extend(deep(&cache, &content, &mut progress).await?);
    }
    drop(progress);
    let used: std::collections::BTreeSet<&str> =
        content.narinfos.values().filter_map(NarInfo::nar_key).collect();
    let unused =
        content.objects.keys().filter(|key| key.starts_with("nar/") && !used.contains(key.as_str())).count();
    if arguments.has("json") {
        let rows: Vec<_> = findings
            .iter()
            .map(|one| json!({"narinfo": one.key, "kind": one.kind, "message": one.message}))
            .collect();
        print(
            &json!({"narinfos": content.narinfos.len(), "findings": rows, "unused_nars": unused}).to_string(),
        );
    } else {
        for one in &findings {
            print(&format!("{}: {}: {}", one.key, one.kind, one.message));
        }
        print(&format!(
            "{} narinfos, {} findings, {unused} NARs without a narinfo",
            content.narinfos.len(),
            findings.len()
        ));
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::findings(format!("{count} findings in {}", cache.url()))),
    }
}

/// Lists the cache and reads its narinfos.
pub async fn content(cache: &Cache, progress: &mut Progress) -> Result<Content> {
    progress.show(|| "listing the cache".to_owned());
    let objects = cache.list("").await?;
    let keys: Vec<String> = objects.keys().filter(|key| key.ends_with(".narinfo")).cloned().collect();
    let count = keys.len();
    let (mut narinfos, mut damaged) = (BTreeMap::new(), BTreeMap::new());
    for (key, read) in
        cache.narinfos(&keys, |done| progress.show(|| format!("{done} of {count} narinfos"))).await?
    {
        match read {
            Ok(narinfo) if narinfo.path.narinfo_key() == key => drop(narinfos.insert(key, narinfo)),
            Ok(narinfo) => drop(damaged.insert(key, format!("it is of {}", narinfo.path))),
            Err(why) => drop(damaged.insert(key, why)),
        }
    }
    Ok(Content { narinfos, objects, damaged })
}

/// What is wrong, without reading NARs. If this side encrypts, sizes in a listing are not those of the NARs.
pub fn findings(content: &Content, keys: &PublicKeys, encrypted: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add =
        |key: &str, kind, message: String| found.push(Finding { key: key.to_owned(), kind, message });
    for (key, why) in &content.damaged {
        add(key, "damaged", why.clone());
    }
    for (key, narinfo) in &content.narinfos {
        if let Some(nar) = narinfo.nar_key() {
            match (content.objects.get(nar), narinfo.file_size) {
                (None, _) => add(key, "nar-missing", format!("{} has no {nar}", narinfo.path)),
                (Some(stored), Some(size)) if stored.size != size && !encrypted => {
                    add(
                        key,
                        "nar-size",
                        format!("{nar} has {} bytes, the narinfo names {size}", stored.size),
                    );
                }
                _ => {}
            }
        }
        for reference in narinfo.other_references() {
            if !content.narinfos.contains_key(&reference.narinfo_key()) {
                add(key, "reference-missing", format!("{} needs {reference}", narinfo.path));
            }
        }
        if !keys.is_empty() && !keys.trust(narinfo) {
            add(key, "signature", format!("no signature of {} is by one of the keys", narinfo.path));
        }
    }
    found
}

async fn deep(cache: &Cache, content: &Content, progress: &mut Progress) -> Result<Vec<Finding>> {
    let permits = Arc::new(tokio::sync::Semaphore::new(DEEP));
    let mut running = tokio::task::JoinSet::new();
    for (key, narinfo) in &content.narinfos {
        if !narinfo.nar_key().is_some_and(|nar| content.objects.contains_key(nar)) {
            continue;
        }
        let (cache, key, narinfo, permits) = (cache.clone(), key.clone(), narinfo.clone(), permits.clone());
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let message = check_nar(&cache, &narinfo).await.err()?.message;
            Some(Finding { key, kind: "nar-damaged", message })
        });
    }
    let (mut found, mut done, count) = (Vec::new(), 0, running.len());
    while let Some(joined) = running.join_next().await {
        found.extend(joined.map_err(stopped)?);
        done += 1;
        progress.show(|| format!("{done} of {count} NARs read"));
    }
    found.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(found)
}

/// Reads a NAR and compares hashes and sizes with its narinfo.
pub async fn check_nar(cache: &Cache, narinfo: &NarInfo) -> Result<()> {
    let key = narinfo.nar_key().unwrap_or_default().to_owned();
    let compression = Compression::named(&narinfo.compression, None)?;
    let (reader, writer) = io::pipe()?;
    let mut pipe = compression.decompress(writer)?;
    let unpacked = tokio::task::spawn_blocking(move || hash_of(reader));
    let (mut state, mut size) = (Sha256::new(), 0);
    let streamed = cache
        .stream(&key, |bytes| {
            state.update(bytes);
            size += bytes.len() as u64;
            // A program that ended early leaves a broken pipe; its failure is reported below.
            match pipe.write_all(bytes) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
                _ => Ok(()),
            }
        })
        .await;
    let ended = pipe.finish();
    let (nar_hash, nar_size) = unpacked.await.map_err(stopped)??;
    streamed?;
    let file_hash = Hash::finish(state);
    if narinfo.file_hash.is_some_and(|hash| hash != file_hash)
        || narinfo.file_size.is_some_and(|named| named != size)
    {
        return Err(Failure::new(format!(
            "{key} has {size} bytes and the hash {file_hash}, not those of its narinfo"
        )));
    }
    ended?;
    if nar_hash != narinfo.nar_hash || nar_size != narinfo.nar_size {
        return Err(Failure::new(format!(
            "{key} unpacks to {nar_size} bytes with the hash {nar_hash}, not those of its narinfo"
        )));
    }
    Ok(())
}

fn hash_of(mut reader: impl Read) -> io::Result<(Hash, u64)> {
    let (mut state, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 128 << 10]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok((Hash::finish(state), size)),
            count => {
                state.update(&buffer[..count]);
                size += count as u64;
            }
        }
    }
}
