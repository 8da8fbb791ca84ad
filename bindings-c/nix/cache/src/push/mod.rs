//! `push`: store paths with all that they need, into a cache.
//!
//! Invariant: a NAR is stored before its narinfo, and a narinfo after those of its references. What was
//! stored long ago, and might be deleted by a collection that runs now, is stored again: see `gc`.

mod queue;
mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::arguments::{Arguments, CommandRow};
use crate::cache::{Cache, now, seconds};
use crate::compression::Compression;
use crate::failure::{Failure, Result, stopped};
use crate::local_store::{self, PathInfo};
use crate::output::{Progress, bytes, print, warn};
use crate::signature::SecretKey;
use crate::store_path::StorePath;

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "push",
    words: "URL PATHS…",
    doc: "Stores paths with their closure in a cache. A path that is there already is skipped.",
    options: &[
        ("stdin", "", "read paths from standard input, one in a line"),
        ("hook", "", "for Nix's post-build-hook: queue $OUT_PATHS and return at once; needs --queue"),
        ("queue", "DIRECTORY", "where paths wait that --hook was given"),
        ("drain", "", "push what waits in --queue, and end when it is empty"),
        ("key-file", "FILE", "sign with this secret key; may be repeated"),
        ("compression", "NAME", "xz (the default, as Nix's), zstd, bzip2, gzip, br, lzip, lz4 or none"),
        ("compression-level", "NUMBER", "default: the program's"),
        ("jobs", "NUMBER", "NARs at a time, default: the number of cores"),
        ("grace", "TIME", "the --grace of this cache's gc, default 24h"),
        ("no-closure", "", "only the paths given; their references must be in the cache"),
    ],
};

/// How NARs are stored.
pub struct How {
    keys: Vec<SecretKey>,
    compression: Compression,
    jobs: usize,
    grace: Duration,
    closure: bool,
    quiet: bool,
}

/// What a push did.
#[derive(Default)]
struct Sum {
    pushed: Vec<(String, u64)>,
    present: usize,
    refreshed: usize,
    failed: Vec<String>,
}

/// What became of one path, for those that refer to it.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Stored,
    Failed,
}

