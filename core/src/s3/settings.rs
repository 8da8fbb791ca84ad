//! What a call's options and the store's settings together ask of a request: encryption, access, storage
//! class.
//!
//! Law: an option wins over the setting of the same name; what excludes each other is refused before anything
//! is sent.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption, StorageClass};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::direct::encode;
use crate::config::{Settings, check_exclusions};
use crate::error::{ErrorKind, Result, fail};
use crate::options::{Copy, CustomerKey, Put};
use crate::value::{from_unix, to_unix};

/// The three headers of a customer key.
#[derive(Clone, Default)]
pub(crate) struct CustomerHeaders {
    pub(crate) algorithm: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) md5: Option<String>,
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

/// How a new object is to be kept: all that put, copy and multipart create have in common.
#[derive(Clone, Default)]
pub(crate) struct Keep {
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) expires: Option<DateTime>,
    pub(crate) metadata: Option<std::collections::HashMap<String, String>>,
    pub(crate) tagging: Option<String>,
    pub(crate) storage_class: Option<StorageClass>,
    pub(crate) acl: Option<ObjectCannedAcl>,
    pub(crate) grant_read: Option<String>,
    pub(crate) grant_read_acp: Option<String>,
    pub(crate) grant_write_acp: Option<String>,
    pub(crate) grant_full_control: Option<String>,
    pub(crate) sse: Option<ServerSideEncryption>,
    pub(crate) sse_kms_key_id: Option<String>,
    /// Whether the server must name `sse` and the key in its answer.
    pub(crate) sse_required: bool,
    pub(crate) customer: CustomerHeaders,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
}

macro_rules! keep {
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
        let grants = given("grant_read")
            || given("grant_read_acp")
            || given("grant_write_acp")
            || given("grant_full_control");
        let access = given("acl") || grants;
        let or_setting = |option: &Option<String>, setting: &Option<String>| {
            if access { option.clone() } else { setting.clone() }
        };
        let managed = given("sse") || given("sse_kms_key_id");
        let own_key = given("sse_customer_key") || (!managed && $settings.sse_customer_key.is_some());
        let sse = $options.sse.clone().or_else(|| $settings.sse.clone().filter(|_| !own_key));
        if let Some(sse) = &sse
            && !["AES256", "aws:kms", "aws:kms:dsse"].contains(&sse.as_str())
        {
            fail!(InvalidInput, "option `sse` takes AES256, aws:kms or aws:kms:dsse, not {sse:?}");
        }
        let kms_key =
            $options.sse_kms_key_id.clone().or_else(|| $settings.sse_kms_key_id.clone().filter(|_| !own_key));
        Keep {
            content_type: $options.content_type.clone(),
            content_encoding: $options.content_encoding.clone(),
            content_language: $options.content_language.clone(),
            content_disposition: $options.content_disposition.clone(),
            cache_control: $options.cache_control.clone(),
            expires: $options.expires.map(date),
            metadata: metadata($options.metadata.as_ref())?,
            tagging: tagging($options.tags.as_ref())?,
            storage_class: $options
                .storage_class
                .as_deref()
                .or($settings.storage_class.as_deref())
                .map(StorageClass::from),
            acl: or_setting(&$options.acl, &$settings.acl).as_deref().map(ObjectCannedAcl::from),
            grant_read: or_setting(&$options.grant_read, &$settings.grant_read),
            grant_read_acp: or_setting(&$options.grant_read_acp, &$settings.grant_read_acp),
            grant_write_acp: or_setting(&$options.grant_write_acp, &$settings.grant_write_acp),
            grant_full_control: or_setting(&$options.grant_full_control, &$settings.grant_full_control),
            // A key names the encryption it is for.
            sse: sse
                .or_else(|| kms_key.as_ref().map(|_| "aws:kms".to_owned()))
                .as_deref()
                .map(ServerSideEncryption::from),
            sse_kms_key_id: kms_key,
            sse_required: $settings.sse_required != Some(false),
            customer: if own_key {
                customer($options.sse_customer_key.as_ref(), $settings)
            } else {
                CustomerHeaders::default()
            },
            if_match: $options.if_match.as_deref().map(quoted),
            if_none_match: $options.if_none_match.as_deref().map(quoted),
        }
    }};
}

