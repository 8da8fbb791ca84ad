//! The completion of a multipart upload: the object is made of its parts, also where the response is lost or
//! the server refuses the checksum of the whole.

use super::was_stored;
use crate::checksum::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::options::{CustomerKey, Put};
use crate::reply::PutReply;
use crate::s3::{As, Part, S3, Whole, complete, etag, etag_of_parts, list_parts, stored};

/// Makes the object of its parts.
pub(super) async fn finish(
    at: &S3,
    key: &Key,
    upload_id: &str,
    parts: &[Part],
    options: &Put,
) -> Result<PutReply> {
    // A server that refused the checksum of a part is not asked about the whole's.
    let sums: Option<Vec<Checksum>> = parts.iter().map(|part| part.checksum).collect();
    let checksum = sums.and_then(|sums| sums.into_iter().reduce(Checksum::then));
    let whole = match checksum {
        Some(sum) if at.sends_whole_checksum().await? => Whole::Sent(sum),
        Some(sum) => Whole::Compared(sum),
        None => Whole::Unknown,
    };
    let mut completed = complete(at, key, upload_id, parts, whole, As::Put(options)).await;
    if let (Err(error), Whole::Sent(sum)) = (&completed, whole)
        && refuses_whole(error)
        && has_parts(at, key, upload_id, parts, options).await
    {
        completed = complete(at, key, upload_id, parts, Whole::Compared(sum), As::Put(options)).await;
        if completed.is_ok() {
            at.whole_checksum_was_refused().await?;
        }
    }
    let error = match completed {
        Ok(reply) => return Ok(reply),
        Err(error) => error,
    };
    if !error.is_unsure() {
        return Err(error);
    }
    let size = parts.iter().map(|part| part.size).sum();
    match stored(at, key, size, checksum, etag_of_parts(parts).as_deref(), options).await {
        Ok(Some(reply)) => Ok(was_stored(reply)),
        Err(unencrypted) if unencrypted.kind() == ErrorKind::Unsupported => Err(unencrypted),
        _ => Err(error),
    }
}

/// Whether a completion failed because of the checksum of the whole object, be it wrong or one that the
/// server makes otherwise.
fn refuses_whole(error: &Error) -> bool {
    matches!(error.status(), Some(200 | 400 | 501))
        && (matches!(error.code(), Some("BadDigest" | "InvalidDigest" | "XAmzContentChecksumMismatch"))
            || error.message().to_ascii_lowercase().contains("checksum"))
}

/// Whether the server lists every part as it was sent: then the bytes that it has are right.
async fn has_parts(at: &S3, key: &Key, upload_id: &str, parts: &[Part], options: &Put) -> bool {
    let Ok(listed) = list_parts(at, key, upload_id, options).await else { return false };
    parts.iter().all(|part| {
        listed.iter().any(|listed| {
            let same_sum = match (listed.checksum, part.checksum) {
                (Some(listed), Some(sent)) => listed.algorithm != sent.algorithm || listed == sent,
                _ => true,
            };
            listed.number == part.number && listed.size == part.size && same_sum
        })
    })
}

/// The reply with the ETag that the object has, for a server that returns none when it makes an object of
/// parts.
pub(crate) async fn with_etag(
    at: &S3,
    key: &Key,
    reply: PutReply,
    customer_key: Option<&CustomerKey>,
) -> PutReply {
    if reply.etag.is_some() {
        return reply;
    }
    // The object is there, also if this request fails.
    let etag = Box::pin(etag(at, key, &reply, customer_key)).await.unwrap_or_default();
    PutReply { etag, ..reply }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_that_names_the_checksum_is_one_of_the_checksum() {
        for (status, code, message, is_checksum) in [
            (400, "BadDigest", "it does not match", true),
            (400, "InvalidRequest", "The Checksum type is not supported", true),
            (501, "NotImplemented", "checksums", true),
            (200, "XAmzContentChecksumMismatch", "", true),
            (400, "InvalidPart", "a part is missing", false),
            (500, "InternalError", "checksum", false),
            (403, "AccessDenied", "checksum", false),
        ] {
            let error = Error::new(ErrorKind::Service, message).with_answer(Some(status), Some(code), None);
            assert_eq!(refuses_whole(&error), is_checksum, "{status} {code}");
        }
    }
}
