//! `explain` of a directory store: its path, its settings and, as a check, whether objects can be written,
//! read and deleted.
//!
//! Invariant: as for a bucket, what is broken is a row. A check leaves nothing behind but the reserved
//! directory that any write makes.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use super::BODY;
use crate::config::shown;
use crate::error::{Error, ErrorKind, Result};
use crate::io::{Sink, Source};
use crate::keys::{Key, Prefix};
use crate::local::{Local, delete, get, head, list, put};
use crate::mailbox::Mailbox;
use crate::options::{Delete, Explain, Get, Head, List, Put};
use crate::reply::Explained;
use crate::version::VERSION;

pub(crate) async fn explain(at: &Local, mailbox: &Arc<Mailbox>, options: Explain) -> Result<Vec<Explained>> {
    let config = at.config();
    let mut rows = vec![Explained::row("url", config.url(), None)];
    rows.push(match std::fs::metadata(at.root()) {
        Ok(found) if found.is_dir() => {
            let mode = found.permissions().mode() & 0o777;
            Explained::row("directory", format!("{} (mode {mode:o})", at.root().display()), Some("URL"))
        }
        Ok(_) => {
            let error =
                Error::new(ErrorKind::NoSuchBucket, format!("{} is no directory", at.root().display()));
            Explained::broken("directory", &error, Some("URL"))
        }
        Err(error) => {
            let error = Error::new(ErrorKind::NoSuchBucket, format!("{}: {error}", at.root().display()));
            Explained::broken("directory", &error, Some("URL"))
        }
    });
    rows.push(Explained::row(
        "provider",
        "none: files are opened as the user that the program runs as",
        None,
    ));
    rows.extend(
        config
            .to_pairs()
            .iter()
            .map(|(name, value)| Explained::row(name, shown(name, value), config.sources.of(name))),
    );
    rows.push(Explained::row("version", VERSION, None));
    if options.check == Some(true) {
        check(at, mailbox, &mut rows).await?;
    }
    Ok(rows)
}

async fn check(at: &Local, mailbox: &Arc<Mailbox>, rows: &mut Vec<Explained>) -> Result<()> {
    let Key(name) = super::key();
    let key = || Key(name.clone());
    let mut say = |step: &str, outcome: Result<bool>| match outcome {
        Ok(true) => rows.push(Explained::row(step, "ok", None)),
        Ok(false) => rows.push(Explained::broken(
            step,
            &Error::new(ErrorKind::Corrupt, "the object is not there as it was put"),
            None,
        )),
        Err(error) => rows.push(Explained::broken(step, &error, None)),
    };
    let (of_cleanup, its_mailbox, its_key) = (at.clone(), mailbox.clone(), key());
    let cleanup = mailbox.on_abandon(async move {
        let _ = delete(&of_cleanup, &its_mailbox, its_key, Delete::default()).await;
    });
    let stored = put(at, mailbox, key(), Source::from(BODY), Put::default()).await;
    let there = stored.is_ok();
    say("check put", stored.map(|_| true));
    if !there {
        ["check head", "check get", "check list", "check delete"].into_iter().for_each(|step| {
            rows.push(Explained::row(step, "not tried: there is no object", None));
        });
        mailbox.keep(cleanup);
        return Ok(());
    }
    say(
        "check head",
        head(at, mailbox, key(), Head::default()).await.map(|meta| meta.size == Some(BODY.len() as u64)),
    );
    let read = get(at, mailbox, key(), Sink::Memory, Get::default()).await;
    say("check get", read.map(|reply| reply.body.is_some_and(|body| body == BODY)));
    let page = list(at, mailbox, Prefix(name.clone()), List::default()).await;
    say("check list", page.map(|page| page.entries.len() == 1));
    say("check delete", delete(at, mailbox, key(), Delete::default()).await.map(|_| true));
    mailbox.keep(cleanup);
    Ok(())
}
