//! `gc`: deletes what no root needs.
//!
//! Invariant: a narinfo is deleted before its NAR, those that refer to others first. A NAR is deleted only
//! after nothing has referred to it for the grace period: a run notes the NARs that nothing refers to, and
//! a later run deletes them. Paths younger than the grace period stay, with all that it needs.

mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use oarlock::{ErrorKind, options};
use serde_json::{Value as Json, json};

pub use plan::{Keep, Plan, Row, plan};

use crate::arguments::{Arguments, CommandRow};
use crate::cache::{Cache, Stored, now};
use crate::failure::{Failure, Result};
use crate::local_store;
use crate::output::{Progress, bytes, print, warn};
use crate::store_path::StorePath;

/// The default of how long something must be old, or without use, before it is deleted.
pub const GRACE: Duration = Duration::from_secs(86_400);

/// The object that holds which NARs had no narinfo, and since when.
pub const ORPHANS: &str = "oarlock-nix/orphans.json";

/// Narinfos that are deleted at a time.
const AT_A_TIME: usize = 64;

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "gc",
    words: "URL",
    doc: "Deletes what no root needs. Without --delete it only shows what it would delete.",
    options: &[
        ("delete", "", "delete; without this nothing is changed"),
        ("keep", "PATH", "a root: a store path or its hash; may be repeated"),
        ("keep-file", "FILE", "roots, one in a line"),
        ("keep-closure", "PATH", "a root of the local store, such as /run/current-system; needs Nix"),
        ("younger", "TIME", "keep what was stored or pushed within this time, for example 30d"),
        ("newest", "NUMBER", "keep so many paths of each name, without its version"),
        ("grace", "TIME", "default 24h; longer than any push takes"),
    ],
};

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (url, _) = arguments.url()?;
    let cache = Cache::open(url, arguments.path("settings-file").as_deref())?;
    let keep = keep(arguments).await?;
    let is_wet = arguments.has("delete");
    let mut progress = Progress::new(arguments.has("quiet"));
    let seen = look(&cache, &mut progress).await?;
    let plan = plan(&seen.rows, &seen.nars, &keep, &seen.orphans, now());
    for path in &plan.broken {
        warn(&format!("{path} is kept, but the cache has not all that it needs; `repair` adds it"));
    }
    let deleted = if is_wet { delete(&cache, &seen, &plan, keep.grace, &mut progress).await? } else { 0 };
    drop(progress);
    report(&plan, &seen, is_wet, deleted, arguments.has("json"));
    Ok(())
}

/// What the cache holds.
struct Seen {
    rows: BTreeMap<StorePath, Row>,
    nars: BTreeMap<String, Stored>,
    listings: HashSet<String>,
    orphans: BTreeMap<String, i64>,
    orphans_etag: Option<String>,
    damaged: Vec<String>,
}

