//! Checks responses for the server-side encryption of the request: AWS names it in every response, a
//! server that ignores it does not.
//!
//! Invariant: a write succeeds only where the response names the encryption. An upload in parts is given up
//! before any byte of the source is sent; an object that a single request stored is deleted again, and the
//! error names what is left.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>, "Response Syntax".

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::checksums::header;
use super::client::S3;
use super::etag::{bare, is_weak};
use super::headers::ObjectHeaders;
use super::object::delete_one;
use super::route::route;
use super::uploads::abort;
use super::wire::text;
use crate::checksum::Algorithm;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::options::{Delete, Put};
use crate::reply::PutReply;
use crate::runtime::workers;

/// What a response names of the encryption.
#[derive(Default)]
pub(super) struct Echo<'a> {
    pub(super) sse: Option<&'a str>,
    pub(super) kms_key_id: Option<&'a str>,
    pub(super) customer_algorithm: Option<&'a str>,
    pub(super) customer_md5: Option<&'a str>,
}

impl<'a> Echo<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Echo<'a> {
        Echo {
            sse: text(headers, "x-amz-server-side-encryption"),
            kms_key_id: text(headers, "x-amz-server-side-encryption-aws-kms-key-id"),
            customer_algorithm: text(headers, "x-amz-server-side-encryption-customer-algorithm"),
            customer_md5: text(headers, "x-amz-server-side-encryption-customer-key-md5"),
        }
    }
}

impl ObjectHeaders {
    /// Whether an answer must name the encryption.
    fn demands_echo(&self) -> bool {
        self.customer.algorithm.is_some() || (self.sse.is_some() && self.sse_required)
    }

    /// The option that the server ignored, by its answer.
    pub(super) fn ignored(&self, echo: &Echo<'_>) -> Option<&'static str> {
        if !self.demands_echo() {
            return None;
        }
        if let (Some(algorithm), Some(md5)) = (&self.customer.algorithm, &self.customer.md5) {
            let is_named = echo.customer_algorithm.is_some_and(|told| told.eq_ignore_ascii_case(algorithm));
            let is_ours = echo.customer_md5.is_none_or(|told| told == md5);
            return (!(is_named && is_ours)).then_some("sse_customer_key");
        }
        let asked = self.sse.as_ref()?.as_str();
        if !echo.sse.is_some_and(|told| told.eq_ignore_ascii_case(asked)) {
            return Some("sse");
        }
        let key = self.sse_kms_key_id.as_deref()?;
        (!echo.kms_key_id.is_some_and(|told| names(told, key))).then_some("sse_kms_key_id")
    }
}

/// Whether the key that a response names may be the one of the request. Only ids as AWS makes them can be
/// compared: servers have their own names for keys, and an alias may mean any.
fn names(told: &str, asked: &str) -> bool {
    match (aws_id(told), aws_id(asked)) {
        (Some(told), Some(asked)) => told == asked,
        _ => !told.is_empty(),
    }
}

/// The id of a key, out of its ARN or alone: a UUID, or `mrk-` and 32 digits.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts-key-id.html>.
fn aws_id(key: &str) -> Option<&str> {
    let id = key.rsplit_once(":key/").map_or(key, |(_, id)| id);
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_multi_region = id.strip_prefix("mrk-").is_some_and(|digits| digits.len() == 32 && is_hex(digits));
    (is_multi_region || (id.len() == 36 && is_hex(id))).then_some(id)
}

/// Whether a put requests encryption that responses must name.
pub(crate) fn demands_echo(options: &Put, settings: &Settings) -> Result<bool> {
    ObjectHeaders::of_put(options, settings).map(|headers| headers.demands_echo())
}

/// Checks the answer that began an upload, before a byte of its source is sent; without an echo the upload is
/// aborted.
pub(super) async fn check_upload(
    at: &S3,
    key: &Key,
    upload_id: &str,
    headers: &ObjectHeaders,
    echo: &Echo<'_>,
    algorithm: Option<Algorithm>,
) -> Result<()> {
    if headers.ignored(echo).is_none() {
        return Ok(());
    }
    // MinIO names the encryption with each part, and not here. A part of one byte shows it; the first real
    // part takes its place.
    let option = match probe(at, key, upload_id, headers, algorithm).await {
        Ok(None) => return Ok(()),
        Ok(Some(option)) => option,
        Err(_) => headers.ignored(echo).unwrap_or("sse"),
    };
    let fate = match abort(at, key, upload_id).await {
        Ok(()) => "nothing was stored",
        Err(_) => "nothing was stored, but the upload could not be aborted",
    };
    Err(refused(at, key, option, fate).await)
}

async fn probe(
    at: &S3,
    key: &Key,
    upload_id: &str,
    headers: &ObjectHeaders,
    algorithm: Option<Algorithm>,
) -> Result<Option<&'static str>> {
    let body = Bytes::from_static(b"\0");
    let request = at
        .object("UploadPart", Method::PUT, &key.0)
        .await?
        .query("partNumber", Some("1"))
        .query("uploadId", Some(upload_id))
        .query("x-id", Some("UploadPart"));
    let mut request = headers.customer.add_to(request)?;
    if let Some(algorithm) = algorithm {
        request = request.header(header(algorithm), Some(algorithm.of(&body).text()))?;
    }
    let answer = at.ask(&request.body(body)?).await?;
    Ok(headers.ignored(&Echo::of(answer.headers())))
}

