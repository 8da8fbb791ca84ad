//! The text of the chosen profile: its properties, its `s3 =` section, its services section.
//!
//! Law: reads the shared files as aws-config does, which drops the `s3 =` section later. Files that can't be read are told of and
//! count as empty here: whoever needs an identity from them says what is wrong with them.

use std::borrow::Cow;
use std::env;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};

use crate::config::Settings;
use crate::observe::{Level, event};

/// A profile, or an empty one.
pub(super) struct Profile {
    pub(super) name: String,
    set: Option<ProfileSet>,
}

pub(super) async fn load(settings: &Settings) -> Profile {
    let named = |name| env::var(name).ok().filter(|name: &String| !name.trim().is_empty());
    let name = settings.profile.clone().or_else(|| named("AWS_PROFILE")).or_else(|| named("AWS_DEFAULT_PROFILE"));
    let mut files = EnvConfigFiles::builder();
    files = match &settings.config_file {
        Some(path) => files.with_file(EnvConfigFileKind::Config, path),
        None => files.include_default_config_file(true),
    };
    files = match &settings.credentials_file {
        Some(path) => files.with_file(EnvConfigFileKind::Credentials, path),
        None => files.include_default_credentials_file(true),
    };
    read(name, files.build()).await
}

pub(super) async fn read(name: Option<String>, files: EnvConfigFiles) -> Profile {
    let found = aws_config::profile::load(&Fs::real(), &Env::real(), &files, name.clone().map(Cow::Owned)).await;
    let set = match found {
        Ok(set) => Some(set),
        Err(_) => {
            event(
                Level::Warning,
                "the shared AWS config files can't be read, so they say nothing of endpoints, certificates and retries".to_owned(),
            );
            None
        }
    };
    Profile { name: name.unwrap_or_else(|| "default".to_owned()), set }
}

impl Profile {
    /// A property by its name.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.set.as_ref()?.get(name).map(str::to_owned)
    }

    /// A property of the `s3 =` section, which is text of its own: a line each.
    pub(super) fn s3(&self, name: &str) -> Option<String> {
        lines(&self.get("s3")?).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }

    /// A property of `s3` in the services section that the profile names.
    pub(super) fn service(&self, name: &str) -> Option<String> {
        let key = PropertiesKey::builder()
            .section_key("services")
            .section_name(self.get("services")?)
            .property_name("s3")
            .sub_property_name(name)
            .build()
            .ok()?;
        self.set.as_ref()?.other_sections().get(&key).map(|value| value.to_string())
    }
}

fn lines(section: &str) -> impl Iterator<Item = (&str, &str)> {
    section.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}
