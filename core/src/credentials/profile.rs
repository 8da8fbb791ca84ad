//! Profiles: where the credentials of the one that is meant come from.
//!
//! Invariant: calls nobody; what it finds is a plan that `chain` carries out. A profile that someone named
//! must be there. Within a profile: role, web identity, SSO, process, login, static keys.

use aws_config::profile::Profile;
use aws_credential_types::Credentials;

use crate::ambient::{Profiles, decoded, encoded, variable};
use crate::error::{Result, fail};

/// Where a profile's credentials come from: a base, and roles assumed one after the other from there.
pub(super) struct Plan {
    pub(super) profile: String,
    pub(super) base: Base,
    pub(super) roles: Vec<Role>,
}

pub(super) enum Base {
    Keys(Credentials),
    Environment,
    InstanceMetadata,
    Container,
    WebIdentity { role: String, file: String, session: Option<String> },
    Sso(Login),
    Login { session: String },
    Process { command: String, account_id: Option<String> },
}

impl Plan {
    /// The provider that gives the keys in the end.
    pub(super) fn provider(&self) -> &'static str {
        match &self.base {
            _ if !self.roles.is_empty() => "assume_role",
            Base::Keys(_) => "profile",
            Base::Environment => "env",
            Base::InstanceMetadata => "instance_profile",
            Base::Container => "container",
            Base::WebIdentity { .. } => "web_identity",
            Base::Sso(_) => "sso",
            Base::Login { .. } => "login",
            Base::Process { .. } => "process",
        }
    }
}

impl Plan {
    /// What distinguishes these credentials from others; nothing where they are neither a role's nor a
    /// program's.
    pub(super) fn telling(&self) -> Option<Vec<String>> {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut telling = match &self.base {
            Base::WebIdentity { role, file, session } => {
                vec!["web identity".to_owned(), role.clone(), file.clone(), or_empty(session)]
            }
            Base::Sso(login) => {
                let Login { session, start_url, region, account_id, role } = login.clone();
                vec!["sso".to_owned(), session.unwrap_or_default(), start_url, region, account_id, role]
            }
            Base::Process { command, .. } => vec!["process".to_owned(), command.clone()],
            _ if self.roles.is_empty() => return None,
            Base::Keys(keys) => vec!["keys".to_owned(), keys.access_key_id().to_owned()],
            Base::Environment => {
                vec!["environment".to_owned(), variable("AWS_ACCESS_KEY_ID").unwrap_or_default()]
            }
            Base::InstanceMetadata => vec!["instance".to_owned()],
            Base::Container => vec!["container".to_owned()],
            Base::Login { session } => vec!["login".to_owned(), session.clone()],
        };
        for role in &self.roles {
            let duration = role.duration.map(|seconds| seconds.to_string());
            telling.push(role.arn.clone());
            telling.extend([&role.external_id, &role.session, &duration, &role.mfa_serial].map(or_empty));
        }
        Some(telling)
    }
}

/// A role to assume, with what goes to STS.
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
    pub(super) duration: Option<i32>,
    pub(super) mfa_serial: Option<String>,
}

/// An SSO login: of a session that several profiles share, or of the profile alone.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) session: Option<String>,
    pub(super) start_url: String,
    pub(super) region: String,
    pub(super) account_id: String,
    pub(super) role: String,
}

/// The properties that make a profile sign in by SSO.
const SIGN_IN: [&str; 5] = ["sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name"];

/// Where the profile's credentials come from, or why there are none and other sources follow.
pub(super) fn plan(profiles: &Profiles) -> Result<std::result::Result<Plan, String>> {
    Reading(profiles).plan()
}

struct Reading<'a>(&'a Profiles);