/// Deletes an object that the server stored without the requested encryption, and returns the error.
/// `is_ours`: whether nothing but this call's object is lost by it.
pub(super) async fn withdraw(
    at: &S3,
    key: &Key,
    option: &'static str,
    stored: &PutReply,
    headers: &ObjectHeaders,
    is_ours: bool,
) -> Error {
    let fate = match is_ours {
        true => {
            let (at_of_task, key_of_task, stored) = (at.clone(), key.clone(), stored.clone());
            // A task of its own, which a cancelled call does not stop.
            let removing = workers().spawn(async move { remove(&at_of_task, &key_of_task, &stored).await });
            removing
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the task that deletes it stopped")))
        }
        false => Ok("it was left, because it took the place of its own source".to_owned()),
    };
    let fate = match fate {
        Ok(fate) if headers.if_none_match.as_deref() == Some("*") => {
            fate.trim_end_matches(REPLACED).to_owned()
        }
        Ok(fate) => fate,
        Err(error) => format!("it is still there, because it could not be deleted ({})", error.message()),
    };
    refused(at, key, option, &format!("it stored the object without; {fate}")).await
}

/// What deleting can't bring back.
const REPLACED: &str = "; an object that it replaced is gone";

/// Deletes exactly what was stored.
async fn remove(at: &S3, key: &Key, stored: &PutReply) -> Result<String> {
    if let Some(version) = &stored.version_id {
        delete_one(at, key, &Delete { version_id: Some(version.clone()), ..Delete::default() }).await?;
        let replaced = if version == "null" { REPLACED } else { "" };
        return Ok(format!("that version was deleted again{replaced}"));
    }
    // Without the customer's key: the object was stored without it.
    let request = at.object("HeadObject", Method::HEAD, &key.0).await?;
    let there = match at.ask(&request).await {
        Ok(answer) => bare(text(answer.headers(), "etag")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok("it is gone again".to_owned()),
        // Without a look the condition below decides.
        Err(_) => stored.etag.clone(),
    };
    if there.is_some() && stored.etag.is_some() && there != stored.etag {
        return Ok("another object has taken its place and was left".to_owned());
    }
    let only_ours =
        Delete { if_match: stored.etag.clone().filter(|etag| !is_weak(etag)), ..Delete::default() };
    match delete_one(at, key, &only_ours).await {
        Err(error) if error.kind() == ErrorKind::Precondition => {
            return Ok("another object has taken its place and was left".to_owned());
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok("it is gone again".to_owned()),
        // Servers that know no condition here.
        Err(error) if matches!(error.status(), Some(400 | 501)) => {
            drop(delete_one(at, key, &Delete::default()).await?)
        }
        outcome => drop(outcome?),
    }
    Ok(format!("it was deleted again{REPLACED}"))
}

async fn refused(at: &S3, key: &Key, option: &str, fate: &str) -> Error {
    let advice = match option {
        "sse_customer_key" => {
            "use a server that has SSE-C, or encrypt before the upload (`encryption_aes_key`)"
        }
        _ => "leave the option out, or set `sse_required` to false to accept that",
    };
    let object = format!("s3://{}/{}", at.bucket(), at.full(&key.0));
    let server = server(at).await;
    Error::new(
        ErrorKind::Unsupported,
        format!("{object}: the server {server} ignores `{option}`: {fate}; {advice}"),
    )
}

/// The server's host and port.
async fn server(at: &S3) -> String {
    let url = at
        .completed()
        .await
        .and_then(|settings| route(settings, at.bucket()))
        .ok()
        .and_then(|route| route.url);
    let parsed = url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let host = parsed.and_then(|url| Some((url.host_str()?.to_owned(), url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host,
        None => "of AWS".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{CustomerKey, Secret};

    fn keep(options: &Put, required: Option<bool>) -> ObjectHeaders {
        ObjectHeaders::of_put(options, &Settings { sse_required: required, ..Settings::default() }).unwrap()
    }

    #[test]
    fn what_an_answer_must_name() {
        let sse = |name: &str| Put { sse: Some(name.to_owned()), ..Put::default() };
        let kms = |key: &str| Put { sse_kms_key_id: Some(key.to_owned()), ..Put::default() };
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = &*format!("arn:aws:kms:eu-west-1:111122223333:key/{id}");
        let other = "00000000-12ab-34cd-56ef-1234567890ab";
        let region = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        for (options, named, key, ignored) in [
            (Put::default(), None, None, None),
            (sse("AES256"), Some("AES256"), None, None),
            (sse("AES256"), None, None, Some("sse")),
            (sse("AES256"), Some(""), None, Some("sse")),
            (sse("AES256"), Some("aws:kms"), None, Some("sse")),
            (sse("aws:kms"), Some("AES256"), None, Some("sse")),
            (sse("aws:kms"), Some("aws:kms"), Some(arn), None),
            (sse("aws:kms:dsse"), Some("aws:kms:dsse"), None, None),
            (sse("aws:kms:dsse"), Some("aws:kms"), None, Some("sse")),
            (kms(id), Some("aws:kms"), Some(arn), None),
            (kms(arn), Some("aws:kms"), Some(arn), None),
            (kms("alias/k"), Some("aws:kms"), Some(arn), None),
            (kms("mine"), Some("aws:kms"), Some("arn:aws:kms:mine"), None),
            (kms(id), Some("aws:kms"), None, Some("sse_kms_key_id")),
            (kms("alias/k"), Some("aws:kms"), Some(""), Some("sse_kms_key_id")),
            (kms("mine"), Some("aws:kms"), Some("another-name"), None),
            (kms("mine"), Some("aws:kms"), Some(arn), None),
            (kms(other), Some("aws:kms"), Some(arn), Some("sse_kms_key_id")),
            (kms(other), Some("aws:kms"), Some(id), Some("sse_kms_key_id")),
            (kms(region), Some("aws:kms"), Some(region), None),
            (kms(region), Some("aws:kms"), Some(arn), Some("sse_kms_key_id")),
        ] {
            let echo = Echo { sse: named, kms_key_id: key, ..Echo::default() };
            assert_eq!(keep(&options, None).ignored(&echo), ignored, "{options:?} {named:?} {key:?}");
            assert_eq!(keep(&options, Some(false)).ignored(&echo), None, "accepted by the setting");
        }
    }

    #[test]
    fn a_customer_key_is_always_named() {
        let options = Put {
            sse_customer_key: Some(CustomerKey(Secret(Bytes::from_static(&[7; 32])))),
            ..Put::default()
        };
        let keep = keep(&options, Some(false));
        let md5 = keep.customer.md5.as_deref();
        for (customer_algorithm, customer_md5, fits) in [
            (None, None, false),
            (Some("AES256"), None, true),
            (Some("AES256"), md5, true),
            (Some("AES256"), Some("another"), false),
            (None, md5, false),
        ] {
            let echo = Echo { sse: Some("AES256"), customer_algorithm, customer_md5, ..Echo::default() };
            assert_eq!(keep.ignored(&echo).is_none(), fits, "{customer_algorithm:?} {customer_md5:?}");
        }
    }
}
