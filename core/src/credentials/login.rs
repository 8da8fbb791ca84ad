//! Credentials of a console sign-in, kept in a file by `aws login`.
//!
//! Law: never signs anyone in, and does not renew: that takes a key which proves who asks, and the AWS CLI does it whenever it is
//! used. Credentials past their time are an error that says so, and how to renew them.

use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::chain::moment;
use crate::ambient::{home, variable, warn_of_readers};
use crate::error::{Error, ErrorKind, Result, fail};

pub(super) fn credentials(session: &str, profile: &str) -> Result<Credentials> {
    let name: String = Sha256::digest(session.trim()).iter().map(|byte| format!("{byte:02x}")).collect();
    let directory = variable("AWS_LOGIN_CACHE_DIRECTORY").map_or_else(|| home("~/.aws/login/cache"), PathBuf::from);
    let path = directory.join(format!("{name}.json"));
    let shown = path.display();
    let advice = format!("run `aws login --profile {profile}`");
    let mut text = Vec::new();
    let read = std::fs::File::open(&path).and_then(|mut file| {
        warn_of_readers(&path, &file.metadata()?);
        file.read_to_end(&mut text)
    });
    read.map_err(|error| Error::new(ErrorKind::Credentials, format!("the sign-in in {shown} can't be read: {error}; {advice}")))?;
    // The parser's own error is not shown: it may quote the secret.
    let document: Value = serde_json::from_slice(&text).unwrap_or_default();
    let said = |name: &str| document.get("accessToken")?.get(name)?.as_str().filter(|text| !text.is_empty());
    let (Some(id), Some(secret), Some(token), Some(expiry)) =
        (said("accessKeyId"), said("secretAccessKey"), said("sessionToken"), said("expiresAt").and_then(moment))
    else {
        fail!(Credentials, "the sign-in in {shown} holds no credentials; {advice}");
    };
    if SystemTime::from(expiry) <= SystemTime::now() {
        fail!(
            Credentials,
            "the credentials of profile `{profile}`'s sign-in expired at {expiry}; any `aws` command of this profile renews them, as long as the sign-in lasts; else {advice}"
        );
    }
    let mut keys = Credentials::builder()
        .access_key_id(id)
        .secret_access_key(secret)
        .session_token(token)
        .expiry(expiry.into())
        .provider_name("oarlock");
    keys.set_account_id(said("accountId").map(Into::into));
    Ok(keys.build())
}
