//! What a collection deletes, as pure arithmetic on what the cache holds.
//!
//! Invariant: whatever is kept is kept with its closure. No NAR is due that a narinfo of the cache, deleted
//! now or not, refers to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::cache::Stored;
use crate::store_path::StorePath;

/// A narinfo.
#[derive(Clone, Debug)]
pub struct Row {
    /// The other paths that it needs.
    pub references: Vec<StorePath>,
    /// The key of its NAR.
    pub nar: Option<String>,
    /// When it was stored, in seconds since 1970.
    pub time: i64,
    /// Its entity tag.
    pub etag: Option<String>,
}

/// What is kept.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// The hash parts of roots.
    pub roots: BTreeSet<String>,
    /// Seconds: what is younger is kept.
    pub younger: i64,
    /// So many paths of each name.
    pub newest: usize,
    /// Seconds: what is younger is kept in any case.
    pub grace: i64,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Narinfos to delete.
    pub narinfos: Vec<StorePath>,
    /// The same in the order of their deletion: no path before one that refers to it.
    pub levels: Vec<Vec<StorePath>>,
    /// NARs to delete: nothing has referred to them for the grace period.
    pub nars: Vec<String>,
    /// NARs that nothing will refer to, and since when.
    pub orphans: BTreeMap<String, i64>,
    /// How many paths stay.
    pub kept: usize,
    /// Paths that stay and need something that the cache has not.
    pub broken: Vec<StorePath>,
}

/// Makes a plan.
pub fn plan(
    rows: &BTreeMap<StorePath, Row>,
    nars: &BTreeMap<String, Stored>,
    keep: &Keep,
    noted: &BTreeMap<String, i64>,
    now: i64,
) -> Plan {
    let (kept, broken) = closure(rows, roots(rows, keep, now));
    let narinfos: Vec<StorePath> = rows.keys().filter(|path| !kept.contains(path)).cloned().collect();
    let levels = levels(rows, &narinfos);
    let used_now: BTreeSet<&str> = rows.values().filter_map(|row| row.nar.as_deref()).collect();
    let used_later: BTreeSet<&str> = rows
        .iter()
        .filter(|(path, _)| kept.contains(path))
        .filter_map(|(_, row)| row.nar.as_deref())
        .collect();
    let orphans: BTreeMap<String, i64> = nars
        .keys()
        .filter(|key| !used_later.contains(key.as_str()))
        .map(|key| {
            let since = noted.get(key).filter(|_| !used_now.contains(key.as_str()));
            (key.clone(), since.copied().unwrap_or(now))
        })
        .collect();
    let is_due = |(key, since): &(&String, &i64)| {
        let stored = nars.get(*key).map_or(now, |nar| nar.time);
        !used_now.contains(key.as_str()) && now - **since >= keep.grace && now - stored >= keep.grace
    };
    let due = orphans.iter().filter(is_due).map(|(key, _)| key.clone()).collect();
    Plan { narinfos, levels, nars: due, orphans, kept: kept.len(), broken }
}

fn roots<'a>(rows: &'a BTreeMap<StorePath, Row>, keep: &Keep, now: i64) -> Vec<&'a StorePath> {
    let youngest = now - keep.grace.max(keep.younger);
    let mut roots: Vec<&StorePath> = rows
        .iter()
        .filter(|(path, row)| row.time > youngest || keep.roots.contains(path.hash_part()))
        .map(|(path, _)| path)
        .collect();
    if keep.newest > 0 {
        let mut names: HashMap<&str, Vec<(i64, &StorePath)>> = HashMap::new();
        for (path, row) in rows {
            names.entry(path.package()).or_default().push((row.time, path));
        }
        for mut paths in names.into_values() {
            paths.sort_by(|one, other| other.cmp(one));
            roots.extend(paths.into_iter().take(keep.newest).map(|(_, path)| path));
        }
    }
    roots
}

/// All that these paths need, and those of them that need what is not there.
fn closure<'a>(
    rows: &'a BTreeMap<StorePath, Row>,
    mut waiting: Vec<&'a StorePath>,
) -> (BTreeSet<&'a StorePath>, Vec<StorePath>) {
    let (mut kept, mut broken) = (BTreeSet::new(), Vec::new());
    while let Some(path) = waiting.pop() {
        let Some(row) = rows.get(path).filter(|_| kept.insert(path)) else { continue };
        if row.references.iter().any(|reference| !rows.contains_key(reference)) {
            broken.push(path.clone());
        }
        waiting.extend(row.references.iter().filter(|reference| rows.contains_key(reference)));
    }
    broken.sort();
    (kept, broken)
}

/// These paths in groups: a path is in a later group than those that refer to it.
fn levels(rows: &BTreeMap<StorePath, Row>, paths: &[StorePath]) -> Vec<Vec<StorePath>> {
    let chosen: BTreeSet<&StorePath> = paths.iter().collect();
    let mut referrers: HashMap<&StorePath, usize> = paths.iter().map(|path| (path, 0)).collect();
    let references =
        |path: &StorePath| rows.get(path).map(|row| row.references.as_slice()).unwrap_or_default();
    for reference in paths.iter().flat_map(references) {
        if let Some(count) = referrers.get_mut(reference) {
            *count += 1;
        }
    }
    let mut levels = Vec::new();
    let mut ready: Vec<&StorePath> = paths.iter().filter(|path| referrers.get(path) == Some(&0)).collect();
    let mut done = 0;
    while !ready.is_empty() {
        done += ready.len();
        levels.push(ready.iter().map(|path| (*path).clone()).collect());
        let mut next = Vec::new();
        for reference in ready.iter().flat_map(|path| references(path)) {
            if let Some(count) = referrers.get_mut(reference) {
                *count -= 1;
                if *count == 0 {
                    next.extend(chosen.get(reference).copied());
                }
            }
        }
        ready = next;
    }
    // References make no circle in Nix; a forged one is deleted last.
    if done < paths.len() {
        let listed: BTreeSet<&StorePath> = levels.iter().flatten().collect();
        let rest = paths.iter().filter(|path| !listed.contains(path)).cloned().collect();
        levels.push(rest);
    }
    levels
}
