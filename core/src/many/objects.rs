//! `get_many`, `put_many`, `head_many`, `delete_many`: one result for each object, in the given order or as
//! it arrives.
//!
//! Invariant: every item has a result: a reply, or the kind and message of its error. Only an error that
//! concerns all items (a missing bucket, no credentials) fails the call. Results in memory can exhaust it;
//! files have no such limit.

use std::pin::pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};

use super::{At, InFlight, each, limit};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Item, Items, Keys};
use crate::mailbox::Mailbox;
use crate::options::{DeleteMany, Get, GetMany, Head, HeadMany, Put, PutMany};
use crate::reply::{Deleted, Fetched, Headed, Stored};
use crate::s3;
use crate::value::{Callback, Field, Value};

pub(crate) async fn get_many<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    items: Items,
    options: GetMany,
) -> Result<Vec<Fetched>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        if item.body.is_some() || item.content_type.is_some() {
            fail!(
                InvalidInput,
                "`get_many` takes a key, a path and a version_id for each object, no body and content_type"
            );
        }
        fates.push(Fetched { key: item.key.0.clone(), ..Fetched::default() });
    }
    let work = move |own: Arc<Mailbox>, item: Item| async move {
        let into = item.path.map_or(Sink::Memory, Sink::File);
        at.get(&own, item.key, into, Get { version_id: item.version_id, ..Get::default() }).await
    };
    report(
        mailbox,
        options.each.as_ref(),
        limit,
        fates,
        each(mailbox, limit, items.0, work),
        |fate, outcome| {
            match outcome {
                Ok(reply) => (fate.meta, fate.body) = (Some(reply.meta), reply.body),
                Err(error) => (fate.error, fate.message) = own(error)?,
            }
            Ok(())
        },
    )
    .await
}

pub(crate) async fn put_many<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    items: Items,
    options: PutMany,
) -> Result<Vec<Stored>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        match (&item.body, &item.path, &item.version_id) {
            (Some(_), None, None) | (None, Some(_), None) => {}
            (_, _, Some(_)) => fail!(
                InvalidInput,
                "a new object has no version_id to name, as the item for {:?} does",
                item.key.0
            ),
            _ => {
                fail!(
                    InvalidInput,
                    "`put_many` takes a path or a body for each object; the item for {:?} has both or \
                     neither",
                    item.key.0
                )
            }
        }
        fates.push(Stored { key: item.key.0.clone(), ..Stored::default() });
    }
    let work = move |own: Arc<Mailbox>, item: Item| {
        let put = Put {
            content_type: item.content_type,
            metadata: options.metadata.clone(),
            storage_class: options.storage_class.clone(),
            if_none_match: options.if_none_match.clone(),
            ..Put::default()
        };
        let source = item.path.map_or_else(|| Source::Bytes(item.body.unwrap_or_default()), Source::File);
        async move { at.put(&own, item.key, source, put).await }
    };
    report(
        mailbox,
        options.each.as_ref(),
        limit,
        fates,
        each(mailbox, limit, items.0, work),
        |fate, outcome| {
            match outcome {
                Ok(reply) => {
                    (fate.etag, fate.version_id, fate.size) = (reply.etag, reply.version_id, reply.size)
                }
                Err(error) => (fate.error, fate.message) = own(error)?,
            }
            Ok(())
        },
    )
    .await
}

pub(crate) async fn head_many<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    items: Items,
    options: HeadMany,
) -> Result<Vec<Headed>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        if item.path.is_some() || item.body.is_some() || item.content_type.is_some() {
            fail!(InvalidInput, "`head_many` takes a key and a version_id for each object, nothing more");
        }
        fates.push(Headed { key: item.key.0.clone(), ..Headed::default() });
    }
    mailbox.count_objects(Some(items.0.len() as u64));
    let whole = mailbox.clone();
    let work = move |own: Arc<Mailbox>, item: Item| {
        let whole = whole.clone();
        async move {
            let outcome =
                at.head(&own, item.key, Head { version_id: item.version_id, ..Head::default() }).await;
            whole.advance_objects(1);
            outcome
        }
    };
    report(
        mailbox,
        options.each.as_ref(),
        limit,
        fates,
        each(mailbox, limit, items.0, work),
        |fate, outcome| {
            match outcome {
                Ok(meta) => fate.meta = Some(meta),
                Err(error) => (fate.error, fate.message) = own(error)?,
            }
            Ok(())
        },
    )
    .await
}

