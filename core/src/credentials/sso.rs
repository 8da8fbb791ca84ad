//! SSO: a sign-in's token, kept in a file by `aws sso login`, bought against a role's credentials.
//!
//! Invariant: never signs anyone in and opens no browser. The token of a session is renewed five minutes
//! before it expires, when its file allows it; the file stays one that the AWS CLI reads, with all it held. A
//! token of the older kind can't be renewed, and when it has expired the error names that before anything is
//! sent.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::answer::{WINDOW, moment};
use super::exchange::Exchange;
use super::private::PrivateDirectory;
use super::profile::Login;
use super::services::Services;
use super::sign::{percent_encode, value};
use crate::ambient::{home, warn_of_readers};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe::{Level, event};

pub(super) async fn role_credentials(
    services: &Services<'_>,
    login: &Login,
    profile: &str,
) -> Result<Credentials> {
    let exchange = Exchange::with(services, "sso", "portal.sso", &login.region)?;
    let token = token(services, login, profile).await?;
    let mut query = String::from("account_id=");
    percent_encode(&mut query, &login.account_id, false);
    query.push_str("&role_name=");
    percent_encode(&mut query, &login.role, false);
    let request = || {
        let mut token = value(&token)?;
        token.set_sensitive(true);
        http::Request::get(format!("{}/federation/credentials?{query}", exchange.url))
            .header("x-amz-sso_bearer_token", token)
            .body(SdkBody::empty())
            .map_err(|_| Error::new(ErrorKind::Config, "the endpoint of SSO can't be used"))
    };
    let body = exchange.send(request).await.map_err(|why| {
        let why =
            format!("SSO gave no credentials for the role {} of profile `{profile}`: {why}", login.role);
        Error::new(ErrorKind::Credentials, why)
            .with_advice(&format!("if the sign-in has ended, run `aws sso login --profile {profile}`"))
    })?;
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(keys) = answer.get("roleCredentials") else {
        fail!(Credentials, "SSO answered without credentials for profile `{profile}`")
    };
    let text = |name: &str| keys.get(name).and_then(Value::as_str);
    let (Some(id), Some(secret)) = (text("accessKeyId"), text("secretAccessKey")) else {
        fail!(Credentials, "SSO answered with half a key pair for profile `{profile}`")
    };
    // In milliseconds.
    let expiration = keys.get("expiration").and_then(Value::as_u64).unwrap_or(0);
    let mut built = Credentials::builder()
        .access_key_id(id)
        .secret_access_key(secret)
        .account_id(login.account_id.as_str())
        .expiry(UNIX_EPOCH + Duration::from_millis(expiration))
        .provider_name("oarlock");
    built.set_session_token(text("sessionToken").map(str::to_owned));
    Ok(built.build())
}

/// The token of the sign-in, renewed if need be.
async fn token(services: &Services<'_>, login: &Login, profile: &str) -> Result<String> {
    let mut file = SsoSignIn::read(login, profile)?;
    let now = Timestamp::now();
    if login.session.is_some()
        && SystemTime::from(file.expiry) <= SystemTime::now() + WINDOW
        && file.renewable(now)
    {
        match file.renew(services, login).await {
            Ok(()) => {}
            // Another program may have been faster, and used the file's right to renew up.
            Err(why) => match SsoSignIn::read(login, profile) {
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
struct SsoSignIn {
    path: PathBuf,
    fields: Map<String, Value>,
    token: String,
    expiry: Timestamp,
}

impl SsoSignIn {
    fn read(login: &Login, profile: &str) -> Result<SsoSignIn> {
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
        Ok(SsoSignIn { path, token, expiry, fields })
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
        let exchange = Exchange::with(services, "sso_oidc", "oidc", &login.region);
        let exchange = exchange.map_err(|error| error.message().to_owned())?;
        let asked = json!({
            "clientId": self.said("clientId"),
            "clientSecret": self.said("clientSecret"),
            "grantType": "refresh_token",
            "refreshToken": self.said("refreshToken"),
        })
        .to_string();
        let request = || {
            http::Request::post(format!("{}/token", exchange.url))
                .header("content-type", "application/json")
                .header("content-length", asked.len())
                .body(SdkBody::from(&*asked))
                .map_err(|_| {
                    Error::new(ErrorKind::Config, "the endpoint of SSO's OIDC service can't be used")
                })
        };
        let answer: Value = serde_json::from_slice(&exchange.send(request).await?).unwrap_or_default();
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(token) = text("accessToken") else {
            return Err("the answer holds no token".to_owned());
        };
        let refresh_token = text("refreshToken");
        let expires_in = answer.get("expiresIn").and_then(Value::as_i64).unwrap_or(0);
        let now = Timestamp::now().as_second();
        let expiry =
            Timestamp::from_second(now.saturating_add(expires_in)).map_err(|error| error.to_string())?;
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
            PrivateDirectory::of(&self.path).and_then(|directory| directory.write(name, text.as_bytes()))
        {
            event(
                Level::Warning,
                format!("the renewed SSO token can't be kept in {}: {error}", self.path.display()),
            );
        }
        Ok(())
    }
}
