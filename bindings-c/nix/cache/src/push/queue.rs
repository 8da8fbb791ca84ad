//! The queue of a post-build-hook: a directory with one file for each build.
//!
//! Invariant: what `hook` accepted is on the disk before it returns, and is removed only after it was
//! pushed, so that nothing is lost by a kill at any moment. One process drains a queue at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::{How, Sum, push, report};
use crate::arguments::Arguments;
use crate::cache::{Cache, now};
use crate::failure::{Failure, Result};
use crate::local_store;
use crate::output::warn;

/// Rounds without any success after which draining ends; what is left waits for the next hook.
const ROUNDS: u32 = 5;

fn directory(arguments: &Arguments) -> Result<PathBuf> {
    arguments.path("queue").ok_or_else(|| Failure::usage("`--queue DIRECTORY` is missing"))
}

/// Queues the paths of a build, and starts a process that drains the queue.
pub fn hook(arguments: &Arguments) -> Result<()> {
    let queue = directory(arguments)?;
    let paths = std::env::var("OUT_PATHS").unwrap_or_default();
    let derivation = std::env::var("DRV_PATH").unwrap_or_default();
    let mut paths: Vec<&str> = paths.split_ascii_whitespace().collect();
    // Nix 2.8.0 leaves the first variable empty; `drain` gets the outputs from Nix then.
    if paths.is_empty() && !derivation.is_empty() {
        paths.push(&derivation);
    }
    paths.extend(arguments.words.iter().skip(1).map(String::as_str));
    if !paths.is_empty() {
        add(&queue, &paths)?;
    }
    let about = |error: std::io::Error| {
        Failure::new(format!("cannot start a push from {}: {error}", queue.display()))
    };
    fs::create_dir_all(&queue).map_err(about)?;
    // Not of the hook's session, and with none of its outputs: Nix waits for those.
    let mut command = Command::new(std::env::current_exe().map_err(about)?);
    command.args(std::env::args().skip(1).filter(|word| word != "--hook")).arg("--drain").arg("--quiet");
    let log = OpenOptions::new().create(true).append(true).open(queue.join("log")).map_err(about)?;
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(about)?;
    Ok(())
}

fn add(queue: &Path, paths: &[&str]) -> Result<()> {
    let about = |error: std::io::Error| Failure::new(format!("cannot queue in {}: {error}", queue.display()));
    fs::create_dir_all(queue).map_err(about)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(queue).map_err(about)?;
    file.write_all(paths.join("\n").as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(about)?;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let name = queue.join(format!("{:020}-{}.paths", since.as_nanos(), std::process::id()));
    file.persist(name).map_err(|error| about(error.error))?;
    File::open(queue).and_then(|directory| directory.sync_all()).map_err(about)
}

fn entries(queue: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = fs::read_dir(queue)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "paths"))
        .collect();
    found.sort();
    Ok(found)
}

/// Pushes what waits, unless another process does.
pub async fn drain(cache: &Cache, how: How, arguments: &Arguments) -> Result<()> {
    let queue = directory(arguments)?;
    let how = Arc::new(how);
    let lock = OpenOptions::new().create(true).append(true).open(queue.join("lock"))?;
    let mut failures = 0;
    loop {
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let waiting = entries(&queue)?;
        let done = round(cache, &waiting, &how, arguments.has("json")).await;
        lock.unlock()?;
        // A hook that found the lock taken has left its paths to this process.
        let left = entries(&queue)?;
        if left.is_empty() {
            return Ok(());
        }
        if done > 0 || left.len() > waiting.len() {
            failures = 0;
            continue;
        }
        failures += 1;
        if failures == ROUNDS {
            let count = left.len();
            return Err(Failure::findings(format!(
                "{count} builds still wait in {}; the next hook, or `push --drain`, tries again",
                queue.display()
            )));
        }
        tokio::time::sleep(Duration::from_secs(1 << failures)).await;
    }
}

async fn outputs_of(text: &str) -> Result<Vec<String>> {
    let mut given = Vec::new();
    for line in text.lines() {
        given.extend(local_store::outputs(line).await?);
    }
    Ok(given)
}

/// Tries each entry once; returns how many are done.
async fn round(cache: &Cache, waiting: &[PathBuf], how: &Arc<How>, as_json: bool) -> usize {
    let mut done = 0;
    for file in waiting {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let given = match outputs_of(&text).await {
            Ok(given) => given,
            Err(failure) => {
                warn(&failure.message);
                continue;
            }
        };
        // What a collection of the local store took is not worth keeping the others for.
        let (paths, gone): (Vec<String>, Vec<String>) =
            given.into_iter().partition(|path| fs::symlink_metadata(path).is_ok());
        for path in gone {
            warn(&format!("{} {path} is not in the store any more", now()));
        }
        let outcome =
            if paths.is_empty() { Ok(Sum::default()) } else { push(cache, &paths, how.clone()).await };
        match outcome {
            Ok(sum) if sum.failed.is_empty() => {
                report(&sum, as_json);
                done += usize::from(fs::remove_file(file).is_ok());
            }
            Ok(sum) => sum.failed.iter().for_each(|sentence| warn(sentence)),
            Err(failure) => warn(&failure.message),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_waits_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let queue = directory.path().join("queue");
        for number in 0..3 {
            add(&queue, &["/nix/store/a", &format!("/nix/store/{number}")]).unwrap();
        }
        fs::write(queue.join(".new-half"), "x").unwrap();
        let found = entries(&queue).unwrap();
        let read = |file: &PathBuf| fs::read_to_string(file).unwrap();
        assert_eq!(found.iter().map(read).collect::<Vec<_>>()[2], "/nix/store/a\n/nix/store/2");
        assert_eq!(found.len(), 3);
    }
}
