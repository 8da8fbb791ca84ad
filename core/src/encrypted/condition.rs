//! The condition of a put, checked before a request to KMS.

use crate::error::{ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Head, Put};
use crate::s3::{S3, bare, head};

/// Refuses a put whose condition does not hold now. The server decides in the end, also about races, and
/// where the caller may write the object and not read it.
pub(super) async fn check_condition(at: &S3, mailbox: &Mailbox, key: &Key, options: &Put) -> Result<()> {
    if options.if_match.is_none() && options.if_none_match.is_none() {
        return Ok(());
    }
    let asked = Head {
        if_match: options.if_match.clone(),
        sse_customer_key: options.sse_customer_key.clone(),
        ..Head::default()
    };
    match (head(at, mailbox, key.clone(), asked).await, options.if_none_match.as_deref()) {
        (Ok(meta), Some(not)) if not == "*" || bare(Some(not)) == meta.etag => {
            fail!(Precondition, "the object is there already, and `if_none_match` demands that it is not")
        }
        (Ok(_), _) => Ok(()),
        (Err(error), _)
            if options.if_match.is_some()
                && matches!(error.kind(), ErrorKind::Precondition | ErrorKind::NotFound) =>
        {
            Err(error)
        }
        (Err(error), _) if error.status().is_some_and(|status| status < 500) => Ok(()),
        (Err(error), _) => Err(error),
    }
}
