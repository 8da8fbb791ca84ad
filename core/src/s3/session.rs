//! The session that requests to a directory bucket (S3 Express One Zone) are signed with.
//!
//! Invariant: one session serves all calls until it is about to end; it is requested as the store's identity.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use http::Method;
use tokio::sync::Mutex;

use super::date::read_timestamp;
use super::endpoint::Subject;
use super::wire::Request;
use crate::credentials::IssuedKeys;
use crate::xml::{Document, Malformed, Root};

/// Sessions last five minutes; one that ends so soon is not used any more.
const MARGIN: Duration = Duration::from_secs(30);

const RESULT: Root =
    Root { name: "CreateSessionResult", operation: "CreateSession", elements: &["Credentials"] };

/// The session of a bucket, once there is one.
#[derive(Default)]
pub(super) struct Session(Mutex<Option<Credentials>>);

impl Session {
    /// The keys of a session that is good now; `create` requests one.
    pub(super) async fn keys<E>(
        &self,
        create: impl Future<Output = Result<Credentials, E>>,
    ) -> Result<Credentials, E> {
        let mut held = self.0.lock().await;
        if let Some(keys) = &*held
            && keys.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN)
        {
            return Ok(keys.clone());
        }
        let keys = create.await?;
        *held = Some(keys.clone());
        Ok(keys)
    }
}

/// The request for a session.
pub(super) fn request() -> Request {
    Request::to("CreateSession", Method::GET, Subject::Session).query("session", Some(""))
}

/// The keys in the response.
pub(super) fn read(body: &[u8]) -> Result<Credentials, Malformed> {
    let mut issued = IssuedKeys::default();
    Document::open(body, &RESULT)?.children(|document, name| {
        match name {
            "Credentials" => issued = IssuedKeys::read(document)?,
            _ => document.skip()?,
        }
        Ok(())
    })?;
    let expiry = issued.expiration.as_deref().and_then(read_timestamp);
    match (issued.id, issued.secret) {
        (Some(id), Some(secret)) => Ok(Credentials::new(id, secret, issued.token, expiry, "session")),
        _ => Err(Malformed),
    }
}
