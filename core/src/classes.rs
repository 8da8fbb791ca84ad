//! `StorageClasses`: the stores that a package server names, each a directory or a bucket, read from one
//! `.gcfg` file.
//!
//! Invariant: a class's own section overlays the section for all, field by field. A value that oarlock does
//! not support is an error and never ignored: a class that requires encryption is not written in the clear.
//! Unrelated sections are skipped. The host's settings for a class win over those for all classes, and both
//! win over the file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::gcfg::{Section, Variable, parse};
use crate::config::{ENCRYPTS, POLICIES, Settings, directory_url};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::reply::StorageClass;
use crate::store::Store;
use crate::table::unknown;
use crate::value::{Field, Value};

/// The fields of `[S3Storage]`, and the settings that they are; those without one are seen to below.
const S3: &[(&str, Option<&str>)] = &[
    ("bucket", None),
    ("prefix", None),
    ("profile", Some("profile")),
    ("region", Some("region")),
    ("endpoint", Some("endpoint")),
    ("keyid", Some("encryption_kms_key_id")),
    ("skipvalidation", None),
    ("disablessl", Some("disable_ssl")),
    ("s3forcepathstyle", Some("force_path_style")),
    ("enablesharedconfig", None),
    ("chunksizebytes", Some("chunk_size_bytes")),
    ("cachetimeout", None),
];

/// The fields that are true or false.
const FLAGS: &[&str] = &["skipvalidation", "disablessl", "s3forcepathstyle", "enablesharedconfig"];

/// Fields of every class, in S3 or in files; `[Storage]` may contain them too.
const OF_ALL: &[&str] = &["cachetimeout", "chunksizebytes"];

/// The classes that package servers have, and whether these hold what is fetched from a public source.
const KNOWN: &[(&str, bool)] = &[
    ("bioconductor", true),
    ("cache", false),
    ("cran", true),
    ("metrics", false),
    ("packages", false),
    ("persistent", false),
    ("pypi", true),
];

/// The storage classes of a package server.
///
/// ```
/// let file = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = all\n[S3Storage \"cran\"]\nPrefix = r";
/// let classes = oarlock::StorageClasses::parse(file).unwrap();
/// assert_eq!(classes.class("packages").unwrap().url(), "s3://all/");
/// assert_eq!(classes.class("cran").unwrap().url(), "s3://all/r");
/// ```
#[derive(Debug)]
pub struct StorageClasses {
    sections: Vec<Section>,
    /// What the host sets for all classes in S3, and for each class by its name in lower case.
    of_all: Settings,
    own: BTreeMap<String, Settings>,
}

impl StorageClasses {
    /// Reads the text of a `.gcfg` file.
    ///
    /// # Errors
    /// `Config`, with the line, for what gcfg would refuse, and for unknown fields in the sections about
    /// storage.
    pub fn parse(text: &str) -> Result<StorageClasses> {
        let sections = parse(text)?;
        for section in &sections {
            let known: Vec<&str> = match section.name.as_str() {
                "s3storage" => S3.iter().map(|(field, _)| *field).collect(),
                "filestorage" => ["location"].iter().chain(OF_ALL).copied().collect(),
                // Values for all sub-sections, which the host's file may have and these classes do not know.
                name @ ("default-s3storage" | "default-filestorage") => {
                    fail!(
                        Config,
                        "line {}: [{name}] is not known; write the fields of all classes into [S3Storage] or \
                         [FileStorage]",
                        section.line
                    )
                }
                _ => continue,
            };
            for variable in &section.variables {
                if !known.contains(&variable.name.as_str()) {
                    let error = unknown(ErrorKind::Config, "field", &variable.name, known.iter().copied());
                    return Err(Error::new(
                        ErrorKind::Config,
                        format!("line {}: {}", variable.line, error.message()),
                    ));
                }
                written(variable)?;
            }
        }
        Ok(StorageClasses { sections, of_all: Settings::default(), own: BTreeMap::new() })
    }

