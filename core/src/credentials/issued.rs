//! The element `Credentials` of a response: the keys that STS issues for a role, and S3 for a session.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html>

use crate::xml::{Document, Malformed};

/// Issued keys, each part as it was written.
#[derive(Default)]
pub(crate) struct IssuedKeys {
    pub(crate) id: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) expiration: Option<String>,
}

impl IssuedKeys {
    /// Reads the element whose name was just read.
    pub(crate) fn read(document: &mut Document<'_>) -> Result<IssuedKeys, Malformed> {
        let mut keys = IssuedKeys::default();
        document.children(|document, name| {
            match name {
                "AccessKeyId" => keys.id = document.filled()?,
                "SecretAccessKey" => keys.secret = document.filled()?,
                "SessionToken" => keys.token = document.filled()?,
                "Expiration" => keys.expiration = document.filled()?,
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(keys)
    }
}
