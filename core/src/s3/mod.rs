//! The operations of S3 on a bucket and its objects.
//!
//! Invariant: `failure ← wire ← client ← operations`. A function of an operation sends one request (or one
//! for each page or batch); `transfer`, built from these, moves bytes in parts.

mod acl;
mod bucket;
mod checksums;
mod client;
mod conditions;
mod connection;
mod copy;
mod creation;
mod date;
mod delete;
mod echo;
mod endpoint;
mod etag;
mod failure;
mod foreign;
mod get;
mod headers;
mod identity;
mod integrity;
mod list;
mod multipart;
mod object;
mod offers;
mod open_uploads;
mod pages;
mod presign;
mod put;
mod refusal;
mod regions;
mod retry;
mod route;
mod sentence;
mod session;
mod slots;
mod tags;
#[cfg(test)]
mod tests;
mod uploads;
mod wire;

pub(crate) use acl::{get_acl, set_acl, set_bucket_acl};
pub(crate) use bucket::{
    bucket_region, create_bucket, delete_bucket, get_versioning, list_buckets, set_versioning,
};
pub(crate) use client::S3;
pub(crate) use copy::{copy_part, copy_whole};
pub(crate) use creation::Creation;
pub(crate) use delete::{BATCH, delete_many};
pub(crate) use echo::demands_echo;
pub(crate) use endpoint::{Endpoint, Subject};
pub(crate) use etag::{bare, is_weak, quoted};
pub(crate) use failure::is_of_identity;
pub(crate) use get::{Body, GetResponse, Unsized, fetch, fetch_any};
pub(crate) use headers::{METADATA, check_metadata, encoded, metadata_bytes};
pub(crate) use identity::credentials;
pub(crate) use list::{list, list_versions};
pub(crate) use multipart::{As, Whole, complete, create, etag, etag_of, etag_of_parts, stored};
pub(crate) use object::{checksum, delete, delete_one, exists, head, part};
pub(crate) use presign::presign;
pub(crate) use put::{PartName, put_part, put_whole};
pub(crate) use regions::known as known_region;
pub(crate) use route::{Route, route};
pub(crate) use slots::{PartSlot, stream_limit};
pub(crate) use tags::{delete_tags, get_tags, set_tags};
pub(crate) use uploads::{Part, abort, abort_upload, abort_uploads, list_parts, list_uploads};
