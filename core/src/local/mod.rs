//! stub
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::Mailbox;
use crate::config::Config;
use crate::error::{Result, fail};
use crate::io::{Sink, Source};
use crate::options;
use crate::reply::{Acl, Bucket, DeleteReply, Deleted, GetReply, ObjectMeta, Page, PutReply, UploadPage};
use crate::verbs::{Key, Keys, Prefix};

pub(crate) struct Local; impl Local { pub(crate) fn open(_d: &std::path::Path, _config: &Config) -> Result<Self> { Ok(Local) } }
pub(crate) async fn get(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _into: Sink, _options: options::Get) -> Result<GetReply> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn put(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _source: Source, _options: options::Put) -> Result<PutReply> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn head(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Head) -> Result<ObjectMeta> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn exists(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Exists) -> Result<bool> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn delete(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Delete) -> Result<DeleteReply> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn delete_many(_at: &Local, _mailbox: &Arc<Mailbox>, _keys: Keys, _options: options::DeleteMany) -> Result<Vec<Deleted>> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn copy(_at: &Local, _mailbox: &Arc<Mailbox>, _source_key: Key, _key: Key, _options: options::Copy) -> Result<PutReply> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn list(_at: &Local, _mailbox: &Arc<Mailbox>, _prefix: Prefix, _options: options::List) -> Result<Page> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn list_versions(_at: &Local, _mailbox: &Arc<Mailbox>, _prefix: Prefix, _options: options::ListVersions) -> Result<Page> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn presign(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Presign) -> Result<String> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn get_acl(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::GetAcl) -> Result<Acl> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn set_acl(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::SetAcl) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn get_tags(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Tags) -> Result<BTreeMap<String, String>> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn set_tags(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _tags: BTreeMap<String, String>, _options: options::Tags) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn delete_tags(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _options: options::Tags) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn bucket_region(_at: &Local, _mailbox: &Arc<Mailbox>, _options: options::NoOptions) -> Result<String> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn list_buckets(_at: &Local, _mailbox: &Arc<Mailbox>, _options: options::NoOptions) -> Result<Vec<Bucket>> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn create_bucket(_at: &Local, _mailbox: &Arc<Mailbox>, _options: options::NoOptions) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn delete_bucket(_at: &Local, _mailbox: &Arc<Mailbox>, _options: options::NoOptions) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn list_uploads(_at: &Local, _mailbox: &Arc<Mailbox>, _prefix: Prefix, _options: options::ListUploads) -> Result<UploadPage> {
    fail!(Unsupported, "not built yet")
}

pub(crate) async fn abort_upload(_at: &Local, _mailbox: &Arc<Mailbox>, _key: Key, _upload_id: String, _options: options::NoOptions) -> Result<()> {
    fail!(Unsupported, "not built yet")
}

