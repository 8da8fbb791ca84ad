//! Roles: assumed with somebody's keys, or with a web identity token.
//!
//! Law: the profile's properties of a role (external id, duration, session name, MFA device) reaches STS
//! unchanged. A token file is read anew each time, because whoever made it replaces it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::types::{AssumedRoleUser, Credentials as Issued};

use super::profile::Role;
use super::services::{Services, complaint};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::runtime;
use crate::value::SecretSource;

pub(super) async fn assume_role(
    services: &Services<'_>,
    keys: Credentials,
    role: &Role,
    profile: &str,
) -> Result<Credentials> {
    let config =
        services.configuration("sts")?.credentials_provider(SharedCredentialsProvider::new(keys)).build();
    let token = match (&role.mfa_serial, &services.settings.mfa_token) {
        (Some(_), Some(SecretSource::Text(token))) => Some(token.0.clone()),
        (Some(device), Some(SecretSource::Callback(callback))) => {
            Some(services.host.mfa_code(callback, device, &role.arn, profile).await?)
        }
        _ => None,
    };
    let answer = Client::new(&config)
        .assume_role()
        .role_arn(&role.arn)
        .role_session_name(session_name(role.session.as_deref()))
        .set_external_id(role.external_id.clone())
        .set_duration_seconds(role.duration)
        .set_serial_number(role.mfa_serial.clone())
        .set_token_code(token)
        .send()
        .await
        .map_err(|error| failed(&role.arn, &format!(" for profile `{profile}`"), &complaint(&error)))?;
    issued(answer.credentials, answer.assumed_role_user, &role.arn)
}

pub(super) async fn web_identity(
    services: &Services<'_>,
    role: &str,
    file: &str,
    session: Option<&str>,
) -> Result<Credentials> {
    let path = file.to_owned();
    let token = runtime::blocking(move || std::fs::read_to_string(path))
        .await
        .unwrap_or_else(|stopped| Err(stopped.into()))
        .map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!("the web identity token file {file} can't be read: {error}"),
            )
        })?;
    let answer = Client::new(&services.configuration("sts")?.build())
        .assume_role_with_web_identity()
        .role_arn(role)
        .role_session_name(session_name(session))
        .web_identity_token(token)
        .send()
        .await
        .map_err(|error| failed(role, &format!(" with the web identity in {file}"), &complaint(&error)))?;
    issued(answer.credentials, answer.assumed_role_user, role)
}

fn session_name(given: Option<&str>) -> String {
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    given.map_or_else(|| format!("oarlock-{}", seconds()), str::to_owned)
}

fn failed(role: &str, with: &str, why: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("the role {role} could not be assumed{with}: {why}"))
}

fn issued(keys: Option<Issued>, user: Option<AssumedRoleUser>, role: &str) -> Result<Credentials> {
    let Some(keys) = keys else { fail!(Credentials, "STS answered without credentials for the role {role}") };
    let Ok(expiry) = SystemTime::try_from(keys.expiration) else {
        fail!(Credentials, "STS answered with an expiry that is no time for the role {role}")
    };
    let mut built = Credentials::builder()
        .access_key_id(keys.access_key_id)
        .secret_access_key(keys.secret_access_key)
        .session_token(keys.session_token)
        .expiry(expiry)
        .provider_name("oarlock");
    // arn:aws:sts::ACCOUNT:assumed-role/…
    built.set_account_id(
        user.and_then(|user| user.arn.split(':').nth(4).map(str::to_owned))
            .filter(|account| !account.is_empty())
            .map(Into::into),
    );
    Ok(built.build())
}
