//! Where credentials are looked for, in which order, and the error when there are none.
//!
//! Invariant: a kind that is given by name never falls through to another. By default: environment keys, web
//! identity from the environment, the shared files, a container, an instance's metadata; a link that is set
//! up but fails ends the search.

use std::sync::{Mutex, PoisonError};

use aws_credential_types::Credentials;

use super::answer::Answer;
use super::environment;
use super::host::Host;
use super::services::Services;
use super::trail::Trail;
use super::{Kind, SourcedCredentials, login, metadata, process, profile, sso, stored, sts};
use crate::ambient::{self, Profiles, variable};
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use profile::{Base, Plan};

// The sources, as `explain` names them.
const ENVIRONMENT: &str = "environment variables";
const WEB_IDENTITY: &str = "environment variable AWS_WEB_IDENTITY_TOKEN_FILE";
const FILES: &str = "shared files";
const CONTAINER: &str = "container's agent";
const INSTANCE: &str = "instance metadata";
const HOST: &str = "setting `credentials`";

/// The code of the error that no place has credentials.
const NO_CREDENTIALS: &str = "NoCredentials";

/// A source of credentials that can be used again and again.
pub(super) struct Chain {
    pub(super) settings: Settings,
    pub(super) host: Host,
    /// The shared files as the first store read them, for the first fetch: later ones read them anew.
    read: Mutex<Option<Profiles>>,
    /// The access key id that was returned last: a caller that asks again wants another.
    given: Mutex<Option<String>>,
}

impl Chain {
    pub(super) fn new(settings: Settings, profiles: Option<Profiles>) -> Self {
        Chain { settings, host: Host::default(), read: Mutex::new(profiles), given: Mutex::default() }
    }

