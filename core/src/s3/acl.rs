//! Access control of an object, its owner and grants, and of the bucket.

use http::Method;

use super::client::S3;
use super::endpoint::Subject;
use super::wire::Request;
use crate::config::check_exclusions;
use crate::error::{ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{GetAcl, NoOptions, SetAcl};
use crate::reply::{Acl, Grant};
use crate::xml::{Document, Malformed, Root};

const POLICY: Root =
    Root { name: "AccessControlPolicy", operation: "GetObjectAcl", elements: &["AccessControlList"] };

pub(crate) async fn get_acl(at: &S3, _: &Mailbox, key: Key, options: GetAcl) -> Result<Acl> {
    let request = at
        .object("GetObjectAcl", Method::GET, &key.0)
        .await?
        .query("acl", Some(""))
        .query("versionId", options.version_id.as_deref());
    at.ask_document(&request, |_, body| read_policy(body)).await
}

fn read_policy(body: &[u8]) -> std::result::Result<Acl, Malformed> {
    let mut acl = Acl { owner: None, grants: Vec::new() };
    Document::open(body, &POLICY)?.children(|document, name| match name {
        "Owner" => document.children(|document, name| {
            match name {
                "ID" => acl.owner = Some(document.text()?.into_owned()),
                _ => document.skip()?,
            }
            Ok(())
        }),
        "AccessControlList" => document.children(|document, name| {
            match name {
                "Grant" => acl.grants.push(read_grant(document)?),
                _ => document.skip()?,
            }
            Ok(())
        }),
        _ => document.skip(),
    })?;
    Ok(acl)
}

fn read_grant(document: &mut Document<'_>) -> std::result::Result<Grant, Malformed> {
    let (mut id, mut uri, mut email) = (None, None, None);
    let mut permission = String::new();
    document.children(|document, name| match name {
        "Grantee" => document.children(|document, name| {
            match name {
                "ID" => id = Some(document.text()?.into_owned()),
                "URI" => uri = Some(document.text()?.into_owned()),
                "EmailAddress" => email = Some(document.text()?.into_owned()),
                _ => document.skip()?,
            }
            Ok(())
        }),
        "Permission" => {
            permission = document.text()?.into_owned();
            Ok(())
        }
        _ => document.skip(),
    })?;
    let grantee = match (id, uri, email) {
        (Some(id), _, _) => format!("id={id}"),
        (_, Some(uri), _) => format!("uri={uri}"),
        (_, _, Some(email)) => format!("emailAddress={email}"),
        _ => String::new(),
    };
    Ok(Grant { grantee, permission })
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
    let request = at
        .object("PutObjectAcl", Method::PUT, &key.0)
        .await?
        .query("acl", Some(""))
        .query("versionId", options.version_id.as_deref())
        .header("x-amz-acl", options.acl.as_deref())?
        .header("x-amz-grant-full-control", options.grant_full_control.as_deref())?
        .header("x-amz-grant-read", options.grant_read.as_deref())?
        .header("x-amz-grant-read-acp", options.grant_read_acp.as_deref())?
        .header("x-amz-grant-write-acp", options.grant_write_acp.as_deref())?
        .no_document()?
        .required_checksum()?;
    at.ask(&request).await.map(drop)
}

pub(crate) async fn set_bucket_acl(at: &S3, _: &Mailbox, acl: String, _: NoOptions) -> Result<()> {
    let request = Request::to("PutBucketAcl", Method::PUT, Subject::Control)
        .query("acl", Some(""))
        .header("x-amz-acl", Some(acl))?
        .no_document()?
        .required_checksum()?;
    at.ask(&request).await.map(drop)
}
