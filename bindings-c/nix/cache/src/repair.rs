//! `repair`: adds what is missing from another cache or the local store, and removes narinfos without a NAR.
//!
//! Invariant: a narinfo is added after its NAR and its references. A narinfo is removed only if its NAR is
//! gone or it can't be read, and no source has it.

use serde_json::json;

use crate::arguments::{Arguments, CommandRow};
use crate::cache::Cache;
use crate::copy;
use crate::failure::{Failure, Result};
use crate::output::{Progress, print};
use crate::push;
use crate::signature::PublicKeys;
use crate::verify::{content, findings};

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "repair",
    words: "URL",
    doc: "Removes narinfos whose NAR is gone, after it tried to add what is missing from a source.",
    options: &[
        ("from", "URL", "another cache that has what is missing"),
        ("from-store", "", "the local store has what is missing; needs Nix"),
        ("key-file", "FILE", "sign what comes from the local store; may be repeated"),
        ("dry-run", "", "only show what would be done"),
    ],
};

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (url, _) = arguments.url()?;
    let settings = arguments.path("settings-file");
    let cache = Cache::open(url, settings.as_deref())?;
    let mut progress = Progress::new(arguments.has("quiet"));
    let before = content(&cache, &mut progress).await?;
    let found = findings(&before, &PublicKeys::default(), cache.encrypted);
    let mut wanted: Vec<String> = Vec::new();
    for one in &found {
        match one.kind {
            "reference-missing" => {
                let references =
                    before.narinfos.get(&one.key).into_iter().flat_map(|info| info.other_references());
                wanted.extend(
                    references
                        .filter(|path| !before.narinfos.contains_key(&path.narinfo_key()))
                        .map(|path| format!("/nix/store/{path}")),
                );
            }
            _ => wanted.extend(before.narinfos.get(&one.key).map(|info| info.full_path())),
        }
    }
    wanted.sort();
    wanted.dedup();
    let unusable: Vec<String> = found
        .iter()
        .filter(|one| matches!(one.kind, "damaged" | "nar-missing" | "nar-size"))
        .map(|one| one.key.clone())
        .collect();
    if arguments.has("dry-run") {
        return report(arguments, &wanted, &[], &unusable);
    }
    // Without their narinfos, these paths are missing: a source adds NAR and narinfo.
    let keys: oarlock::Keys = unusable.iter().cloned().collect();
    cache.store.delete_many(keys, Default::default()).await?;
    let mut added = Vec::new();
    if let Some(source) = arguments.value("from") {
        let source = Cache::open(source, settings.as_deref())?;
        added = copy::paths(&source, source.url(), &cache, &wanted, &mut progress).await?;
    } else if arguments.has("from-store") {
        let valid: Vec<String> =
            wanted.iter().filter(|path| std::path::Path::new(path).exists()).cloned().collect();
        if !valid.is_empty() {
            added = push::paths(&cache, &valid, arguments).await?;
        }
    }
    let added_keys: Vec<String> =
        added.iter().map(|path| path.split('-').next().unwrap_or_default().to_owned() + ".narinfo").collect();
    let removed: Vec<String> = unusable.into_iter().filter(|key| !added_keys.contains(key)).collect();
    drop(progress);
    report(arguments, &wanted, &added, &removed)
}

fn report(arguments: &Arguments, wanted: &[String], added: &[String], removed: &[String]) -> Result<()> {
    let dry = arguments.has("dry-run");
    if arguments.has("json") {
        print(&json!({"dry_run": dry, "missing": wanted, "added": added, "removed": removed}).to_string());
    } else {
        let verb = if dry { "would remove" } else { "removed" };
        print(&format!(
            "{} paths were missing, {} were added, {verb} {} narinfos",
            wanted.len(),
            added.len(),
            removed.len()
        ));
    }
    if dry || added.len() >= wanted.len() {
        return Ok(());
    }
    Err(Failure::findings(format!(
        "{} paths are still missing; give `--from` or `--from-store`",
        wanted.len() - added.len()
    )))
}
