//! `StorageClasses`: the stores that a package server names, each a directory or a bucket, read from one `.gcfg` file.
//!
//! Law: a class's own section overlays the section of all field by field. What the file says and oarlock can't do is an error,
//! never left out: a class that asks for encryption is not written in the clear. Sections of other concerns are passed over.

use std::path::Path;

use crate::config::gcfg::{Section, Variable, parse};
use crate::config::{POLICIES, Settings, directory_url};
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

/// What a section says of every class, whichever way that is kept; it may stand in `[Storage]` too.
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
/// let classes = oarlock::StorageClasses::parse("[Storage]\nDefault = s3\n[S3Storage]\nBucket = all\n[S3Storage \"cran\"]\nPrefix = r").unwrap();
/// assert_eq!(classes.class("packages").unwrap().url(), "s3://all/");
/// assert_eq!(classes.class("cran").unwrap().url(), "s3://all/r");
/// ```
#[derive(Debug)]
pub struct StorageClasses {
    sections: Vec<Section>,
}

impl StorageClasses {
    /// Reads the text of a `.gcfg` file.
    ///
    /// # Errors
    /// `Config`, with the line, for what gcfg would refuse, and for unknown fields in the sections about storage.
    pub fn parse(text: &str) -> Result<StorageClasses> {
        let sections = parse(text)?;
        for section in &sections {
            let known: Vec<&str> = match section.name.as_str() {
                "s3storage" => S3.iter().map(|(field, _)| *field).collect(),
                "filestorage" => ["location"].iter().chain(OF_ALL).copied().collect(),
                _ => continue,
            };
            for variable in &section.variables {
                if !known.contains(&variable.name.as_str()) {
                    let error = unknown(ErrorKind::Config, "field", &variable.name, known.iter().copied());
                    return Err(Error::new(ErrorKind::Config, format!("line {}: {}", variable.line, error.message())));
                }
            }
        }
        Ok(StorageClasses { sections })
    }

    /// Reads a `.gcfg` file.
    ///
    /// # Errors
    /// As [`parse`](StorageClasses::parse), and `Config` for a file that can't be read.
    pub fn open(path: &Path) -> Result<StorageClasses> {
        let bytes =
            std::fs::read(path).map_err(|error| Error::new(ErrorKind::Config, format!("{} can't be read: {error}", path.display())))?;
        let Ok(text) = String::from_utf8(bytes) else { fail!(Config, "{} is not UTF-8 text", path.display()) };
        StorageClasses::parse(&text).map_err(|error| Error::new(error.kind(), format!("{}: {}", path.display(), error.message())))
    }

    /// Reads a `.gcfg` file, or the text of one: what holds a line break is text.
    ///
    /// # Errors
    /// As [`open`](StorageClasses::open).
    pub fn read(path_or_text: &str) -> Result<StorageClasses> {
        if path_or_text.contains('\n') { StorageClasses::parse(path_or_text) } else { StorageClasses::open(Path::new(path_or_text)) }
    }

    /// The classes, in lower case and in order: those that the file names, and if it says where the rest is kept, those that package servers have.
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
    /// `Config` for a class that there is not, and where the file does not say enough, or nonsense, about it; `Unsupported` where it asks
    /// for what oarlock can't do.
    pub fn class(&self, name: &str) -> Result<Store> {
        let name = &name.to_lowercase();
        if self.in_bucket(name)? { self.bucket(name) } else { self.directory(name) }
    }

    /// What the file says of a class.
    ///
    /// # Errors
    /// As [`class`](StorageClasses::class).
    pub fn about(&self, name: &str) -> Result<StorageClass> {
        let name = &name.to_lowercase();
        let s3 = self.in_bucket(name)?;
        let section = if s3 { "s3storage" } else { "filestorage" };
        let text = |variable: &Variable| variable.value.clone().unwrap_or_default();
        let fetched = KNOWN.iter().any(|(known, fetched)| known == name && *fetched);
        let retain = self.find(name, None, "retainfetchedpackages").map(flag).transpose()?;
        Ok(StorageClass {
            name: name.clone(),
            kind: if s3 { "s3" } else { "file" }.to_owned(),
            url: self.class(name)?.url(),
            skip_validation: self.field("s3storage", name, "skipvalidation")?.filter(|_| s3).map_or(Ok(false), flag)?,
            cache_timeout: self.field(section, name, "cachetimeout")?.map(text),
            retain_fetched_packages: fetched.then(|| retain.unwrap_or(!s3)),
        })
    }

    /// Whether a class is kept in S3, else in files.
    fn in_bucket(&self, class: &str) -> Result<bool> {
        let names = self.names();
        let known = || names.iter().map(String::as_str).chain(KNOWN.iter().map(|(name, _)| *name));
        if !known().any(|known| known == class) {
            return Err(unknown(ErrorKind::Config, "storage class", class, known()));
        }
        let kind = self.find("storage", None, class).or_else(|| self.find("storage", None, "default"));
        match kind.and_then(|variable| variable.value.as_deref()).map(str::to_lowercase).as_deref() {
            Some("s3") => Ok(true),
            Some("file") | None => Ok(false),
            Some(other) => {
                fail!(Config, "line {}: class {class:?} is kept in `s3` or `file`, not {other:?}", kind.map_or(0, |kind| kind.line))
            }
        }
    }

