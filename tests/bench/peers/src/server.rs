//! The minimal server of the bench: it responds to clients of S3 and checks nothing, so that what is
//! measured is the client.
//!
//! An object's size is the number its key's last part begins with (`4096`, `1073741824-a`); other objects do
//! not exist. The prefix `tree` lists a mixed tree, `new` nothing, others 100,000 keys. One thread a
//! connection, blocking; bodies come from one buffer and go nowhere. `server [delay in milliseconds
//! certificate]` prints its port; each answer, and the first byte of a connection, waits for the delay.
//! With a certificate it speaks TLS.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const LISTED: usize = 100_000;
const PAGE: usize = 1000;
/// (bytes, files), as `networks.py` has it.
const TREE: [(usize, usize); 4] = [(4 << 10, 600), (256 << 10, 60), (4 << 20, 8), (64 << 20, 1)];
/// The ETag of an upload in parts: no client takes it for the MD5 of the bytes.
const ETAG: &str = "9b2cf535f27731c974343645a3985328-2";
/// Bytes of each part that an object was uploaded in.
const PART: u64 = 8 << 20;
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

fn main() {
    let mut args = std::env::args().skip(1);
    let delay = Duration::from_millis(args.next().map_or(0, |text| text.parse().expect("milliseconds")));
    let tls = args.next().map(|certificate| Arc::new(tls(&certificate)));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // A connection above the library's 128 that nobody has accepted yet would wait a second for another try.
    // SAFETY: the descriptor is the listener's, which lives on.
    unsafe { libc::listen(listener.as_raw_fd(), 4096) };
    println!("{}", listener.local_addr().expect("an address").port());
    for stream in listener.incoming().flatten() {
        let tls = tls.clone();
        thread::spawn(move || {
            // A client that hangs up is no failure of ours.
            let _ = stream.set_nodelay(true);
            let _ = match tls.map(ServerConnection::new) {
                None => serve(stream, delay),
                Some(Ok(connection)) => serve(StreamOwned::new(connection, stream), delay),
                Some(Err(error)) => Err(std::io::Error::other(error)),
            };
        });
    }
}

/// Reads a file with a key and its certificates.
fn tls(certificate: &str) -> ServerConfig {
    let chain: Result<_, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let key = PrivateKeyDer::from_pem_file(certificate).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(chain.expect("a certificate"), key)
        .expect("a certificate of the key")
}

fn serve(stream: impl Read + Write, delay: Duration) -> std::io::Result<()> {
    let mut input = BufReader::with_capacity(256 << 10, stream);
    thread::sleep(delay);
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
        let (mut length, mut range, mut expects, mut chunked) = (0u64, None, false, false);
        loop {
            line.clear();
            input.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or(0),
                "range" => {
                    range = value
                        .strip_prefix("bytes=")
                        .and_then(|range| range.split_once('-'))
                        .map(|(a, b)| (a.to_owned(), b.to_owned()))
                }
                "expect" => expects = true,
                "transfer-encoding" => chunked = true,
                _ => {}
            }
        }
        if expects {
            input.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if chunked {
            drain_chunks(&mut input)?
        } else {
            drain(&mut input, length)?
        }
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        answer(input.get_mut(), &method, &target, range)?;
    }
}

fn drain(input: &mut impl BufRead, mut left: u64) -> std::io::Result<()> {
    let mut buffer = [0; 256 << 10];
    while left > 0 {
        let most = left.min(buffer.len() as u64) as usize;
        match input.read(&mut buffer[..most])? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => left -= read as u64,
        }
    }
    Ok(())
}

fn drain_chunks(input: &mut impl BufRead) -> std::io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        input.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end().split(';').next().unwrap_or(""), 16).unwrap_or(0);
        drain(input, size)?;
        input.read_line(&mut line)?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn answer(
    out: &mut impl Write,
    method: &str,
    target: &str,
    range: Option<(String, String)>,
) -> std::io::Result<()> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    // One write: a client that reads a piece of a head would read twice.
    let text = |body: &str| {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let response = match method {
        "GET" if asked("location").is_some() => text("<LocationConstraint/>"),
        "GET" if key.is_empty() => text(&match asked("prefix=").unwrap_or("") {
            prefix if prefix.starts_with("tree") => tree(),
            prefix if prefix.starts_with("new") => listing(0, false) + "</ListBucketResult>",
            _ => page(asked("continuation-token=").or(asked("start-after="))),
        }),
        "HEAD" if key.is_empty() => text(""),
        "GET" | "HEAD" => {
            let part = asked("partNumber=").and_then(|number| number.parse::<u64>().ok());
            let of_part = |number: u64| ((PART * (number - 1)).to_string(), (PART * number - 1).to_string());
            return object(out, method, key, range.or(part.map(of_part)));
        }
        "PUT" => format!("HTTP/1.1 200 OK\r\netag: \"{ETAG}\"\r\ncontent-length: 0\r\n\r\n"),
        "POST" if asked("uploads").is_some() => text(
            "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><UploadId>one</UploadId></InitiateMultipartUploadResult>",
        ),
        "POST" => text(
            "<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><ETag>\"9b2cf535f27731c974343645a3985328-2\"</ETag></CompleteMultipartUploadResult>",
        ),
        _ => "HTTP/1.1 204 No Content\r\n\r\n".into(),
    };
    out.write_all(response.as_bytes())
}

