//! Runs one verb: serves its source and its sink on this thread, and turns its pages.
//!
//! Invariant: this is what any Rust program would write; no step of a call is answered from anywhere else.

use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use oarlock::verbs::VERBS;
use oarlock::{Args, Call, Error, ErrorKind, Sink, Source, Step, Store, Value};
use serde_json::Value as Json;

use crate::{Trouble, json};

/// The caller's own source: chunks, and whether it breaks after them.
struct Feed {
    chunks: std::vec::IntoIter<Bytes>,
    left: Bytes,
    /// Answers as many bytes as asked for, as a file would; else a chunk as it comes.
    as_reader: bool,
    fails: bool,
}

impl Feed {
    fn new(chunks: &Json, as_reader: bool, fails: bool) -> Result<Self, String> {
        let chunks =
            chunks.as_array().into_iter().flatten().map(json::bytes).collect::<Result<Vec<_>, _>>()?;
        Ok(Feed { chunks: chunks.into_iter(), left: Bytes::new(), as_reader, fails })
    }

    fn answer(&mut self, call: &Call<Value>, wanted: usize) {
        if !self.as_reader {
            // No bytes would mean the end.
            let next = self.chunks.find(|chunk| !chunk.is_empty());
            return next.map_or_else(|| self.end(call), |chunk| call.feed(chunk));
        }
        let mut answer = BytesMut::new();
        while answer.len() < wanted {
            if self.left.is_empty() {
                match self.chunks.next() {
                    Some(chunk) => self.left = chunk,
                    None => break,
                }
            }
            let size = self.left.len().min(wanted - answer.len());
            answer.extend_from_slice(&self.left.split_to(size));
        }
        if answer.is_empty() { self.end(call) } else { call.feed(answer.freeze()) }
    }

    fn end(&self, call: &Call<Value>) {
        if self.fails { call.feed_error("the reader broke") } else { call.feed_end() }
    }
}

/// Where the stream goes.
enum Stream {
    Kept(BytesMut),
    Breaks,
}

/// Runs a verb to its end and returns its reply; a verb of pages returns all their rows.
pub fn call(store: &Store, verb: &str, args: &Json) -> Result<Json, Trouble> {
    if !VERBS.iter().any(|known| known.name == verb && known.pages()) {
        return Ok(json::from_value(once(store, verb, args)?));
    }
    let most = args["$pages"].as_u64().unwrap_or(u64::MAX);
    let mut asked = args.clone();
    if let Some(map) = asked.as_object_mut() {
        map.remove("$pages");
    }
    let mut entries = Vec::new();
    for _ in 0..most {
        let Value::Map(page) = once(store, verb, &asked)? else {
            return Err("a page is not a map".to_owned())?;
        };
        let mut next = Value::Null;
        for (name, value) in page {
            match (&*name, value) {
                ("entries", Value::List(rows)) => entries.extend(rows.into_iter().map(json::from_value)),
                ("next", value) => next = value,
                _ => {}
            }
        }
        match next.as_str() {
            Some(next) => asked["continuation"] = next.into(),
            None => break,
        }
    }
    Ok(serde_json::json!({"entries": entries}))
}

/// Runs a verb on this thread, a millisecond at a time, with all that it can report.
pub fn reported(store: &Store, verb: &str, args: &Json) -> Result<Json, Trouble> {
    let values = args.as_object().into_iter().flatten();
    let values = values
        .map(|(name, value)| Ok((name.clone(), json::to_value(value)?)))
        .collect::<Result<_, String>>()?;
    oarlock::observe::set_level(10);
    let mut call = store.inline().start(verb, Args { values, ..Args::default() })?;
    call.listen();
    let mut events = 0;
    loop {
        match call.step(Some(Duration::from_millis(1)))? {
            Some(Step::Ask { callback, question }) => match callback.run(question) {
                Ok(answer) => call.answer(answer),
                Err(why) => call.answer_error(&why),
            },
            Some(Step::Event(_)) => events += 1,
            Some(Step::Done) => break,
            _ => {}
        }
    }
    oarlock::observe::set_level(30);
    let (done, total) = call.progress();
    let reply = json::from_value(call.take()?);
    Ok(serde_json::json!({"reply": reply, "done": done, "total": total, "events": events}))
}

fn once(store: &Store, verb: &str, args: &Json) -> Result<Value, Trouble> {
    let mut given = Args::default();
    let mut feed = None;
    let mut stream = None;
    for (name, value) in args.as_object().into_iter().flatten() {
        if let Some(source) = value.get("$source") {
            let (source, own) = self::source(source)?;
            given.source = Some(source);
            feed = own;
        } else if let Some(sink) = value.get("$sink") {
            given.sink = Some(match (sink.as_str(), sink.get("file").and_then(Json::as_str)) {
                (_, Some(path)) => Sink::File(PathBuf::from(path)),
                (Some("memory"), _) => Sink::Memory,
                (Some("stream"), _) => {
                    stream = Some(Stream::Kept(BytesMut::new()));
                    Sink::Stream
                }
                (Some("stream_fails"), _) => {
                    stream = Some(Stream::Breaks);
                    Sink::Stream
                }
                _ => Err(format!("unknown sink {sink}"))?,
            });
        } else {
            given.values.push((name.clone(), json::to_value(value)?));
        }
    }
    let call = store.start(verb, given)?;
    Ok(drive(call, feed, stream)?)
}

fn source(source: &Json) -> Result<(Source, Option<Feed>), String> {
    let Some((kind, value)) = source.as_object().and_then(|map| map.iter().next()) else {
        return Err("an empty source".into());
    };
    Ok(match kind.as_str() {
        "bytes" => (Source::Bytes(json::bytes(value)?), None),
        "file" => (Source::File(PathBuf::from(value.as_str().unwrap_or_default())), None),
        "reader" => (Source::Fed(None), Some(Feed::new(value, true, false)?)),
        "reader_fails" => (Source::Fed(None), Some(Feed::new(value, true, true)?)),
        "iterator" => (Source::Fed(None), Some(Feed::new(value, false, false)?)),
        _ => return Err(format!("unknown source {kind}")),
    })
}

fn drive(mut call: Call<Value>, mut feed: Option<Feed>, mut stream: Option<Stream>) -> Result<Value, Error> {
    let mut broken = false;
    loop {
        match call.step(None)? {
            Some(Step::Chunk(chunk)) => match &mut stream {
                Some(Stream::Kept(bytes)) => bytes.extend_from_slice(&chunk),
                _ => {
                    broken = true;
                    call.cancel();
                }
            },
            Some(Step::Want(size)) => match &mut feed {
                Some(feed) => feed.answer(&call, size),
                None => call.feed_error("the agent has no source"),
            },
            // The agent's functions lie in their callbacks, which a call that is waited for runs itself.
            Some(Step::Ask { callback, question }) => match callback.run(question) {
                Ok(answer) => call.answer(answer),
                Err(why) => call.answer_error(&why),
            },
            Some(Step::Done) => break,
            Some(Step::Progress(..) | Step::Event(_)) | None => {}
        }
    }
    let reply = call.take();
    if broken {
        return Err(Error::new(ErrorKind::Io, "the sink broke"));
    }
    match (reply?, stream) {
        (Value::Map(mut pairs), Some(Stream::Kept(bytes))) => {
            pairs.retain(|(name, _)| name != "body");
            pairs.push(("body".into(), Value::Bytes(bytes.freeze())));
            Ok(Value::Map(pairs))
        }
        (reply, _) => Ok(reply),
    }
}
