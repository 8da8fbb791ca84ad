//! An object's tags.

use std::collections::BTreeMap;

use http::Method;

use super::client::S3;
use super::headers::check_tags;
use super::wire::Request;
use crate::error::{Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Tags;
use crate::xml::{Document, Element, Malformed, Root, is_char};

const TAGGING: Root = Root { name: "Tagging", operation: "GetObjectTagging", elements: &["TagSet"] };

pub(crate) async fn get_tags(
    at: &S3,
    _: &Mailbox,
    key: Key,
    options: Tags,
) -> Result<BTreeMap<String, String>> {
    let request = at
        .object("GetObjectTagging", Method::GET, &key.0)
        .await?
        .query("tagging", Some(""))
        .query("versionId", options.version_id.as_deref());
    at.ask_document(&request, |_, body| read_tags(body)).await
}

fn read_tags(body: &[u8]) -> std::result::Result<BTreeMap<String, String>, Malformed> {
    let mut tags = BTreeMap::new();
    Document::open(body, &TAGGING)?.children(|document, name| match name {
        "TagSet" => document.children(|document, name| {
            if name != "Tag" {
                return document.skip();
            }
            let (mut key, mut value) = (String::new(), String::new());
            document.children(|document, name| {
                match name {
                    "Key" => key = document.text()?.into_owned(),
                    "Value" => value = document.text()?.into_owned(),
                    _ => document.skip()?,
                }
                Ok(())
            })?;
            tags.insert(key, value);
            Ok(())
        }),
        _ => document.skip(),
    })?;
    Ok(tags)
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
    let tag = |(key, value): (&String, &String)| {
        Element::new("Tag").text("Key", Some(key)).text("Value", Some(value))
    };
    let set = tags.iter().map(tag).fold(Element::new("TagSet"), Element::child);
    let request = at
        .object("PutObjectTagging", Method::PUT, &key.0)
        .await?
        .query("tagging", Some(""))
        .query("versionId", options.version_id.as_deref())
        .document(Element::new("Tagging").child(set))?
        .required_checksum()?;
    at.ask(&request).await.map(drop)
}

pub(crate) async fn delete_tags(at: &S3, _: &Mailbox, key: Key, options: Tags) -> Result<()> {
    let request = Request::of_object("DeleteObjectTagging", Method::DELETE, &at.full(&key.0))?
        .query("tagging", Some(""))
        .query("versionId", options.version_id.as_deref());
    at.ask(&request).await.map(drop)
}