    fn bucket(&self, class: &str) -> Result<Store> {
        let mut settings = Settings::default();
        for (field, setting) in S3 {
            let Some(variable) = self.field("s3storage", class, field)? else { continue };
            let value = Value::Str(variable.value.clone().unwrap_or_else(|| "true".to_owned()));
            let at = |error: Error| Error::new(error.kind(), format!("line {}: {field}: {}", variable.line, error.message()));
            match (*setting, *field) {
                (Some(setting), _) => settings = settings.over(Settings::of(setting, value).map_err(at)?)?,
                // Credentials alone are read then, as the host's SDK does.
                (None, "enablesharedconfig") if !flag(variable)? => {
                    settings = settings.over(Settings::of("config_file", Value::Str("/dev/null".to_owned()))?)?;
                }
                (None, "skipvalidation") => drop(flag(variable)?),
                _ => {}
            }
        }
        if settings.encryption_kms_key_id.is_some() {
            // The host's own client reads the format without a key commitment, and no other.
            settings = settings.over(Settings { encryption_policy: Some(POLICIES[0].to_owned()), ..Settings::default() })?;
        }
        let text =
            |field| Ok::<_, Error>(self.field("s3storage", class, field)?.and_then(|variable| variable.value.clone()).unwrap_or_default());
        let (bucket, prefix): (String, String) = (text("bucket")?, text("prefix")?);
        if bucket.is_empty() {
            fail!(Config, "class {class:?} is kept in S3, but neither [S3Storage {class:?}] nor [S3Storage] names a Bucket");
        }
        if bucket.contains(['?', '/', '@']) || prefix.contains('?') {
            fail!(Config, "class {class:?}: Bucket is a bucket's name alone, and Prefix holds no `?`");
        }
        Store::open(&format!("s3://{bucket}/{}", prefix.trim_start_matches('/')), settings.to_pairs())
    }

    fn directory(&self, class: &str) -> Result<Store> {
        let place = match self.field("filestorage", class, "location")?.and_then(|variable| variable.value.as_ref()) {
            Some(location) => Path::new(location).to_owned(),
            None => match self.find("server", None, "datadir").and_then(|variable| variable.value.as_ref()) {
                Some(data) => Path::new(data).join(class),
                None => fail!(
                    Config,
                    "class {class:?} is kept in files, but neither [FileStorage {class:?}] Location nor [Server] DataDir says where"
                ),
            },
        };
        Store::open(&directory_url(&place), Vec::new())
    }

