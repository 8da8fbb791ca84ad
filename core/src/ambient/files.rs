//! The two shared AWS files: their paths, their contents, and whether the user trusts them.
//!
//! Invariant: a file that a setting names must exist. Another file that can't be read counts as empty, with a
//! warning. A file named by a URL or by a project is untrusted. If others on this machine can read secrets,
//! one warning is logged.

use std::io::{ErrorKind as Io, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::variable;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe::{Level, event};
use crate::runtime;

/// The environment variable by which a user trusts files that projects name.
pub(crate) const TRUST: &str = "OARLOCK_TRUST_FILES";

/// The two kinds of file: they spell the names of profiles differently.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum SharedFileKind {
    Config,
    Credentials,
}

/// One of the files.
pub(super) struct SharedFile {
    pub(super) kind: SharedFileKind,
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Named by a URL or by a project, and the user does not trust such files.
    pub(super) strange: bool,
}

/// Reads both.
pub(super) fn read(settings: &Settings) -> Result<[SharedFile; 2]> {
    let strange = settings.trust_files == Some(false) && !trusting()?;
    let [config, credentials] = places(settings);
    Ok([
        file(SharedFileKind::Config, settings.config_file.as_deref(), config, strange)?,
        file(SharedFileKind::Credentials, settings.credentials_file.as_deref(), credentials, strange)?,
    ])
}

/// The paths of both, each with the environment variable that names it, if one does.
pub(crate) fn places(settings: &Settings) -> [(PathBuf, Option<&'static str>); 2] {
    [
        place(settings.config_file.as_deref(), "AWS_CONFIG_FILE", "~/.aws/config"),
        place(settings.credentials_file.as_deref(), "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ]
}

fn trusting() -> Result<bool> {
    match variable(TRUST).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        None | Some("false" | "0" | "no" | "off") => Ok(false),
        Some("true" | "1" | "yes" | "on") => Ok(true),
        Some(other) => fail!(Config, "the environment variable {TRUST} takes true or false, not {other:?}"),
    }
}

/// The path of a shared file, from the setting, the variable or the default; and the variable, if it names
/// the path.
fn place(setting: Option<&str>, variable: &'static str, usual: &str) -> (PathBuf, Option<&'static str>) {
    match (setting, super::variable(variable)) {
        (Some(given), _) => (home(given), None),
        (None, Some(named)) => (home(&named), Some(variable)),
        (None, None) => (home(usual), None),
    }
}

fn file(
    kind: SharedFileKind,
    setting: Option<&str>,
    (path, named): (PathBuf, Option<&'static str>),
    strange: bool,
) -> Result<SharedFile> {
    let text = match text(kind, &path) {
        Ok(text) => text,
        Err(error) if setting.is_some() => {
            return Err(Error::new(
                ErrorKind::Credentials,
                format!("{} can't be read: {error}", path.display()),
            ));
        }
        Err(error) if error.kind() == Io::NotFound && named.is_none() => String::new(),
        Err(error) => {
            event(Level::Warning, format!("{} can't be read, and counts as empty: {error}", path.display()));
            String::new()
        }
    };
    Ok(SharedFile { kind, path, text, strange: strange && setting.is_some() })
}

/// The path with the home directory in the place of `~`.
pub(crate) fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn text(kind: SharedFileKind, path: &Path) -> std::io::Result<String> {
    if path.starts_with("~") {
        // Without a home there is no such file; a directory of that name in the working directory is somebody
        // else's.
        return Err(Io::NotFound.into());
    }
    let mut file = std::fs::File::open(path)?;
    if kind == SharedFileKind::Credentials {
        warn_of_readers(path, &file.metadata()?);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Warns, once for a file and process, of a file with secrets that others may read.
pub(crate) fn warn_of_readers(path: &Path, found: &std::fs::Metadata) {
    if !found.is_file() || found.mode() & 0o044 == 0 {
        return;
    }
    let Ok(generation) = runtime::current() else { return };
    if !generation
        .shared(&format!("readable {}", path.display()), || AtomicBool::new(false))
        .swap(true, Ordering::Relaxed)
    {
        event(
            Level::Warning,
            format!(
                "{} holds secrets and can be read by others (mode {:o}); chmod 600 it",
                path.display(),
                found.mode() & 0o777
            ),
        );
    }
}