    /// The same classes with the host's settings: `settings` for all classes in S3, `overrides` for single
    /// ones, each a map of settings under the class's name. Overrides win over settings, and both win over
    /// the file. An encryption key that the file names stays in force unless another replaces it. Classes in
    /// files can't be encrypted.
    ///
    /// ```
    /// use oarlock::{StorageClasses, Value};
    /// let text = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = all\nKeyID = alias/packages";
    /// let old = Value::Map(vec![("encryption_legacy_wrapping".into(), Value::Bool(true))]);
    /// let classes = StorageClasses::parse(text).unwrap();
    /// let classes = classes.with(vec![], vec![("packages".into(), old)]).unwrap();
    /// let settings = classes.class("packages").unwrap().settings();
    /// assert!(settings.contains(&("encryption_legacy_wrapping".into(), Value::Bool(true))));
    /// ```
    ///
    /// # Errors
    /// `Config` for a class that there is not, and for unknown settings and values that they can't have.
    pub fn with(
        mut self,
        settings: Vec<(String, Value)>,
        overrides: Vec<(String, Value)>,
    ) -> Result<StorageClasses> {
        self.of_all = Settings::partial(settings)?.over(self.of_all)?;
        for (class, settings) in overrides {
            let name = class.to_lowercase();
            self.known(&name)?;
            let of = |error: Error| {
                Error::new(error.kind(), format!("the overrides of class {name:?}: {}", error.message()))
            };
            let settings = match settings {
                Value::Map(pairs) => {
                    pairs.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
                }
                Value::Null => Vec::new(),
                other => {
                    return Err(of(Error::new(
                        ErrorKind::Config,
                        format!("a map of settings, not {}", other.type_name()),
                    )));
                }
            };
            let settings = Settings::partial(settings).map_err(of)?;
            if self.own.insert(name.clone(), settings).is_some() {
                fail!(Config, "the overrides name class {name:?} twice");
            }
        }
        Ok(self)
    }

