//! A download as an ordered stream: the bytes go to the host as they come, and the following parts are read
//! ahead while the host is quicker than one connection.
//!
//! Invariants: order is kept. Bytes that wait for the host are bounded and taken from the budget only if it
//! has some to spare; without them the stream goes on from one response. The last byte is handed over only
//! after all checks of the whole object passed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::Download;
use super::reader::{ObjectHandle, RangeReader};
use crate::error::{Result, fail};
use crate::io::Output;
use crate::mailbox::Mailbox;
use crate::observe;
use crate::runtime::workers;
use crate::transfer::budget;
use crate::transfer::concurrency::Concurrency;
use crate::transfer::gate::Permit;
use crate::transfer::pace::{CountedRequest, Pace};
use crate::transfer::spans::{SMALLEST, Span};
use crate::transfer::tasks::joined;
use crate::transfer::verify::Expected;

/// Bytes that one request reads ahead at most, and all of them together.
const PART: u64 = 8 << 20;
const AHEAD: u64 = 64 << 20;

/// A request lasts so many latencies and so long: longer ones would keep back what others have read ahead.
const LATENCIES: u32 = 5;
const LASTS: Duration = Duration::from_millis(25);

/// Hands the download's bytes to the host, a pipe or a device. With a transform the host gets bytes before
/// the whole is verified: only for a host that asked for that.
pub(super) async fn stream(download: Download, output: Output) -> Result<()> {
    let length = download.length();
    let Download { object, mailbox, reader, expected, latency, streams, transform, .. } = download;
    let mut segment = transform.clone().map(|transform| transform.segment(0));
    let mut sum = expected.sum();
    let mut delivery = Delivery {
        output,
        mailbox: &mailbox,
        left: length,
        is_checked: transform.is_some() || !matches!(expected, Expected::Nothing),
        last: Bytes::new(),
    };
    let concurrency = Concurrency::new(latency, streams);
    let mut ahead = ReadAhead {
        at: reader.left().first,
        end: reader.left().end(),
        direct: Some(reader),
        moved: Arc::default(),
        active: Arc::new(AtomicUsize::new(1)),
        on_their_way: Arc::default(),
        lasts: LASTS + LATENCIES * latency,
        parts: VecDeque::new(),
        tasks: JoinSet::new(),
        object,
        mailbox: mailbox.clone(),
    };
    let mut pace = Pace::new(concurrency, &ahead.object.at, ahead.moved.clone(), Some(ahead.active.clone()));
    loop {
        ahead.request(pace.streams(), pace.each())?;
        let Some(chunk) = ahead.next().await? else { break };
        sum.update(&chunk);
        mailbox.advance(chunk.len() as u64);
        match &mut segment {
            Some(segment) => {
                let lot = segment.take(&chunk)?;
                delivery.send(lot).await?;
            }
            None => delivery.send(chunk).await?,
        }
        pace.pass();
    }
    expected.judge(vec![sum])?;
    if let (Some(mut segment), Some(transform)) = (segment, transform) {
        let rest = segment.flush()?;
        delivery.send(rest).await?;
        segment.finish()?;
        transform.verify()?;
    }
    delivery.finish().await
}

/// Writes the next bytes to the pipe or device, or hands them to the host.
pub(crate) async fn send(output: &mut Output, mailbox: &Mailbox, chunk: Bytes) -> Result<()> {
    match output {
        Output::Special(file) => file.write(chunk).await,
        _ => {
            mailbox.send(chunk).await;
            Ok(())
        }
    }
}

/// Hands a stream's bytes on. If checks of the whole object are still to come, the last byte waits
/// for them: a host that counts bytes instead of waiting for the call's end must not take an object for
/// complete that fails these checks.
struct Delivery<'a> {
    output: Output,
    mailbox: &'a Mailbox,
    /// Bytes of the stream that were not given to `send` yet.
    left: u64,
    is_checked: bool,
    /// The last byte, or nothing.
    last: Bytes,
}

impl Delivery<'_> {
    async fn send(&mut self, mut chunk: Bytes) -> Result<()> {
        self.left = self.left.saturating_sub(chunk.len() as u64);
        if self.is_checked && self.left == 0 && !chunk.is_empty() {
            self.last = chunk.split_off(chunk.len() - 1);
        }
        if chunk.is_empty() { Ok(()) } else { send(&mut self.output, self.mailbox, chunk).await }
    }

    /// Hands over the last byte, once all checks have passed.
    async fn finish(mut self) -> Result<()> {
        if self.last.is_empty() { Ok(()) } else { send(&mut self.output, self.mailbox, self.last).await }
    }
}

