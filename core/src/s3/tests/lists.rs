//! Listings held against the SDK: the same requests, the same pages, the same errors.

use aws_sdk_s3::types::EncodingType;

use super::sdk::{Sdk, sent, time};
use super::{ODD_KEYS, Outcome, answer, both_ways, open, run, serve};
use crate::error::{ErrorKind, Result};
use crate::keys::Prefix;
use crate::mailbox::Mailbox;
use crate::options::{List, ListVersions};
use crate::reply::{Entry, Page};
use crate::s3::etag::bare;
use crate::s3::pages::PageHistory;
use crate::s3::{S3, list, list_versions};

#[derive(Clone, Debug)]
enum ListAsk {
    Objects(List),
    Versions(ListVersions),
}

async fn ours(at: &S3, prefix: String, ask: ListAsk) -> Result<String> {
    let mailbox = Mailbox::new();
    let mut page = match ask {
        ListAsk::Objects(options) => list(at, &mailbox, Prefix(prefix), options).await?,
        ListAsk::Versions(options) => list_versions(at, &mailbox, Prefix(prefix), options).await?,
    };
    // The server's own part: the SDK keeps no history.
    page.next = page.next.map(|next| PageHistory::split(Some(&next)).1.unwrap_or_default().to_owned());
    Ok(format!("{page:#?}"))
}

/// A key as the SDK returns it, decoded by another's decoder.
fn key(text: Option<&str>, encoded: bool) -> String {
    let text = text.unwrap_or_default();
    if encoded {
        let pair = text.replace('+', " ").replace('&', "%26").replace('=', "%3D");
        url::form_urlencoded::parse(pair.as_bytes())
            .next()
            .map_or_else(String::new, |(key, _)| key.into_owned())
    } else {
        text.to_owned()
    }
}

macro_rules! rows {
    ($rows:expr, $encoded:expr, |$row:ident, $entry:ident| $more:expr) => {
        $rows.iter().map(|$row| {
            let mut $entry = Entry {
                key: key($row.key(), $encoded),
                last_modified: time($row.last_modified()),
                ..Entry::default()
            };
            $more;
            $entry
        })
    };
}

macro_rules! sized {
    ($row:ident, $entry:ident) => {{
        $entry.size = $row.size().unwrap_or(0).cast_unsigned();
        $entry.etag = bare($row.e_tag());
        $entry.storage_class = $row.storage_class().map(|class| class.as_str().to_owned());
    }};
}

macro_rules! version {
    ($row:ident, $entry:ident, $marker:expr) => {{
        $entry.version_id = $row.version_id().map(str::to_owned);
        $entry.is_latest = Some($row.is_latest().unwrap_or(false));
        $entry.is_delete_marker = Some($marker);
    }};
}

macro_rules! prefixes {
    ($output:expr, $encoded:expr) => {
        $output.common_prefixes().iter().map(|prefix| Entry {
            key: key(prefix.prefix(), $encoded),
            is_prefix: true,
            ..Entry::default()
        })
    };
}

