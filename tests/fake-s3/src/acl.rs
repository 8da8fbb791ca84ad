//! Access control lists of objects: canned names, grant headers, and the XML document.
//!
//! Invariant: one account owns everything, so a list only ever opens an object to others. It must not know
//! objects.

use crate::error::{Result, S3Error};
use crate::request::Request;
use crate::xml::{self, Xml};

/// The canonical id of the one account of this server.
pub const OWNER: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
pub const OWNER_NAME: &str = "fake-s3";

pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const PERMISSIONS: [&str; 5] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Grantee {
    User(String),
    Group(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acl(Vec<(Grantee, String)>);

impl Default for Acl {
    fn default() -> Self {
        Acl(vec![(Grantee::User(OWNER.into()), "FULL_CONTROL".into())])
    }
}

impl Acl {
    /// From `x-amz-acl` or `x-amz-grant-*`; None when the request has neither.
    pub fn from_headers(request: &Request) -> Result<Option<Acl>> {
        let canned = request.header("x-amz-acl");
        let mut grants = vec![];
        for permission in PERMISSIONS {
            let name = format!("x-amz-grant-{}", permission.to_ascii_lowercase().replace('_', "-"));
            for grantee in request.header(&name).iter().flat_map(|value| value.split(',')) {
                grants.push((parse_grantee(&name, grantee.trim())?, permission.to_string()));
            }
        }
        match (canned, grants.is_empty()) {
            (None, true) => Ok(None),
            (None, false) => Ok(Some(Acl(grants))),
            (Some(canned), true) => Acl::canned(canned).map(Some),
            (Some(_), false) => {
                Err(S3Error::invalid_request("Specifying both Canned ACLs and Header Grants is not allowed"))
            }
        }
    }

    fn canned(name: &str) -> Result<Acl> {
        let mut acl = Acl::default();
        let mut grant = |group: &str, permission: &str| {
            acl.0.push((Grantee::Group(group.into()), permission.into()));
        };
        match name {
            "private" | "aws-exec-read" | "bucket-owner-read" | "bucket-owner-full-control" => {}
            "public-read" => grant(ALL_USERS, "READ"),
            "public-read-write" => {
                grant(ALL_USERS, "READ");
                grant(ALL_USERS, "WRITE");
            }
            "authenticated-read" => grant(AUTHENTICATED, "READ"),
            other => return Err(S3Error::invalid_argument("", "x-amz-acl", other)),
        }
        Ok(acl)
    }

    pub fn from_xml(body: &[u8]) -> Result<Acl> {
        let doc = xml::parse(body)?;
        let root = xml::expect_root(&doc, "AccessControlPolicy")?;
        let list = xml::children(root, "AccessControlList").next().ok_or_else(S3Error::malformed_xml)?;
        let grants = xml::children(list, "Grant").map(|grant| {
            let permission = xml::text(grant, "Permission")
                .filter(|permission| PERMISSIONS.contains(&permission.as_str()))
                .ok_or_else(S3Error::malformed_xml)?;
            let grantee = xml::children(grant, "Grantee").next().ok_or_else(S3Error::malformed_xml)?;
            let grantee = match grantee.attribute((XSI, "type")) {
                Some("CanonicalUser") => xml::text(grantee, "ID").map(Grantee::User),
                Some("Group") => Some(known_group(&xml::text(grantee, "URI").unwrap_or_default())?),
                Some("AmazonCustomerByEmail") => return Err(unresolvable()),
                _ => None,
            };
            Ok((grantee.ok_or_else(S3Error::malformed_xml)?, permission))
        });
        Ok(Acl(grants.collect::<Result<_>>()?))
    }

    pub fn to_xml(&self) -> String {
        let mut out = Xml::root("AccessControlPolicy");
        owner(&mut out, "Owner");
        out.open("AccessControlList");
        for (grantee, permission) in &self.0 {
            let kind = match grantee {
                Grantee::User(_) => "CanonicalUser",
                Grantee::Group(_) => "Group",
            };
            out.open("Grant").raw(&format!("<Grantee xmlns:xsi=\"{XSI}\" xsi:type=\"{kind}\">"));
            match grantee {
                Grantee::User(id) => out.el("ID", id),
                Grantee::Group(uri) => out.el("URI", uri),
            };
            out.close("Grantee").el("Permission", permission).close("Grant");
        }
        out.close("AccessControlList");
        out.end("AccessControlPolicy")
    }

    pub fn lets_anyone_read(&self) -> bool {
        self.0.iter().any(|(grantee, permission)| {
            *grantee == Grantee::Group(ALL_USERS.into())
                && ["READ", "FULL_CONTROL"].contains(&permission.as_str())
        })
    }

    /// The bucket refuses every list but the owner's own.
    pub fn not_supported() -> S3Error {
        S3Error::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
    }
}

pub fn owner(out: &mut Xml, element: &str) {
    out.open(element).el("ID", OWNER).el("DisplayName", OWNER_NAME).close(element);
}

/// `id="…"`, `uri="…"` or `emailAddress="…"`.
fn parse_grantee(header: &str, text: &str) -> Result<Grantee> {
    let (kind, value) = text
        .split_once('=')
        .ok_or_else(|| S3Error::invalid_argument("Argument format not recognized", header, text))?;
    let value = value.trim().trim_matches('"');
    match kind.trim() {
        "id" => Ok(Grantee::User(value.into())),
        "uri" => known_group(value),
        "emailAddress" => Err(unresolvable()),
        _ => Err(S3Error::invalid_argument("Argument format not recognized", header, text)),
    }
}

fn known_group(uri: &str) -> Result<Grantee> {
    const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
    if [ALL_USERS, AUTHENTICATED, LOG_DELIVERY].contains(&uri) {
        return Ok(Grantee::Group(uri.into()));
    }
    Err(S3Error::invalid_argument("Invalid group uri", "uri", uri))
}

fn unresolvable() -> S3Error {
    let message = "The e-mail address you provided does not match any account on record.";
    S3Error::new(400, "UnresolvableGrantByEmailAddress", message)
}
