//! The minimal server of the bench: it responds to clients of S3 and checks nothing, so that what is
//! measured is the client.
//!
//! An object's size is the number its key's last part begins with (`4096`, `1073741824-a`). One thread a
//! connection, blocking; bodies come from one buffer and go nowhere. `server [delay in milliseconds]` prints
//! its port; each answer, and the first byte of a connection, waits for the delay.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const LISTED: usize = 100_000;
const PAGE: usize = 1000;
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

fn main() {
    let delay = std::env::args().nth(1).map_or(0, |text| text.parse().expect("milliseconds"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    for stream in listener.incoming().flatten() {
        thread::spawn(move || {
            // A client that hangs up is no failure of ours.
            let _ = serve(stream, Duration::from_millis(delay));
        });
    }
}

fn serve(stream: TcpStream, delay: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
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
            out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if chunked {
            drain_chunks(&mut input)?
        } else {
            drain(&mut input, length)?
        }
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        answer(&mut out, &method, &target, range)?;
    }
}

fn drain(input: &mut BufReader<TcpStream>, mut left: u64) -> std::io::Result<()> {
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

fn drain_chunks(input: &mut BufReader<TcpStream>) -> std::io::Result<()> {
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
    out: &mut TcpStream,
    method: &str,
    target: &str,
    range: Option<(String, String)>,
) -> std::io::Result<()> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let text = |out: &mut TcpStream, body: &str| {
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match method {
        "GET" if asked("location").is_some() => text(out, "<LocationConstraint/>"),
        "GET" if key.is_empty() => text(out, &page(asked("continuation-token=").or(asked("start-after=")))),
        "GET" | "HEAD" => object(out, method, key, range),
        "PUT" => out.write_all(
            b"HTTP/1.1 200 OK\r\netag: \"9b2cf535f27731c974343645a3985328\"\r\ncontent-length: 0\r\n\r\n",
        ),
        "POST" if asked("uploads").is_some() => text(
            out,
            "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><UploadId>one</UploadId></InitiateMultipartUploadResult>",
        ),
        "POST" => text(
            out,
            "<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><ETag>\"9b2cf535f27731c974343645a3985328-1\"</ETag></CompleteMultipartUploadResult>",
        ),
        _ => out.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"),
    }
}

fn object(
    out: &mut TcpStream,
    method: &str,
    key: &str,
    range: Option<(String, String)>,
) -> std::io::Result<()> {
    let name = key.rsplit('/').next().unwrap_or("");
    let size: u64 = name.split('-').next().and_then(|size| size.parse().ok()).unwrap_or(0);
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
        "HTTP/1.1 {status}\r\netag: \"9b2cf535f27731c974343645a3985328\"\r\nlast-modified: Wed, 01 Jan 2025 \
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
    let mut xml = String::with_capacity(300 * PAGE);
    let _ = write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bench</Name>\
         <Prefix></Prefix><MaxKeys>{PAGE}</MaxKeys><KeyCount>{}</KeyCount><IsTruncated>{}</IsTruncated>",
        end - from,
        end < LISTED
    );
    if end < LISTED {
        let _ = write!(xml, "<NextContinuationToken>key-{:08}</NextContinuationToken>", end - 1);
    }
    for number in from..end {
        let _ = write!(
            xml,
            "<Contents><Key>some/folder/key-{number:08}</Key>\
             <LastModified>2025-01-01T00:00:00.000Z</LastModified>\
             <ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>4096</Size>\
             <StorageClass>STANDARD</StorageClass></Contents>"
        );
    }
    xml.push_str("</ListBucketResult>");
    xml
}