/// The same through the SDK.
async fn theirs(sdk: Sdk, prefix: String, ask: ListAsk) -> Outcome {
    let (client, url, shown) = (&sdk.client, EncodingType::Url, |page: Page| format!("{page:#?}"));
    match ask {
        ListAsk::Objects(options) if sdk.is_list_v1 => {
            let asked = client
                .list_objects()
                .bucket("bucket")
                .prefix(&prefix)
                .encoding_type(EncodingType::Url)
                .set_delimiter(options.delimiter.clone())
                .set_marker(options.continuation.clone().or(options.start_after.clone()))
                .set_max_keys(options.page_size.map(u32::cast_signed))
                .set_request_payer(sdk.payer);
            sent(asked.send().await, |output| {
                let encoded = output.encoding_type() == Some(&url);
                let objects = rows!(output.contents(), encoded, |row, entry| sized!(row, entry));
                let mut entries: Vec<_> = objects.chain(prefixes!(output, encoded)).collect();
                entries.sort_by(|one, other| one.key.cmp(&other.key));
                let next = output.is_truncated().unwrap_or(false).then(|| match output.next_marker() {
                    Some(marker) if !marker.is_empty() => key(Some(marker), encoded),
                    _ => entries.last().map_or_else(String::new, |entry| entry.key.clone()),
                });
                shown(Page { entries, next })
            })
        }
        ListAsk::Objects(options) => {
            let asked = client
                .list_objects_v2()
                .bucket("bucket")
                .prefix(&prefix)
                .encoding_type(EncodingType::Url)
                .set_delimiter(options.delimiter.clone())
                .set_start_after(options.start_after.clone())
                .set_continuation_token(options.continuation.clone())
                .set_max_keys(options.page_size.map(u32::cast_signed))
                .set_request_payer(sdk.payer);
            sent(asked.send().await, |output| {
                let encoded = output.encoding_type() == Some(&url);
                let objects = rows!(output.contents(), encoded, |row, entry| sized!(row, entry));
                let mut entries: Vec<_> = objects.chain(prefixes!(output, encoded)).collect();
                entries.sort_by(|one, other| one.key.cmp(&other.key));
                let is_truncated = output.is_truncated.unwrap_or(false);
                let next = output.next_continuation_token.filter(|_| is_truncated);
                shown(Page { entries, next })
            })
        }
        ListAsk::Versions(options) => {
            let marks = options.continuation.as_ref().and_then(|text| text.split_once('\n'));
            let version = marks.map(|(version, _)| version.to_owned()).filter(|version| !version.is_empty());
            let asked = client
                .list_object_versions()
                .bucket("bucket")
                .prefix(&prefix)
                .encoding_type(EncodingType::Url)
                .set_delimiter(options.delimiter.clone())
                .set_key_marker(marks.map(|(_, key)| key.to_owned()))
                .set_version_id_marker(version)
                .set_max_keys(options.page_size.map(u32::cast_signed))
                .set_request_payer(sdk.payer);
            sent(asked.send().await, |output| {
                let encoded = output.encoding_type() == Some(&url);
                let versions = rows!(output.versions(), encoded, |row, entry| {
                    sized!(row, entry);
                    version!(row, entry, false);
                });
                let markers =
                    rows!(output.delete_markers(), encoded, |row, entry| version!(row, entry, true));
                let mut entries: Vec<_> = versions.chain(markers).chain(prefixes!(output, encoded)).collect();
                entries.sort_by(|one, other| {
                    let newest_first = other.is_latest.cmp(&one.is_latest);
                    let by_time = other.last_modified.cmp(&one.last_modified);
                    one.key.cmp(&other.key).then(newest_first).then(by_time)
                });
                let next = output.is_truncated().unwrap_or(false).then(|| {
                    let from = key(output.next_key_marker(), encoded);
                    format!("{}\n{from}", output.next_version_id_marker().unwrap_or(""))
                });
                shown(Page { entries, next })
            })
        }
    }
}

fn compare(settings: &[(&str, &str)], prefix: &str, ask: &ListAsk, answers: &[String]) {
    both_ways(
        "bucket",
        settings,
        &format!("{prefix:?} {ask:?} {answers:?}"),
        answers,
        |at| {
            let (prefix, ask) = (prefix.to_owned(), ask.clone());
            async move { ours(&at, prefix, ask).await }
        },
        |sdk| theirs(sdk, prefix.to_owned(), ask.clone()),
    );
}

/// Our own way alone.
fn one(settings: &[(&str, &str)], prefix: &str, ask: &ListAsk, answers: &[String]) -> Result<String> {
    let (endpoint, _seen) = serve(answers.to_vec());
    let at = open("bucket", &endpoint, settings);
    let (prefix, ask) = (prefix.to_owned(), ask.clone());
    run(async move { ours(&at, prefix, ask).await })
}

fn asks() -> Vec<ListAsk> {
    let text = |text: &str| Some(text.to_owned());
    vec![
        ListAsk::Objects(List::default()),
        ListAsk::Objects(List {
            delimiter: text("/"),
            continuation: text("a/+=&b"),
            page_size: Some(7),
            ..List::default()
        }),
        ListAsk::Objects(List { delimiter: text(""), start_after: text("ü k"), ..List::default() }),
        ListAsk::Versions(ListVersions::default()),
        ListAsk::Versions(ListVersions {
            delimiter: text("/"),
            continuation: text("v+1\nk&y"),
            page_size: Some(1000),
        }),
        ListAsk::Versions(ListVersions { continuation: text("\nk"), ..ListVersions::default() }),
    ]
}

