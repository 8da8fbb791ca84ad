//! Requests and responses of S3 as they are on the wire: written, signed, sent and read.
//!
//! Invariant: a path and a query are encoded once and signed as they are sent. Must not depend on an
//! operation or on the store's handle.

mod request;
mod response;
mod send;

pub(super) use request::Request;
pub(super) use response::{header_is, meta, read_document, text};
pub(super) use send::Sender;
