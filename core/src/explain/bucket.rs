//! `explain` of a bucket: the facts of the store, and as a check whether an object of a random name can be
//! stored, read, listed and deleted, and an upload aborted, as package servers need it.
//!
//! Invariants: an object that was stored is deleted again, also when the call is cancelled; where that is
//! refused, a row names it. A refusal is reported with the permission that is missing.

use std::sync::Arc;

use tokio::sync::watch;

use super::{BODY, store};
use crate::encrypted;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{Delete, Explain, Get, Head, List, Put};
use crate::reply::{Explained, PutReply};
use crate::runtime::workers;
use crate::s3::{self, S3, head, list};
use crate::transfer;

/// What is missing where a step is refused: the permission, and what for.
struct Missing {
    bucket: String,
    objects: String,
}

impl Missing {
    fn at(at: &S3, region: &str) -> Missing {
        let partition =
            [("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b")];
        let partition =
            partition.iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, name)| name);
        match at.bucket() {
            point if point.starts_with("arn:") => {
                Missing { bucket: point.to_owned(), objects: format!("{point}/object/{}*", at.prefix()) }
            }
            bucket => Missing {
                bucket: format!("arn:{partition}:s3:::{bucket}"),
                objects: format!("arn:{partition}:s3:::{bucket}/{}*", at.prefix()),
            },
        }
    }

    /// The error, with the permission named if that is what it is about.
    fn named(&self, error: Error, permission: &str) -> Error {
        // KMS names its own, and to refusals of the identity no permission would help.
        let is_named = error.code() == Some("AccessDeniedException");
        if error.kind() != ErrorKind::PermissionDenied || is_named || s3::is_of_identity(error.code()) {
            return error;
        }
        Error::new(error.kind(), format!("missing permission: {permission}; {}", error.message()))
    }
}

pub(crate) async fn explain(at: &S3, mailbox: &Arc<Mailbox>, options: Explain) -> Result<Vec<Explained>> {
    let mut rows = store::rows(at, options.identity != Some(false)).await;
    if options.check == Some(true) {
        check(at, mailbox, &mut rows).await;
    }
    Ok(rows)
}

async fn check(at: &S3, mailbox: &Arc<Mailbox>, rows: &mut Vec<Explained>) {
    kms(at, rows).await;
    let region = rows.iter().find(|row| row.what == "region").map_or("", |row| row.value.as_str());
    let missing = Missing::at(at, region);
    let key = super::key();
    let mut say = |step: &str, outcome: Result<&str>| match outcome {
        Ok(text) => rows.push(Explained::row(step, text, None)),
        Err(error) => rows.push(Explained::broken(step, &error, None)),
    };
    let (put, cleanup) = put(at, mailbox, &key).await;
    let stored = put.as_ref().ok().cloned();
    let refused = put
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied && !s3::is_of_identity(error.code()));
    // Whether an object may be there: a request that reached the server and got no clear answer may have been
    // carried out.
    let uncertain = put.as_ref().is_err_and(Error::is_unsure);
    let failed = put.is_err();
    say("check put", put.map(|_| "ok").map_err(|error| missing.named(error, &putting(at, &missing))));
    if failed && !refused {
        let untried = "not tried, because the object could not be put";
        ["check head", "check get", "check list", "check abort"]
            .into_iter()
            .for_each(|step| say(step, Ok(untried)));
    } else {
        say("check head", looked_at(at, mailbox, &key, stored.is_some(), &missing).await);
        let read = if stored.is_some() {
            read(at, mailbox, &key).await
        } else {
            Ok("not tried: there is no object")
        };
        say(
            "check get",
            read.map_err(|error| missing.named(error, &format!("s3:GetObject on {}", missing.objects))),
        );
        let listed =
            list(at, mailbox, Prefix(key.0.clone()), List { page_size: Some(1), ..List::default() }).await;
        let listed = listed.map(|page| {
            if page.entries.is_empty() && stored.is_some() { "ok, but without the new object" } else { "ok" }
        });
        say(
            "check list",
            listed.map_err(|error| missing.named(error, &format!("s3:ListBucket on {}", missing.bucket))),
        );
        let aborted = aborted(at, &key).await;
        say(
            "check abort",
            aborted.map_err(|error| {
                missing.named(error, &format!("s3:AbortMultipartUpload on {}", missing.objects))
            }),
        );
    }
    if stored.is_some() || uncertain {
        let removed =
            remove(at, mailbox, &key, stored.and_then(|stored| stored.version_id)).await.map_err(|error| {
                let error = missing.named(error, &format!("s3:DeleteObject on {}", missing.objects));
                Error::new(
                    error.kind(),
                    format!("the object {} may be left behind: {}", at.full(&key.0), error.message()),
                )
            });
        say("check delete", removed);
    } else {
        say("check delete", Ok("not tried: there is no object"));
    }
    mailbox.keep(cleanup);
}