/// A page as a server might write it, for either kind of listing.
fn page(ask: &ListAsk, inner: &str) -> String {
    let root = if matches!(ask, ListAsk::Objects(_)) { "ListBucketResult" } else { "ListVersionsResult" };
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let body = format!("{head}<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</{root}>\n");
    answer(200, "content-type: application/xml\r\nx-amz-request-id: R1\r\n", &body)
}

const HEAD: &str =
    "<Name>bucket</Name><Prefix>a%2F</Prefix><MaxKeys>3</MaxKeys><EncodingType>url</EncodingType>";
const OBJECTS: &str = "<Contents><Key>b%26c+d%2Be%C3%BC</Key>\
        <LastModified>2015-10-21T07:28:00.123Z</LastModified><ETag>&quot;e1-2&quot;</ETag>
        <Size>5000000000</Size><StorageClass>STANDARD_IA</StorageClass><Owner><ID>i</ID>\
        <DisplayName>d</DisplayName></Owner>
        <ChecksumAlgorithm>CRC32</ChecksumAlgorithm><RestoreStatus>\
        <IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus></Contents>
    <Contents><Key>a</Key><ETag>\"e\"</ETag><Size>0</Size>\
        <LastModified>2015-10-21T07:28:00Z</LastModified></Contents>
    <Contents><Key>c</Key></Contents>";
const VERSIONS: &str = "<Version><Key>v</Key><VersionId>1</VersionId><IsLatest>false</IsLatest>\
        <Size>3</Size><ETag>&#34;e&#x22;</ETag>
        <LastModified>2015-10-20T07:28:00.000Z</LastModified><StorageClass>STANDARD</StorageClass></Version>
    <DeleteMarker><Key>v</Key><VersionId>2</VersionId><IsLatest>true</IsLatest>\
        <LastModified>2015-10-21T07:28:00.000Z</LastModified>
        <Owner><ID>i</ID></Owner></DeleteMarker>
    <Version><Key>v</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>\
        <LastModified>2015-10-21T00:00:00.000Z</LastModified></Version>";
const PREFIXES: &str = "<CommonPrefixes><Prefix>b%20b/</Prefix></CommonPrefixes><CommonPrefixes>\
        <Prefix>0/</Prefix></CommonPrefixes>";

fn rows(ask: &ListAsk) -> String {
    let rows = if matches!(ask, ListAsk::Objects(_)) { OBJECTS } else { VERSIONS };
    format!("{HEAD}{rows}{PREFIXES}")
}

/// One row, of either kind.
fn row(ask: &ListAsk, inner: &str) -> String {
    let kind = if matches!(ask, ListAsk::Objects(_)) { "Contents" } else { "Version" };
    format!("<{kind}>{inner}</{kind}>")
}

#[test]
fn the_same_pages() {
    let ends = [
        "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;+%2B=</NextContinuationToken>\
        <NextMarker>m+%26</NextMarker>
            <NextKeyMarker>k%2F+</NextKeyMarker><NextVersionIdMarker>v/1</NextVersionIdMarker>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>",
        "",
    ];
    for ask in asks() {
        for end in ends {
            // Without a token the SDK takes such a page of objects for the last.
            let has_no_way_on = matches!(ask, ListAsk::Objects(_)) && end == ends[2];
            let answers = [page(&ask, &format!("{}{end}", rows(&ask)))];
            for settings in [
                &[][..],
                &[("list_version", "1")],
                &[("addressing_style", "path"), ("request_payer", "true")],
            ] {
                if has_no_way_on && !settings.contains(&("list_version", "1")) {
                    let error = one(settings, "", &ask, &answers).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
                    continue;
                }
                compare(settings, "", &ask, &answers);
            }
        }
        compare(&[("anonymous", "true")], "a", &ask, &[page(&ask, "")]);
        compare(&[("session_token", "t/+=")], "a", &ask, &[page(&ask, &row(&ask, ""))]);
    }
}

