//! The verbs on a bucket, one file for each kind of thing, spoken through aws-sdk-s3.
//!
//! Law: the only room, with `credentials`, that names an AWS type. A function here is one S3 operation (or
//! one for each page or batch); what moves bytes in parts is `transfer`, built from these.

mod access;
mod agent;
mod answers;
mod bucket;
mod client;
mod clients;
mod conditions;
mod creation;
mod direct;
mod documents;
mod echo;
mod endpoint;
mod error;
mod explain;
mod failure;
mod foreign;
mod get;
mod identity;
mod integrity;
mod list;
mod multipart;
mod object;
mod offers;
mod pages;
mod presign;
mod put;
mod regions;
mod retry;
mod rules;
mod sentence;
mod settings;
mod uploads;

pub(crate) use access::{delete_tags, get_acl, get_tags, set_acl, set_tags};
pub(crate) use bucket::{bucket_region, create_bucket, delete_bucket, list_buckets};
pub(crate) use client::S3;
pub(crate) use creation::Creation;
pub(crate) use echo::demands_echo;
pub(crate) use explain::explain;
pub(crate) use failure::is_of_identity;
pub(crate) use get::{Body, Fetched, Unsized, fetch, fetch_any};
pub(crate) use identity::credentials;
pub(crate) use list::{list, list_versions};
pub(crate) use multipart::{
    As, Whole, abort, complete, copy_part, create, etag, etag_of, etag_of_parts, stored,
};
pub(crate) use object::{BATCH, checksum, copy_whole, delete, delete_many, delete_one, exists, head};
pub(crate) use presign::presign;
pub(crate) use put::{Part, put_part, put_whole};
pub(crate) use settings::{METADATA, bare, check_metadata, encoded, is_weak, metadata_bytes, quoted};
pub(crate) use uploads::{abort_upload, abort_uploads, list_parts, list_uploads};
