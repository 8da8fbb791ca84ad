//! The session that requests to a directory bucket (S3 Express One Zone) are signed with.
//!
//! Law: one session serves all calls until it is about to end; the SDK asks for it, as our own identity.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use tokio::sync::Mutex;

use super::super::error::failure;
use crate::error::{Error, ErrorKind};
use crate::s3::retry::Failure;

/// Sessions last five minutes; one that ends so soon is not begun with.
const MARGIN: Duration = Duration::from_secs(30);

/// The session of a bucket, once there is one.
#[derive(Default)]
pub(in crate::s3) struct Session(Mutex<Option<Credentials>>);

impl Session {
    /// The keys of a session that is good now.
    pub(in crate::s3) async fn keys(
        &self,
        client: &Client,
        server: &str,
        bucket: &str,
    ) -> Result<Credentials, Failure> {
        let mut held = self.0.lock().await;
        if let Some(keys) = &*held
            && keys.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN)
        {
            return Ok(keys.clone());
        }
        let answer =
            client.create_session().bucket(bucket).send().await.map_err(|error| failure(server, error))?;
        let Some(keys) = answer.credentials else {
            return Err(Error::new(
                ErrorKind::Service,
                "the server began a session without telling its keys",
            )
            .into());
        };
        let expiry = SystemTime::try_from(keys.expiration).ok();
        let keys = Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            expiry,
            "session",
        );
        *held = Some(keys.clone());
        Ok(keys)
    }
}
