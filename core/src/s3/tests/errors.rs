//! Error responses of every shape: the same status, code and request id as the SDK reads, and our own ways
//! out of trouble.

use super::ask::{Ask, ours};
use super::requests::{asks, compare};
use super::{answer, canonical, open, outcome, run, serve};
use crate::options::{Delete, Get, Head, Put};

fn error(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>So &lt;it&gt; &amp; is.</Message>\
         <Region>eu-west-1</Region></Error>"
    )
}

/// Responses that no operation succeeds with.
fn refusals() -> Vec<(u16, &'static str, String)> {
    let mut rows = vec![
        (304, "", String::new()),
        (404, "", String::new()),
        (403, "", String::new()),
        (400, "", String::new()),
        (500, "", "<html>no</html>".to_owned()),
        (503, "", String::new()),
        (404, "", "<Error/>".to_owned()),
        (301, "x-amz-bucket-region: eu-west-1\r\n", error("PermanentRedirect")),
        (307, "location: http://x/\r\n", error("TemporaryRedirect")),
    ];
    rows.extend(
        [
            (412, "PreconditionFailed"),
            (416, "InvalidRange"),
            (403, "AccessDenied"),
            (404, "NoSuchKey"),
            (404, "NoSuchBucket"),
            (404, "NoSuchUpload"),
            (503, "SlowDown"),
            (400, "ExpiredToken"),
            (403, "RequestTimeTooSkewed"),
            (501, "NotImplemented"),
            (400, "AuthorizationHeaderMalformed"),
            (409, "ConditionalRequestConflict"),
            (409, "BucketAlreadyOwnedByYou"),
            (400, "BadDigest"),
        ]
        .map(|(status, code)| (status, "", error(code))),
    );
    rows
}

#[test]
fn the_same_errors() {
    let is_head = |ask: &Ask| matches!(ask, Ask::Head(_) | Ask::HeadPart(_) | Ask::Region);
    let mut seen = Vec::new();
    // One row of each operation.
    let operations: Vec<Ask> = asks()
        .into_iter()
        .filter(|ask| {
            let name = format!("{ask:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
            let is_new = !seen.contains(&name);
            seen.push(name);
            is_new
        })
        .collect();
    for (status, headers, body) in refusals() {
        for ask in &operations {
            let body = if is_head(ask) { "" } else { &body };
            let answers = [answer(status, &format!("x-amz-request-id: R1\r\n{headers}"), body)];
            compare(&[], "k", ask, &answers);
        }
    }
}

/// An error that comes after the status.
#[test]
fn the_same_late_errors() {
    for ask in
        asks().into_iter().filter(|ask| matches!(ask, Ask::Copy(_) | Ask::Complete(_) | Ask::CopyPart(_)))
    {
        compare(&[], "k", &ask, &[answer(200, "x-amz-request-id: R1\r\n", &error("SlowDown"))]);
    }
}

/// The answer to a HEAD.
fn no_body(answer: &str) -> String {
    answer.split_inclusive("\r\n\r\n").next().unwrap_or(answer).to_owned()
}

#[test]
fn ways_out_of_trouble() {
    let fine = answer(200, "etag: \"e\"\r\n", "");
    let error = |status: u16, headers: &str, code: &str| {
        answer(status, headers, &format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
    };
    for (attempts, requests, answers) in [
        (
            "3",
            3,
            vec![
                error(500, "", "InternalError"),
                error(503, "retry-after: 0\r\n", "ServiceUnavailable"),
                fine.clone(),
            ],
        ),
        // The bucket is elsewhere: the request is sent again there, at once.
        ("1", 2, vec![error(301, "x-amz-bucket-region: us-west-2\r\n", "PermanentRedirect"), fine.clone()]),
        // The clock is off: it is sent again in the server's time.
        (
            "3",
            2,
            vec![error(403, "date: Fri, 01 Jan 2038 00:00:00 GMT\r\n", "RequestTimeTooSkewed"), fine.clone()],
        ),
        ("3", 3, vec![error(400, "", "RequestTimeout"), "HTTP/1.1 200".to_owned(), fine.clone()]),
    ] {
        for ask in [
            Ask::Get(Get::default()),
            Ask::Put(Box::<Put>::default(), b"body"),
            Ask::Head(Head::default()),
            Ask::Delete(Delete::default()),
        ] {
            // Without a body nothing shows that this 400 is a passing one.
            let is_head = matches!(ask, Ask::Head(_));
            if is_head && answers[0].contains("RequestTimeout") {
                continue;
            }
            let answers = answers.iter().map(|answer| if is_head { no_body(answer) } else { answer.clone() });
            let (endpoint, seen) = serve(answers.collect());
            let at = open("bucket", &endpoint, &[("max_attempts", attempts)]);
            let work = ours(at, "k".to_owned(), ask.clone());
            outcome(run(work)).unwrap_or_else(|failed| panic!("{failed}: {ask:?}"));
            let sent: Vec<_> = seen.try_iter().collect();
            assert_eq!(sent.len(), requests, "{ask:?}");
            let first = canonical(&sent[0]).split("Some((").next().map(str::to_owned);
            for again in &sent[1..] {
                assert_eq!(canonical(again).split("Some((").next().map(str::to_owned), first, "{ask:?}");
            }
            let scope = |at: usize| sent[at].headers["authorization"].split('/').nth(2).map(str::to_owned);
            let moved = scope(0) != scope(sent.len() - 1);
            assert_eq!(moved, attempts == "1", "only the other region changes the scope: {ask:?}");
        }
    }
}
