//! What a call's options and the store's settings together ask of a request: encryption, access, storage
//! class.
//!
//! Invariant: an option wins over the setting of the same name; what excludes each other is refused before
//! anything is sent.

use std::collections::BTreeMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::etag::quoted;
use super::wire::Request;
use crate::config::{Settings, check_exclusions};
use crate::credentials::sign::percent_encode;
use crate::error::{ErrorKind, Result, fail};
use crate::options::{Copy, CustomerKey, Put};

/// The three headers of a customer key.
#[derive(Clone, Default)]
pub(crate) struct CustomerHeaders {
    pub(crate) algorithm: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) md5: Option<String>,
}

impl CustomerHeaders {
    /// Adds the headers to a request.
    pub(super) fn add_to(&self, request: Request) -> Result<Request> {
        request
            .header("x-amz-server-side-encryption-customer-algorithm", self.algorithm.as_deref())?
            .header("x-amz-server-side-encryption-customer-key", self.key.as_deref())?
            .header("x-amz-server-side-encryption-customer-key-md5", self.md5.as_deref())
    }

    /// Adds the headers of a copy's source to a request.
    pub(super) fn add_as_source_to(&self, request: Request) -> Result<Request> {
        request
            .header("x-amz-copy-source-server-side-encryption-customer-algorithm", self.algorithm.as_deref())?
            .header("x-amz-copy-source-server-side-encryption-customer-key", self.key.as_deref())?
            .header("x-amz-copy-source-server-side-encryption-customer-key-md5", self.md5.as_deref())
    }
}

/// The headers for the option's key, else the setting's.
pub(crate) fn customer(option: Option<&CustomerKey>, settings: &Settings) -> CustomerHeaders {
    let Some(key) = option.or(settings.sse_customer_key.as_ref()) else { return CustomerHeaders::default() };
    CustomerHeaders {
        algorithm: Some("AES256".into()),
        key: Some(STANDARD.encode(&key.0.0)),
        md5: Some(STANDARD.encode(Md5::digest(&key.0.0))),
    }
}

/// What put, copy and the creation of an upload ask of the object to be.
#[derive(Clone, Default)]
pub(crate) struct ObjectHeaders {
    /// Headers that are sent as the options or settings give them, by name.
    plain: Vec<(&'static str, String)>,
    expires: Option<SystemTime>,
    metadata: Option<BTreeMap<String, String>>,
    pub(super) tagging: Option<String>,
    pub(super) sse: Option<String>,
    pub(super) sse_kms_key_id: Option<String>,
    /// Whether the server must name `sse` and the key in its response.
    pub(super) sse_required: bool,
    pub(super) customer: CustomerHeaders,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
}

/// The headers of a call's options, of type `Put` or `Copy`, completed by the store's settings.
macro_rules! object_headers {
    ($options:ident, $settings:ident) => {{
        let given = |name: &str| match name {
            "acl" => $options.acl.is_some(),
            "grant_read" => $options.grant_read.is_some(),
            "grant_read_acp" => $options.grant_read_acp.is_some(),
            "grant_write_acp" => $options.grant_write_acp.is_some(),
            "grant_full_control" => $options.grant_full_control.is_some(),
            "sse" => $options.sse.is_some(),
            "sse_kms_key_id" => $options.sse_kms_key_id.is_some(),
            "sse_customer_key" => $options.sse_customer_key.is_some(),
            _ => false,
        };
        check_exclusions(ErrorKind::InvalidInput, given)?;
        let grants = ["grant_read", "grant_read_acp", "grant_write_acp", "grant_full_control"];
        let has_access = given("acl") || grants.into_iter().any(given);
        let or_setting = |option: &Option<String>, setting: &Option<String>| {
            if has_access { option.clone() } else { setting.clone() }
        };
        let is_managed = given("sse") || given("sse_kms_key_id");
        let has_customer_key =
            given("sse_customer_key") || (!is_managed && $settings.sse_customer_key.is_some());
        let sse = $options.sse.clone().or_else(|| $settings.sse.clone().filter(|_| !has_customer_key));
        if let Some(sse) = &sse
            && !["AES256", "aws:kms", "aws:kms:dsse"].contains(&sse.as_str())
        {
            fail!(InvalidInput, "option `sse` takes AES256, aws:kms or aws:kms:dsse, not {sse:?}");
        }
        let of_setting = || $settings.sse_kms_key_id.clone().filter(|_| !has_customer_key);
        let sse_kms_key_id = $options.sse_kms_key_id.clone().or_else(of_setting);
        let storage_class = $options.storage_class.clone().or_else(|| $settings.storage_class.clone());
        let plain = [
            ("cache-control", $options.cache_control.clone()),
            ("content-disposition", $options.content_disposition.clone()),
            ("content-encoding", $options.content_encoding.clone()),
            ("content-language", $options.content_language.clone()),
            ("content-type", $options.content_type.clone()),
            ("x-amz-acl", or_setting(&$options.acl, &$settings.acl)),
            (
                "x-amz-grant-full-control",
                or_setting(&$options.grant_full_control, &$settings.grant_full_control),
            ),
            ("x-amz-grant-read", or_setting(&$options.grant_read, &$settings.grant_read)),
            ("x-amz-grant-read-acp", or_setting(&$options.grant_read_acp, &$settings.grant_read_acp)),
            ("x-amz-grant-write-acp", or_setting(&$options.grant_write_acp, &$settings.grant_write_acp)),
            ("x-amz-storage-class", storage_class),
        ];
        ObjectHeaders {
            plain: plain.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            expires: $options.expires,
            metadata: metadata($options.metadata.as_ref())?,
            tagging: tagging($options.tags.as_ref())?,
            // A key names the encryption it is for.
            sse: sse.or_else(|| sse_kms_key_id.as_ref().map(|_| "aws:kms".to_owned())),
            sse_kms_key_id,
            sse_required: $settings.sse_required != Some(false),
            customer: match has_customer_key {
                true => customer($options.sse_customer_key.as_ref(), $settings),
                false => CustomerHeaders::default(),
            },
            if_match: $options.if_match.as_deref().map(quoted),
            if_none_match: $options.if_none_match.as_deref().map(quoted),
        }
    }};
}

impl ObjectHeaders {
    pub(crate) fn of_put(options: &Put, settings: &Settings) -> Result<ObjectHeaders> {
        Ok(object_headers!(options, settings))
    }

