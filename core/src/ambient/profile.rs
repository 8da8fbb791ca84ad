//! The text of the shared files, taken apart: the chosen profile, its `s3 =` section, its services section.
//!
//! Invariant: only this file reads profiles, by aws-config's own rules. An empty AWS_PROFILE counts: it names
//! a profile that does not exist. Values from untrusted files are distinguishable from the user's own.

use std::borrow::Cow;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};
use sha2::{Digest, Sha256};

use super::files::{self, SharedFile, SharedFileKind, TRUST};
use super::names::{encoded, readable};
use super::variable;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};

/// The shared files, read, and the profile that is meant.
pub(crate) struct Profiles {
    /// Names of sections in it are written by `encoded`.
    pub(crate) set: ProfileSet,
    name: String,
    /// The source of the profile's name; none if it is `default` because nothing names one.
    pub(crate) named_by: Option<&'static str>,
    /// The two files, for sentences.
    pub(crate) files: String,
    /// Which text they held.
    pub(crate) digest: [u8; 32],
    stranger: Option<Stranger>,
}

/// What to know where a stranger's file is among the two.
struct Stranger {
    /// What the user's own files say.
    own: ProfileSet,
    /// The strangers' names.
    files: String,
}

/// The profile to use, and what names it.
pub(crate) fn meant(settings: &Settings) -> (String, Option<&'static str>) {
    let given = [
        ("the setting `profile`", settings.profile.clone()),
        ("AWS_PROFILE", std::env::var("AWS_PROFILE").ok()),
        ("AWS_DEFAULT_PROFILE", variable("AWS_DEFAULT_PROFILE")),
    ];
    let named = given.into_iter().find_map(|(by, name)| name.map(|name| (name, Some(by))));
    named.unwrap_or(("default".to_owned(), None))
}

/// Reads the shared files.
pub(crate) async fn load(settings: &Settings) -> Result<Profiles> {
    let (name, named_by) = meant(settings);
    read(name, named_by, &files::read(settings)?).await
}

pub(super) async fn read(
    name: String,
    named_by: Option<&'static str>,
    shared: &[SharedFile],
) -> Result<Profiles> {
    let names = |wanted: &dyn Fn(&&SharedFile) -> bool| {
        shared
            .iter()
            .filter(wanted)
            .map(|file| file.path.display().to_string())
            .collect::<Vec<_>>()
            .join(" and ")
    };
    let files = names(&|_| true);
    let mut digest = Sha256::new();
    for file in shared {
        digest.update(Sha256::digest(&file.text));
    }
    let set = parse(&name, shared.iter(), &files).await?;
    let stranger = match shared.iter().any(|file| file.strange) {
        false => None,
        true => Some(Stranger {
            own: parse(&name, shared.iter().filter(|file| !file.strange), &files).await?,
            files: names(&|file| file.strange),
        }),
    };
    Ok(Profiles { set, name, named_by, files, digest: digest.finalize().into(), stranger })
}

async fn parse(name: &str, shared: impl Iterator<Item = &SharedFile>, files: &str) -> Result<ProfileSet> {
    // One empty file more: the builder panics without any.
    let mut sources = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
    for file in shared {
        let kind = match file.kind {
            SharedFileKind::Config => EnvConfigFileKind::Config,
            SharedFileKind::Credentials => EnvConfigFileKind::Credentials,
        };
        sources = sources.with_contents(kind, readable(file.kind, &file.text));
    }
    let found = aws_config::profile::load(
        &Fs::real(),
        &Env::real(),
        &sources.build(),
        Some(Cow::Owned(encoded(name).into_owned())),
    )
    .await;
    found.map_err(|error| {
        Error::new(
            ErrorKind::Credentials,
            format!("the profiles in {files} can't be read: {}", super::root(&error)),
        )
    })
}

impl Profiles {
    /// The name of the chosen profile.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A property of the chosen profile.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.set.get(name)
    }

    /// A property of its `s3 =` section, which is text of its own: a line each.
    pub(crate) fn s3(&self, name: &str) -> Option<&str> {
        lines(self.get("s3")?).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A property of a service in the services section that the profile names.
    pub(crate) fn service(&self, service: &str, name: &str) -> Option<&str> {
        of_service(&self.set, service, name)
    }

    /// Fails if only an untrusted file has the value. `what` names it, `said` looks it up.
    ///
    /// Such a file may hold keys, roles and regions. It may not say which program runs here, where secrets
    /// are sent, or which file is read and sent away.
    pub(crate) fn vouch(
        &self,
        what: &str,
        said: impl for<'a> Fn(&'a ProfileSet) -> Option<&'a str>,
    ) -> Result<()> {
        match &self.stranger {
            Some(stranger) if said(&self.set) != said(&stranger.own) => fail!(
                Config,
                "{what} in {} is refused: a file that a URL or a project names may not run programs, choose \
                 endpoints or have token files \
                 read; if you trust it, say so by {TRUST}=true in your environment, or by the setting \
                 `trust_files` in code",
                stranger.files
            ),
            _ => Ok(()),
        }
    }
}

/// A property of a service in the services section that the profile of the set names.
pub(crate) fn of_service<'a>(set: &'a ProfileSet, service: &str, name: &str) -> Option<&'a str> {
    let key = PropertiesKey::builder()
        .section_key("services")
        .section_name(encoded(set.get("services")?))
        .property_name(service)
        .sub_property_name(name)
        .build()
        .ok()?;
    set.other_sections().get(&key).map(|value| value.as_str())
}

fn lines(section: &str) -> impl Iterator<Item = (&str, &str)> {
    section.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}