/// The bytes on their way, in order: one response that is read directly, then parts that are read ahead.
struct ReadAhead {
    /// The next byte for the host.
    at: u64,
    end: u64,
    direct: Option<RangeReader>,
    /// Bytes that came, requests whose bytes are coming, and parts that are not whole yet.
    moved: Arc<AtomicU64>,
    active: Arc<AtomicUsize>,
    on_their_way: Arc<AtomicUsize>,
    /// How long a request should last.
    lasts: Duration,
    parts: VecDeque<PrefetchedPart>,
    tasks: JoinSet<Result<()>>,
    object: Arc<ObjectHandle>,
    mailbox: Arc<Mailbox>,
}

/// A part read ahead: its chunks, limited by its length only, and the permit for them.
struct PrefetchedPart {
    end: u64,
    chunks: UnboundedReceiver<Bytes>,
    _permit: Permit,
}

impl ReadAhead {
    /// Starts parts until there are so many requests, as far as the budget has bytes to spare. Each moves so
    /// many bytes a second; none, if that was not measured yet.
    fn request(&mut self, streams: usize, each: u64) -> Result<()> {
        let fitting = if each == 0 { PART } else { (each as f64 * self.lasts.as_secs_f64()) as u64 };
        let part = (AHEAD / streams as u64).min(fitting).clamp(SMALLEST, PART);
        while self.on_their_way.load(Ordering::Relaxed) + usize::from(self.direct.is_some()) < streams {
            let first = self.parts.back().map_or(self.at + part, |last| last.end);
            let length = part.min(self.end.saturating_sub(first));
            if length == 0
                || first - self.at >= AHEAD
                || (self.parts.is_empty() && (self.direct.is_none() || length < SMALLEST))
            {
                break;
            }
            let Some(permit) = budget::try_acquire_ahead(length)? else { break };
            if self.parts.is_empty()
                && let Some(direct) = &mut self.direct
            {
                direct.until(first, first);
            }
            let (tell, chunks) = unbounded_channel();
            let (object, span, moved) = (self.object.clone(), Span { first, length }, self.moved.clone());
            let (active, on_its_way) = (self.active.clone(), CountedRequest::of(&self.on_their_way));
            self.tasks.spawn_on(
                observe::within(self.mailbox.clone(), async move {
                    let _on_its_way = on_its_way;
                    let _slot = object.at.slot().await?;
                    let mut reader = RangeReader::open(object.clone(), span).await?;
                    let _active = CountedRequest::of(&active);
                    while let Some(chunk) = reader.next().await? {
                        moved.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                        // No receiver is left once the call has ended.
                        let _ = tell.send(chunk);
                    }
                    Ok(())
                }),
                &workers(),
            );
            self.parts.push_back(PrefetchedPart { end: span.end(), chunks, _permit: permit });
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let chunk = match (&mut self.direct, self.parts.front_mut()) {
                (Some(direct), _) => direct.next().await?,
                (None, Some(part)) => part.chunks.recv().await,
                (None, None) if self.at == self.end => return Ok(None),
                (None, None) => {
                    let rest = Span { first: self.at, length: self.end - self.at };
                    self.direct = Some(RangeReader::open(self.object.clone(), rest).await?);
                    self.active.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            };
            if let Some(chunk) = chunk {
                if self.direct.is_some() {
                    self.moved.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                }
                self.at += chunk.len() as u64;
                return Ok(Some(chunk));
            }
            if self.direct.is_some() {
                self.active.fetch_sub(1, Ordering::Relaxed);
            }
            if self.direct.take().is_none()
                && let Some(part) = self.parts.pop_front()
                && part.end != self.at
            {
                // It broke off; its task, or one after it, has the error.
                while let Some(ended) = self.tasks.join_next().await {
                    joined(Some(ended))?;
                }
                fail!(Internal, "a part ended before its last byte; please report it");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Step;

    fn chunks(mailbox: &Mailbox) -> Vec<Bytes> {
        std::iter::from_fn(|| mailbox.try_step())
            .filter_map(|step| if let Step::Chunk(chunk) = step { Some(chunk) } else { None })
            .collect()
    }

    #[tokio::test]
    async fn the_last_byte_waits_for_the_checks() {
        for (is_checked, before, after) in [(true, "abcd", "e"), (false, "abcde", "")] {
            let mailbox = Mailbox::new();
            let mut delivery = Delivery {
                output: Output::Stream,
                mailbox: &mailbox,
                left: 5,
                is_checked,
                last: Bytes::new(),
            };
            delivery.send(Bytes::from_static(b"ab")).await.unwrap();
            delivery.send(Bytes::from_static(b"cde")).await.unwrap();
            assert_eq!(chunks(&mailbox).concat(), before.as_bytes());
            delivery.finish().await.unwrap();
            assert_eq!(chunks(&mailbox).concat(), after.as_bytes());
        }
    }
}