impl Reading<'_> {
    fn plan(&self) -> Result<std::result::Result<Plan, String>> {
        let name = self.0.name();
        if self.0.set.get_profile(&encoded(name)).is_none() {
            return match self.0.named_by {
                Some(by) => {
                    fail!(Credentials, "there is no profile `{name}`, which {by} names, in {}", self.0.files)
                }
                None => Ok(Err(format!("there is no profile `default` in {}", self.0.files))),
            };
        }
        let (mut at, mut visited, mut roles) = (name, Vec::new(), Vec::new());
        let base = loop {
            let Some(profile) = self.0.set.get_profile(&encoded(at)) else {
                fail!(
                    Credentials,
                    "there is no profile `{at}`, which profile `{}` names as its source_profile, in {}",
                    visited.last().unwrap_or(&name),
                    self.0.files
                );
            };
            if visited.contains(&at) {
                visited.push(at);
                fail!(
                    Credentials,
                    "the profiles in {} lead in a circle: {}",
                    self.0.files,
                    visited.join(" → ")
                );
            }
            visited.push(at);
            // A source's own keys win over the role that it could assume.
            if visited.len() > 1
                && profile.get("aws_access_key_id").is_some()
                && profile.get("aws_secret_access_key").is_some()
            {
                break self.keys(profile)?;
            }
            let Some(role) = self.role(profile)? else { break self.base(profile)? };
            roles.push(role);
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(_), Some(_)) => {
                    fail!(
                        Credentials,
                        "profile `{at}` in {} has both source_profile and credential_source; leave one",
                        self.0.files
                    )
                }
                (None, None) => fail!(
                    Credentials,
                    "profile `{at}` in {} has a role_arn, but neither source_profile nor credential_source \
                     to assume it from",
                    self.0.files
                ),
                (Some(source), None) if source != at => at = source,
                _ => break self.base(profile)?,
            }
        };
        match base {
            Some(base) => {
                roles.reverse();
                Ok(Ok(Plan { profile: name.to_owned(), base, roles }))
            }
            None if visited.len() > 1 || !roles.is_empty() => {
                fail!(
                    Credentials,
                    "profile `{}` in {} holds no credentials that a role could be assumed with",
                    visited.last().unwrap_or(&name),
                    self.0.files
                )
            }
            None => Ok(Err(format!("profile `{name}` in {} holds no credentials", self.0.files))),
        }
    }

    fn role(&self, profile: &Profile) -> Result<Option<Role>> {
        let text = |key| profile.get(key).map(str::to_owned);
        // A role with a web identity is a base: nobody's keys are needed to assume it.
        let (Some(arn), None) = (text("role_arn"), profile.get("web_identity_token_file")) else {
            return Ok(None);
        };
        let duration = match profile.get("duration_seconds").map(|text| (text, text.trim().parse::<i32>())) {
            None => None,
            Some((_, Ok(seconds))) if seconds > 0 => Some(seconds),
            Some((text, _)) => {
                fail!(
                    Credentials,
                    "duration_seconds of profile `{}` in {} takes seconds, not {text:?}",
                    decoded(profile.name()),
                    self.0.files
                )
            }
        };
        Ok(Some(Role {
            arn,
            duration,
            external_id: text("external_id"),
            session: text("role_session_name"),
            mfa_serial: text("mfa_serial"),
        }))
    }

    fn base(&self, profile: &Profile) -> Result<Option<Base>> {
        let text = |key| profile.get(key).map(str::to_owned);
        let (name, files) = (decoded(profile.name()), &self.0.files);
        if let Some(source) = profile.get("credential_source") {
            return match source.to_ascii_lowercase().as_str() {
                "environment" => Ok(Some(Base::Environment)),
                "ec2instancemetadata" => Ok(Some(Base::InstanceMetadata)),
                "ecscontainer" => Ok(Some(Base::Container)),
                _ => fail!(
                    Credentials,
                    "credential_source of profile `{name}` in {files} takes Environment, Ec2InstanceMetadata \
                     or EcsContainer, not {source:?}"
                ),
            };
        }
        self.vouch(profile, "web_identity_token_file")?;
        match (text("role_arn"), text("web_identity_token_file")) {
            (Some(role), Some(file)) => {
                return Ok(Some(Base::WebIdentity { role, file, session: text("role_session_name") }));
            }
            (None, Some(_)) => fail!(
                Credentials,
                "profile `{name}` in {files} has a web_identity_token_file, but role_arn is missing"
            ),
            _ => {}
        }
        if SIGN_IN.iter().any(|key| profile.get(key).is_some()) {
            return self.login(profile).map(Base::Sso).map(Some);
        }
        if let Some(command) = text("credential_process") {
            self.vouch(profile, "credential_process")?;
            return Ok(Some(Base::Process { command, account_id: text("aws_account_id") }));
        }
        if let Some(session) = text("login_session") {
            self.vouch(profile, "login_session")?;
            return Ok(Some(Base::Login { session }));
        }
        self.keys(profile)
    }

    fn keys(&self, profile: &Profile) -> Result<Option<Base>> {
        let text = |key| profile.get(key).map(str::to_owned);
        // The legacy name is read first, as botocore does.
        // Source: <https://github.com/boto/botocore/blob/develop/botocore/credentials.py>
        // (SharedCredentialProvider.TOKENS)
        let token = text("aws_security_token").or_else(|| text("aws_session_token"));
        let missing = match (text("aws_access_key_id"), text("aws_secret_access_key")) {
            (Some(id), Some(secret)) => {
                let mut keys = Credentials::builder()
                    .access_key_id(id)
                    .secret_access_key(secret)
                    .provider_name("oarlock");
                keys.set_session_token(token);
                keys.set_account_id(text("aws_account_id").map(Into::into));
                return Ok(Some(Base::Keys(keys.build())));
            }
            (None, None) if token.is_none() => return Ok(None),
            (Some(_), None) => "aws_secret_access_key",
            _ => "aws_access_key_id",
        };
        fail!(
            Credentials,
            "{missing} is missing from profile `{}` in {}",
            decoded(profile.name()),
            self.0.files
        )
    }

    /// Refuses a property that stands only in a file of a stranger.
    fn vouch(&self, profile: &Profile, key: &str) -> Result<()> {
        let name = profile.name();
        self.0
            .vouch(&format!("`{key}` of profile `{}`", decoded(name)), |set| set.get_profile(name)?.get(key))
    }

    fn login(&self, profile: &Profile) -> Result<Login> {
        for key in SIGN_IN {
            self.vouch(profile, key)?;
        }
        let (name, files) = (decoded(profile.name()), &self.0.files);
        let own = |key: &str| match profile.get(key) {
            Some(value) => Ok(value.to_owned()),
            None => {
                fail!(Credentials, "{key} is missing from profile `{name}` in {files}, which signs in by SSO")
            }
        };
        let session = profile.get("sso_session");
        let (start_url, region) = match session {
            None => (own("sso_start_url")?, own("sso_region")?),
            Some(session) => {
                for key in ["sso_start_url", "sso_region"] {
                    self.0.vouch(&format!("`{key}` of [sso-session {session}]"), |set| {
                        set.sso_session(&encoded(session))?.get(key)
                    })?;
                    if profile.get(key).is_some() {
                        fail!(
                            Credentials,
                            "{key} of profile `{name}` in {files} belongs into the section [sso-session \
                             {session}]"
                        );
                    }
                }
                let Some(section) = self.0.set.sso_session(&encoded(session)) else {
                    fail!(
                        Credentials,
                        "there is no section [sso-session {session}], which profile `{name}` names, in \
                         {files}"
                    );
                };
                let needed = |key: &str| match section.get(key) {
                    Some(value) => Ok(value.to_owned()),
                    None => fail!(
                        Credentials,
                        "{key} is missing from the section [sso-session {session}] in {files}"
                    ),
                };
                (needed("sso_start_url")?, needed("sso_region")?)
            }
        };
        Ok(Login {
            session: session.map(str::to_owned),
            start_url,
            region,
            account_id: own("sso_account_id")?,
            role: own("sso_role_name")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient;
    use crate::config::Settings;

    /// The plan of `[default]` in a config file that a setting names.
    fn plan(text: &str, trust: Option<bool>) -> Result<std::result::Result<Plan, String>> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config");
        std::fs::write(&file, text).unwrap();
        std::fs::write(
            directory.path().join("credentials"),
            "[default]\ncredential_process = own\n[keys]\naws_access_key_id=A\naws_secret_access_key=S\n",
        )
        .unwrap();
        let of = |path: std::path::PathBuf| Some(path.display().to_string());
        let mut settings = Settings {
            config_file: of(file),
            profile: Some("p".to_owned()),
            trust_files: trust,
            ..Settings::default()
        };
        settings.credentials_file = of(directory.path().join("credentials"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        super::plan(&runtime.block_on(ambient::load(&settings))?)
    }

    #[test]
    fn what_a_stranger_may_not_say() {
        for (text, key) in [
            ("[profile p]\ncredential_process = true\n", "credential_process"),
            (
                "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\ncredential_process = true\n",
                "credential_process",
            ),
            ("[profile p]\nrole_arn = r\nweb_identity_token_file = /etc/shadow\n", "web_identity_token_file"),
            ("[profile p]\nlogin_session = arn\n", "login_session"),
            (
                "[profile p]\nsso_start_url = u\nsso_region = r\nsso_account_id = a\nsso_role_name = n\n",
                "sso_start_url",
            ),
            (
                "[profile p]\nsso_session = s\nsso_account_id = a\nsso_role_name = n\n[sso-session \
                 s]\nsso_start_url = u\nsso_region = r\n",
                "sso_session",
            ),
            (
                "[profile p]\nrole_arn = r\nsource_profile = My Corp\n[profile 'My \
                 Corp']\ncredential_process = true\n",
                "`credential_process` of profile `My Corp`",
            ),
        ] {
            let Err(error) = plan(text, Some(false)) else { panic!("{text}") };
            for word in [key, "profile `", "/config", "OARLOCK_TRUST_FILES=true", "`trust_files`"] {
                assert!(error.message().contains(word), "{error}");
            }
            for trust in [None, Some(true)] {
                assert!(plan(text, trust).unwrap().is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn what_a_stranger_may_say() {
        for text in [
            "[profile p]\nrole_arn = r\nsource_profile = keys\n",
            "[profile p]\naws_access_key_id = A\naws_secret_access_key = S\n",
        ] {
            assert!(plan(text, Some(false)).unwrap().is_ok(), "{text}");
        }
    }

    #[test]
    fn loops_and_halves() {
        for (text, words) in [
            (
                "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = s\nsource_profile = \
                 p\n",
                "p → q → p",
            ),
            ("[profile p]\nrole_arn = r\nsource_profile = ghost\n", "`ghost`"),
            ("[profile p]\nrole_arn = r\nsource_profile = p\n", "holds no credentials"),
            ("[profile p]\naws_access_key_id = A\n", "aws_secret_access_key is missing"),
            ("[profile p]\naws_secret_access_key = S\n", "aws_access_key_id is missing"),
            ("[profile p]\naws_session_token = T\n", "aws_access_key_id is missing"),
            (
                "[profile p]\nrole_arn = r\nsource_profile = keys\ncredential_source = Environment\n",
                "both source_profile and credential_source",
            ),
            ("[profile p]\nrole_arn = r\ncredential_source = Moon\n", "Moon"),
            ("[profile p]\nrole_arn = r\nsource_profile = keys\nduration_seconds = soon\n", "soon"),
            ("[default]\n", "no profile `p`"),
        ] {
            let Err(error) = plan(text, None) else { panic!("{text}") };
            assert!(
                error.kind() == crate::error::ErrorKind::Credentials && error.message().contains(words),
                "{error}"
            );
        }
    }
}
