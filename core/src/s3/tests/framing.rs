//! Where the end of a body is: by its length, by its last chunk, or by a connection that the server announces
//! to close.

use super::{answer, open, run, serve};
use crate::error::{ErrorKind, Result};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, Head};
use crate::s3::{GetResponse, fetch_any, head};

/// What a GET brings, and whether its length was announced.
fn got(answer: &str) -> Result<String> {
    let (endpoint, _seen) = serve(vec![answer.to_owned()]);
    let at = open("bucket", &endpoint, &[]);
    run(async move {
        let (mut whole, mut announced) = (Vec::new(), true);
        match fetch_any(&at, &Key("k".to_owned()), &Get::default()).await? {
            GetResponse::Sized(mut body) => {
                while let Some(piece) = body.next().await? {
                    whole.extend_from_slice(&piece);
                }
            }
            GetResponse::Unsized(mut body) => {
                announced = body.meta.size.is_some();
                while let Some(piece) = body.next().await? {
                    whole.extend_from_slice(&piece);
                }
            }
        }
        Ok(format!("{} {announced}", String::from_utf8_lossy(&whole)))
    })
}

#[test]
fn ends_of_bodies() {
    let chunks = "3\r\nabc\r\n2\r\nde\r\n";
    assert_eq!(got(&answer(200, "", "abcde")).unwrap(), "abcde true");
    assert_eq!(
        got(&format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")).unwrap(),
        "abcde false"
    );
    assert_eq!(got("HTTP/1.1 200 X\r\nconnection: Close\r\n\r\nabcde").unwrap(), "abcde false");
    assert_eq!(got("HTTP/1.0 200 X\r\n\r\nabcde").unwrap(), "abcde false");
    // The response to a range names its length itself.
    let range = "HTTP/1.1 206 X\r\ncontent-range: bytes 0-4/9\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(got(&format!("{range}{chunks}0\r\n\r\n")).unwrap(), "abcde true");
}

#[test]
fn bodies_whose_end_nobody_can_tell_are_refused() {
    for (answer, kind) in [
        ("HTTP/1.1 200 X\r\n\r\nabcde", ErrorKind::Service),
        ("HTTP/1.1 206 X\r\nconnection: close\r\n\r\nabcde", ErrorKind::Service),
        ("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", ErrorKind::Network),
        ("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab", ErrorKind::Network),
    ] {
        assert_eq!(got(answer).unwrap_err().kind(), kind, "{answer:?}");
    }
}

#[test]
fn a_head_without_a_length_tells_no_size() {
    for (answer, size) in [
        ("HTTP/1.1 200 X\r\ncontent-length: 7\r\n\r\n", Some(7)),
        ("HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n", Some(0)),
        ("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n", None),
        ("HTTP/1.1 200 X\r\n\r\n", None),
        ("HTTP/1.0 200 X\r\n\r\n", None),
    ] {
        let (endpoint, _seen) = serve(vec![answer.to_owned()]);
        let at = open("bucket", &endpoint, &[]);
        let told = run(async move {
            let meta = head(&at, &Mailbox::new(), Key("k".to_owned()), Head::default()).await?;
            Ok(format!("{:?}", meta.size))
        });
        assert_eq!(told.unwrap(), format!("{size:?}"), "{answer:?}");
    }
}