#[test]
fn the_same_for_every_prefix_and_key() {
    for key in ODD_KEYS {
        let written: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        for ask in [ListAsk::Objects(List::default()), ListAsk::Versions(ListVersions::default())] {
            let row = row(&ask, &format!("<Key>{written}</Key>"));
            compare(&[], key, &ask, &[page(&ask, &format!("<EncodingType>url</EncodingType>{row}"))]);
        }
    }
    // From a server that encodes nothing, and one that reports it at the end only.
    for ask in [ListAsk::Objects(List::default()), ListAsk::Versions(ListVersions::default())] {
        let row = row(&ask, "<Key>a &amp;+%41&lt;&#x1F600;&#252;</Key>");
        compare(&[], "", &ask, &[page(&ask, &row)]);
        compare(&[], "", &ask, &[page(&ask, &format!("{row}<EncodingType>url</EncodingType>"))]);
    }
}

#[test]
fn the_same_errors() {
    let xml = |code: &str| format!("<Error><Code>{code}</Code><Message>So &lt;it&gt; is.</Message></Error>");
    for (status, body) in [
        (404, xml("NoSuchBucket")),
        (403, xml("AccessDenied")),
        (503, xml("SlowDown")),
        (400, xml("InvalidArgument")),
        (501, xml("NotImplemented")),
        (500, String::new()),
    ] {
        for ask in [ListAsk::Objects(List::default()), ListAsk::Versions(ListVersions::default())] {
            compare(&[], "", &ask, &[answer(status, "x-amz-request-id: R1\r\n", &body)]);
        }
    }
    // Throttled, elsewhere, by a wrong clock: asked again.
    let fine = page(&asks()[0], &rows(&asks()[0]));
    for first in [
        answer(503, "retry-after: 0\r\n", &xml("SlowDown")),
        answer(500, "", &xml("InternalError")),
        answer(403, "date: Fri, 01 Jan 2038 00:00:00 GMT\r\n", &xml("RequestTimeTooSkewed")),
        "HTTP/1.1 200".to_owned(),
    ] {
        let ask = ListAsk::Objects(List::default());
        compare(&[("max_attempts", "2")], "", &ask, &[first.clone(), fine.clone()]);
    }
}

/// A page that broke off, or is none, is requested again and in the end an error: a listing never looks
/// shorter than it is.
#[test]
fn no_shorter_page() {
    let whole = page(&asks()[0], &rows(&asks()[0]));
    let text = whole.split_once("\r\n\r\n").unwrap().1;
    let deep = format!("<ListBucketResult>{}", "<a>".repeat(100_000));
    let cut = (1..text.trim_end().len()).step_by(97).map(|length| text[..length].to_owned());
    let others = [
        "<ListBucketResult><NextMarker>&unknown;</NextMarker></ListBucketResult>",
        "<Error><Code>InternalError</Code></Error>",
        "",
        "no",
        &deep,
    ];
    for body in cut.chain(others.map(str::to_owned)) {
        let bad = answer(200, "x-amz-request-id: R1\r\n", &body);
        let ask = |answers: Vec<String>, tries: &'static str| {
            let (endpoint, _seen) = serve(answers);
            let at = open("bucket", &endpoint, &[("max_attempts", tries)]);
            run(async move { ours(&at, String::new(), ListAsk::Objects(List::default())).await })
        };
        let error = ask(vec![bad.clone()], "1").unwrap_err();
        let kind = if body.starts_with("<Error>") { ErrorKind::Service } else { ErrorKind::Network };
        assert_eq!(
            (error.kind(), error.status(), error.request_id()),
            (kind, Some(200), Some("R1")),
            "{body}"
        );
        assert!(error.retryable(), "{body}");
        ask(vec![bad, whole.clone()], "2").unwrap_or_else(|error| panic!("{error}: {body}"));
    }
}

/// A key that was not asked for is not passed on: what is listed may be deleted next.
#[test]
fn no_key_outside_the_prefix() {
    for ask in [ListAsk::Objects(List::default()), ListAsk::Versions(ListVersions::default())] {
        for inner in [
            row(&ask, "<Key>b/1</Key>"),
            row(&ask, "<Key>a</Key>"),
            "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>".to_owned(),
        ] {
            let error = one(&[], "a/", &ask, &[page(&ask, &inner)]).unwrap_err();
            assert!(error.kind() == ErrorKind::Service && error.message().contains("prefix"), "{error}");
        }
    }
}
