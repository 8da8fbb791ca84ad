//! `get_many`, `put_many`, `head_many`: a list of objects, and each one's fate in the order given.
//!
//! Law: a fate is told for every item, as a reply or as the kind and sentence of its error; only what concerns all of them (a
//! missing bucket, no credentials) fails the call. Results in memory are the caller's to hold: files have no such limit.

use std::sync::Arc;

use futures_util::StreamExt;

use super::{At, each, limit};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Item, Items};
use crate::mailbox::Mailbox;
use crate::options::{Get, GetMany, Head, HeadMany, Put, PutMany};
use crate::reply::{Fetched, Headed, Stored};

pub(crate) async fn get_many<'a>(at: impl Into<At<'a>>, mailbox: &Arc<Mailbox>, items: Items, options: GetMany) -> Result<Vec<Fetched>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        if item.body.is_some() || item.content_type.is_some() {
            fail!(InvalidInput, "`get_many` takes a key, a path and a version_id for each object, no body and content_type");
        }
        fates.push(Fetched { key: item.key.0.clone(), ..Fetched::default() });
    }
    let work = move |own: Arc<Mailbox>, item: Item| async move {
        let into = item.path.map_or(Sink::Memory, Sink::File);
        at.get(&own, item.key, into, Get { version_id: item.version_id, ..Get::default() }).await
    };
    let mut outcomes = std::pin::pin!(each(mailbox, limit, items.0, work));
    while let Some((number, outcome)) = outcomes.next().await {
        let fate = &mut fates[number];
        match outcome {
            Ok(reply) => (fate.meta, fate.body) = (Some(reply.meta), reply.body),
            Err(error) => (fate.error, fate.message) = told(error)?,
        }
    }
    Ok(fates)
}

pub(crate) async fn put_many<'a>(at: impl Into<At<'a>>, mailbox: &Arc<Mailbox>, items: Items, options: PutMany) -> Result<Vec<Stored>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        match (&item.body, &item.path, &item.version_id) {
            (Some(_), None, None) | (None, Some(_), None) => {}
            (_, _, Some(_)) => fail!(InvalidInput, "a new object has no version_id to name, as the item for {:?} does", item.key.0),
            _ => {
                fail!(InvalidInput, "`put_many` takes a path or a body for each object; the item for {:?} has both or neither", item.key.0)
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
    let mut outcomes = std::pin::pin!(each(mailbox, limit, items.0, work));
    while let Some((number, outcome)) = outcomes.next().await {
        let fate = &mut fates[number];
        match outcome {
            Ok(reply) => (fate.etag, fate.version_id, fate.size) = (reply.etag, reply.version_id, reply.size),
            Err(error) => (fate.error, fate.message) = told(error)?,
        }
    }
    Ok(fates)
}

pub(crate) async fn head_many<'a>(at: impl Into<At<'a>>, mailbox: &Arc<Mailbox>, items: Items, options: HeadMany) -> Result<Vec<Headed>> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut fates = Vec::with_capacity(items.0.len());
    for item in &items.0 {
        if item.path.is_some() || item.body.is_some() || item.content_type.is_some() {
            fail!(InvalidInput, "`head_many` takes a key and a version_id for each object, nothing more");
        }
        fates.push(Headed { key: item.key.0.clone(), ..Headed::default() });
    }
    let work = move |own: Arc<Mailbox>, item: Item| async move {
        at.head(&own, item.key, Head { version_id: item.version_id, ..Head::default() }).await
    };
    let mut outcomes = std::pin::pin!(each(mailbox, limit, items.0, work));
    while let Some((number, outcome)) = outcomes.next().await {
        let fate = &mut fates[number];
        match outcome {
            Ok(meta) => fate.meta = Some(meta),
            Err(error) => (fate.error, fate.message) = told(error)?,
        }
    }
    Ok(fates)
}

/// The kind and the sentence of an error that is one object's own; one that concerns all of them ends the call.
fn told(error: Error) -> Result<(Option<String>, Option<String>)> {
    match error.kind() {
        ErrorKind::NoSuchBucket | ErrorKind::Config | ErrorKind::Credentials | ErrorKind::WrongRegion | ErrorKind::Internal => Err(error),
        kind => Ok((Some(kind.name().to_owned()), Some(error.message().to_owned()))),
    }
}
