//! Stores the bytes of a fetch while they come, by one `put`.
//!
//! Invariant: the source of the `put` ends only after the whole was checked, so that nothing else is ever
//! stored. A store that refuses the object is no failure of its readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::at;
use super::fill::{Fill, FillState, Job};
use super::upstream::UpstreamMeta;
use super::window::WindowReader;
use crate::call::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::io::Source;
use crate::observe::{Level, event};
use crate::options::{Head, Put};
use crate::question::Question;
use crate::reply::PutReply;

/// Names of the metadata by which a refresh asks whether the upstream changed.
pub(super) const ETAG: &str = "oarlock-upstream-etag";
pub(super) const LAST_MODIFIED: &str = "oarlock-upstream-last-modified";

/// The longest text of an upstream's that becomes metadata.
const LONGEST: usize = 256;

/// Bytes that the `put` is given at a time.
const LOT: usize = 1 << 20;

/// Stores the object. Returns false if another object stands in its place.
pub(super) async fn keep(fill: &Fill, place: WindowReader, job: &Job, meta: &UpstreamMeta) -> Result<bool> {
    let options = Put {
        content_type: meta.content_type.clone(),
        content_encoding: meta.content_encoding.clone(),
        metadata: Some(metadata(job, meta)),
        if_none_match: job.replaces.is_none().then(|| "*".to_owned()),
        if_match: job.replaces.clone(),
        ..Put::default()
    };
    let (backend, key, share) = (job.backend.clone(), job.key.clone(), job.share.clone());
    let size = meta.size;
    let mut call = Call::begin(false, |mailbox| async move {
        share.into_iter().for_each(|share| mailbox.counts_in(share));
        at(&backend).put(&mailbox, key, Source::Fed(size), options).await
    });
    let fed = feed(fill, &place, &mut call).await;
    // The fetch waits for this place no more.
    drop(place);
    let error = match fed {
        Ok(_) => return Ok(true),
        Err(error) => error,
    };
    let end = fill.watch().borrow().end.clone();
    if let Some(Err(upstream)) = end {
        return Err(upstream);
    }
    if error.kind() == ErrorKind::Precondition {
        return stands(fill, job).await;
    }
    event(Level::Warning, format!("the object was fetched and not kept: {}", error.message()));
    Err(error)
}

/// Whether the object that another process stored first is of the same size. Contents are not compared.
async fn stands(fill: &Fill, job: &Job) -> Result<bool> {
    let (backend, key) = (job.backend.clone(), job.key.clone());
    let looking =
        Call::begin(false, |mailbox| async move { at(&backend).head(&mailbox, key, Head::default()).await });
    // The other object may stand there long before this fetch has all its bytes.
    let mut state = fill.watch();
    let (written, end) = match state.wait_for(|state| state.end.is_some()).await {
        Ok(state) => (state.written, state.end.clone()),
        Err(_) => (0, None),
    };
    if let Some(Err(upstream)) = end {
        return Err(upstream);
    }
    let is_same = looking.await?.size == Some(written);
    if !is_same {
        event(Level::Warning, "another process stored a different object first, which stays".to_owned());
    }
    Ok(is_same)
}

/// Feeds the `put` what has come.
async fn feed(fill: &Fill, place: &WindowReader, call: &mut Call<PutReply>) -> Result<PutReply> {
    let (mut state, mut fed) = (fill.watch(), 0);
    let mut failing = fill.watch();
    let mut has_failed = false;
    loop {
        let failed = failing.wait_for(|state| matches!(state.end, Some(Err(_))));
        let step = tokio::select! {
            step = call.next() => step,
            _ = failed, if !has_failed => {
                // It undoes what it began, and ends.
                has_failed = true;
                call.cancel();
                continue;
            }
        };
        match step {
            Step::Want(size) => {
                let is_ready = |state: &FillState| state.written > fed || state.end.is_some();
                // The sender is the fetch, which owns this future.
                let now = state.wait_for(is_ready).await.map(|state| (state.written, state.end.clone()));
                match now {
                    Ok((written, _)) if written > fed => {
                        let length = size.min(LOT).min(usize::try_from(written - fed).unwrap_or(LOT));
                        let bytes = place.read_lot(fed, length).await?;
                        fed += bytes.len() as u64;
                        call.feed(bytes);
                    }
                    Ok((_, Some(Ok(())))) => call.feed_end(),
                    Ok((_, Some(Err(error)))) => call.feed_error(error.message()),
                    _ => call.feed_error("the fetch ended"),
                }
            }
            Step::Ask { callback, question } => {
                let question = Arc::new(Question::new(callback, question));
                fill.question.send_replace(Some(question.clone()));
                let answer = tokio::select! {
                    biased;
                    answer = question.answered() => answer,
                    () = without_readers(fill) => Err(Error::new(
                        ErrorKind::Credentials,
                        "every reader left, and nobody is there to run the host's function",
                    )),
                };
                fill.question.send_replace(None);
                match answer {
                    Ok(answer) => call.answer(answer),
                    Err(error) => call.answer_error(error.message()),
                }
            }
            Step::Done => return call.take(),
            _ => {}
        }
    }
}

/// Completes once nobody reads the fetch; readers who leave don't report it, so this looks now and then.
async fn without_readers(fill: &Fill) {
    while fill.has_readers() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// The caller's metadata, and what a refresh needs of the upstream's.
fn metadata(job: &Job, meta: &UpstreamMeta) -> BTreeMap<String, String> {
    let mut metadata = job.metadata.clone();
    for (name, text) in [(ETAG, &meta.known.etag), (LAST_MODIFIED, &meta.known.last_modified)] {
        let usable = text.as_ref().filter(|text| {
            text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        });
        metadata.extend(usable.map(|text| (name.to_owned(), text.clone())));
    }
    metadata
}
