//! One GET: the object's metadata and a body to read piece by piece.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::client::S3;
use super::object::meta;
use super::settings::{bare, customer, date, quoted, time};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::options::Get;
use crate::reply::ObjectMeta;

/// An answer whose body is still to be read.
pub(crate) struct Body {
    pub(crate) meta: ObjectMeta,
    /// The first byte of the object that the body holds.
    pub(crate) offset: u64,
    /// How many bytes the body holds.
    pub(crate) length: u64,
    stream: ByteStream,
    /// How long to wait for the next piece.
    patience: Duration,
}

impl Body {
    /// The next piece; `None` at the end. An error means that the connection broke or the checksum is wrong.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Ok(piece) = tokio::time::timeout(self.patience, self.stream.next()).await else {
            return Err(Error::new(
                ErrorKind::Network,
                format!("no byte came for {} s; see the setting read_timeout", self.patience.as_secs_f64()),
            ));
        };
        match piece {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(error)) => {
                let text = format!("{:?}", std::error::Error::source(&error).map(ToString::to_string));
                if text.contains("checksum mismatch") {
                    return Err(Error::new(ErrorKind::Corrupt, "the bytes do not match the object's checksum"));
                }
                Err(Error::new(ErrorKind::Network, "the connection broke before the last byte"))
            }
        }
    }
}

/// Sends one GET.
pub(crate) async fn fetch(at: &S3, key: &Key, options: &Get) -> Result<Body> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            client
                .get_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_checksum_mode(at.checksum_mode())
                .set_range(options.range.map(|range| range.header()))
                .set_version_id(options.version_id.clone())
                .set_if_match(options.if_match.as_deref().map(quoted))
                .set_if_none_match(options.if_none_match.as_deref().map(quoted))
                .set_if_modified_since(options.if_modified_since.map(date))
                .set_if_unmodified_since(options.if_unmodified_since.map(date))
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let length = u64::try_from(output.content_length().unwrap_or(0)).unwrap_or(0);
    let (offset, size) = match output.content_range().map(content_range) {
        Some(Some((offset, size))) => (offset, size),
        Some(None) => return Err(Error::new(ErrorKind::Service, "the server's Content-Range can't be read")),
        None if options.range.is_some() => return Err(Error::new(ErrorKind::Service, "the server ignored the range")),
        None => (0, length),
    };
    let meta = meta!(key.0.clone(), size, output);
    Ok(Body { meta, offset, length, stream: output.body, patience: at.read_timeout() })
}

/// First byte and whole size from `bytes first-last/size`.
fn content_range(header: &str) -> Option<(u64, u64)> {
    let (range, size) = header.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, size.parse().ok()?))
}
