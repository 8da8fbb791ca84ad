//! SSO: a login's token, kept in a file by `aws sso login`, bought against a role's credentials.
//!
//! Law: never signs anyone in and opens no browser. The token of a session is refreshed when its file allows it; one of the
//! older kind can't be, and when it has expired the error says so before anything is sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::sso::SsoTokenProvider;
use aws_credential_types::Credentials;
use aws_sdk_s3::config::Region;
use aws_sdk_sso::Client;
use aws_smithy_runtime_api::client::identity::http::Token;
use jiff::Timestamp;
use sha1::{Digest, Sha1};

use super::chain::moment;
use super::profile::Login;
use super::services::{Services, complaint};
use crate::ambient::{root, variable};
use crate::error::{Error, ErrorKind, Result, fail};

pub(super) async fn role_credentials(services: &Services<'_>, login: &Login, profile: &str) -> Result<Credentials> {
    let config = services.configuration("sso")?.region(Region::new(login.region.clone())).build();
    let token = match &login.session {
        Some(session) => {
            let tokens = SsoTokenProvider::builder()
                .configure(&config)
                .session_name(session)
                .start_url(&login.start_url)
                .region(Region::new(login.region.clone()));
            let token = aws_credential_types::provider::token::ProvideToken::provide_token(&tokens.build().await).await;
            token.map_err(|error| {
                Error::new(
                    ErrorKind::Credentials,
                    format!(
                        "the SSO session `{session}` of profile `{profile}` gives no token ({}); run `aws sso login --profile {profile}`",
                        root(&error)
                    ),
                )
            })?
        }
        None => cached(&login.start_url, profile).await?,
    };
    let answer = Client::new(&config)
        .get_role_credentials()
        .role_name(&login.role)
        .account_id(&login.account_id)
        .access_token(token.token())
        .send()
        .await
        .map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!("SSO gave no credentials for the role {} of profile `{profile}`: {}", login.role, complaint(&error)),
            )
        })?;
    let Some(keys) = answer.role_credentials else { fail!(Credentials, "SSO answered without credentials for profile `{profile}`") };
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

/// The token of the older kind of login, known by its start URL.
async fn cached(start_url: &str, profile: &str) -> Result<Token> {
    let name: String = Sha1::digest(start_url).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = format!("{}/.aws/sso/cache/{name}.json", variable("HOME").unwrap_or_default());
    let login = format!("run `aws sso login --profile {profile}`");
    let bytes = tokio::fs::read(&file)
        .await
        .map_err(|error| Error::new(ErrorKind::Credentials, format!("failed to read `{file}`: {error}; {login}")))?;
    let fields: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = |name: &str| fields.get(name).and_then(|value| value.as_str());
    let (Some(token), Some(expiry)) = (text("accessToken"), text("expiresAt").and_then(moment)) else {
        fail!(Credentials, "the SSO token in `{file}` can't be read; {login}");
    };
    if expiry <= Timestamp::now() {
        fail!(Credentials, "the SSO token of profile `{profile}` expired at {expiry}; {login}");
    }
    Ok(Token::new(token, Some(SystemTime::from(expiry))))
}