impl Keep {
    pub(crate) fn of_put(options: &Put, settings: &Settings) -> Result<Keep> {
        Ok(keep!(options, settings))
    }

    pub(crate) fn of_copy(options: &Copy, settings: &Settings) -> Result<Keep> {
        Ok(keep!(options, settings))
    }

    /// Whether any header or metadata is given, so that a copy replaces the source's.
    pub(crate) fn describes(&self) -> bool {
        let headers = [
            &self.content_type,
            &self.content_encoding,
            &self.content_language,
            &self.content_disposition,
            &self.cache_control,
        ];
        headers.into_iter().any(Option::is_some) || self.expires.is_some() || self.metadata.is_some()
    }
}

/// Sets on a request the headers that put, copy and multipart create have in common.
macro_rules! kept {
    ($request:expr, $keep:expr) => {
        $request
            .set_content_type($keep.content_type.clone())
            .set_content_encoding($keep.content_encoding.clone())
            .set_content_language($keep.content_language.clone())
            .set_content_disposition($keep.content_disposition.clone())
            .set_cache_control($keep.cache_control.clone())
            .set_expires($keep.expires)
            .set_metadata($keep.metadata.clone())
            .set_tagging($keep.tagging.clone())
            .set_storage_class($keep.storage_class.clone())
            .set_acl($keep.acl.clone())
            .set_grant_read($keep.grant_read.clone())
            .set_grant_read_acp($keep.grant_read_acp.clone())
            .set_grant_write_acp($keep.grant_write_acp.clone())
            .set_grant_full_control($keep.grant_full_control.clone())
            .set_server_side_encryption($keep.sse.clone())
            .set_ssekms_key_id($keep.sse_kms_key_id.clone())
            .set_sse_customer_algorithm($keep.customer.algorithm.clone())
            .set_sse_customer_key($keep.customer.key.clone())
            .set_sse_customer_key_md5($keep.customer.md5.clone())
    };
}
pub(super) use kept;

/// User metadata, refused where HTTP or S3 would break it.
fn metadata(
    metadata: Option<&BTreeMap<String, String>>,
) -> Result<Option<std::collections::HashMap<String, String>>> {
    let Some(metadata) = metadata else { return Ok(None) };
    check_metadata(metadata)?;
    let bytes = metadata_bytes(metadata);
    if bytes > METADATA {
        fail!(InvalidInput, "the metadata has {bytes} bytes; S3 allows {METADATA}");
    }
    Ok(Some(metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect()))
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

/// The text with all percent-encoded but letters, digits and `-._~`.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode(&mut encoded, text, false);
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

/// An ETag as the header wants it, in quotes; `*` stays.
pub(crate) fn quoted(etag: &str) -> String {
    if etag == "*" || etag.starts_with('"') || is_weak(etag) {
        etag.to_owned()
    } else {
        format!("\"{etag}\"")
    }
}

/// An ETag without its quotes; a weak one, `W/"…"`, is kept whole, so that it cannot be taken for a strong
/// one.
pub(crate) fn bare(etag: Option<&str>) -> Option<String> {
    let etag = etag?.trim();
    let bare = if is_weak(etag) { etag } else { etag.trim_matches('"') };
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// Whether the ETag is a weak one, which several states of an object may share. Source: RFC 9110, section
/// 8.8.1.
pub(crate) fn is_weak(etag: &str) -> bool {
    etag.starts_with("W/")
}

pub(crate) fn date(time: SystemTime) -> DateTime {
    let (seconds, nanos) = to_unix(time);
    DateTime::from_secs_and_nanos(seconds, nanos)
}

pub(crate) fn time(date: Option<&DateTime>) -> Option<SystemTime> {
    date.map(|date| from_unix(date.secs(), date.subsec_nanos()))
}