    pub(crate) fn of_copy(options: &Copy, settings: &Settings) -> Result<ObjectHeaders> {
        Ok(object_headers!(options, settings))
    }

    /// Whether any header or metadata that describes the content is given, so that a copy replaces the
    /// source's.
    pub(super) fn describes(&self) -> bool {
        let is_of_content = |name: &str| name == "cache-control" || name.starts_with("content-");
        self.plain.iter().any(|(name, _)| is_of_content(name))
            || self.expires.is_some()
            || self.metadata.is_some()
    }

    /// Adds the headers to a request, but for the conditions.
    pub(super) fn add_to(&self, mut request: Request) -> Result<Request> {
        for (name, value) in self.metadata.iter().flatten() {
            request = request.named_header(&format!("x-amz-meta-{name}"), value)?;
        }
        for (name, value) in &self.plain {
            request = request.header(name, Some(value))?;
        }
        let request = request
            .date("expires", self.expires)?
            .header("x-amz-server-side-encryption", self.sse.as_deref())?
            .header("x-amz-server-side-encryption-aws-kms-key-id", self.sse_kms_key_id.as_deref())?
            .header("x-amz-tagging", self.tagging.as_deref())?;
        self.customer.add_to(request)
    }

    /// Adds the conditions to a request.
    pub(super) fn add_conditions_to(&self, request: Request) -> Result<Request> {
        request
            .header("if-match", self.if_match.as_deref())?
            .header("if-none-match", self.if_none_match.as_deref())
    }
}

/// User metadata, refused where HTTP or S3 would break it.
fn metadata(metadata: Option<&BTreeMap<String, String>>) -> Result<Option<BTreeMap<String, String>>> {
    let Some(metadata) = metadata else { return Ok(None) };
    check_metadata(metadata)?;
    let bytes = metadata_bytes(metadata);
    if bytes > METADATA {
        fail!(InvalidInput, "the metadata has {bytes} bytes; S3 allows {METADATA}");
    }
    Ok(Some(metadata.clone()))
}

/// S3's limit of an object's user metadata: the bytes of all names and values.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub(crate) const METADATA: usize = 2048;

pub(crate) fn metadata_bytes(metadata: &BTreeMap<String, String>) -> usize {
    metadata.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Refuses names and values of user metadata that HTTP would break.
pub(crate) fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in metadata {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            fail!(InvalidInput, "the metadata name {name:?} may only have letters, digits, `-`, `_` and `.`");
        }
        if !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || value.trim() != value {
            fail!(
                InvalidInput,
                "the metadata value of {name:?} must be printable ASCII without spaces at its ends; encode it"
            );
        }
    }
    Ok(())
}

/// Tags as the query string that the header takes.
fn tagging(tags: Option<&BTreeMap<String, String>>) -> Result<Option<String>> {
    let Some(tags) = tags else { return Ok(None) };
    check_tags(tags)?;
    // A blank is `%20`: many servers take `+` for itself.
    let pairs = tags.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    Ok(Some(pairs.collect::<Vec<_>>().join("&")))
}

/// The text percent-encoded, except letters, digits and `-._~`.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    percent_encode(&mut encoded, text, false);
    encoded
}

/// S3's limits on tags.
pub(crate) fn check_tags(tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > 10 {
        fail!(InvalidInput, "{} tags were given; S3 allows 10", tags.len());
    }
    for (name, value) in tags {
        if name.is_empty() || name.chars().count() > 128 || value.chars().count() > 256 {
            fail!(
                InvalidInput,
                "the tag {name:?} must have a name of 1 to 128 characters and a value of at most 256"
            );
        }
    }
    Ok(())
}