fn object(
    out: &mut impl Write,
    method: &str,
    key: &str,
    range: Option<(String, String)>,
) -> std::io::Result<()> {
    let name = key.rsplit('/').next().unwrap_or("");
    let Some(size) = name.split('-').next().and_then(|size| size.parse::<u64>().ok()) else {
        return out.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    };
    let (first, last) = match &range {
        Some((first, last)) => {
            (first.parse().unwrap_or(0), last.parse().unwrap_or(u64::MAX).min(size.saturating_sub(1)))
        }
        None => (0, size.saturating_sub(1)),
    };
    let mut left = if size == 0 { 0 } else { last + 1 - first };
    let mut head = String::with_capacity(512);
    let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
    // Writing to a String can't fail.
    let _ = write!(
        head,
        "HTTP/1.1 {status}\r\netag: \"{ETAG}\"\r\nlast-modified: Wed, 01 Jan 2025 \
         00:00:00 GMT\r\n\
         accept-ranges: bytes\r\ncontent-type: application/octet-stream\r\nx-amz-request-id: \
         0123456789ABCDEF\r\ncontent-length: {left}\r\n"
    );
    if range.is_some() {
        let _ = write!(head, "content-range: bytes {first}-{last}/{size}\r\n");
    }
    head.push_str("\r\n");
    if method == "HEAD" {
        return out.write_all(head.as_bytes());
    }
    let mut begin = head.into_bytes();
    let together = left.min(16 << 10) as usize;
    begin.extend_from_slice(&ZEROS[..together]);
    out.write_all(&begin)?;
    left -= together as u64;
    while left > 0 {
        let piece = left.min(ZEROS.len() as u64) as usize;
        out.write_all(&ZEROS[..piece])?;
        left -= piece as u64;
    }
    Ok(())
}

fn page(from: Option<&str>) -> String {
    let from = from
        .and_then(|token| token.rsplit("key-").next())
        .and_then(|number| number.parse::<usize>().ok())
        .map_or(0, |last| last + 1);
    let end = (from + PAGE).min(LISTED);
    let mut xml = listing(end - from, end < LISTED);
    if end < LISTED {
        let _ = write!(xml, "<NextContinuationToken>key-{:08}</NextContinuationToken>", end - 1);
    }
    for number in from..end {
        entry(&mut xml, format_args!("some/folder/key-{number:08}"), 4096);
    }
    xml.push_str("</ListBucketResult>");
    xml
}

fn tree() -> String {
    let mut xml = listing(TREE.iter().map(|(_, count)| count).sum(), false);
    for (size, count) in TREE {
        for number in 0..count {
            entry(&mut xml, format_args!("tree/{size}-{number}"), size);
        }
    }
    xml.push_str("</ListBucketResult>");
    xml
}

/// The beginning of a page.
fn listing(count: usize, is_truncated: bool) -> String {
    let mut xml = String::with_capacity(300 * PAGE);
    let _ = write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bench</Name>\
         <Prefix></Prefix><MaxKeys>{PAGE}</MaxKeys><KeyCount>{count}</KeyCount>\
         <IsTruncated>{is_truncated}</IsTruncated>"
    );
    xml
}

fn entry(xml: &mut String, key: std::fmt::Arguments, size: usize) {
    let _ = write!(
        xml,
        "<Contents><Key>{key}</Key>\
         <LastModified>2025-01-01T00:00:00.000Z</LastModified>\
         <ETag>&quot;{ETAG}&quot;</ETag><Size>{size}</Size>\
         <StorageClass>STANDARD</StorageClass></Contents>"
    );
}