/// What has to be done for one path.
enum Task {
    Upload(PathInfo),
    Refresh(StorePath),
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (url, words) = arguments.url()?;
    if arguments.has("hook") {
        return queue::hook(arguments);
    }
    let cache = Cache::open(url, arguments.path("settings-file").as_deref())?;
    let how = how(arguments)?;
    if arguments.has("drain") {
        return queue::drain(&cache, how, arguments).await;
    }
    let mut paths = words.to_vec();
    if arguments.has("stdin") {
        let text = std::io::read_to_string(std::io::stdin())?;
        paths.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if paths.is_empty() {
        return Err(Failure::usage("no path is given"));
    }
    let sum = push(&cache, &paths, Arc::new(how)).await?;
    report(&sum, arguments.has("json"));
    match sum.failed.len() {
        0 => Ok(()),
        count => Err(Failure::findings(format!("{count} paths were not pushed"))),
    }
}

fn how(arguments: &Arguments) -> Result<How> {
    let level = arguments.value("compression-level").map(|_| arguments.number("compression-level", 0));
    let level = level.transpose()?.map(|level| level as u32);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Ok(How {
        keys: arguments
            .values("key-file")
            .iter()
            .map(|file| SecretKey::read(&PathBuf::from(file)))
            .collect::<Result<_>>()?,
        compression: Compression::named(arguments.value("compression").unwrap_or("xz"), level)
            .map_err(|failure| Failure::usage(failure.message))?,
        jobs: arguments.number("jobs", cores as u64)?.clamp(1, 256) as usize,
        grace: arguments.time("grace", crate::gc::GRACE)?,
        closure: !arguments.has("no-closure"),
        quiet: arguments.has("quiet"),
    })
}

fn report(sum: &Sum, as_json: bool) {
    for sentence in &sum.failed {
        warn(sentence);
    }
    if as_json {
        let pushed: Vec<_> =
            sum.pushed.iter().map(|(path, size)| json!({"path": path, "size": size})).collect();
        print(
            &json!({"pushed": pushed, "present": sum.present, "refreshed": sum.refreshed,
                "failed": sum.failed})
            .to_string(),
        );
    } else {
        let size = sum.pushed.iter().map(|(_, size)| size).sum();
        let (pushed, present) = (sum.pushed.len(), sum.present + sum.refreshed);
        print(&format!("pushed {pushed} paths ({}), {present} were there", bytes(size)));
    }
}

/// Pushes the closure of these paths as the options of another command ask; returns what was pushed.
pub async fn paths(cache: &Cache, paths: &[String], arguments: &Arguments) -> Result<Vec<String>> {
    let sum = push(cache, paths, Arc::new(how(arguments)?)).await?;
    sum.failed.iter().for_each(|sentence| warn(sentence));
    Ok(sum.pushed.into_iter().map(|(path, _)| path).collect())
}

/// Pushes the closure of these paths.
async fn push(cache: &Cache, paths: &[String], how: Arc<How>) -> Result<Sum> {
    let mut infos = local_store::closure(paths).await?;
    if !how.closure {
        let parse = |path: &String| StorePath::parse(path).map_err(Failure::usage);
        let wanted = paths.iter().map(parse).collect::<Result<Vec<StorePath>>>()?;
        infos.retain(|path, _| wanted.contains(path));
    }
    if let Some(info) = infos.values().next() {
        cache.declare(info.full_path.rsplit_once('/').map_or("", |(directory, _)| directory)).await?;
    }
    let keys: Vec<String> = infos.keys().map(StorePath::narinfo_key).collect();
    let (found, denied) = cache.heads(&keys).await?;
    if let Some(why) = denied {
        warn(&format!("what is denied counts as missing, and is pushed: {why}"));
    }
    let mut sum = Sum::default();
    // Younger paths stay there until this push has ended: no collection deletes them.
    let old = now() - how.grace.as_secs() as i64 / 2;
    let mut tasks = Vec::new();
    for (path, info) in infos {
        match found.get(&path.narinfo_key()) {
            None => tasks.push((path, info.references.clone(), Task::Upload(info))),
            Some(meta) if meta.last_modified.is_some_and(|time| seconds(time) < old) => {
                tasks.push((path.clone(), info.references, Task::Refresh(path)));
            }
            Some(_) => sum.present += 1,
        }
    }
    all(cache, tasks, how, &mut sum).await?;
    Ok(sum)
}

type Planned = (StorePath, Vec<StorePath>, Task);

/// Does all tasks, each narinfo after those of its references.
async fn all(cache: &Cache, tasks: Vec<Planned>, how: Arc<How>, sum: &mut Sum) -> Result<()> {
    let states: BTreeMap<StorePath, watch::Sender<State>> =
        tasks.iter().map(|(path, ..)| (path.clone(), watch::channel(State::Waiting).0)).collect();
    let states = Arc::new(states);
    let permits = Arc::new(Semaphore::new(how.jobs));
    let count = tasks.len();
    let mut progress = Progress::new(how.quiet);
    let mut running = tokio::task::JoinSet::new();
    for (path, references, task) in tasks {
        let (cache, how, states, permits) = (cache.clone(), how.clone(), states.clone(), permits.clone());
        running.spawn(async move {
            let waits = Waits { own: path.clone(), references, states: states.clone() };
            let done = one(&cache, task, &how, &permits, &waits).await;
            if let Some(state) = states.get(&path) {
                state.send_replace(if done.is_ok() { State::Stored } else { State::Failed });
            }
            (path, done)
        });
    }
    let mut ended = 0;
    while let Some(joined) = running.join_next().await {
        ended += 1;
        match joined.map_err(stopped)? {
            (path, Ok(Some(size))) => sum.pushed.push((path.to_string(), size)),
            (_, Ok(None)) => sum.refreshed += 1,
            (path, Err(failure)) => sum.failed.push(format!("{path}: {failure}")),
        }
        progress.show(|| format!("{ended} of {count} paths"));
    }
    sum.pushed.sort();
    sum.failed.sort();
    Ok(())
}

/// What a narinfo waits for.
struct Waits {
    own: StorePath,
    references: Vec<StorePath>,
    states: Arc<BTreeMap<StorePath, watch::Sender<State>>>,
}

impl Waits {
    /// Returns once the narinfos of all references are there.
    async fn done(&self) -> Result<()> {
        for reference in self.references.iter().filter(|path| **path != self.own) {
            let Some(state) = self.states.get(reference) else { continue };
            let mut seen = state.subscribe();
            let state = seen.wait_for(|state| *state != State::Waiting).await;
            if state.is_ok_and(|state| *state == State::Failed) {
                return Err(Failure::new(format!("its reference {reference} could not be pushed")));
            }
        }
        Ok(())
    }
}

/// Does one task. Returns the bytes of the NAR that was stored.
async fn one(
    cache: &Cache,
    task: Task,
    how: &How,
    permits: &Semaphore,
    waits: &Waits,
) -> Result<Option<u64>> {
    match task {
        Task::Refresh(path) => {
            let narinfo = cache.narinfo(&path.narinfo_key()).await?;
            let Some(mut narinfo) = narinfo else {
                return Err(Failure::new("a collection deleted it meanwhile; push again"));
            };
            waits.done().await?;
            upload::refresh(cache, &mut narinfo).await?;
            Ok(None)
        }
        Task::Upload(info) => {
            let mut narinfo = {
                let _permit = permits.acquire().await;
                upload::nar(cache, &info, how).await?
            };
            for key in &how.keys {
                key.sign(&mut narinfo);
            }
            waits.done().await?;
            cache.write_narinfo(&narinfo).await?;
            Ok(Some(narinfo.file_size.unwrap_or_default()))
        }
    }
}
