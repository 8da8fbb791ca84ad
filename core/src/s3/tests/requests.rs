//! Every operation, with all its options and over odd keys: the same request as the SDK's, and the same
//! reply.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;

use super::ask::{Ask, ours, then};
use super::asked_of_sdk::theirs;
use super::{ODD_KEYS, answer, both_ways, open, run, serve};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{
    Copy, CustomerKey, Delete, Get, GetAcl, Head, ListUploads, Presign, Put, Secret, SetAcl, Tags,
};
use crate::s3;
use crate::value::ByteRange;

/// Sends the request both ways and compares.
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
        Ask::GetVersioning => {
            "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Status>Suspended</Status></VersioningConfiguration>"
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
        Ask::HeadPart(Head::default()),
        Ask::HeadPart(Head { version_id: text("v 1"), sse_customer_key: customer_key(), ..Head::default() }),
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
        Ask::GetVersioning,
        Ask::SetVersioning("Enabled"),
        Ask::SetVersioning("Suspended"),
        Ask::SetBucketAcl("public-read"),
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
                    content_length: (method == "put").then_some(5),
                    content_md5: (method == "put").then(|| "XUFAKrxLKna5cZ2REBfFkg==".to_owned()),
                    response_content_type: (method == "get").then(|| "text/x-ours".to_owned()),
                    response_content_disposition: (method == "get")
                        .then(|| "attachment; filename=\"a b\"".to_owned()),
                };
                let name = Key((*key).to_owned());
                let ours =
                    run(async move { s3::presign(&at, &Mailbox::new(), name, options).await }).unwrap();
                let client = super::sdk::client(&endpoint, settings).client;
                let theirs = run(async move {
                    let (key, version) = (*key, version);
                    let presigned = match method {
                        "get" => {
                            let request = client
                                .get_object()
                                .bucket("bucket")
                                .key(key)
                                .response_content_type("text/x-ours")
                                .response_content_disposition("attachment; filename=\"a b\"");
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
                            let request = request
                                .content_type("text/plain")
                                .content_length(5)
                                .content_md5("XUFAKrxLKna5cZ2REBfFkg==");
                            request.presigned(config()).await.unwrap()
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