/// Tries each permission that the key in KMS needs.
async fn kms(at: &S3, rows: &mut Vec<Explained>) {
    let Some(encryption) = at.encryption() else { return };
    for (permission, outcome) in encryption.kms_permissions().await.into_iter().flatten() {
        let step = format!("check {permission}");
        rows.push(match outcome {
            Some(Ok(())) => Explained::row(&step, "ok", None),
            None => Explained::row(&step, "not tried: there is no data key", None),
            // The verbs for single objects do without it.
            Some(Err(error))
                if error.kind() == ErrorKind::PermissionDenied && permission == "kms:Encrypt" =>
            {
                Explained::row(
                    &step,
                    "missing permission: kms:Encrypt on the key; only `rekey` needs it",
                    None,
                )
            }
            Some(Err(error)) => Explained::broken(&step, &error, None),
        });
    }
}

/// What putting needs.
fn putting(at: &S3, missing: &Missing) -> String {
    match at.settings().sse.as_deref() {
        Some(sse) if sse.starts_with("aws:kms") => {
            format!("s3:PutObject on {}, or kms:GenerateDataKey and kms:Decrypt on the key", missing.objects)
        }
        _ => format!("s3:PutObject on {}", missing.objects),
    }
}

/// Stores the object on a task of its own, which a cancelled call does not stop: what it made is deleted
/// after it.
async fn put(at: &S3, mailbox: &Arc<Mailbox>, key: &Key) -> (Result<PutReply>, u64) {
    let (tell, mut told) = watch::channel(None::<PutReply>);
    let of_task = (at.clone(), mailbox.clone(), key.clone());
    let of_cleanup = of_task.clone();
    let putting = workers().spawn(async move {
        let (at, mailbox, key) = of_task;
        let source = Source::from(BODY);
        let reply = match at.encryption() {
            Some(_) => encrypted::put(&at, &mailbox, key, source, Put::default()).await?,
            None => transfer::put(&at, &mailbox, key, source, Put::default()).await?,
        };
        tell.send_replace(Some(reply.clone()));
        Ok(reply)
    });
    let cleanup = mailbox.on_abandon(async move {
        let (at, mailbox, key) = of_cleanup;
        let reply = told.wait_for(Option::is_some).await.ok().and_then(|reply| reply.clone());
        let _ = remove(&at, &mailbox, &key, reply.and_then(|reply| reply.version_id)).await;
    });
    let outcome = putting.await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Internal, "the check's task stopped; please report it"))
    });
    (outcome, cleanup)
}

async fn looked_at(
    at: &S3,
    mailbox: &Mailbox,
    key: &Key,
    stored: bool,
    missing: &Missing,
) -> Result<&'static str> {
    match head(at, mailbox, key.clone(), Head::default()).await {
        Ok(_) => Ok("ok"),
        Err(error) if !stored && error.kind() == ErrorKind::NotFound => {
            Ok("ok: there is no such object, as it should be")
        }
        // Without the permission to list, the server does not report that an object is missing either.
        Err(error) if !stored => Err(missing.named(
            error,
            &format!("s3:GetObject on {}, or s3:ListBucket on {}", missing.objects, missing.bucket),
        )),
        Err(error) => Err(missing.named(error, &format!("s3:GetObject on {}", missing.objects))),
    }
}

async fn read(at: &S3, mailbox: &Arc<Mailbox>, key: &Key) -> Result<&'static str> {
    let reply = match at.encryption() {
        Some(_) => encrypted::get(at, mailbox, key.clone(), Sink::Memory, Get::default()).await?,
        None => transfer::get(at, mailbox, key.clone(), Sink::Memory, Get::default()).await?,
    };
    if reply.body.as_deref() != Some(BODY.as_bytes()) {
        fail!(
            Corrupt,
            "the server answered {} other bytes than the {} that were put",
            reply.length,
            BODY.len()
        );
    }
    Ok("ok")
}

/// Aborts an upload that does not exist: the permission is needed all the same, and nothing is left to undo.
async fn aborted(at: &S3, key: &Key) -> Result<&'static str> {
    match s3::abort(at, key, "oarlock-check").await {
        Ok(()) => Ok("ok"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        // The server has no such upload; some call the id malformed.
        Err(error) if error.status().is_some_and(|status| (400..500).contains(&status)) => Ok("ok"),
        Err(error) => Err(error),
    }
}

/// Deletes the object. In a versioned bucket its version goes, or, where that is refused, hides behind a
/// delete marker.
async fn remove(at: &S3, mailbox: &Mailbox, key: &Key, version: Option<String>) -> Result<&'static str> {
    let delete = |version_id: Option<String>| {
        s3::delete(at, mailbox, key.clone(), Delete { version_id, ..Delete::default() })
    };
    match version.filter(|version| version != "null") {
        None => delete(None).await.map(|_| "ok"),
        Some(version) => match delete(Some(version)).await {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => delete(None).await.map(
                |_| "ok; without s3:DeleteObjectVersion its version and a delete marker are left behind",
            ),
            deleted => deleted.map(|_| "ok"),
        },
    }
}
