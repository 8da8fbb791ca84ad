//! The store's identity, the files it comes from, and the sources that had none.
//!
//! Invariant: of keys only the access key id is shown, shortened: who mixed it up with the secret must not
//! find that here.

use std::os::unix::fs::PermissionsExt as _;
use std::time::SystemTime;

use jiff::Timestamp;

use super::store::Facts;
use crate::ambient;
use crate::credentials::{CredentialSource, SourcedCredentials};
use crate::reply::Explained;

pub(super) async fn tell(facts: &Facts<'_>, fetch: bool, rows: &mut Vec<Explained>) {
    let named = facts.at.sources().of("provider");
    let mut searched = None;
    match &facts.identity {
        Err(error) => rows.push(Explained::broken("provider", error, named)),
        Ok(CredentialSource::Anonymous) => {
            rows.push(Explained::row(
                "provider",
                "anonymous",
                Some(facts.at.sources().of("anonymous").or(named).unwrap_or("default")),
            ));
        }
        Ok(CredentialSource::Keys(keys)) => whose(keys, Some(facts.source("access_key_id")), rows),
        Ok(CredentialSource::Fetched(_)) if !fetch => {
            rows.push(Explained::row("provider", "not asked, as `identity` is false", named));
        }
        Ok(CredentialSource::Fetched(provider)) => {
            let outcome = provider.get().await;
            let (trail, renewal) = provider.told();
            match outcome {
                Ok(keys) => whose(&keys, trail.place.as_deref(), rows),
                Err(error) => {
                    rows.push(Explained::broken("provider", &error, trail.place.as_deref().or(named)))
                }
            }
            if let Some(renewal) = renewal {
                rows.push(Explained::row("renewal", format!("from {} on", time(renewal)), None));
            }
            rows.extend(trail.roles.iter().map(|role| Explained::row("role", role, trail.place.as_deref())));
            searched = Some(trail);
        }
    }
    files(facts, rows);
    for (place, why) in searched.iter().flat_map(|trail| &trail.tried) {
        rows.push(Explained::row("tried", why, Some(place)));
    }
}

fn whose(keys: &SourcedCredentials, source: Option<&str>, rows: &mut Vec<Explained>) {
    let found = &keys.credentials;
    rows.push(Explained::row("provider", keys.provider, source));
    rows.push(Explained::row("access_key_id", shortened(found.access_key_id()), source));
    if let Some(account) = found.account_id() {
        rows.push(Explained::row("account_id", account.as_str(), source));
    }
    if let Some(expiry) = found.expiry() {
        rows.push(Explained::row("expires", time(expiry), source));
    }
}

/// Enough to tell one key from another.
fn shortened(id: &str) -> String {
    let letters: Vec<char> = id.chars().collect();
    let shown = if letters.len() >= 16 { 4 } else { letters.len() / 4 };
    let (first, last) = (&letters[..shown], &letters[letters.len() - shown..]);
    format!("{}…{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}

fn time(moment: SystemTime) -> String {
    let whole = Timestamp::try_from(moment).and_then(|moment| moment.round(jiff::Unit::Second));
    whole.map_or_else(|_| "beyond all calendars".to_owned(), |moment| moment.to_string())
}

/// The profile and the shared files, which name regions and endpoints even where the keys come from
/// elsewhere.
fn files(facts: &Facts<'_>, rows: &mut Vec<Explained>) {
    let settings = facts.at.settings();
    let place = |setting: &str, variable: Option<&str>| match (facts.at.sources().of(setting), variable) {
        (Some(place), _) => place.to_owned(),
        (None, Some(variable)) => format!("environment variable {variable}"),
        (None, None) => "default".to_owned(),
    };
    let (name, named_by) = ambient::meant(settings);
    let state = match &facts.found.unread {
        None if facts.known => name,
        None => format!("{name}, which is in none of the files"),
        // No error here: the code that needs the files reports it.
        Some(error) => error.message().to_owned(),
    };
    rows.push(Explained::row("profile", state, Some(&place("profile", named_by))));
    let [config, credentials] = ambient::places(settings);
    for (setting, (path, variable)) in [("config_file", config), ("credentials_file", credentials)] {
        let state = match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => ", which is not there".to_owned(),
            Err(error) => format!(", which can't be looked at: {error}"),
            // A device such as /dev/null is everybody's, and holds nothing.
            Ok(found) if !found.is_file() => String::new(),
            Ok(found) => match found.permissions().mode() & 0o777 {
                mode if mode & 0o022 != 0 => format!(", which others may write (mode {mode:o})"),
                mode if mode & 0o044 != 0 && setting == "credentials_file" => {
                    format!(", which others may read (mode {mode:o})")
                }
                _ => String::new(),
            },
        };
        rows.push(Explained::row(
            setting,
            format!("{}{state}", path.display()),
            Some(&place(setting, variable)),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shortened() {
        for (id, shown) in [
            ("AKIAIOSFODNN7EXAMPLE", "AKIA…MPLE"),
            ("AKIDSHORT", "AK…RT"),
            ("id", "…"),
            ("", "…"),
            ("ключключ", "кл…юч"),
        ] {
            assert_eq!(shortened(id), shown);
        }
    }
}
