//! The body of a response: bytes, or a stream of them.
//!
//! Invariant: a stream that breaks is an error, so that the connection ends and nobody takes it for whole.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

/// A transfer broke after its first bytes.
#[derive(Debug)]
pub struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the transfer broke")
    }
}

impl std::error::Error for Cut {}

/// The body of a response: bytes, or a stream of them.
pub struct ReplyBody {
    receiver: Option<mpsc::Receiver<Result<Bytes, Cut>>>,
    whole: Option<Bytes>,
    size: Option<u64>,
}

impl ReplyBody {
    /// A body in memory.
    pub fn of(bytes: Bytes) -> ReplyBody {
        ReplyBody { receiver: None, size: Some(bytes.len() as u64), whole: Some(bytes) }
    }

    /// A stream, of a known size or none.
    pub fn stream(receiver: mpsc::Receiver<Result<Bytes, Cut>>, size: Option<u64>) -> ReplyBody {
        ReplyBody { receiver: Some(receiver), whole: None, size }
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(bytes) = self.whole.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.receiver {
            Some(receiver) => {
                receiver.poll_recv(context).map(|next| next.map(|bytes| bytes.map(Frame::data)))
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.receiver.is_none() && self.whole.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.size.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