pub(crate) async fn delete_many<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    keys: Keys,
    options: DeleteMany,
) -> Result<Vec<Deleted>> {
    let at = at.into();
    mailbox.count_objects(Some(keys.0.len() as u64));
    let batches: Vec<Keys> = keys.0.chunks(s3::BATCH).map(|batch| Keys(batch.to_vec())).collect();
    let mut rows = pin!(stream::iter(batches).then(|batch| async {
        let count = batch.0.len() as u64;
        let rows = at.delete_many(mailbox, batch).await?;
        mailbox.advance_objects(count);
        Ok::<_, Error>(rows)
    }));
    let Some(callback) = &options.each else {
        let mut fates = Vec::new();
        while let Some(rows) = rows.next().await {
            fates.extend(rows?);
        }
        return Ok(fates);
    };
    tell(mailbox, callback, 1, rows.map(|rows| rows.map(Field::into_value))).await?;
    Ok(Vec::new())
}

/// The fates, each settled by its outcome: in their order at the end, or given to the host's function as they
/// come.
async fn report<R: Field + Default, O>(
    mailbox: &Mailbox,
    each: Option<&Callback>,
    limit: InFlight,
    mut fates: Vec<R>,
    outcomes: impl Stream<Item = (usize, Result<O>)>,
    settle: impl Fn(&mut R, Result<O>) -> Result<()>,
) -> Result<Vec<R>> {
    let mut outcomes = pin!(outcomes);
    let Some(callback) = each else {
        while let Some((number, outcome)) = outcomes.next().await {
            settle(&mut fates[number], outcome)?;
        }
        return Ok(fates);
    };
    let rows = outcomes.map(|(number, outcome)| {
        let mut fate = std::mem::take(&mut fates[number]);
        settle(&mut fate, outcome).map(|()| fate.into_value())
    });
    tell(mailbox, callback, limit.first, rows).await?;
    Ok(Vec::new())
}

/// Gives lists of rows to the host's function, joined with those that came while it ran; when `most` wait for
/// it, no more are made.
async fn tell(
    mailbox: &Mailbox,
    callback: &Callback,
    most: usize,
    rows: impl Stream<Item = Result<Value>>,
) -> Result<()> {
    let mut rows = pin!(rows);
    let (mut waiting, mut ended, mut telling) = (Vec::new(), false, None);
    while !(ended && waiting.is_empty() && telling.is_none()) {
        if telling.is_none() && !waiting.is_empty() {
            telling = Some(Box::pin(tell_once(mailbox, callback, std::mem::take(&mut waiting))));
        }
        let answer = async {
            match &mut telling {
                Some(telling) => telling.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answer => {
                answer?;
                telling = None;
            }
            row = rows.next(), if !ended && waiting.len() < most => match row.transpose()? {
                // Those of a batch come together.
                Some(Value::List(batch)) => waiting.extend(batch),
                Some(row) => waiting.push(row),
                None => ended = true,
            }
        }
    }
    Ok(())
}

async fn tell_once(mailbox: &Mailbox, callback: &Callback, rows: Vec<Value>) -> Result<()> {
    mailbox.ask(callback.clone(), Value::List(rows)).await.map(drop).map_err(|error| {
        if error.kind() == ErrorKind::Cancelled {
            return error;
        }
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let why: String = error.message().chars().map(printable).take(300).collect();
        Error::new(ErrorKind::Io, format!("the function given as `each` failed: {why}"))
    })
}

/// The kind and the sentence of an error that is one object's own; one that concerns all of them ends the
/// call.
pub(super) fn own(error: Error) -> Result<(Option<String>, Option<String>)> {
    match error.kind() {
        ErrorKind::NoSuchBucket
        | ErrorKind::Config
        | ErrorKind::Credentials
        | ErrorKind::WrongRegion
        | ErrorKind::Internal => Err(error),
        kind => Ok((Some(kind.name().to_owned()), Some(error.message().to_owned()))),
    }
}
