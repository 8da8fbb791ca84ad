//! Credentials of a console sign-in, kept in a file by `aws login`, and renewed as long as the sign-in lasts.
//!
//! Invariant: never signs anyone in. What was renewed goes back into the file, which other programs use too,
//! and whatever else stands there stays. While the credentials are good, a renewal that fails is only logged.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::answer::{WINDOW, moment};
use super::private::PrivateDirectory;
use super::proof;
use super::services::Services;
use crate::ambient::{self, home, root, variable, warn_of_readers};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::observe::{Level, event};

/// More than any answer has.
const LIMIT: usize = 64 << 10;

pub(super) async fn credentials(
    services: &Services<'_>,
    session: &str,
    profile: &str,
) -> Result<Credentials> {
    let mut file = ConsoleSignIn::read(session, profile)?;
    if SystemTime::from(file.expiry) <= SystemTime::now() + WINDOW
        && let Err(why) = file.renew(services).await
    {
        match ConsoleSignIn::read(session, profile) {
            // Another program was faster, and used up the file's right to renew.
            Ok(again) if again.expiry > file.expiry => file = again,
            _ if file.expiry > Timestamp::now() => {
                event(
                    Level::Warning,
                    format!("the sign-in of profile `{profile}` could not be renewed yet: {why}"),
                );
            }
            _ => fail!(
                Credentials,
                "the credentials of profile `{profile}`'s sign-in expired at {}, and could not be renewed: \
                 {why}; run `aws login --profile {profile}`",
                file.expiry
            ),
        }
    }
    Ok(file.keys)
}

/// A sign-in's file.
struct ConsoleSignIn {
    path: PathBuf,
    fields: Map<String, Value>,
    keys: Credentials,
    expiry: Timestamp,
}

impl ConsoleSignIn {
    fn read(session: &str, profile: &str) -> Result<ConsoleSignIn> {
        let name: String = Sha256::digest(session.trim()).iter().map(|byte| format!("{byte:02x}")).collect();
        let directory =
            variable("AWS_LOGIN_CACHE_DIRECTORY").map_or_else(|| home("~/.aws/login/cache"), PathBuf::from);
        let path = directory.join(format!("{name}.json"));
        let shown = path.display();
        let advice = format!("run `aws login --profile {profile}`");
        let mut text = Vec::new();
        let read = std::fs::File::open(&path).and_then(|mut file| {
            warn_of_readers(&path, &file.metadata()?);
            file.read_to_end(&mut text)
        });
        read.map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!("the sign-in in {shown} can't be read: {error}; {advice}"),
            )
        })?;
        // The parser's own error is not shown: it may quote the secret.
        let fields: Map<String, Value> = serde_json::from_slice(&text).unwrap_or_default();
        let Some((keys, expiry)) = fields.get("accessToken").and_then(keys) else {
            fail!(Credentials, "the sign-in in {shown} holds no credentials; {advice}");
        };
        Ok(ConsoleSignIn { path, fields, keys, expiry })
    }

    fn said(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Renews the credentials, here and in the file.
    async fn renew(&mut self, services: &Services<'_>) -> std::result::Result<(), String> {
        let (Some(client), Some(token), Some(key)) =
            (self.said("clientId"), self.said("refreshToken"), self.said("dpopKey"))
        else {
            return Err("its file holds nothing to renew it with".to_owned());
        };
        let region = self.said("signInRegion").unwrap_or_else(|| ambient::region(services.settings));
        let (url, http) =
            services.plainly("signin", &place(region)).map_err(|error| error.message().to_owned())?;
        let url = format!("{}/v1/token", url.trim_end_matches('/'));
        let unique = format!(
            "{:016x}{:016x}",
            RandomState::new().build_hasher().finish(),
            RandomState::new().build_hasher().finish()
        );
        let asked = json!({ "clientId": client, "grantType": "refresh_token", "refreshToken": token });
        let request = http::Request::post(&url)
            .header("content-type", "application/json")
            .header("dpop", proof::of(key, &url, &unique)?)
            .body(SdkBody::from(asked.to_string()))
            .map_err(|_| format!("{url} is no address to ask"))?;
        let (connect, read) = services.patience();
        let answer = http.send(request, connect, read).await.map_err(|error| root(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LIMIT)
            .collect()
            .await
            .map_err(|error| root(&*error))?
            .to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !status.is_success() {
            let said = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default();
            return Err(format!("status {} {} {}", status.as_u16(), said("error"), said("message"))
                .trim_end()
                .to_owned());
        }
        let seconds =
            answer.get("expiresIn").and_then(Value::as_i64).filter(|seconds| (1..1 << 32).contains(seconds));
        let (Some(Value::Object(mut given)), Some(seconds)) = (answer.get("accessToken").cloned(), seconds)
        else {
            return Err("the answer holds no credentials".to_owned());
        };
        let expiry = Timestamp::from_second(Timestamp::now().as_second() + seconds)
            .map_err(|error| error.to_string())?;
        given.insert("expiresAt".to_owned(), expiry.to_string().into());
        if let Some(account) = self.fields.get("accessToken").and_then(|token| token.get("accountId")) {
            given.insert("accountId".to_owned(), account.clone());
        }
        let given = Value::Object(given);
        let Some((keys, expiry)) = keys(&given) else {
            return Err("the answer holds no credentials".to_owned());
        };
        self.fields.insert("accessToken".to_owned(), given);
        if let Some(token) = answer.get("refreshToken") {
            self.fields.insert("refreshToken".to_owned(), token.clone());
        }
        (self.keys, self.expiry) = (keys, expiry);
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let text = Value::Object(self.fields.clone()).to_string();
        if let Err(error) =
            PrivateDirectory::of(&self.path).and_then(|directory| directory.write(name, text.as_bytes()))
        {
            event(
                Level::Warning,
                format!("the renewed sign-in can't be kept in {}: {error}", self.path.display()),
            );
        }
        Ok(())
    }
}

/// The credentials of an access token, and when they expire.
fn keys(token: &Value) -> Option<(Credentials, Timestamp)> {
    let said = |name: &str| token.get(name)?.as_str().filter(|text| !text.is_empty());
    let expiry = said("expiresAt").and_then(moment)?;
    let mut keys = Credentials::builder()
        .access_key_id(said("accessKeyId")?)
        .secret_access_key(said("secretAccessKey")?)
        .session_token(said("sessionToken")?)
        .expiry(expiry.into())
        .provider_name("oarlock");
    keys.set_account_id(said("accountId").map(Into::into));
    Some((keys.build(), expiry))
}

/// Where a region's sign-ins are renewed.
fn place(region: &str) -> String {
    let domain = match region {
        region if region.starts_with("cn-") => "amazonaws.cn",
        region if region.starts_with("us-gov-") => "amazonaws-us-gov.com",
        region if region.starts_with("eusc-") => "amazonaws-eusc.eu",
        _ => "aws.amazon.com",
    };
    format!("https://{region}.signin.{domain}")
}