    /// A field of the class's own section, else of the section of all; a blank one counts as not given.
    fn field(&self, section: &str, class: &str, field: &str) -> Result<Option<&Variable>> {
        let subs = || self.sections.iter().filter(|each| each.name == section).filter_map(|each| Some((each.sub.as_deref()?, each.line)));
        if let Some((near, line)) = subs().find(|(sub, _)| *sub != class && sub.to_lowercase() == class)
            && !subs().any(|(sub, _)| sub == class)
        {
            fail!(Config, "line {line}: the section is of class {near:?}, not {class:?}: names in quotes are told apart by case");
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

/// Whether a variable says true, as it does without a value.
fn flag(variable: &Variable) -> Result<bool> {
    let value = Value::Str(variable.value.clone().unwrap_or_else(|| "true".to_owned()));
    bool::from_value(value).map_err(|why| Error::new(ErrorKind::Config, format!("line {}: {} {why}", variable.line, variable.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [Server]
        DataDir = /var/lib/packages
        [CRAN]
        RetainFetchedPackages
        [HTTP]
        Listen = :4242
        [Storage]
        Default = s3
        Metrics = file
        Cache = file
        CacheTimeout = 10m
        [FileStorage "cache"]
        Location = "/fast/cache space"
        CacheTimeout = 5s
        [S3Storage]
        Bucket = everything
        Prefix = all
        Region = eu-west-1
        EnableSharedConfig
        [S3Storage "packages"]
        Prefix = packages/
        SkipValidation = true
        ChunkSizeBytes = 16777216
        Endpoint = minio:9000
        DisableSSL = yes
        S3ForcePathStyle = ON
        [S3Storage "cran"]
        Bucket = cran-bucket
        Prefix =
        ChunkSizeBytes = 8388608
        EnableSharedConfig = false
    "#;

    fn opened(class: &str) -> (String, Vec<(String, String)>) {
        let store = StorageClasses::parse(FILE).unwrap().class(class).unwrap();
        let text = |value: Value| match value {
            Value::Str(text) => text,
            other => format!("{other:?}"),
        };
        (store.url(), store.settings().into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_class_overlays_the_rest() {
        assert_eq!(opened("pypi"), ("s3://everything/all".into(), pairs(&[("region", "eu-west-1")])));
        let packages = pairs(&[
            ("endpoint", "minio:9000"),
            ("use_ssl", "Bool(false)"),
            ("region", "eu-west-1"),
            ("addressing_style", "path"),
            ("multipart_chunksize", "Int(16777216)"),
        ]);
        assert_eq!(opened("packages"), ("s3://everything/packages/".into(), packages));
        // A blank field falls back to the section of all.
        assert_eq!(
            opened("cran"),
            (
                "s3://cran-bucket/all".into(),
                pairs(&[("region", "eu-west-1"), ("config_file", "/dev/null"), ("multipart_chunksize", "Int(8388608)")])
            )
        );
        assert_eq!(opened("CRAN"), opened("cran"));
        assert_eq!(opened("metrics").0, "file:///var/lib/packages/metrics");
        assert_eq!(opened("cache").0, "file:///fast/cache%20space");
    }

    #[test]
    fn every_row_is_a_setting_or_seen_to() {
        for (field, setting) in S3 {
            let text = format!("[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\n{field} = true");
            let opened =
                StorageClasses::parse(&text).unwrap().class("cran").map(|store| store.to_pairs().into_iter().map(|(name, _)| name));
            match (*setting, opened) {
                (Some(setting), Ok(mut names)) => {
                    let [name] = [names.next().unwrap()];
                    assert!(Settings::of(setting, Value::Str("true".into())).unwrap().to_pairs()[0].0 == name, "{field}");
                }
                (_, Ok(names)) => assert_eq!(names.count(), 0, "{field}"),
                (_, Err(error)) => assert!(*field == "chunksizebytes", "{error}"),
            }
        }
    }

    #[test]
    fn what_the_host_keeps_for_itself() {
        let classes = StorageClasses::parse(FILE).unwrap();
        assert_eq!(classes.names(), ["bioconductor", "cache", "cran", "metrics", "packages", "persistent", "pypi"]);
        let told = |name| {
            let about = classes.about(name).unwrap();
            (about.kind, about.skip_validation, about.cache_timeout, about.retain_fetched_packages)
        };
        let ten = Some("10m".to_owned());
        assert_eq!(told("CRAN"), ("s3".into(), false, ten.clone(), Some(true)));
        assert_eq!(told("pypi"), ("s3".into(), false, ten.clone(), Some(false)));
        assert_eq!(told("packages"), ("s3".into(), true, ten, None));
        assert_eq!(told("cache"), ("file".into(), false, Some("5s".into()), None));
        let few = StorageClasses::read("[Storage]\nPyPI = s3\n[S3Storage \"own\"]\nBucket = own-bucket\n").unwrap();
        assert_eq!(few.names(), ["own", "pypi"]);
        assert_eq!(StorageClasses::parse("[Server]\nDataDir = /d").unwrap().about("pypi").unwrap().retain_fetched_packages, Some(true));
        assert!(StorageClasses::read("/no/such/file.gcfg").unwrap_err().message().contains("/no/such/file.gcfg"));
    }

    #[test]
    fn what_is_refused() {
        for (text, kind, words) in [
            ("[Storage]\nDefault = tape", ErrorKind::Config, ["line 2", "tape"]),
            ("[Storage]\nDefault = s3", ErrorKind::Config, ["packages", "Bucket"]),
            ("", ErrorKind::Config, ["packages", "DataDir"]),
            (
                "[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nDisableSSL = perhaps",
                ErrorKind::Config,
                ["line 5: disablessl", "perhaps"],
            ),
            ("[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nEnableSharedConfig = 2", ErrorKind::Config, ["line 5", "2"]),
            ("[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nKeyID = k=", ErrorKind::Config, ["line 5", "encryption_kms_key_id"]),
            ("[Storage]\nDefault = s3\n[S3Storage \"Packages\"]\nBucket = b", ErrorKind::Config, ["line 3", "case"]),
            ("[Storage]\nDefault = s3\n[S3Storage]\nBucket = id:secret@b", ErrorKind::Config, ["packages", "Bucket"]),
        ] {
            let error = StorageClasses::parse(text).unwrap().class("packages").unwrap_err();
            assert!(error.kind() == kind && words.iter().all(|word| error.message().contains(word)), "{error}");
        }
        let text = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\nKeyID = alias/packages";
        let settings = StorageClasses::parse(text).unwrap().class("packages").unwrap().to_pairs();
        let given = |name: &str| settings.iter().find(|(given, _)| given == name).and_then(|(_, value)| value.as_str().map(str::to_owned));
        assert_eq!(given("encryption_kms_key_id").as_deref(), Some("alias/packages"));
        assert_eq!(given("encryption_policy").as_deref(), Some("FORBID_ENCRYPT_ALLOW_DECRYPT"));
        let error = StorageClasses::parse(FILE).unwrap().class("pakages").unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.message().contains("did you mean \"packages\""), "{error}");
        let error = StorageClasses::parse("[S3Storage]\nBuckt = b").unwrap_err();
        assert!(error.message().contains("line 2") && error.message().contains("bucket"), "{error}");
    }
}
