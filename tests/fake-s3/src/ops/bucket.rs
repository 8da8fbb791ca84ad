//! Buckets themselves: list, create, head, delete, location, versioning.

use crate::acl::owner;
use crate::clock::iso;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::store::{Bucket, Versioning};
use crate::xml::{self, Xml};

pub fn list(ctx: &Ctx<'_>) -> Result<Reply> {
    let prefix = ctx.request.param("prefix").unwrap_or("");
    let mut out = Xml::root("ListAllMyBucketsResult");
    owner(&mut out, "Owner");
    out.open("Buckets");
    for (name, bucket) in ctx.store().buckets.iter().filter(|(name, _)| name.starts_with(prefix)) {
        out.open("Bucket").el("Name", name).el("CreationDate", iso(bucket.created));
        out.el("BucketRegion", &bucket.region).close("Bucket");
    }
    out.close("Buckets");
    Ok(Reply::xml(out.end("ListAllMyBucketsResult")))
}

pub fn create(ctx: &Ctx<'_>) -> Result<Reply> {
    let name = ctx.bucket();
    check_name(name)?;
    let mut region = ctx.world.options.region.clone();
    if !ctx.payload.bytes.is_empty() {
        let doc = xml::parse(&ctx.payload.bytes)?;
        let root = xml::expect_root(&doc, "CreateBucketConfiguration")?;
        if let Some(constraint) = xml::text(root, "LocationConstraint").filter(|text| !text.is_empty()) {
            region = constraint;
        }
    }
    let mut store = ctx.store();
    if store.buckets.contains_key(name) {
        // The first region forgives: creating one's own bucket again succeeds there and nowhere else.
        if region != "us-east-1" {
            let message =
                "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(S3Error::new(409, "BucketAlreadyOwnedByYou", message).with("BucketName", name));
        }
    } else {
        let bucket = Bucket {
            region,
            created: ctx.now,
            acls_disabled: ctx.request.header("x-amz-object-ownership") == Some("BucketOwnerEnforced"),
            ..Bucket::default()
        };
        store.buckets.insert(name.to_string(), bucket);
    }
    let mut reply = Reply::empty(200);
    reply.set("location", &format!("/{name}"));
    Ok(reply)
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'.';
    let edge = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let bytes = name.as_bytes();
    let valid = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|c| allowed(*c))
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err();
    if valid {
        return Ok(());
    }
    Err(S3Error::new(400, "InvalidBucketName", "The specified bucket is not valid.").with("BucketName", name))
}

pub fn head(ctx: &Ctx<'_>) -> Result<Reply> {
    let store = ctx.store();
    let mut reply = Reply::empty(200);
    reply.set("x-amz-bucket-region", &store.bucket(ctx.bucket())?.region);
    reply.set("x-amz-access-point-alias", "false");
    Ok(reply)
}

pub fn delete(ctx: &Ctx<'_>) -> Result<Reply> {
    let mut store = ctx.store();
    if !store.bucket(ctx.bucket())?.objects.is_empty() {
        let message = "The bucket you tried to delete is not empty";
        return Err(S3Error::new(409, "BucketNotEmpty", message).with("BucketName", ctx.bucket()));
    }
    store.buckets.remove(ctx.bucket());
    store.uploads.retain(|_, upload| upload.bucket != ctx.bucket());
    Ok(Reply::empty(204))
}

pub fn location(ctx: &Ctx<'_>) -> Result<Reply> {
    let store = ctx.store();
    let region = &store.bucket(ctx.bucket())?.region;
    let mut out = Xml::new();
    let text = if region == "us-east-1" { "" } else { region };
    out.raw(&format!("<LocationConstraint xmlns=\"{}\">{text}</LocationConstraint>", xml::NAMESPACE));
    Ok(Reply::xml(out.finish()))
}

pub fn get_versioning(ctx: &Ctx<'_>) -> Result<Reply> {
    let mut out = Xml::root("VersioningConfiguration");
    match ctx.store().bucket(ctx.bucket())?.versioning {
        Versioning::Off => {}
        state => {
            out.el("Status", format!("{state:?}"));
        }
    }
    Ok(Reply::xml(out.end("VersioningConfiguration")))
}

pub fn put_versioning(ctx: &Ctx<'_>) -> Result<Reply> {
    let doc = xml::parse(&ctx.payload.bytes)?;
    let root = xml::expect_root(&doc, "VersioningConfiguration")?;
    let state = match xml::text(root, "Status").as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => {
            return Err(S3Error::new(
                400,
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            ));
        }
    };
    ctx.store().bucket_mut(ctx.bucket())?.versioning = state;
    Ok(Reply::empty(200))
}
