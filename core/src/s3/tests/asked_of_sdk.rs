//! The same operation, as the SDK sends it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketCannedAcl, BucketLocationConstraint, BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode,
    ChecksumType, CompletedMultipartUpload, CompletedPart, CreateBucketConfiguration, Delete as Batch,
    EncodingType, MetadataDirective, ObjectCannedAcl, ObjectIdentifier, ServerSideEncryption, StorageClass,
    Tag, Tagging, TaggingDirective, VersioningConfiguration,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::Outcome;
use super::ask::{Ask, SUM, UPLOAD, parts, then, whole};
use super::sdk::{Sdk, date, sent, time};
use crate::reply::{ObjectMeta, PutReply};
use crate::s3::etag::{bare, quoted};

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
        Ask::HeadPart(options) => {
            let request = customer!(client.head_object(), options).bucket(bucket).key(&key).part_number(7);
            let request = request.set_version_id(options.version_id.clone()).set_request_payer(payer);
            sent(request.send().await, |output| {
                format!("({}, {})", output.content_length().unwrap_or(0), output.parts_count().unwrap_or(1))
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
        Ask::GetVersioning => sent(client.get_bucket_versioning().bucket(bucket).send().await, |output| {
            output.status().map_or("Unversioned", |status| status.as_str()).to_owned()
        }),
        Ask::SetVersioning(status) => {
            let status = BucketVersioningStatus::from(status);
            let configuration = VersioningConfiguration::builder().status(status).build();
            let request = client.put_bucket_versioning().bucket(bucket);
            sent(request.versioning_configuration(configuration).send().await, |_| "()".to_owned())
        }
        Ask::SetBucketAcl(acl) => {
            let request = client.put_bucket_acl().bucket(bucket).acl(BucketCannedAcl::from(acl));
            sent(request.send().await, |_| "()".to_owned())
        }
    }
}

fn put_reply(etag: Option<String>, version_id: Option<String>, size: usize) -> String {
    format!("{:?}", PutReply { etag: bare(etag.as_deref()), version_id, size: size as u64 })
}
