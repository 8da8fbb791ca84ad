//! Deletes many objects, in batches of one request each.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

use std::borrow::Cow;

use futures_util::{StreamExt, stream};
use http::Method;

use super::client::S3;
use super::failure::meaning;
use super::object::delete_one;
use crate::error::{ErrorKind, Result, fail};
use crate::keys::{Key, Keys};
use crate::mailbox::Mailbox;
use crate::options::Delete;
use crate::reply::{DeleteReply, Deleted};
use crate::xml::{Document, Element, Malformed, Root, is_char};

const RESULT: Root =
    Root { name: "DeleteResult", operation: "DeleteObjects", elements: &["Deleted", "Error"] };

/// Keys that one request deletes at most.
pub(crate) const BATCH: usize = 1000;

/// Single requests that delete at a time what a batch can't.
const SINGLES: usize = 16;

pub(crate) async fn delete_many(at: &S3, _: &Mailbox, keys: Keys) -> Result<Vec<Deleted>> {
    let mut fates = Vec::with_capacity(keys.0.len());
    for batch in keys.0.chunks(BATCH) {
        fates.extend(delete_batch(at, batch).await?);
    }
    Ok(fates)
}

type Named = (Key, Option<String>);

/// Deletes a batch, in one request but for the keys that XML can't hold: those go one by one.
async fn delete_batch(at: &S3, batch: &[Named]) -> Result<Vec<Deleted>> {
    let fits = |named: &Named| at.full(&named.0.0).chars().all(is_char);
    let (mut together, mut alone) = (Vec::with_capacity(batch.len()), Vec::new());
    for (number, named) in batch.iter().enumerate() {
        if fits(named) { together.push((number, named)) } else { alone.push((number, named)) }
    }
    let mut fates = vec![Deleted::default(); batch.len()];
    match delete_together(at, together.iter().map(|(_, named)| *named)).await {
        Ok(told) => together.iter().zip(told).for_each(|((number, _), fate)| fates[*number] = fate),
        // A server may refuse characters that XML allows; a single key is refused alone.
        Err(error) if error.code() == Some("MalformedXML") => alone.extend(together),
        Err(error) => return Err(error),
    }
    let single = |(number, named): (usize, &Named)| {
        let (at, named) = (at.clone(), named.clone());
        // Boxed: the stream moves its futures about.
        Box::pin(async move {
            let options = Delete { version_id: named.1.clone(), ..Delete::default() };
            let outcome = delete_one(&at, &named.0, &options).await;
            alone_told(named, outcome).map(|fate| (number, fate))
        })
    };
    let mut singles = stream::iter(alone).map(single).buffer_unordered(SINGLES);
    while let Some(outcome) = singles.next().await {
        let (number, fate) = outcome?;
        fates[number] = fate;
    }
    Ok(fates)
}

/// The fate of an object that a request of its own deleted. What concerns all objects fails the call.
fn alone_told((key, version_id): Named, outcome: Result<DeleteReply>) -> Result<Deleted> {
    let mut fate = Deleted { key: key.0, version_id, ..Deleted::default() };
    match outcome {
        Ok(_) => {}
        Err(error)
            if error.status().is_none()
                || matches!(error.kind(), ErrorKind::NoSuchBucket | ErrorKind::Credentials) =>
        {
            return Err(error);
        }
        Err(error) => {
            fate.error = Some(error.kind().name().to_owned());
            fate.message = Some(format!("{}: {}", error.code().unwrap_or("Error"), error.message()));
        }
    }
    Ok(fate)
}

async fn delete_together<'a>(
    at: &S3,
    batch: impl Iterator<Item = &'a Named> + Clone,
) -> Result<Vec<Deleted>> {
    if batch.clone().next().is_none() {
        return Ok(Vec::new());
    }
    let mut document = Element::new("Delete");
    for (key, version_id) in batch.clone() {
        let object = Element::new("Object").text("Key", Some(&at.full(&key.0)));
        document = document.child(object.text("VersionId", version_id.as_deref()));
    }
    // Quiet: the server returns only what failed.
    let request = at
        .bucket_request("DeleteObjects", Method::POST)
        .await?
        .query("delete", Some(""))
        .document(document.text("Quiet", Some("true")))?
        .required_checksum()?;
    let refusals = at.ask_document(&request, |_, body| Refused::read_all(body)).await?;
    let mut known = 0;
    let mut fates = Vec::new();
    for (key, version_id) in batch {
        let full = at.full(&key.0);
        let full = one_line(&full);
        let refused = refusals.iter().find(|refused| {
            one_line(&refused.key) == full
                && (refused.version_id.is_none() || refused.version_id == *version_id)
        });
        known += usize::from(refused.is_some());
        let code = |refused: &Refused| refused.code.clone().unwrap_or_else(|| "Error".to_owned());
        fates.push(Deleted {
            key: key.0.clone(),
            version_id: version_id.clone(),
            error: refused.map(|refused| meaning(200, refused.code.as_deref(), None).0.name().to_owned()),
            message: refused.map(|refused| {
                format!("{}: {}", code(refused), refused.message.as_deref().unwrap_or("not deleted"))
            }),
        });
    }
    if known == 0
        && let Some(refused) = refusals.first()
    {
        fail!(
            Service,
            "the server did not delete an object, which it names otherwise than the request: {}",
            refused.code.as_deref().unwrap_or("Error")
        );
    }
    Ok(fates)
}

/// An object that the server did not delete.
#[derive(Default)]
struct Refused {
    key: String,
    version_id: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

impl Refused {
    fn read_all(body: &[u8]) -> std::result::Result<Vec<Refused>, Malformed> {
        let mut all = Vec::new();
        Document::open(body, &RESULT)?.children(|document, name| {
            if name != "Error" {
                return document.skip();
            }
            let mut refused = Refused::default();
            document.children(|document, name| {
                match name {
                    "Key" => refused.key = document.text()?.into_owned(),
                    "VersionId" => refused.version_id = document.filled()?,
                    "Code" => refused.code = document.filled()?,
                    "Message" => refused.message = document.filled()?,
                    _ => document.skip()?,
                }
                Ok(())
            })?;
            all.push(refused);
            Ok(())
        })?;
        Ok(all)
    }
}

/// The key as it comes back: XML makes one line break of the three that there are.
fn one_line(key: &str) -> Cow<'_, str> {
    if key.contains('\r') {
        Cow::Owned(key.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(key)
    }
}
