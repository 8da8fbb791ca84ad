//! A store that is the source of a copy, or its target.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::bucket_name;
use crate::encrypted;
use crate::error::Result;
use crate::keys::Key;
use crate::local;
use crate::mailbox::Mailbox;
use crate::many::At;
use crate::options::{Copy, Tags};
use crate::reply::PutReply;
use crate::s3;
use crate::store::Backend;
use crate::transfer;

#[derive(Clone)]
pub(super) struct Side {
    pub(super) backend: Backend,
    /// Whether its objects are read as they lie there, though the store encrypts.
    pub(super) is_clear: bool,
}

impl Side {
    pub(super) fn of(backend: Backend) -> Side {
        Side { backend, is_clear: false }
    }

    /// The same store in another bucket, if one is named.
    pub(super) fn elsewhere(&self, bucket: Option<&str>) -> Result<Side> {
        match (&self.backend, bucket) {
            (Backend::S3(at), Some(bucket)) => Ok(Side::of(Backend::S3(at.elsewhere(&bucket_name(bucket)?)))),
            _ => Ok(self.clone()),
        }
    }

    pub(super) fn at(&self) -> At<'_> {
        match &self.backend {
            Backend::S3(s3) if self.is_clear => At::S3(s3),
            Backend::S3(s3) => At::from(s3),
            Backend::Local(local) => At::from(local),
        }
    }

    /// Copies within the store, by the server if it has one.
    pub(super) async fn copy(
        &self,
        mailbox: &Arc<Mailbox>,
        source_key: Key,
        key: Key,
        options: Copy,
    ) -> Result<PutReply> {
        match self.at() {
            At::S3(at) => transfer::copy(at, mailbox, source_key, key, options).await,
            At::Encrypted(at) => encrypted::copy(at, mailbox, source_key, key, options).await,
            At::Local(at) => local::copy(at, mailbox, source_key, key, options).await,
        }
    }

    pub(super) async fn tags(
        &self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: Tags,
    ) -> Result<BTreeMap<String, String>> {
        match &self.backend {
            Backend::S3(at) => s3::get_tags(at, mailbox, key, options).await,
            Backend::Local(at) => local::get_tags(at, mailbox, key, options).await,
        }
    }
}