    /// Fetches credentials anew, and records which sources were tried.
    pub(super) async fn fetch(&self, trail: &mut Trail) -> Result<SourcedCredentials> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).take();
        let profiles = async || match read {
            Some(profiles) => Ok(profiles),
            None => ambient::load(&self.settings).await,
        };
        let found = match Kind::of(&self.settings) {
            Kind::Default => self.search(profiles, trail).await,
            Kind::Env => {
                trail.ask(ENVIRONMENT);
                only("env", environment::keys()?)
            }
            Kind::Profile(_) => {
                trail.ask(FILES);
                only("profile", self.profile(&self.services(&profiles().await?), trail).await?)
            }
            Kind::WebIdentity => {
                trail.ask(WEB_IDENTITY);
                only("web_identity", self.web_identity(&self.services(&profiles().await?)).await?)
            }
            Kind::Container => {
                trail.ask(CONTAINER);
                only("container", metadata::container(ambient::region(&self.settings)).await?)
            }
            Kind::InstanceProfile => {
                trail.ask(INSTANCE);
                only("instance_profile", metadata::instance(&profiles().await?, false).await?)
            }
            Kind::Callback(callback) => {
                trail.ask(HOST);
                let credentials = self.host.keys(callback, ambient::region(&self.settings)).await?;
                Ok(SourcedCredentials { credentials, provider: "callback" })
            }
            // These two never get here: their keys, or that there are none, is known without asking.
            Kind::Static(_) | Kind::Anonymous => fail!(Internal, "these credentials need no source"),
        };
        if let Ok(keys) = &found {
            *self.given.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(keys.credentials.access_key_id().to_owned());
        }
        found
    }

    /// What STS or SSO gives, or gave another process of this user.
    async fn role(
        &self,
        telling: &[String],
        fetch: impl Future<Output = Result<Credentials>>,
    ) -> Result<Credentials> {
        let had = self.given.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stored::kept(self.settings.credentials_cache.as_deref(), telling, had.as_deref(), fetch).await
    }

    async fn search(
        &self,
        profiles: impl AsyncFnOnce() -> Result<Profiles>,
        trail: &mut Trail,
    ) -> Result<SourcedCredentials> {
        macro_rules! ask {
            ($answer:expr) => {
                match $answer {
                    Answer::Keys(credentials, provider) => {
                        return Ok(SourcedCredentials { credentials, provider })
                    }
                    Answer::None(why) => trail.none(why),
                }
            };
        }
        trail.ask(ENVIRONMENT);
        ask!(environment::keys()?);
        trail.ask(FILES);
        let profiles = profiles().await?;
        trail.ask(WEB_IDENTITY);
        ask!(self.web_identity(&self.services(&profiles)).await?);
        ask!(self.profile(&self.services(&profiles), trail).await?);
        trail.ask(CONTAINER);
        ask!(metadata::container(ambient::region(&self.settings)).await?);
        trail.ask(INSTANCE);
        ask!(metadata::instance(&profiles, true).await?);
        let message = format!(
            "no credentials were found: {}; give keys, a profile or a provider, or ask for anonymous access",
            trail.reasons()
        );
        // Hosts that have always read public buckets without keys tell this from keys that are wrong.
        Err(Error::new(ErrorKind::Credentials, message).with_answer(None, Some(NO_CREDENTIALS), None))
    }

    fn services<'a>(&'a self, profiles: &'a Profiles) -> Services<'a> {
        Services { settings: &self.settings, host: &self.host, profiles }
    }

    async fn web_identity(&self, services: &Services<'_>) -> Result<Answer> {
        let Some(file) = variable("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return Ok(Answer::None("the environment holds no AWS_WEB_IDENTITY_TOKEN_FILE".to_owned()));
        };
        let Some(role) = variable("AWS_ROLE_ARN") else {
            fail!(
                Credentials,
                "the environment holds AWS_WEB_IDENTITY_TOKEN_FILE, but AWS_ROLE_ARN is missing"
            );
        };
        let session = variable("AWS_ROLE_SESSION_NAME");
        let telling =
            services.telling(["web identity", &role, &file, session.as_deref().unwrap_or_default()])?;
        self.role(&telling, sts::web_identity(services, &role, &file, session.as_deref()))
            .await
            .map(|keys| Answer::Keys(keys, "web_identity"))
    }

    /// The keys that the profile leads to: its base's, and then those of one role after the other.
    async fn profile(&self, services: &Services<'_>, trail: &mut Trail) -> Result<Answer> {
        trail.ask(format!("profile {}", services.profiles.name()));
        let plan = match profile::plan(services.profiles)? {
            Ok(plan) => plan,
            Err(why) => return Ok(Answer::None(why)),
        };
        trail.roles.extend(plan.roles.iter().map(|role| role.arn.clone()));
        // Nothing is called in vain: a role that can't be assumed is known before the first request.
        for role in &plan.roles {
            if let (Some(serial), None) = (&role.mfa_serial, &self.settings.mfa_token) {
                fail!(
                    Credentials,
                    "profile `{}` assumes {} with the MFA device {serial}; give its code, or a function that \
                     returns it, as the setting `mfa_token`",
                    plan.profile,
                    role.arn
                );
            }
        }
        let fetch = async {
            let mut keys = self.base(services, &plan).await?;
            for role in &plan.roles {
                keys = sts::assume_role(services, keys, role, &plan.profile).await?;
            }
            Ok(keys)
        };
        let keys = match plan.telling() {
            Some(telling) => self.role(&services.telling(telling.iter().map(String::as_str))?, fetch).await?,
            None => fetch.await?,
        };
        Ok(Answer::Keys(keys, plan.provider()))
    }

    async fn base(&self, services: &Services<'_>, plan: &Plan) -> Result<Credentials> {
        let named = |source: &str, answer: Answer| match answer {
            Answer::Keys(keys, _) => Ok(keys),
            Answer::None(why) => fail!(
                Credentials,
                "profile `{}` takes its credentials from {source}, but {why}",
                plan.profile
            ),
        };
        match &plan.base {
            Base::Keys(keys) => Ok(keys.clone()),
            Base::Environment => named("the environment", environment::keys()?),
            Base::Container => {
                named("the container", metadata::container(ambient::region(&self.settings)).await?)
            }
            Base::InstanceMetadata => {
                named("the instance's metadata", metadata::instance(services.profiles, false).await?)
            }
            Base::WebIdentity { role, file, session } => {
                sts::web_identity(services, role, file, session.as_deref()).await
            }
            Base::Sso(login) => sso::role_credentials(services, login, &plan.profile).await,
            Base::Login { session } => login::credentials(services, session, &plan.profile).await,
            Base::Process { command, account_id } => {
                process::run(command, account_id.as_deref(), &plan.profile).await
            }
        }
    }
}

fn only(kind: &str, answer: Answer) -> Result<SourcedCredentials> {
    match answer {
        Answer::Keys(credentials, provider) => Ok(SourcedCredentials { credentials, provider }),
        Answer::None(why) => fail!(Credentials, "provider `{kind}` is set, but {why}"),
    }
}
