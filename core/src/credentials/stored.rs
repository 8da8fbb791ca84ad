//! Credentials of roles, kept in a directory for the user's other processes: only where the setting
//! `credentials_cache` names one.
//!
//! Invariant: holds what STS, SSO and a `credential_process` gave, never keys that a host, a file or the
//! environment holds already. Keys without an end are not kept.
//! What expires within five minutes, what can't be read and what we were given before counts as not there. Of
//! processes that want the same, one asks.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{WINDOW, moment};
use super::private::PrivateDirectory;
use crate::ambient::home;
use crate::error::Result;
use crate::observe::{Level, event};

/// How long to wait for another process that asks.
const PATIENCE: Duration = Duration::from_secs(10);

/// The credentials of the source that `telling` distinguishes from every other: those that the directory
/// holds, or those that `fetch` gives. `had` is the access key id of credentials that are to be replaced.
pub(super) async fn kept(
    directory: Option<&str>,
    telling: &[String],
    had: Option<&str>,
    fetch: impl Future<Output = Result<Credentials>>,
) -> Result<Credentials> {
    let Some(path) = directory else { return fetch.await };
    let unusable = |error: std::io::Error| {
        event(Level::Warning, format!("the credentials_cache {path} can't be used: {error}"));
    };
    let Ok(directory) = PrivateDirectory::own(&home(path)).map_err(unusable) else { return fetch.await };
    let name = name(telling);
    let good = |found: &Credentials| Some(found.access_key_id()) != had;
    let file = format!("{name}.json");
    let held = || directory.read(&file).and_then(|text| read(&text)).filter(good);
    if let Some(found) = held() {
        return Ok(found);
    }
    let _lock = directory.lock(&format!("{name}.lock"), PATIENCE).await.map_err(unusable);
    // The former holder of the lock may have fetched them.
    if let Some(found) = held() {
        return Ok(found);
    }
    let keys = fetch.await?;
    if let Some(text) = write(&keys)
        && let Err(error) = directory.write(&file, text.as_bytes())
    {
        unusable(error);
    }
    Ok(keys)
}

/// The name of a source's file: nothing of the source can be read from it.
fn name(telling: &[String]) -> String {
    let mut hash = Sha256::new();
    for text in telling {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(text: &[u8]) -> Option<Credentials> {
    let document: Value = serde_json::from_slice(text).ok()?;
    let fields = document.get("Credentials")?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let expiry = SystemTime::from(text("Expiration").and_then(moment)?);
    if expiry < SystemTime::now() + WINDOW {
        return None;
    }
    let mut keys = Credentials::builder()
        .access_key_id(text("AccessKeyId")?)
        .secret_access_key(text("SecretAccessKey")?)
        .session_token(text("SessionToken")?)
        .expiry(expiry)
        .provider_name("oarlock");
    keys.set_account_id(text("AccountId").map(Into::into));
    Some(keys.build())
}

/// As the AWS CLI writes it; nothing for keys without a token or an end.
fn write(keys: &Credentials) -> Option<String> {
    let expiry = Timestamp::try_from(keys.expiry()?).ok()?;
    let document = json!({"Credentials": {
        "AccessKeyId": keys.access_key_id(),
        "SecretAccessKey": keys.secret_access_key(),
        "SessionToken": keys.session_token()?,
        "Expiration": expiry.to_string(),
        "AccountId": keys.account_id().map(|account| account.as_str()),
    }});
    Some(document.to_string())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::*;

    fn keys(id: &str, seconds: u64) -> Credentials {
        Credentials::new(
            id,
            "s",
            Some("t".to_owned()),
            Some(SystemTime::now() + Duration::from_secs(seconds)),
            "test",
        )
    }

    #[test]
    fn fetched_once_and_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("cache").display().to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let fetches = Cell::new(0);
        let ask = |telling: &str, had: Option<&str>, seconds| {
            let fetch = async {
                fetches.set(fetches.get() + 1);
                Ok(keys(&format!("id{}", fetches.get()), seconds))
            };
            runtime
                .block_on(kept(Some(&path), &[telling.to_owned()], had, fetch))
                .unwrap()
                .access_key_id()
                .to_owned()
        };
        assert_eq!((ask("a", None, 3600), ask("a", None, 3600)), ("id1".to_owned(), "id1".to_owned()));
        // What we had, because it was refused or is due, is not taken again.
        assert_eq!(
            (ask("a", Some("id1"), 3600), ask("a", Some("id1"), 3600)),
            ("id2".to_owned(), "id2".to_owned())
        );
        assert_eq!(ask("b", None, 200), "id3");
        // Too short of time, or spoilt.
        assert_eq!(ask("b", None, 3600), "id4");
        let file = Path::new(&path).join(format!("{}.json", name(&["b".to_owned()])));
        for junk in ["", "{", "[]", "{\"Credentials\": {\"AccessKeyId\": \"x\"}}"] {
            std::fs::write(&file, junk).unwrap();
            let before = fetches.get();
            ask("b", None, 3600);
            assert_eq!(fetches.get(), before + 1, "{junk}");
        }
        // A directory that others can enter is not used, and nobody fails for that.
        let open = place.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let given = runtime
            .block_on(kept(Some(&open.display().to_string()), &[], None, async { Ok(keys("x", 3600)) }));
        assert_eq!((given.unwrap().access_key_id(), std::fs::read_dir(&open).unwrap().count()), ("x", 0));
    }
}