async fn keep(arguments: &Arguments) -> Result<Keep> {
    let mut roots: Vec<String> = arguments.values("keep").to_vec();
    if let Some(file) = arguments.path("keep-file") {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
        roots.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let local: Vec<String> = arguments
        .values("keep-closure")
        .iter()
        .map(|path| std::fs::canonicalize(PathBuf::from(path)).map(|path| path.display().to_string()))
        .collect::<std::io::Result<_>>()
        .map_err(|error| Failure::usage(format!("`--keep-closure`: {error}")))?;
    if !local.is_empty() {
        roots.extend(local_store::closure(&local).await?.keys().map(|path| path.to_string()));
    }
    let hash = |text: &String| {
        let base = text.rsplit('/').next().unwrap_or_default();
        let hash = base.split(['-', '.']).next().unwrap_or_default();
        crate::store_path::is_hash_part(hash)
            .then(|| hash.to_owned())
            .ok_or_else(|| Failure::usage(format!("{text:?} is neither a store path nor the hash of one")))
    };
    let given = arguments.value("younger").map(|_| arguments.time("younger", Duration::ZERO)).transpose()?;
    let newest = arguments.value("newest").map(|_| arguments.number("newest", 0)).transpose()?;
    if roots.is_empty() && given.is_none() && newest.is_none() {
        return Err(Failure::usage(
            "nothing would be kept: give `--keep`, `--keep-file`, `--keep-closure`, `--younger` or \
             `--newest`",
        ));
    }
    let grace = arguments.time("grace", GRACE)?;
    Ok(Keep {
        roots: roots.iter().map(hash).collect::<Result<_>>()?,
        younger: given.unwrap_or_default().as_secs() as i64,
        newest: newest.unwrap_or(0) as usize,
        grace: grace.as_secs() as i64,
    })
}

async fn look(cache: &Cache, progress: &mut Progress) -> Result<Seen> {
    progress.show(|| "listing the cache".to_owned());
    let mut objects = cache.list("").await?;
    let keys: Vec<String> = objects.keys().filter(|key| key.ends_with(".narinfo")).cloned().collect();
    let mut rows = BTreeMap::new();
    let mut damaged = Vec::new();
    let count = keys.len();
    for (key, read) in
        cache.narinfos(&keys, |done| progress.show(|| format!("{done} of {count} narinfos"))).await?
    {
        let Some(stored) = objects.get(&key) else { continue };
        match read {
            Ok(narinfo) if narinfo.path.narinfo_key() == key => {
                let row = Row {
                    references: narinfo.other_references().cloned().collect(),
                    nar: narinfo.nar_key().map(str::to_owned),
                    time: stored.time,
                    etag: stored.etag.clone(),
                };
                rows.insert(narinfo.path, row);
            }
            Ok(narinfo) => damaged.push(format!("{key} is of {}", narinfo.path)),
            Err(why) => damaged.push(format!("{key}: {why}")),
        }
    }
    // Whose NAR it needs can't be read: then no NAR is certainly without use.
    if let Some(one) = damaged.first() {
        warn(&format!(
            "{} damaged narinfos ({one}): no NAR is deleted before `repair` removed them",
            damaged.len()
        ));
    }
    let (orphans, orphans_etag) = read_orphans(cache).await?;
    let listings = objects.keys().filter(|key| key.ends_with(".ls")).cloned().collect();
    objects.retain(|key, _| key.starts_with("nar/"));
    Ok(Seen { rows, nars: objects, listings, orphans, orphans_etag, damaged })
}

async fn read_orphans(cache: &Cache) -> Result<(BTreeMap<String, i64>, Option<String>)> {
    let reply = match cache.store.get(ORPHANS, oarlock::Sink::Memory, options::Get::default()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Default::default()),
        other => other?,
    };
    let json: Json = serde_json::from_slice(&reply.body.unwrap_or_default())
        .map_err(|_| Failure::new(format!("{}/{ORPHANS} is damaged; delete it", cache.url())))?;
    let pairs = json["orphans"].as_object().into_iter().flatten();
    let found = pairs.filter_map(|(key, since)| Some((key.clone(), since.as_i64()?))).collect();
    Ok((found, reply.meta.etag))
}

