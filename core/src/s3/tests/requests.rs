//! Every operation, with all its options and over odd keys: the same request as the SDK's, and the same
//! reply.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload,
    CompletedPart, CreateBucketConfiguration, Delete as Batch, EncodingType, MetadataDirective,
    ObjectCannedAcl, ObjectIdentifier, ServerSideEncryption, StorageClass, Tag, Tagging, TaggingDirective,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};

use super::sdk::{Sdk, date, sent, time};
use super::{ODD_KEYS, Outcome, answer, both_ways, open, run, serve};
use crate::checksum::{Algorithm, Checksum};
use crate::error::Result;
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{
    Copy, CustomerKey, Delete, Get, GetAcl, Head, ListUploads, NoOptions, Presign, Put, Secret, SetAcl, Tags,
};
use crate::reply::{ObjectMeta, PutReply};
use crate::s3::etag::{bare, quoted};
use crate::s3::{self, As, Creation, Part, S3, Whole};
use crate::value::ByteRange;

const SUM: Algorithm = Algorithm::Crc64Nvme;
const UPLOAD: &str = "u+1/=";

/// An operation of either way.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Get(Get),
    Head(Head),
    Put(Box<Put>, &'static [u8]),
    Delete(Delete),
    DeleteMany(Vec<(Key, Option<String>)>),
    Copy(Box<Copy>),
    CopyPart(Box<Copy>),
    Create(Box<Put>),
    PutPart(Box<Put>, &'static [u8]),
    ListParts(Box<Put>),
    ListUploads(ListUploads),
    Complete(Box<Put>),
    Abort,
    GetAcl(GetAcl),
    SetAcl(SetAcl),
    GetTags(Tags),
    SetTags(BTreeMap<String, String>, Tags),
    DeleteTags(Tags),
    Region,
    Buckets,
    CreateBucket,
    DeleteBucket,
}

fn parts() -> Vec<Part> {
    let part = |number: i32, bytes: &[u8]| Part {
        number,
        size: bytes.len() as u64,
        etag: Some(format!("\"e&{number}\"")),
        checksum: Some(SUM.of(bytes)),
    };
    vec![part(1, b"one"), part(2, b"two")]
}

fn whole() -> Checksum {
    SUM.of(b"one").then(SUM.of(b"two"))
}

/// Everything that a caller gets to see, as text.
pub(super) async fn ours(at: S3, key: String, ask: Ask) -> Result<String> {
    let (at, mailbox, key) = (&at, &Mailbox::new(), Key(key));
    let algorithm = Some(SUM);
    Ok(match ask {
        Ask::Get(options) => {
            let mut body = s3::fetch(at, &key, &options).await?;
            let mut whole = Vec::new();
            while let Some(piece) = body.next().await? {
                whole.extend_from_slice(&piece);
            }
            format!("{:?} {} {} {whole:?}", body.meta, body.offset, body.length)
        }
        Ask::Head(options) => format!("{:?}", s3::head(at, mailbox, key, options).await?),
        Ask::Put(options, body) => {
            let reply = s3::put_whole(at, &key, Bytes::from_static(body), Some(SUM.of(body)), &options);
            format!("{:?}", reply.await?)
        }
        Ask::Delete(options) => format!("{:?}", s3::delete(at, mailbox, key, options).await?),
        Ask::DeleteMany(keys) => {
            let fates = s3::delete_many(at, mailbox, Keys(keys)).await?;
            let failed =
                fates.into_iter().filter_map(|fate| Some((fate.key, fate.version_id, fate.message?)));
            format!("{:?}", failed.collect::<Vec<_>>())
        }
        Ask::Copy(options) => {
            format!("{:?}", s3::copy_whole(at, "bucket/a%20b?versionId=1", &key, &options, 3).await?)
        }
        Ask::CopyPart(options) => {
            let unchanged = Some(then());
            let source = "bucket/a%20b";
            let part =
                s3::copy_part(at, &key, UPLOAD, 7, source, (Some("\"e\""), unchanged), (5, 10), &options);
            format!("{:?}", part.await?.etag)
        }
        Ask::Create(options) => {
            let creation = Creation::new(at, &key).await?;
            format!("{:?}", Some(s3::create(at, &key, As::Put(&options), algorithm, &creation).await?))
        }
        Ask::PutPart(options, body) => {
            let (bytes, sum) = (Bytes::from_static(body), Some(SUM.of(body)));
            format!("{:?}", s3::put_part(at, &key, UPLOAD, 7, bytes, sum, &options).await?.etag)
        }
        Ask::ListParts(options) => {
            let parts = s3::list_parts(at, &key, UPLOAD, &options).await?;
            let shown = parts
                .into_iter()
                .map(|part| (part.number, part.size, part.etag, part.checksum.map(|sum| sum.text())));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::ListUploads(options) => {
            let page = s3::list_uploads(at, mailbox, Prefix(key.0), options).await?;
            let shown =
                page.entries.into_iter().map(|upload| (upload.key, upload.upload_id, upload.initiated));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::Complete(options) => {
            let options = As::Put(&options);
            let reply = s3::complete(at, &key, UPLOAD, &parts(), Whole::Sent(whole()), options).await?;
            format!("{reply:?}")
        }
        Ask::Abort => format!("{:?}", s3::abort(at, &key, UPLOAD).await?),
        Ask::GetAcl(options) => {
            let acl = s3::get_acl(at, mailbox, key, options).await?;
            let grants = acl.grants.into_iter().map(|grant| (grant.grantee, grant.permission));
            format!("{:?} {:?}", acl.owner, grants.collect::<Vec<_>>())
        }
        Ask::SetAcl(options) => format!("{:?}", s3::set_acl(at, mailbox, key, options).await?),
        Ask::GetTags(options) => format!("{:?}", s3::get_tags(at, mailbox, key, options).await?),
        Ask::SetTags(tags, options) => {
            format!("{:?}", s3::set_tags(at, mailbox, key, tags, options).await?)
        }
        Ask::DeleteTags(options) => format!("{:?}", s3::delete_tags(at, mailbox, key, options).await?),
        Ask::Region => s3::bucket_region(at, mailbox, NoOptions::default()).await?,
        Ask::Buckets => {
            let buckets = s3::list_buckets(at, mailbox, NoOptions::default()).await?;
            let shown = buckets.into_iter().map(|bucket| (bucket.name, bucket.created));
            format!("{:?}", shown.collect::<Vec<_>>())
        }
        Ask::CreateBucket => format!("{:?}", s3::create_bucket(at, mailbox, NoOptions::default()).await?),
        Ask::DeleteBucket => format!("{:?}", s3::delete_bucket(at, mailbox, NoOptions::default()).await?),
    })
}

macro_rules! meta {
    ($key:expr, $size:expr, $output:expr) => {
        ObjectMeta {
            key: $key.to_owned(),
            size: $size,
            etag: bare($output.e_tag()),
            last_modified: time($output.last_modified()),
            version_id: $output.version_id().map(str::to_owned),
            content_type: $output.content_type().map(str::to_owned),
            content_encoding: $output
                .content_encoding()
                .map(str::to_owned)
                .filter(|encoding| !encoding.is_empty()),
            content_language: $output.content_language().map(str::to_owned),
            content_disposition: $output.content_disposition().map(str::to_owned),
            cache_control: $output.cache_control().map(str::to_owned),
            expires: Some(then() + Duration::from_secs(86_400))
                .filter(|_| $output.expires_string().is_some()),
            metadata: $output
                .metadata()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
            storage_class: $output.storage_class().map(|class| class.as_str().to_owned()),
            sse: $output.server_side_encryption().map(|sse| sse.as_str().to_owned()),
            sse_kms_key_id: $output.ssekms_key_id().map(str::to_owned),
            sse_customer_algorithm: $output.sse_customer_algorithm().map(str::to_owned),
            size_estimated: false,
        }
    };
}

/// Sets the three headers of a customer key.
macro_rules! customer {
    ($request:expr, $options:expr) => {{
        let key = $options.sse_customer_key.as_ref().map(|key| key.0.0.clone());
        $request
            .set_sse_customer_algorithm(key.as_ref().map(|_| "AES256".to_owned()))
            .set_sse_customer_key(key.as_ref().map(|key| STANDARD.encode(key)))
            .set_sse_customer_key_md5(key.as_ref().map(|key| STANDARD.encode(Md5::digest(key))))
    }};
}

/// Sets what put, copy and the creation of an upload have in common.
macro_rules! described {
    ($request:expr, $options:expr) => {{
        let options = $options;
        let tags = options.tags.as_ref().map(|tags| {
            tags.iter().map(|(key, value)| format!("{key}={}", value.replace(' ', "%20"))).collect::<Vec<_>>()
        });
        customer!($request, options)
            .set_content_type(options.content_type.clone())
            .set_content_encoding(options.content_encoding.clone())
            .set_content_language(options.content_language.clone())
            .set_content_disposition(options.content_disposition.clone())
            .set_cache_control(options.cache_control.clone())
            .set_expires(options.expires.map(date))
            .set_metadata(options.metadata.clone().map(|metadata| metadata.into_iter().collect()))
            .set_tagging(tags.map(|tags| tags.join("&")))
            .set_storage_class(options.storage_class.as_deref().map(StorageClass::from))
            .set_acl(options.acl.as_deref().map(ObjectCannedAcl::from))
            .set_grant_read(options.grant_read.clone())
            .set_grant_read_acp(options.grant_read_acp.clone())
            .set_grant_write_acp(options.grant_write_acp.clone())
            .set_grant_full_control(options.grant_full_control.clone())
            .set_server_side_encryption(options.sse.as_deref().map(ServerSideEncryption::from))
            .set_ssekms_key_id(options.sse_kms_key_id.clone())
    }};
}

/// The same through the SDK.
pub(super) async fn theirs(sdk: Sdk, key: String, ask: Ask) -> Outcome {
    let (client, bucket, payer) = (&sdk.client, "bucket", sdk.payer);
    let if_text = |etag: &Option<String>| etag.as_deref().map(quoted);
    match ask {
        Ask::Get(options) => {
            let request = customer!(client.get_object(), options)
                .bucket(bucket)
                .key(&key)
                .set_checksum_mode(options.range.is_none().then_some(ChecksumMode::Enabled))
                .set_range(options.range.map(|range| range.header()))
                .set_version_id(options.version_id.clone())
                .set_if_match(if_text(&options.if_match))
                .set_if_none_match(if_text(&options.if_none_match))
                .set_if_modified_since(options.if_modified_since.map(date))
                .set_if_unmodified_since(options.if_unmodified_since.map(date))
                .set_request_payer(payer);
            let output = match request.send().await {
                Ok(output) => output,
                failed => return sent(failed, |_| unreachable!()),
            };
            let length = output.content_length().unwrap_or(0).cast_unsigned();
            let (offset, size) = output.content_range().map_or((0, length), |range| {
                let (range, size) = range.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
                (range.split_once('-').unwrap().0.parse().unwrap(), size.parse().unwrap())
            });
            let meta = meta!(key, Some(size), output);
            let whole = output.body.collect().await.unwrap().to_vec();
            Ok(format!("{meta:?} {offset} {length} {whole:?}"))
        }
        Ask::Head(options) => {
            let request = customer!(client.head_object(), options)
                .bucket(bucket)
                .key(&key)
                .set_version_id(options.version_id.clone())
                .set_if_match(if_text(&options.if_match))
                .set_if_none_match(if_text(&options.if_none_match))
                .set_if_modified_since(options.if_modified_since.map(date))
                .set_if_unmodified_since(options.if_unmodified_since.map(date))
                .set_request_payer(payer);
            sent(request.send().await, |output| {
                format!("{:?}", meta!(key, output.content_length().map(i64::cast_unsigned), output))
            })
        }
        Ask::Put(options, body) => {
            let request = described!(client.put_object(), &options)
                .bucket(bucket)
                .key(&key)
                .body(ByteStream::from_static(body))
                .checksum_crc64_nvme(SUM.of(body).text())
                .set_if_match(if_text(&options.if_match))
                .set_if_none_match(if_text(&options.if_none_match))
                .set_request_payer(payer);
            sent(request.send().await, |output| put_reply(output.e_tag, output.version_id, body.len()))
        }
        Ask::Delete(options) => {
            let request = client
                .delete_object()
                .bucket(bucket)
                .key(&key)
                .set_version_id(options.version_id.clone())
                .set_if_match(if_text(&options.if_match))
                .set_request_payer(payer);
            sent(request.send().await, |output| {
                let delete_marker = output.delete_marker.unwrap_or(false);
                format!("{:?}", crate::reply::DeleteReply { version_id: output.version_id, delete_marker })
            })
        }
        Ask::DeleteMany(keys) => {
            let named = keys.iter().map(|(key, version)| {
                ObjectIdentifier::builder().key(&key.0).set_version_id(version.clone()).build().unwrap()
            });
            let batch = Batch::builder().set_objects(Some(named.collect())).quiet(true).build().unwrap();
            let request = client.delete_objects().bucket(bucket).delete(batch).set_request_payer(payer);
            sent(request.send().await, |output| {
                let failed = output.errors().iter().map(|failed| {
                    let text = |text: Option<&str>| text.map(str::to_owned);
                    let message = format!("{}: {}", failed.code().unwrap(), failed.message().unwrap());
                    (text(failed.key()).unwrap(), text(failed.version_id()), message)
                });
                format!("{:?}", failed.collect::<Vec<_>>())
            })
        }
        Ask::Copy(options) => {
            let describes = options.content_type.is_some() || options.metadata.is_some();
            let request = described!(client.copy_object(), &options)
                .bucket(bucket)
                .key(&key)
                .copy_source("bucket/a%20b?versionId=1")
                .set_copy_source_if_match(if_text(&options.source_if_match))
                .set_copy_source_if_none_match(if_text(&options.source_if_none_match))
                .set_metadata_directive(describes.then_some(MetadataDirective::Replace))
                .set_tagging_directive(options.tags.is_some().then_some(TaggingDirective::Replace))
                .set_if_match(if_text(&options.if_match))
                .set_if_none_match(if_text(&options.if_none_match))
                .set_request_payer(payer);
            let from = options.source_sse_customer_key.as_ref().map(|key| key.0.0.clone());
            let request = request
                .set_copy_source_sse_customer_algorithm(from.as_ref().map(|_| "AES256".to_owned()))
                .set_copy_source_sse_customer_key(from.as_ref().map(|key| STANDARD.encode(key)))
                .set_copy_source_sse_customer_key_md5(
                    from.as_ref().map(|key| STANDARD.encode(Md5::digest(key))),
                );
            sent(request.send().await, |output| {
                let etag = output.copy_object_result().and_then(|result| result.e_tag().map(str::to_owned));
                put_reply(etag, output.version_id, 3)
            })
        }
        Ask::CopyPart(options) => {
            let request = customer!(client.upload_part_copy(), options)
                .bucket(bucket)
                .key(&key)
                .upload_id(UPLOAD)
                .part_number(7)
                .copy_source("bucket/a%20b")
                .copy_source_range("bytes=5-14")
                .copy_source_if_match("\"e\"")
                .copy_source_if_unmodified_since(date(then()))
                .set_request_payer(payer);
            sent(request.send().await, |output| {
                format!("{:?}", output.copy_part_result().and_then(|result| result.e_tag()))
            })
        }
        Ask::Create(options) => {
            let request = described!(client.create_multipart_upload(), &options)
                .bucket(bucket)
                .key(&key)
                .checksum_algorithm(ChecksumAlgorithm::from(SUM.name()))
                .checksum_type(ChecksumType::FullObject)
                .set_request_payer(payer);
            sent(request.send().await, |output| format!("{:?}", output.upload_id()))
        }
        Ask::PutPart(options, body) => {
            let request = customer!(client.upload_part(), options)
                .bucket(bucket)
                .key(&key)
                .upload_id(UPLOAD)
                .part_number(7)
                .body(ByteStream::from_static(body))
                .checksum_crc64_nvme(SUM.of(body).text())
                .set_request_payer(payer);
            sent(request.send().await, |output| format!("{:?}", output.e_tag()))
        }
        Ask::ListParts(options) => {
            let request = customer!(client.list_parts(), options)
                .bucket(bucket)
                .key(&key)
                .upload_id(UPLOAD)
                .set_request_payer(payer);
            sent(request.send().await, |output| {
                let shown = output.parts().iter().map(|part| {
                    let sum = part.checksum_crc64_nvme().map(str::to_owned);
                    let size = part.size().unwrap().cast_unsigned();
                    (part.part_number().unwrap(), size, part.e_tag().map(str::to_owned), sum)
                });
                format!("{:?}", shown.collect::<Vec<_>>())
            })
        }
        Ask::ListUploads(options) => {
            let markers = options.continuation.as_deref().and_then(|text| text.split_once('\n'));
            let request = client
                .list_multipart_uploads()
                .bucket(bucket)
                .prefix(&key)
                .encoding_type(EncodingType::Url)
                .set_key_marker(markers.map(|(_, key)| key.to_owned()))
                .set_upload_id_marker(markers.map(|(id, _)| id.to_owned()))
                .set_max_uploads(options.page_size.map(u32::cast_signed))
                .set_request_payer(payer);
            sent(request.send().await, |output| {
                let shown = output.uploads().iter().map(|upload| {
                    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                    (text(upload.key()), text(upload.upload_id()), time(upload.initiated()))
                });
                format!("{:?}", shown.collect::<Vec<_>>())
            })
        }
        Ask::Complete(options) => {
            let listed = parts().into_iter().map(|part| {
                CompletedPart::builder()
                    .part_number(part.number)
                    .set_e_tag(part.etag)
                    .checksum_crc64_nvme(part.checksum.unwrap().text())
                    .build()
            });
            let listed = CompletedMultipartUpload::builder().set_parts(Some(listed.collect())).build();
            let request = customer!(client.complete_multipart_upload(), options)
                .bucket(bucket)
                .key(&key)
                .upload_id(UPLOAD)
                .multipart_upload(listed)
                .checksum_crc64_nvme(whole().text())
                .checksum_type(ChecksumType::FullObject)
                .mpu_object_size(6)
                .set_if_match(if_text(&options.if_match))
                .set_if_none_match(if_text(&options.if_none_match))
                .set_request_payer(payer);
            sent(request.send().await, |output| put_reply(output.e_tag, output.version_id, 6))
        }
        Ask::Abort => {
            let request = client.abort_multipart_upload().bucket(bucket).key(&key).upload_id(UPLOAD);
            sent(request.set_request_payer(payer).send().await, |_| "()".to_owned())
        }
        Ask::GetAcl(options) => {
            let request = client.get_object_acl().bucket(bucket).key(&key);
            let request = request.set_version_id(options.version_id).set_request_payer(payer);
            sent(request.send().await, |output| {
                let grants = output.grants().iter().map(|grant| {
                    let grantee = grant.grantee().unwrap();
                    let name = match (grantee.id(), grantee.uri()) {
                        (Some(id), _) => format!("id={id}"),
                        (_, Some(uri)) => format!("uri={uri}"),
                        _ => format!("emailAddress={}", grantee.email_address().unwrap()),
                    };
                    (name, grant.permission().unwrap().as_str().to_owned())
                });
                let owner = output.owner().and_then(|owner| owner.id());
                format!("{owner:?} {:?}", grants.collect::<Vec<_>>())
            })
        }
        Ask::SetAcl(options) => {
            let request = client
                .put_object_acl()
                .bucket(bucket)
                .key(&key)
                .set_version_id(options.version_id)
                .set_acl(options.acl.as_deref().map(ObjectCannedAcl::from))
                .set_grant_read(options.grant_read)
                .set_grant_read_acp(options.grant_read_acp)
                .set_grant_write_acp(options.grant_write_acp)
                .set_grant_full_control(options.grant_full_control)
                .set_request_payer(payer);
            sent(request.send().await, |_| "()".to_owned())
        }
        Ask::GetTags(options) => {
            let request = client.get_object_tagging().bucket(bucket).key(&key);
            let request = request.set_version_id(options.version_id).set_request_payer(payer);
            sent(request.send().await, |output| {
                let tags = output.tag_set().iter().map(|tag| (tag.key(), tag.value()));
                format!("{:?}", tags.collect::<BTreeMap<_, _>>())
            })
        }
        Ask::SetTags(tags, options) => {
            let tag = |(key, value)| Tag::builder().key(key).value(value).build().unwrap();
            let set = tags.into_iter().map(tag).collect();
            let tagging = Tagging::builder().set_tag_set(Some(set)).build().unwrap();
            let request = client.put_object_tagging().bucket(bucket).key(&key).tagging(tagging);
            let request = request.set_version_id(options.version_id).set_request_payer(payer);
            sent(request.send().await, |_| "()".to_owned())
        }
        Ask::DeleteTags(options) => {
            let request = client.delete_object_tagging().bucket(bucket).key(&key);
            sent(request.set_version_id(options.version_id).send().await, |_| "()".to_owned())
        }
        Ask::Region => {
            let known = match client.head_bucket().bucket(bucket).send().await {
                Ok(output) => output.bucket_region,
                failed => return sent(failed, |_| unreachable!()),
            };
            if let Some(region) = known {
                return Ok(region);
            }
            sent(client.get_bucket_location().bucket(bucket).send().await, |output| {
                let region = output.location_constraint().map_or("us-east-1", |region| region.as_str());
                if region.is_empty() { "us-east-1".to_owned() } else { region.to_owned() }
            })
        }
        Ask::Buckets => sent(client.list_buckets().send().await, |output| {
            let shown = output
                .buckets()
                .iter()
                .map(|bucket| (bucket.name().unwrap_or_default(), time(bucket.creation_date())));
            format!("{:?}", shown.collect::<Vec<_>>())
        }),
        Ask::CreateBucket => {
            let place = BucketLocationConstraint::from("eu-west-1");
            let configuration = CreateBucketConfiguration::builder().location_constraint(place).build();
            let request = client.create_bucket().bucket(bucket).create_bucket_configuration(configuration);
            sent(request.send().await, |_| "()".to_owned())
        }
        Ask::DeleteBucket => sent(client.delete_bucket().bucket(bucket).send().await, |_| "()".to_owned()),
    }
}

fn put_reply(etag: Option<String>, version_id: Option<String>, size: usize) -> String {
    format!("{:?}", PutReply { etag: bare(etag.as_deref()), version_id, size: size as u64 })
}

/// Asks both ways and compares.
pub(super) fn compare(settings: &[(&str, &str)], key: &str, ask: &Ask, answers: &[String]) {
    both_ways(
        "bucket",
        settings,
        &format!("{key:?} {ask:?}"),
        answers,
        |at| ours(at, key.to_owned(), ask.clone()),
        |sdk| theirs(sdk, key.to_owned(), ask.clone()),
    );
}

fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480)
}

const HEADERS: &str = "etag: \"e1\"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
    x-amz-version-id: v1\r\ncontent-type: text/plain\r\ncontent-encoding: gzip\r\n\
    content-language: de\r\ncontent-disposition: inline; filename=\"a\"\r\n\
    cache-control: no-cache, no-store\r\nexpires: Thu, 22 Oct 2015 07:28:00 GMT\r\n\
    x-amz-storage-class: STANDARD_IA\r\nx-amz-server-side-encryption: aws:kms\r\n\
    x-amz-server-side-encryption-aws-kms-key-id: k\r\n\
    x-amz-server-side-encryption-customer-algorithm: AES256\r\nx-amz-meta-one: 1\r\n\
    X-Amz-Meta-Two: zwei, drei\r\nx-amz-delete-marker: true\r\nx-amz-bucket-region: eu-west-1\r\n";

/// The document of a successful response.
fn document(ask: &Ask) -> &'static str {
    match ask {
        Ask::Get(_) => "abc",
        Ask::DeleteMany(_) => {
            "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Error><Key>a&amp;b</Key>\
             <VersionId>1</VersionId><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message></Error>\
             </DeleteResult>"
        }
        Ask::Copy(_) => {
            "<?xml version=\"1.0\"?>\n<CopyObjectResult><LastModified>2015-10-21T07:28:00.000Z\
             </LastModified><ETag>&quot;e2&quot;</ETag></CopyObjectResult>"
        }
        Ask::CopyPart(_) => "<CopyPartResult><ETag>\"e2\"</ETag></CopyPartResult>",
        Ask::Create(_) => {
            "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key>\
             <UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>"
        }
        Ask::ListParts(_) => {
            "<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber>\
             <ETag>&#34;e&#34;</ETag><Size>5242880</Size>\
             <ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME></Part><Part><PartNumber>3</PartNumber>\
             <ETag>\"f\"</ETag><Size>7</Size></Part></ListPartsResult>"
        }
        Ask::ListUploads(_) => {
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>some/key</Key>\
             <UploadId>u&amp;1</UploadId><Initiated>2015-10-21T07:28:00.000Z</Initiated></Upload>\
             </ListMultipartUploadsResult>"
        }
        Ask::Complete(_) => {
            "\n \n<CompleteMultipartUploadResult><Location>x</Location><ETag>\"e-2\"</ETag>\
             <ChecksumType>FULL_OBJECT</ChecksumType></CompleteMultipartUploadResult>"
        }
        Ask::GetAcl(_) => {
            "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant>\
             <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">\
             <ID>me</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant><Grant>\
             <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\">\
             <URI>http://x/</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList>\
             </AccessControlPolicy>"
        }
        Ask::GetTags(_) => {
            "<Tagging><TagSet><Tag><Key>a b</Key><Value>1 &amp; 2</Value></Tag><Tag><Key>c</Key>\
             <Value/></Tag></TagSet></Tagging>"
        }
        Ask::Buckets => {
            "<ListAllMyBucketsResult><Owner><ID>me</ID></Owner><Buckets><Bucket><Name>one</Name>\
             <CreationDate>2015-10-21T07:28:00.000Z</CreationDate></Bucket><Bucket><Name>two</Name>\
             </Bucket></Buckets></ListAllMyBucketsResult>"
        }
        _ => "",
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn customer_key() -> Option<CustomerKey> {
    Some(CustomerKey(Secret(Bytes::from_static(&[7; 32]))))
}

/// All options of a put but for those that exclude each other.
fn full_put() -> Put {
    Put {
        content_type: text("text/plain; charset=utf-8"),
        content_encoding: text("gzip"),
        content_language: text("de"),
        content_disposition: text("attachment;  filename=\"a  b\""),
        cache_control: text("no-cache"),
        expires: Some(then()),
        metadata: Some(map(&[("one", "1"), ("Two", "a  b")])),
        tags: Some(map(&[("k", "v w")])),
        storage_class: text("STANDARD_IA"),
        acl: text("public-read"),
        sse: text("aws:kms"),
        sse_kms_key_id: text("k"),
        ..Put::default()
    }
}

fn granting_put() -> Put {
    Put {
        grant_read: text("id=\"a\""),
        grant_read_acp: text("id=\"b\""),
        grant_write_acp: text("id=\"c\""),
        grant_full_control: text("id=\"d\""),
        ..Put::default()
    }
}

fn full_copy() -> Copy {
    let put = full_put();
    Copy {
        content_type: put.content_type,
        metadata: put.metadata,
        tags: put.tags,
        storage_class: put.storage_class,
        acl: put.acl,
        sse: put.sse,
        sse_kms_key_id: put.sse_kms_key_id,
        source_if_match: text("e"),
        source_sse_customer_key: customer_key(),
        ..Copy::default()
    }
}

/// Every operation, without options and with all.
pub(super) fn asks() -> Vec<Ask> {
    let customer = || Box::new(Put { sse_customer_key: customer_key(), ..Put::default() });
    let version = || Tags { version_id: text("v 1") };
    vec![
        Ask::Get(Get::default()),
        Ask::Get(Get {
            range: Some(ByteRange::FromTo(1, 3)),
            version_id: text("v+1/="),
            if_match: text("e"),
            ..Get::default()
        }),
        Ask::Get(Get {
            if_none_match: text("*"),
            if_modified_since: Some(then()),
            sse_customer_key: customer_key(),
            ..Get::default()
        }),
        Ask::Head(Head::default()),
        Ask::Head(Head {
            version_id: text("v 1"),
            if_match: text("\"e\""),
            if_unmodified_since: Some(then()),
            ..Head::default()
        }),
        Ask::Head(Head { sse_customer_key: customer_key(), ..Head::default() }),
        Ask::Delete(Delete::default()),
        Ask::Delete(Delete { version_id: text("v&1"), if_match: text("e") }),
        Ask::DeleteMany(vec![(Key("a&b".into()), text("1")), (Key("c\r\n<d>".into()), None)]),
        Ask::Put(Box::default(), b"body"),
        Ask::Put(Box::default(), b""),
        Ask::Put(Box::new(Put { if_match: text("e"), ..full_put() }), b"body"),
        Ask::Put(Box::new(granting_put()), b"body"),
        Ask::Put(Box::new(Put { if_none_match: text("*"), ..*customer() }), b"body"),
        Ask::Copy(Box::default()),
        Ask::Copy(Box::new(full_copy())),
        Ask::Copy(Box::new(Copy {
            source_if_none_match: text("e"),
            sse_customer_key: customer_key(),
            if_none_match: text("*"),
            ..Copy::default()
        })),
        Ask::CopyPart(Box::default()),
        Ask::CopyPart(Box::new(Copy { sse_customer_key: customer_key(), ..Copy::default() })),
        Ask::Create(Box::default()),
        Ask::Create(Box::new(full_put())),
        Ask::Create(Box::new(granting_put())),
        Ask::PutPart(Box::default(), b"part"),
        Ask::PutPart(customer(), b""),
        Ask::ListParts(Box::default()),
        Ask::ListParts(customer()),
        Ask::ListUploads(ListUploads::default()),
        Ask::ListUploads(ListUploads {
            page_size: Some(7),
            continuation: text("u+1\nk&y"),
            ..ListUploads::default()
        }),
        Ask::Complete(Box::default()),
        Ask::Complete(customer()),
        Ask::Abort,
        Ask::GetAcl(GetAcl::default()),
        Ask::GetAcl(GetAcl { version_id: text("v 1") }),
        Ask::SetAcl(SetAcl { acl: text("private"), version_id: text("v 1"), ..SetAcl::default() }),
        Ask::SetAcl(SetAcl {
            grant_read: text("id=\"a\""),
            grant_full_control: text("id=\"d\""),
            ..SetAcl::default()
        }),
        Ask::GetTags(Tags::default()),
        Ask::GetTags(version()),
        Ask::SetTags(map(&[("a b", "1 & <2>"), ("c", "")]), Tags::default()),
        Ask::SetTags(map(&[]), version()),
        Ask::DeleteTags(Tags::default()),
        Ask::DeleteTags(version()),
        Ask::Region,
        Ask::Buckets,
        Ask::CreateBucket,
        Ask::DeleteBucket,
    ]
}

#[test]
fn the_same_request_and_reply() {
    for ask in asks() {
        let ranged = matches!(&ask, Ask::Get(options) if options.range.is_some());
        let (status, more) = if ranged { (206, "content-range: bytes 1-3/9\r\n") } else { (200, "") };
        let answers = [answer(status, &format!("{HEADERS}{more}"), document(&ask))];
        for settings in [
            &[][..],
            &[("session_token", "token+/=")],
            &[("anonymous", "true")],
            &[("request_payer", "true")],
            &[("addressing_style", "path"), ("app_name", "tester")],
        ] {
            compare(settings, "some/key", &ask, &answers);
        }
    }
}

#[test]
fn the_same_for_every_key() {
    for key in ODD_KEYS {
        for ask in [
            Ask::Get(Get::default()),
            Ask::Put(Box::default(), b"x"),
            Ask::Create(Box::default()),
            Ask::Copy(Box::default()),
            Ask::SetTags(map(&[(key, key)]), Tags::default()),
            Ask::DeleteMany(vec![(Key((*key).to_owned()), None)]),
        ] {
            // A refused key would be another one than was requested.
            let document = match ask {
                Ask::DeleteMany(_) => "<DeleteResult/>",
                _ => document(&ask),
            };
            compare(&[], key, &ask, &[answer(200, "etag: \"e\"\r\n", document)]);
        }
    }
}

#[test]
fn the_region_by_the_location() {
    let space = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    for location in [
        format!("<LocationConstraint {space}>eu-west-1</LocationConstraint>"),
        format!("<LocationConstraint {space}></LocationConstraint>"),
        format!("<LocationConstraint {space}/>"),
    ] {
        compare(&[], "k", &Ask::Region, &[answer(200, "", ""), answer(200, "", &location)]);
    }
}

/// What of a URL does not change from one moment to the next.
fn lasting(url: &str) -> (String, Vec<String>) {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let changes = |pair: &str| pair.starts_with("X-Amz-Date=") || pair.starts_with("X-Amz-Signature=");
    // The credential names the day.
    let dayless = |pair: &str| pair.split("%2F2").next().unwrap_or_default().to_owned();
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !changes(pair)).map(dayless).collect();
    pairs.sort();
    (place.split('/').skip(3).collect::<Vec<_>>().join("/"), pairs)
}

#[test]
fn the_same_urls() {
    let valid = Duration::from_secs(900);
    let config = move || PresigningConfig::expires_in(valid).unwrap();
    for settings in [&[][..], &[("session_token", "token+/=")]] {
        for key in ODD_KEYS {
            for method in ["get", "head", "put", "delete"] {
                let (endpoint, _seen) = serve(vec![answer(200, "", "")]);
                let at = open("bucket", &endpoint, settings);
                let version = (method != "put").then(|| "v 1".to_owned());
                let options = Presign {
                    method: text(method),
                    expires_in: Some(valid),
                    version_id: version.clone(),
                    content_type: (method == "put").then(|| "text/plain".to_owned()),
                };
                let name = Key((*key).to_owned());
                let ours =
                    run(async move { s3::presign(&at, &Mailbox::new(), name, options).await }).unwrap();
                let client = super::sdk::client(&endpoint, settings).client;
                let theirs = run(async move {
                    let (key, version) = (*key, version);
                    let presigned = match method {
                        "get" => {
                            let request = client.get_object().bucket("bucket").key(key);
                            request.set_version_id(version).presigned(config()).await.unwrap()
                        }
                        "head" => {
                            let request = client.head_object().bucket("bucket").key(key);
                            request.set_version_id(version).presigned(config()).await.unwrap()
                        }
                        "delete" => {
                            let request = client.delete_object().bucket("bucket").key(key);
                            request.set_version_id(version).presigned(config()).await.unwrap()
                        }
                        _ => {
                            let request = client.put_object().bucket("bucket").key(key);
                            request.content_type("text/plain").presigned(config()).await.unwrap()
                        }
                    };
                    Ok(presigned.uri().to_owned())
                })
                .unwrap();
                assert_eq!(lasting(&ours), lasting(&theirs), "{method} {key}");
            }
        }
    }
}

/// MinIO writes an owner without an id.
#[test]
fn an_owner_without_an_id() {
    let acl = "<AccessControlPolicy><Owner><ID></ID></Owner><AccessControlList/></AccessControlPolicy>";
    compare(&[], "k", &Ask::GetAcl(GetAcl::default()), &[answer(200, "", acl)]);
}