    /// Reads a `.gcfg` file.
    ///
    /// # Errors
    /// As [`parse`](StorageClasses::parse), and `Config` for a file that can't be read.
    pub fn open(path: &Path) -> Result<StorageClasses> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(ErrorKind::Config, format!("{} can't be read: {error}", path.display()))
        })?;
        let Ok(text) = String::from_utf8(bytes) else {
            fail!(Config, "{} is not UTF-8 text", path.display())
        };
        StorageClasses::parse(&text)
            .map_err(|error| Error::new(error.kind(), format!("{}: {}", path.display(), error.message())))
    }

    /// Reads a `.gcfg` file, or the text of one: what holds a line break is text.
    ///
    /// # Errors
    /// As [`open`](StorageClasses::open).
    pub fn read(path_or_text: &str) -> Result<StorageClasses> {
        if path_or_text.contains('\n') {
            StorageClasses::parse(path_or_text)
        } else {
            StorageClasses::open(Path::new(path_or_text))
        }
    }

    /// The classes, in lower case and in order: those that the file names and, if it has a default store,
    /// those that package servers have.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        if [("storage", "default"), ("server", "datadir"), ("filestorage", "location")]
            .iter()
            .any(|(section, name)| self.find(section, None, name).is_some())
        {
            names.extend(KNOWN.iter().map(|(name, _)| name.to_string()));
        }
        for section in &self.sections {
            match (section.name.as_str(), &section.sub) {
                ("storage", None) => names.extend(
                    section
                        .variables
                        .iter()
                        .map(|variable| variable.name.clone())
                        .filter(|name| name != "default" && !OF_ALL.contains(&name.as_str())),
                ),
                ("s3storage" | "filestorage", Some(sub)) => names.push(sub.to_lowercase()),
                _ => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The store of a class, such as `packages` or `cran`.
    ///
    /// # Errors
    /// `Config` for a class that there is not, and where the file does not say enough, or nonsense, about it;
    /// `Unsupported` where it asks for what oarlock can't do.
    pub fn class(&self, name: &str) -> Result<Store> {
        let name = &name.to_lowercase();
        if self.in_bucket(name)? { self.bucket(name) } else { self.directory(name) }
    }

    /// The file's entries about a class.
    ///
    /// # Errors
    /// As [`class`](StorageClasses::class).
    pub fn about(&self, name: &str) -> Result<StorageClass> {
        let name = &name.to_lowercase();
        let s3 = self.in_bucket(name)?;
        let section = if s3 { "s3storage" } else { "filestorage" };
        let text = |variable: &Variable| variable.value.clone().unwrap_or_default();
        Ok(StorageClass {
            name: name.clone(),
            kind: if s3 { "s3" } else { "file" }.to_owned(),
            url: self.class(name)?.url(),
            skip_validation: self
                .field("s3storage", name, "skipvalidation")?
                .filter(|_| s3)
                .map_or(Ok(false), flag)?,
            cache_timeout: self.field(section, name, "cachetimeout")?.map(text),
            retain_fetched_packages: self.retains(name, s3)?,
        })
    }

    /// Whether a class keeps what is fetched from its source; none for a class that has no source.
    fn retains(&self, class: &str, s3: bool) -> Result<Option<bool>> {
        let fetched = KNOWN.iter().any(|(known, fetched)| *known == class && *fetched);
        let retain = self.find(class, None, "retainfetchedpackages").map(flag).transpose()?;
        Ok(fetched.then(|| retain.unwrap_or(!s3)))
    }

    /// Refuses a class that there is not.
    fn known(&self, class: &str) -> Result<()> {
        let names = self.names();
        let known = || names.iter().map(String::as_str).chain(KNOWN.iter().map(|(name, _)| *name));
        if known().any(|known| known == class) {
            Ok(())
        } else {
            Err(unknown(ErrorKind::Config, "storage class", class, known()))
        }
    }

    /// Whether a class is kept in S3, else in files.
    fn in_bucket(&self, class: &str) -> Result<bool> {
        self.known(class)?;
        let kind = self.find("storage", None, class).or_else(|| self.find("storage", None, "default"));
        match kind.and_then(|variable| variable.value.as_deref()).map(str::to_lowercase).as_deref() {
            Some("s3") => Ok(true),
            Some("file") | None => Ok(false),
            Some(other) => {
                fail!(
                    Config,
                    "line {}: class {class:?} is kept in `s3` or `file`, not {other:?}",
                    kind.map_or(0, |kind| kind.line)
                )
            }
        }
    }

    fn bucket(&self, class: &str) -> Result<Store> {
        let mut settings = Settings::default();
        for (field, setting) in S3 {
            let Some(variable) = self.field("s3storage", class, field)? else { continue };
            let value = Value::Str(variable.value.clone().unwrap_or_else(|| "true".to_owned()));
            let at = |error: Error| {
                Error::new(error.kind(), format!("line {}: {field}: {}", variable.line, error.message()))
            };
            match (*setting, *field) {
                // The size of the chunks that the host's own library writes; a part can't be that small.
                (Some(_), "chunksizebytes") if small(variable) => {}
                (Some(setting), _) => settings = settings.over(Settings::of(setting, value).map_err(at)?)?,
                // Credentials alone are read then, as the host's SDK does.
                (None, "enablesharedconfig") if !flag(variable)? => {
                    settings =
                        settings.over(Settings::of("config_file", Value::Str("/dev/null".to_owned()))?)?;
                }
                (None, "skipvalidation") => drop(flag(variable)?),
                _ => {}
            }
        }
        settings.retain_fetched = self.retains(class, true)?;
        settings.chunked_assets = Some(true);
        if settings.encryption_kms_key_id.is_some() {
            // The host's own client reads the format without a key commitment, and no other.
            settings = settings
                .over(Settings { encryption_policy: Some(POLICIES[0].to_owned()), ..Settings::default() })?;
        }
        let text = |field| {
            Ok::<_, Error>(
                self.field("s3storage", class, field)?
                    .and_then(|variable| variable.value.clone())
                    .unwrap_or_default(),
            )
        };
        let (bucket, prefix): (String, String) = (text("bucket")?, text("prefix")?);
        if bucket.is_empty() {
            fail!(
                Config,
                "class {class:?} is kept in S3, but neither [S3Storage {class:?}] nor [S3Storage] names a \
                 Bucket"
            );
        }
        if bucket.contains(['?', '/', '@']) || prefix.contains('?') {
            fail!(Config, "class {class:?}: Bucket is a bucket's name alone, and Prefix holds no `?`");
        }
        let own = self.own.get(class).cloned().unwrap_or_default();
        let settings = own.over(self.of_all.clone())?.over(settings)?;
        Store::open(&format!("s3://{bucket}/{}", prefix.trim_start_matches('/')), settings.to_pairs())
    }

    fn directory(&self, class: &str) -> Result<Store> {
        let place = match self
            .field("filestorage", class, "location")?
            .and_then(|variable| variable.value.as_ref())
        {
            Some(location) => Path::new(location).to_owned(),
            None => match self.find("server", None, "datadir").and_then(|variable| variable.value.as_ref()) {
                Some(data) => Path::new(data).join(class),
                None => fail!(
                    Config,
                    "class {class:?} is kept in files, but neither [FileStorage {class:?}] Location nor \
                     [Server] DataDir names the directory"
                ),
            },
        };
        // What is meant for classes in S3 has no meaning here, but what is meant to be encrypted is not kept
        // in the clear.
        let mut settings = self.own.get(class).map_or_else(Vec::new, Settings::to_pairs);
        let keys = self.of_all.to_pairs().into_iter().filter(|(name, _)| ENCRYPTS.contains(&name.as_str()));
        settings.extend(
            keys.filter(|(name, _)| !settings.iter().any(|(given, _)| given == name)).collect::<Vec<_>>(),
        );
        for (name, value) in [("retain_fetched", self.retains(class, false)?), ("chunked_assets", Some(true))]
        {
            if let Some(value) = value.filter(|_| !settings.iter().any(|(given, _)| given == name)) {
                settings.push((name.to_owned(), Value::Bool(value)));
            }
        }
        Store::open(&directory_url(&place), settings)
    }

    /// A field of the class's own section, else of the section of all; a blank one counts as not given.
    fn field(&self, section: &str, class: &str, field: &str) -> Result<Option<&Variable>> {
        let subs = || {
            self.sections
                .iter()
                .filter(|each| each.name == section)
                .filter_map(|each| Some((each.sub.as_deref()?, each.line)))
        };
        if let Some((near, line)) = subs().find(|(sub, _)| *sub != class && sub.to_lowercase() == class)
            && !subs().any(|(sub, _)| sub == class)
        {
            fail!(
                Config,
                "line {line}: the section is of class {near:?}, not {class:?}: names in quotes are \
                 case-sensitive"
            );
        }
        let of_all = || self.find("storage", None, field).filter(|_| OF_ALL.contains(&field));
        Ok(self.find(section, Some(class), field).or_else(|| self.find(section, None, field)).or_else(of_all))
    }

    /// The last of a section's variables of this name, unless that is blank.
    fn find(&self, section: &str, sub: Option<&str>, name: &str) -> Option<&Variable> {
        let sections = self.sections.iter().filter(|each| each.name == section && each.sub.as_deref() == sub);
        sections
            .flat_map(|each| &each.variables)
            .rfind(|variable| variable.name == name)
            .filter(|variable| variable.value.as_deref() != Some(""))
    }
}

/// Refuses what the host's own types refuse: a text or a number needs a value, a flag or a number no empty
/// one.
fn written(variable: &Variable) -> Result<()> {
    let Variable { name, value, line } = variable;
    let is_flag = FLAGS.contains(&name.as_str());
    match value.as_deref() {
        None if !is_flag => {
            fail!(Config, "line {line}: `{name}` has no value; write `{name} =` for an empty one")
        }
        Some("") if is_flag => {
            fail!(Config, "line {line}: `{name} =` is neither true nor false; leave out the `=` for true")
        }
        Some("") if name == "chunksizebytes" => {
            fail!(Config, "line {line}: `{name} =` names no number of bytes")
        }
        _ => Ok(()),
    }
}

/// Whether this is a number of bytes below the least that a part may have.
fn small(variable: &Variable) -> bool {
    let number = variable.value.as_deref().and_then(|value| value.trim().parse::<u64>().ok());
    number.is_some_and(|number| number < 5 << 20)
}

/// Whether a variable is true, as it is without a value.
fn flag(variable: &Variable) -> Result<bool> {
    let value = Value::Str(variable.value.clone().unwrap_or_else(|| "true".to_owned()));
    bool::from_value(value).map_err(|why| {
        Error::new(ErrorKind::Config, format!("line {}: {} {why}", variable.line, variable.name))
    })
}

#[cfg(test)]
mod tests;
