//! Who may do what with an object, and its tags.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{Grantee, ObjectCannedAcl, Tag, Tagging};

use super::client::S3;
use super::documents::is_char;
use super::settings::check_tags;
use crate::config::check_exclusions;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{GetAcl, SetAcl, Tags};
use crate::reply::{Acl, Grant};

pub(crate) async fn get_acl(at: &S3, _: &Mailbox, key: Key, options: GetAcl) -> Result<Acl> {
    let output = at
        .send(|client| {
            client
                .get_object_acl()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_version_id(options.version_id.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let grants = output.grants().iter().map(|grant| Grant {
        grantee: grant.grantee().map(grantee).unwrap_or_default(),
        permission: grant.permission().map(|permission| permission.as_str().to_owned()).unwrap_or_default(),
    });
    Ok(Acl {
        owner: output.owner().and_then(|owner| owner.id().map(str::to_owned)),
        grants: grants.collect(),
    })
}

fn grantee(grantee: &Grantee) -> String {
    match (grantee.id(), grantee.uri(), grantee.email_address()) {
        (Some(id), _, _) => format!("id={id}"),
        (_, Some(uri), _) => format!("uri={uri}"),
        (_, _, Some(email)) => format!("emailAddress={email}"),
        _ => String::new(),
    }
}

pub(crate) async fn set_acl(at: &S3, _: &Mailbox, key: Key, options: SetAcl) -> Result<()> {
    let given = |name: &str| match name {
        "acl" => options.acl.is_some(),
        "grant_read" => options.grant_read.is_some(),
        "grant_read_acp" => options.grant_read_acp.is_some(),
        "grant_write_acp" => options.grant_write_acp.is_some(),
        "grant_full_control" => options.grant_full_control.is_some(),
        _ => false,
    };
    check_exclusions(ErrorKind::InvalidInput, given)?;
    if !["acl", "grant_read", "grant_read_acp", "grant_write_acp", "grant_full_control"]
        .into_iter()
        .any(given)
    {
        fail!(InvalidInput, "set_acl needs `acl` or one of the grants");
    }
    at.send(|client| {
        client
            .put_object_acl()
            .bucket(at.bucket())
            .key(at.full(&key.0))
            .set_version_id(options.version_id.clone())
            .set_acl(options.acl.as_deref().map(ObjectCannedAcl::from))
            .set_grant_read(options.grant_read.clone())
            .set_grant_read_acp(options.grant_read_acp.clone())
            .set_grant_write_acp(options.grant_write_acp.clone())
            .set_grant_full_control(options.grant_full_control.clone())
            .set_request_payer(at.payer())
            .send()
    })
    .await
    .map(drop)
}

pub(crate) async fn get_tags(
    at: &S3,
    _: &Mailbox,
    key: Key,
    options: Tags,
) -> Result<BTreeMap<String, String>> {
    let output = at
        .send(|client| {
            client
                .get_object_tagging()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_version_id(options.version_id.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    Ok(output.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

pub(crate) async fn set_tags(
    at: &S3,
    _: &Mailbox,
    key: Key,
    tags: BTreeMap<String, String>,
    options: Tags,
) -> Result<()> {
    check_tags(&tags)?;
    if let Some((name, _)) = tags.iter().find(|(name, value)| !name.chars().chain(value.chars()).all(is_char))
    {
        fail!(InvalidInput, "the tag {name:?} holds a control character, which XML can't carry");
    }
    let invalid =
        |error: aws_sdk_s3::error::BuildError| Error::new(ErrorKind::InvalidInput, error.to_string());
    let tags = tags
        .into_iter()
        .map(|(name, value)| Tag::builder().key(name).value(value).build().map_err(invalid))
        .collect::<Result<Vec<_>>>()?;
    let tagging = Tagging::builder().set_tag_set(Some(tags)).build().map_err(invalid)?;
    at.send(|client| {
        client
            .put_object_tagging()
            .bucket(at.bucket())
            .key(at.full(&key.0))
            .set_version_id(options.version_id.clone())
            .tagging(tagging.clone())
            .set_request_payer(at.payer())
            .send()
    })
    .await
    .map(drop)
}

pub(crate) async fn delete_tags(at: &S3, _: &Mailbox, key: Key, options: Tags) -> Result<()> {
    at.send(|client| {
        client
            .delete_object_tagging()
            .bucket(at.bucket())
            .key(at.full(&key.0))
            .set_version_id(options.version_id.clone())
            .send()
    })
    .await
    .map(drop)
}
