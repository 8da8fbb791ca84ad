//! SSO: a sign-in's token, kept in a file by `aws sso login`, bought against a role's credentials.
//!
//! Law: never signs anyone in and opens no browser. The token of a session is renewed five minutes before it
//! expires, when its file allows it; the file stays one that the AWS CLI reads, with all it held. A token of
//! the older kind can't be renewed, and when it has expired the error says so before anything is sent.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_sso::Client;
use aws_sdk_ssooidc::Client as Signing;
use aws_sdk_ssooidc::operation::create_token::CreateTokenOutput;
use aws_types::region::Region;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha1::{Digest, Sha1};

use super::answer::{WINDOW, moment};
use super::private::Directory;
use super::profile::Login;
use super::services::{Services, complaint};
use crate::ambient::{home, warn_of_readers};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe::{Level, event};

pub(super) async fn role_credentials(
    services: &Services<'_>,
    login: &Login,
    profile: &str,
) -> Result<Credentials> {
    let config = services.configuration("sso")?.region(Region::new(login.region.clone())).build();
    let token = token(services, login, profile).await?;
    let answer = Client::new(&config)
        .get_role_credentials()
        .role_name(&login.role)
        .account_id(&login.account_id)
        .access_token(token)
        .send()
        .await
        .map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!(
                    "SSO gave no credentials for the role {} of profile `{profile}`: {}",
                    login.role,
                    complaint(&error)
                ),
            )
            .with_advice(&format!("if the sign-in has ended, run `aws sso login --profile {profile}`"))
        })?;
    let Some(keys) = answer.role_credentials else {
        fail!(Credentials, "SSO answered without credentials for profile `{profile}`")
    };
    let (Some(id), Some(secret)) = (keys.access_key_id, keys.secret_access_key) else {
        fail!(Credentials, "SSO answered with half a key pair for profile `{profile}`")
    };
    let expiry = UNIX_EPOCH + Duration::from_millis(u64::try_from(keys.expiration).unwrap_or(0));
    let mut built = Credentials::builder()
        .access_key_id(id)
        .secret_access_key(secret)
        .account_id(login.account_id.as_str())
        .expiry(expiry)
        .provider_name("oarlock");
    built.set_session_token(keys.session_token);
    Ok(built.build())
}

/// The token of the sign-in, renewed if need be.
async fn token(services: &Services<'_>, login: &Login, profile: &str) -> Result<String> {
    let mut file = SignIn::read(login, profile)?;
    let now = Timestamp::now();
    if login.session.is_some()
        && SystemTime::from(file.expiry) <= SystemTime::now() + WINDOW
        && file.renewable(now)
    {
        match file.renew(services, login).await {
            Ok(()) => {}
            // Another program may have been faster, and used the file's right to renew up.
            Err(why) => match SignIn::read(login, profile) {
                Ok(again) if again.token != file.token => file = again,
                _ if file.expiry > now => event(
                    Level::Warning,
                    format!("the SSO token of profile `{profile}` could not be renewed yet: {why}"),
                ),
                _ => fail!(
                    Credentials,
                    "the SSO token of profile `{profile}` expired at {}, and could not be renewed: {why}; \
                     run `aws sso login --profile {profile}`",
                    file.expiry
                ),
            },
        }
    }
    if file.expiry <= now {
        fail!(
            Credentials,
            "the SSO token of profile `{profile}` expired at {}; run `aws sso login --profile {profile}`",
            file.expiry
        );
    }
    Ok(file.token)
}

/// A sign-in's file.
struct SignIn {
    path: PathBuf,
    fields: Map<String, Value>,
    token: String,
    expiry: Timestamp,
}

impl SignIn {
    fn read(login: &Login, profile: &str) -> Result<SignIn> {
        let known_by = login.session.as_ref().unwrap_or(&login.start_url);
        let name: String = Sha1::digest(known_by).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = home(&format!("~/.aws/sso/cache/{name}.json"));
        let shown = path.display();
        let advice = format!("run `aws sso login --profile {profile}`");
        let text = std::fs::File::open(&path).and_then(|mut file| {
            warn_of_readers(&path, &file.metadata()?);
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut text)?;
            Ok(text)
        });
        let text = text.map_err(|error| {
            Error::new(ErrorKind::Credentials, format!("failed to read `{shown}`: {error}; {advice}"))
        })?;
        let fields: Map<String, Value> = serde_json::from_slice(&text).unwrap_or_default();
        let said = |name: &str| fields.get(name).and_then(Value::as_str);
        let (Some(token), Some(expiry)) = (said("accessToken"), said("expiresAt").and_then(moment)) else {
            fail!(Credentials, "the SSO token in `{shown}` can't be read; {advice}");
        };
        let token = token.to_owned();
        Ok(SignIn { path, token, expiry, fields })
    }

    fn said(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Whether the file holds all it takes to renew the token.
    fn renewable(&self, now: Timestamp) -> bool {
        let registered =
            self.said("registrationExpiresAt").and_then(moment).is_some_and(|expiry| expiry > now);
        registered
            && ["clientId", "clientSecret", "refreshToken"].iter().all(|name| self.said(name).is_some())
    }

    /// Renews the token, here and in the file.
    async fn renew(&mut self, services: &Services<'_>, login: &Login) -> std::result::Result<(), String> {
        let config = services.configuration("sso_oidc").map_err(|error| error.message().to_owned())?;
        let said = |name| self.said(name).map(str::to_owned);
        let answer = Signing::new(&config.region(Region::new(login.region.clone())).build())
            .create_token()
            .grant_type("refresh_token")
            .set_client_id(said("clientId"))
            .set_client_secret(said("clientSecret"))
            .set_refresh_token(said("refreshToken"))
            .send()
            .await
            .map_err(|error| complaint(&error))?;
        let CreateTokenOutput { access_token: Some(token), refresh_token, expires_in, .. } = answer else {
            return Err("the answer holds no token".to_owned());
        };
        let expiry = Timestamp::from_second(Timestamp::now().as_second() + i64::from(expires_in))
            .map_err(|error| error.to_string())?;
        let mut set = |name: &str, value: String| self.fields.insert(name.to_owned(), Value::String(value));
        set("accessToken", token.clone());
        set("expiresAt", expiry.to_string());
        if let Some(token) = refresh_token {
            set("refreshToken", token);
        }
        (self.token, self.expiry) = (token, expiry);
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let text = Value::Object(self.fields.clone()).to_string();
        if let Err(error) =
            Directory::of(&self.path).and_then(|directory| directory.write(name, text.as_bytes()))
        {
            event(
                Level::Warning,
                format!("the renewed SSO token can't be kept in {}: {error}", self.path.display()),
            );
        }
        Ok(())
    }
}
