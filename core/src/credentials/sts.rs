//! Roles: assumed with somebody's keys, or with a web identity token.
//!
//! Invariant: a profile's properties of a role (external id, duration, session name, MFA device) reach STS
//! unchanged. A token file is read anew each time, because the program that makes it replaces it.
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, Request, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::answer::moment;
use super::exchange::Exchange;
use super::issued::IssuedKeys;
use super::profile::Role;
use super::services::Services;
use super::sign::{Headers, Signer, Unsigned, hex, percent_encode, value};
use crate::ambient;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::runtime;
use crate::value::SecretSource;
use crate::version::VERSION;
use crate::xml::{Document, Malformed, Root};

pub(super) async fn assume_role(
    services: &Services<'_>,
    keys: Credentials,
    role: &Role,
    profile: &str,
) -> Result<Credentials> {
    let token = match (&role.mfa_serial, &services.settings.mfa_token) {
        (Some(_), Some(SecretSource::Text(token))) => Some(token.0.clone()),
        (Some(device), Some(SecretSource::Callback(callback))) => {
            Some(services.host.mfa_code(callback, device, &role.arn, profile).await?)
        }
        _ => None,
    };
    let session = session_name(role.session.as_deref());
    let duration = role.duration.map(|seconds| seconds.to_string());
    let fields = [
        ("RoleArn", Some(&*role.arn)),
        ("RoleSessionName", Some(&session)),
        ("ExternalId", role.external_id.as_deref()),
        ("DurationSeconds", duration.as_deref()),
        ("SerialNumber", role.mfa_serial.as_deref()),
        ("TokenCode", token.as_deref()),
    ];
    let issued = ask(services, "AssumeRole", &fields, Some(&keys)).await;
    let issued = issued.map_err(|why| failed(&role.arn, &format!(" for profile `{profile}`"), &why))?;
    issued.credentials(&role.arn)
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
            let why = format!("failed to read the web identity token file `{file}`: {error}");
            Error::new(ErrorKind::Credentials, why)
        })?;
    let session = session_name(session);
    let fields =
        [("RoleArn", Some(role)), ("RoleSessionName", Some(&session)), ("WebIdentityToken", Some(&token))];
    let issued = ask(services, "AssumeRoleWithWebIdentity", &fields, None).await;
    let issued = issued.map_err(|why| failed(role, &format!(" with the web identity in `{file}`"), &why))?;
    issued.credentials(role)
}

/// Sends an action with its parameters; without keys the request goes unsigned.
async fn ask(
    services: &Services<'_>,
    action: &str,
    fields: &[(&str, Option<&str>)],
    keys: Option<&Credentials>,
) -> std::result::Result<Issued, String> {
    let region = ambient::region(services.settings);
    let exchange =
        Exchange::with(services, "sts", "sts", region).map_err(|error| error.message().to_owned())?;
    let mut body = format!("Action={action}&Version=2011-06-15");
    for (name, value) in fields.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        body.extend(["&", *name, "="]);
        percent_encode(&mut body, value, false);
    }
    // The one region of the old global endpoint.
    let signer = Signer::new(if region == "aws-global" { "us-east-1" } else { region }, "sts");
    let body = exchange.send(|| request(&exchange.url, &body, keys.map(|keys| (&signer, keys)))).await?;
    Issued::read(&body, action).map_err(|Malformed| "its response can't be read".to_owned())
}

fn request(url: &str, body: &str, signed: Option<(&Signer, &Credentials)>) -> Result<Request<SdkBody>> {
    let unusable = || Error::new(ErrorKind::Config, "the endpoint of STS can't be used");
    let uri: http::Uri = format!("{url}/").parse().map_err(|_| unusable())?;
    let host = uri.authority().ok_or_else(unusable)?.as_str();
    let mut headers = Headers::from([
        (header::HOST, value(host)?),
        (header::CONTENT_TYPE, value("application/x-www-form-urlencoded")?),
        (header::CONTENT_LENGTH, value(&body.len().to_string())?),
    ]);
    if let Some((signer, keys)) = signed {
        let mut payload = String::with_capacity(64);
        hex(&mut payload, &Sha256::digest(body));
        let unsigned = Unsigned { method: "POST", path: uri.path(), query: "", payload: &payload };
        signer.sign(&unsigned, &mut headers, keys, SystemTime::now())?;
    }
    headers.push((header::USER_AGENT, value(&format!("oarlock/{VERSION}"))?));
    let mut request = Request::post(uri).body(SdkBody::from(body)).map_err(|_| unusable())?;
    *request.headers_mut() = HeaderMap::from_iter(headers);
    Ok(request)
}

fn session_name(given: Option<&str>) -> String {
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    given.map_or_else(|| format!("oarlock-{}", seconds()), str::to_owned)
}

fn failed(role: &str, with: &str, why: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("the role {role} could not be assumed{with}: {why}"))
}

/// What STS issued.
#[derive(Default)]
struct Issued {
    keys: IssuedKeys,
    arn: Option<String>,
}

impl Issued {
    fn read(body: &[u8], action: &str) -> std::result::Result<Issued, Malformed> {
        let mut issued = Issued::default();
        let root = match action {
            "AssumeRole" => {
                Root { name: "AssumeRoleResponse", operation: "", elements: &["AssumeRoleResult"] }
            }
            _ => Root {
                name: "AssumeRoleWithWebIdentityResponse",
                operation: "",
                elements: &["AssumeRoleWithWebIdentityResult"],
            },
        };
        Document::open(body, &root)?.children(|document, name| match name {
            "AssumeRoleResult" | "AssumeRoleWithWebIdentityResult" => {
                document.children(|document, name| match name {
                    "Credentials" => {
                        issued.keys = IssuedKeys::read(document)?;
                        Ok(())
                    }
                    "AssumedRoleUser" => document.children(|document, name| {
                        match name {
                            "Arn" => issued.arn = document.filled()?,
                            _ => document.skip()?,
                        }
                        Ok(())
                    }),
                    _ => document.skip(),
                })
            }
            _ => document.skip(),
        })?;
        Ok(issued)
    }

    fn credentials(self, role: &str) -> Result<Credentials> {
        let (Some(id), Some(secret), Some(token)) = (self.keys.id, self.keys.secret, self.keys.token) else {
            fail!(Credentials, "STS answered without credentials for the role {role}")
        };
        let Some(expiry): Option<Timestamp> = self.keys.expiration.as_deref().and_then(moment) else {
            fail!(Credentials, "STS answered with an expiry that is no time for the role {role}")
        };
        let mut built = Credentials::builder()
            .access_key_id(id)
            .secret_access_key(secret)
            .session_token(token)
            .expiry(expiry.into())
            .provider_name("oarlock");
        // arn:aws:sts::ACCOUNT:assumed-role/…
        let account = self.arn.and_then(|arn| arn.split(':').nth(4).map(str::to_owned));
        built.set_account_id(account.filter(|account| !account.is_empty()).map(Into::into));
        Ok(built.build())
    }
}
