//! Server-side encryption: what a request asks for, what a customer key must prove, what a reply echoes.
//!
//! Invariant: bytes stay in memory as they are, only the contract is kept; a customer key is known by its MD5
//! alone. It must not know the operations.

use crate::encoding::{base64, md5, unbase64};
use crate::error::{Result, S3Error};
use crate::reply::Reply;
use crate::request::Request;

const SSE: &str = "x-amz-server-side-encryption";
const KEY_ID: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
const CUSTOMER: &str = "x-amz-server-side-encryption-customer";
pub const COPY_CUSTOMER: &str = "x-amz-copy-source-server-side-encryption-customer";

#[derive(Clone, Default, PartialEq, Eq)]
pub enum Encryption {
    /// What S3 does when nobody asks.
    #[default]
    Aes256,
    Kms {
        method: String,
        key_id: String,
        bucket_key: bool,
    },
    Customer {
        key_md5: String,
    },
}

impl Encryption {
    pub fn from_request(request: &Request, region: &str) -> Result<Encryption> {
        let customer = customer_key(request, CUSTOMER)?;
        let method = request.header(SSE);
        if let Some(key_md5) = customer {
            if method.is_some() {
                let message = "Server Side Encryption with Customer provided key is incompatible with the \
                               encryption method specified";
                return Err(S3Error::invalid_argument(message, SSE, method.unwrap_or_default()));
            }
            return Ok(Encryption::Customer { key_md5 });
        }
        match method {
            None | Some("AES256") if request.header(KEY_ID).is_some() => {
                let message = "Server Side Encryption with AWS KMS managed key requires HTTP header \
                               x-amz-server-side-encryption : aws:kms";
                Err(S3Error::invalid_argument(message, SSE, method.unwrap_or("null")))
            }
            None | Some("AES256") => Ok(Encryption::Aes256),
            Some(method @ ("aws:kms" | "aws:kms:dsse")) => {
                let fallback =
                    format!("arn:aws:kms:{region}:111122223333:key/00000000-0000-0000-0000-000000000000");
                Ok(Encryption::Kms {
                    method: method.to_string(),
                    key_id: request.header(KEY_ID).map_or(fallback, str::to_string),
                    bucket_key: request.header(BUCKET_KEY) == Some("true"),
                })
            }
            Some(other) => {
                Err(S3Error::invalid_argument("The encryption method specified is not supported", SSE, other))
            }
        }
    }

    pub fn hides_md5(&self) -> bool {
        *self != Encryption::Aes256
    }

    pub fn write(&self, reply: &mut Reply) {
        match self {
            Encryption::Aes256 => reply.set(SSE, "AES256"),
            Encryption::Kms { method, key_id, bucket_key } => {
                reply.set(SSE, method);
                reply.set(KEY_ID, key_id);
                if *bucket_key {
                    reply.set(BUCKET_KEY, "true");
                }
            }
            Encryption::Customer { key_md5 } => {
                reply.set("x-amz-server-side-encryption-customer-algorithm", "AES256");
                reply.set("x-amz-server-side-encryption-customer-key-md5", key_md5);
            }
        }
    }

    /// May a reader who sent `customer` headers (or, for a copy source, `COPY_CUSTOMER`) see the object?
    pub fn check_read(&self, request: &Request, copy_source: bool) -> Result<()> {
        let given = customer_key(request, if copy_source { COPY_CUSTOMER } else { CUSTOMER })?;
        if !copy_source {
            refuse_method(request)?;
        }
        match (self, given) {
            (Encryption::Customer { key_md5 }, Some(given)) if *key_md5 == given => Ok(()),
            (Encryption::Customer { .. }, Some(_)) => Err(S3Error::access_denied("Access Denied")),
            (Encryption::Customer { .. }, None) => Err(S3Error::invalid_request(
                "The object was stored using a form of Server Side Encryption. The correct parameters must \
                 be provided to retrieve the object.",
            )),
            (_, Some(_)) => {
                Err(S3Error::invalid_request("The encryption parameters are not applicable to this object."))
            }
            (_, None) => Ok(()),
        }
    }

    /// A part must carry the key that its upload started with.
    pub fn check_part(&self, request: &Request) -> Result<()> {
        refuse_method(request)?;
        match (self, customer_key(request, CUSTOMER)?) {
            (Encryption::Customer { key_md5 }, Some(given)) if *key_md5 == given => Ok(()),
            (Encryption::Customer { .. }, Some(_)) => Err(S3Error::invalid_request(
                "The provided encryption parameters did not match the ones used originally.",
            )),
            (Encryption::Customer { .. }, None) => Err(S3Error::invalid_request(
                "The multipart upload initiate requested encryption. Subsequent part requests must include \
                 the appropriate encryption parameters.",
            )),
            (_, Some(_)) => Err(S3Error::invalid_request(
                "The multipart upload initiate did not request encryption. Please resend the request without \
                 sending encryption parameters.",
            )),
            (_, None) => Ok(()),
        }
    }
}

/// Reads and parts may not name a method: it was chosen when the object or upload began.
fn refuse_method(request: &Request) -> Result<()> {
    match request.header(SSE) {
        None => Ok(()),
        Some(method) => {
            let message = format!("{SSE} header is not supported for this operation.");
            Err(S3Error::invalid_argument(message, SSE, method))
        }
    }
}

/// The MD5 of the customer key in the headers that begin with `prefix`, once all three were found consistent.
fn customer_key(request: &Request, prefix: &str) -> Result<Option<String>> {
    let [algorithm, key, key_md5] =
        ["algorithm", "key", "key-md5"].map(|field| request.header(&format!("{prefix}-{field}")));
    let (algorithm, key, key_md5) = match (algorithm, key, key_md5) {
        (None, None, None) => return Ok(None),
        (Some(algorithm), Some(key), Some(key_md5)) => (algorithm, key, key_md5),
        (None, ..) => {
            let message = "Requests specifying Server Side Encryption with Customer provided keys must \
                           provide a valid encryption algorithm.";
            return Err(S3Error::invalid_argument(message, &format!("{prefix}-algorithm"), "null"));
        }
        (_, None, _) => {
            let message = "Requests specifying Server Side Encryption with Customer provided keys must \
                           provide an appropriate secret key.";
            return Err(S3Error::invalid_argument(message, &format!("{prefix}-key"), "null"));
        }
        (_, _, None) => {
            let message = "Requests specifying Server Side Encryption with Customer provided keys must \
                           provide the client calculated MD5 of the secret key.";
            return Err(S3Error::invalid_argument(message, &format!("{prefix}-key-MD5"), "null"));
        }
    };
    if algorithm != "AES256" {
        return Err(S3Error::new(
            400,
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ));
    }
    let Some(raw) = unbase64(key).filter(|raw| raw.len() == 32) else {
        // The value is a secret, so it is not repeated.
        return Err(S3Error::new(
            400,
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        )
        .with("ArgumentName", format!("{prefix}-key")));
    };
    if base64(&md5(&raw)) != key_md5 {
        let message = "The calculated MD5 hash of the key did not match the hash that was provided.";
        return Err(S3Error::invalid_argument(message, &format!("{prefix}-key-MD5"), key_md5));
    }
    Ok(Some(key_md5.to_string()))
}
