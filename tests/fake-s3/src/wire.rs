//! The socket side of misbehaviour: a connection that can be reset, and a body that stops at a point of
//! the plan.
//!
//! Invariant: a body that is cut or stalls after n bytes has put exactly n bytes on the wire before it does
//! so. It must not know S3.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How often bytes leave where their rate is limited.
const BEAT: Duration = Duration::from_millis(20);

/// What a body and its connection tell each other.
#[derive(Default)]
pub struct Wire {
    reset: AtomicBool,
    flushes: AtomicU64,
    waiting: Mutex<Option<Waker>>,
}

impl Wire {
    /// The connection will end with RST instead of FIN.
    pub fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }

    fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
        if let Some(waker) = self.waiting.lock().ok().and_then(|mut waiting| waiting.take()) {
            waker.wake();
        }
    }
}

/// A connection that reports its flushes to its `Wire`.
pub struct Connection {
    io: TokioIo<TcpStream>,
    wire: Arc<Wire>,
}

impl Connection {
    pub fn new(stream: TcpStream, wire: Arc<Wire>) -> Self {
        Connection { io: TokioIo::new(stream), wire }
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().io)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::Acquire) {
            let _ = self.io.inner().set_zero_linger();
        }
    }
}

impl Read for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.io().poll_read(cx, buf)
    }
}

impl Write for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.wire.clone();
        let polled = self.io().poll_flush(cx);
        // The server flushes its own buffer first, so all that the body gave is with the kernel now.
        if polled.is_ready() {
            wire.flushed();
        }
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.wire.reset.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, bufs)
    }
}

/// Where a body stops, and what happens then.
pub struct Halt {
    pub after: u64,
    pub then: Then,
}

pub enum Then {
    /// Close the connection; the announced length is never reached.
    Cut,
    /// Go on after this time; without one, never.
    Pause(Option<Duration>),
}

pub struct WireBody {
    segments: VecDeque<Bytes>,
    left: u64,
    sent: u64,
    halt: Option<Halt>,
    /// The flush count when the halt was reached.
    reached: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
    wire: Arc<Wire>,
    /// Bytes a second, if they are limited, and when the next ones are due.
    pub rate: Option<u64>,
    paced: Option<Pin<Box<Sleep>>>,
    /// Whether the answer announces how many bytes there are.
    pub tells_length: bool,
}

impl WireBody {
    pub fn new(segments: Vec<Bytes>, halt: Option<Halt>, wire: Arc<Wire>) -> Self {
        let left = segments.iter().map(|segment| segment.len() as u64).sum();
        WireBody {
            segments: segments.into(),
            left,
            sent: 0,
            halt,
            reached: None,
            pause: None,
            wire,
            rate: None,
            paced: None,
            tells_length: true,
        }
    }

    fn poll_on_wire(&mut self, cx: &Context<'_>) -> Poll<()> {
        let flushes = self.wire.flushes.load(Ordering::Acquire);
        if flushes > *self.reached.get_or_insert(flushes) {
            return Poll::Ready(());
        }
        if let Ok(mut waiting) = self.wire.waiting.lock() {
            *waiting = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn poll_paced(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(paced) = &mut self.paced {
            ready!(paced.as_mut().poll(cx));
        }
        self.paced = self.rate.map(|_| Box::pin(tokio::time::sleep(BEAT)));
        Poll::Ready(())
    }

    fn next_segment(&mut self, limit: Option<u64>) -> Option<Bytes> {
        let mut segment = self.segments.pop_front()?;
        let beat = self.rate.map(|rate| (rate * BEAT.as_millis() as u64 / 1000).max(1));
        let limit = limit.into_iter().chain(beat).min();
        if let Some(limit) = limit.filter(|limit| *limit < segment.len() as u64) {
            self.segments.push_front(segment.split_off(limit as usize));
        }
        self.sent += segment.len() as u64;
        self.left -= segment.len() as u64;
        Some(segment)
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        ready!(this.poll_paced(cx));
        let Some(halt) = &this.halt else {
            return Poll::Ready(this.next_segment(None).map(|segment| Ok(Frame::data(segment))));
        };
        let (after, pause) = match halt.then {
            Then::Cut => (halt.after, None),
            Then::Pause(time) => (halt.after, Some(time)),
        };
        if this.sent < after {
            let limit = after - this.sent;
            return Poll::Ready(this.next_segment(Some(limit)).map(|segment| Ok(Frame::data(segment))));
        }
        if this.poll_on_wire(cx).is_pending() {
            return Poll::Pending;
        }
        match pause {
            None => Poll::Ready(Some(Err(io::Error::other("the plan cuts this body")))),
            Some(None) => Poll::Pending,
            Some(Some(time)) => {
                let sleep = this.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.halt = None;
                Poll::Ready(this.next_segment(None).map(|segment| Ok(Frame::data(segment))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.tells_length
    }

    fn size_hint(&self) -> SizeHint {
        if self.tells_length { SizeHint::with_exact(self.left) } else { SizeHint::default() }
    }
}
