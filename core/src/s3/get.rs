//! One GET: the object's metadata and a body to read piece by piece.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
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
    /// How many bytes the body holds: those asked for, or the whole object if the server knows no ranges.
    pub(crate) length: u64,
    /// Whether the server says that it answers ranges.
    pub(crate) ranges: bool,
    /// What the server says of the whole object: checksums by algorithm, in base64. Only an answer with the whole object tells them.
    pub(crate) checksums: Vec<(&'static str, String)>,
    /// How many of them have come.
    came: u64,
    stream: ByteStream,
    /// How long to wait for the next piece.
    patience: Duration,
}

impl Body {
    /// The next piece; `None` at the end. An error means that the connection broke.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Ok(piece) = tokio::time::timeout(self.patience, self.stream.next()).await else {
            return Err(Error::new(
                ErrorKind::Network,
                format!("no byte came for {} s; see the setting read_timeout", self.patience.as_secs_f64()),
            ));
        };
        let Some(piece) = piece.transpose().map_err(|_| Error::new(ErrorKind::Network, "the connection broke before the last byte"))?
        else {
            return Ok(None);
        };
        self.came += piece.len() as u64;
        if self.came > self.length {
            return Err(Error::new(ErrorKind::Corrupt, "the server sent more bytes than it announced"));
        }
        Ok(Some(piece))
    }

    /// The object's byte that comes next.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.came
    }

    /// How many bytes are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.length - self.came
    }
}

/// Sends one GET.
pub(crate) async fn fetch(at: &S3, key: &Key, options: &Get) -> Result<Body> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            let request = client
                .get_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_range(options.range.map(|range| range.header()))
                .set_version_id(options.version_id.clone())
                .set_if_match(options.if_match.as_deref().map(quoted))
                .set_if_none_match(options.if_none_match.as_deref().map(quoted))
                .set_if_modified_since(options.if_modified_since.map(date))
                .set_if_unmodified_since(options.if_unmodified_since.map(date))
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer());
            let checked = at.validates() && options.range.is_none();
            // Asked for by header: told by its own option, the SDK would hold each body against it a second time.
            request
                .customize()
                .mutate_request(move |request| {
                    if checked {
                        request.headers_mut().insert("x-amz-checksum-mode", "ENABLED");
                    }
                })
                .send()
        })
        .await?;
    let Some(length) = output.content_length().and_then(|length| u64::try_from(length).ok()) else {
        return Err(Error::new(ErrorKind::Service, "the server does not say how many bytes it sends"));
    };
    let (offset, size) = match output.content_range() {
        None => (0, length),
        Some(header) => match content_range(header) {
            Some((first, last, size)) if last - first + 1 == length => (first, size),
            _ => return Err(Error::new(ErrorKind::Service, "the server's Content-Range can't be read or contradicts its Content-Length")),
        },
    };
    let checksums = if at.validates() && output.content_range().is_none() { checksums(&output) } else { Vec::new() };
    let ranges = output.content_range().is_some() || output.accept_ranges() == Some("bytes");
    let meta = meta!(key.0.clone(), size, output);
    Ok(Body { meta, offset, length, ranges, checksums, came: 0, stream: output.body, patience: at.read_timeout() })
}

fn checksums(output: &GetObjectOutput) -> Vec<(&'static str, String)> {
    let told = [
        ("CRC64NVME", output.checksum_crc64_nvme()),
        ("CRC32C", output.checksum_crc32_c()),
        ("CRC32", output.checksum_crc32()),
        ("SHA1", output.checksum_sha1()),
        ("SHA256", output.checksum_sha256()),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
}

/// First byte, last byte and whole size from `bytes first-last/size`.
fn content_range(header: &str) -> Option<(u64, u64, u64)> {
    let (range, size) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((first, last, size))
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn content_ranges() {
        assert_eq!(content_range("bytes 2-4/10"), Some((2, 4, 10)));
        for bad in
            ["bytes 4-2/10", "bytes 0-10/10", "bytes */10", "bytes 0-4/*", "0-4/10", "", "bytes a-b/c", "bytes 0-18446744073709551615/5"]
        {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