/// Deletes by plan. Returns how many objects were deleted.
async fn delete(
    cache: &Cache,
    seen: &Seen,
    plan: &Plan,
    grace: i64,
    progress: &mut Progress,
) -> Result<usize> {
    let started = now();
    let mut deleted = 0;
    let total = plan.narinfos.len();
    // Of those that refer to each other, the ones that refer go first: no path loses what it needs.
    for level in &plan.levels {
        for batch in level.chunks(AT_A_TIME) {
            let gone = delete_narinfos(cache, seen, batch).await?;
            deleted += gone.len();
            progress.show(|| format!("{deleted} of {total} narinfos deleted"));
        }
    }
    let due: Vec<String> = if seen.damaged.is_empty() { plan.nars.clone() } else { Vec::new() };
    // First the notes, without what is due: only one of two runs at a time can write them, so no other
    // deletes the same NARs. If this run ends here, a later one notes them again.
    let noted = plan.orphans.iter().filter(|(key, _)| !due.contains(key));
    let noted: BTreeMap<&String, &i64> = noted.collect();
    let condition = match &seen.orphans_etag {
        Some(etag) => options::Put { if_match: Some(etag.clone()), ..Default::default() },
        None => options::Put { if_none_match: Some("*".to_owned()), ..Default::default() },
    };
    let how = options::Put { content_type: Some("application/json".to_owned()), ..condition };
    let text = json!({"orphans": noted, "run": format!("{started} {}", std::process::id())}).to_string();
    match cache.write(ORPHANS, text, how).await {
        Err(error) if error.kind() == ErrorKind::Precondition => {
            return Err(Failure::new("another gc ran at the same time; run it again"));
        }
        other => other?,
    }
    if due.is_empty() {
        return Ok(deleted);
    }
    if now() - started > (grace / 2).max(60) {
        return Err(Failure::new("the deletion took longer than half of --grace; run it again"));
    }
    // A push may have used one of them since the plan was made.
    let again = look(cache, progress).await?;
    let used: BTreeSet<&str> = again.rows.values().filter_map(|row| row.nar.as_deref()).collect();
    let due = due.into_iter().filter(|key| !used.contains(key.as_str())).collect::<oarlock::Keys>();
    for row in cache.store.delete_many(due, Default::default()).await? {
        match row.error {
            None => deleted += 1,
            Some(_) => warn(&format!("{} was not deleted: {}", row.key, row.message.unwrap_or_default())),
        }
    }
    Ok(deleted)
}

async fn delete_narinfos(cache: &Cache, seen: &Seen, paths: &[StorePath]) -> Result<Vec<StorePath>> {
    let mut running = tokio::task::JoinSet::new();
    for path in paths {
        let (cache, path) = (cache.clone(), path.clone());
        let etag = seen.rows.get(&path).and_then(|row| row.etag.clone());
        let listing = seen.listings.contains(&format!("{}.ls", path.hash_part()));
        running.spawn(async move {
            // If a push has refreshed it meanwhile, its ETag is another, and it stays.
            let condition = options::Delete { if_match: etag, ..Default::default() };
            match cache.store.delete(path.narinfo_key(), condition).await {
                Err(error) if matches!(error.kind(), ErrorKind::Precondition | ErrorKind::NotFound) => {
                    return Ok(None);
                }
                other => drop(other?),
            }
            if listing {
                cache.store.delete(format!("{}.ls", path.hash_part()), options::Delete::default()).await?;
            }
            Ok::<_, Failure>(Some(path))
        });
    }
    let mut gone = Vec::new();
    while let Some(joined) = running.join_next().await {
        gone.extend(joined.map_err(crate::failure::stopped)??);
    }
    Ok(gone)
}

fn report(plan: &Plan, seen: &Seen, is_wet: bool, deleted: usize, as_json: bool) {
    let size = |keys: &mut dyn Iterator<Item = &String>| -> u64 {
        keys.filter_map(|key| seen.nars.get(key)).map(|nar| nar.size).sum()
    };
    let due = size(&mut plan.nars.iter());
    let later = size(&mut plan.orphans.keys().filter(|key| !plan.nars.contains(key)));
    if as_json {
        let paths: Vec<String> = plan.narinfos.iter().map(StorePath::to_string).collect();
        print(
            &json!({
                "dry_run": !is_wet, "kept": plan.kept, "paths": paths, "nars": plan.nars, "nar_bytes": due,
                "noted_nars": plan.orphans.len() - plan.nars.len(), "noted_bytes": later,
                "broken": plan.broken.iter().map(StorePath::to_string).collect::<Vec<_>>(),
                "deleted": deleted,
            })
            .to_string(),
        );
        return;
    }
    let verb = if is_wet { "deleted" } else { "would delete" };
    print(&format!("{verb} {} paths, {} NARs ({})", plan.narinfos.len(), plan.nars.len(), bytes(due)));
    print(&format!(
        "{} NARs ({}) can be deleted after the grace period",
        plan.orphans.len() - plan.nars.len(),
        bytes(later)
    ));
    print(&format!("{} paths are kept", plan.kept));
}
