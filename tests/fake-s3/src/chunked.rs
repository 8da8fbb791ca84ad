//! `aws-chunked` bodies: signed chunks, unsigned chunks with a trailer, or both.
//!
//! Invariant: every chunk signature continues the chain from the one before, and the last chunk may be
//! followed by trailers only if the request announced them. It must not know what the bytes are for.

use crate::auth::{Chain, signature_mismatch};
use crate::encoding::{hex, hmac_sha256, sha256_hex};
use crate::error::{Result, S3Error};

const MIN_CHUNK: usize = 8192;
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub bytes: Vec<u8>,
    /// Lower-cased names.
    pub trailers: Vec<(String, String)>,
}

/// `chain` is present when the chunks are signed.
pub fn decode(body: &[u8], mut chain: Option<Chain>, trailer: bool, length: u64) -> Result<Decoded> {
    let mut out = Decoded::default();
    out.bytes.reserve(usize::try_from(length).unwrap_or(0).min(body.len()));
    let mut rest = body;
    let mut short_chunk = false;
    loop {
        let (line, after) = take_line(rest).ok_or_else(incomplete)?;
        let (size, signature) = chunk_header(line)?;
        let data = after.get(..size).ok_or_else(incomplete)?;
        rest = &after[size..];
        if let Some(chain) = &mut chain {
            chain.check_chunk(data, signature.ok_or_else(signature_mismatch)?)?;
        }
        if size == 0 {
            break;
        }
        if short_chunk && chain.is_some() {
            let message = "Only the last chunk is allowed to have a size less than 8192 bytes";
            return Err(S3Error::new(403, "InvalidChunkSizeError", message));
        }
        short_chunk = size < MIN_CHUNK;
        out.bytes.extend_from_slice(data);
        rest = rest.strip_prefix(b"\r\n").ok_or_else(incomplete)?;
    }
    read_trailers(rest, chain, trailer, &mut out)?;
    if out.bytes.len() as u64 != length {
        return Err(incomplete());
    }
    Ok(out)
}

fn read_trailers(mut rest: &[u8], chain: Option<Chain>, announced: bool, out: &mut Decoded) -> Result<()> {
    let malformed = || {
        S3Error::new(
            400,
            "MalformedTrailerError",
            "The request contained trailing data that was not well-formed or did not conform to our \
             published schema.",
        )
    };
    let mut signature = None;
    while let Some((line, after)) = take_line(rest).filter(|(line, _)| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_string());
        rest = after;
        if name == "x-amz-trailer-signature" {
            signature = Some(value);
        } else {
            out.trailers.push((name, value));
        }
    }
    if rest != b"\r\n" || (!announced && !out.trailers.is_empty()) {
        return Err(malformed());
    }
    match (chain, signature) {
        (Some(chain), Some(signature)) if announced => chain.check_trailers(&out.trailers, &signature),
        (Some(_), None) if announced => Err(signature_mismatch()),
        (_, Some(_)) => Err(malformed()),
        _ => Ok(()),
    }
}

fn incomplete() -> S3Error {
    let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    S3Error::new(400, "IncompleteBody", message)
}

fn take_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

/// `400;chunk-signature=…`
fn chunk_header(line: &str) -> Result<(usize, Option<&str>)> {
    let (size, extension) = line.split_once(';').unwrap_or((line, ""));
    let size = usize::from_str_radix(size.trim(), 16).map_err(|_| incomplete())?;
    Ok((size, extension.trim().strip_prefix("chunk-signature=")))
}

impl Chain {
    fn check_chunk(&mut self, data: &[u8], signature: &str) -> Result<()> {
        let to_sign = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{EMPTY_SHA256}\n{}",
            self.date,
            self.scope,
            self.previous,
            sha256_hex(data)
        );
        self.check(&to_sign, signature)?;
        self.previous = signature.to_string();
        Ok(())
    }

    fn check_trailers(&self, trailers: &[(String, String)], signature: &str) -> Result<()> {
        let canonical: String = trailers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let to_sign = format!(
            "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}",
            self.date,
            self.scope,
            self.previous,
            sha256_hex(canonical.as_bytes())
        );
        self.check(&to_sign, signature)
    }

    fn check(&self, to_sign: &str, signature: &str) -> Result<()> {
        if hex(&hmac_sha256(&self.key, to_sign.as_bytes())) == signature {
            Ok(())
        } else {
            Err(signature_mismatch())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::signing_key;

    // The worked example of the S3 API reference: 66,560 bytes of 'a' in chunks of 64 KiB and 1 KiB.
    const CHUNKS: [&str; 3] = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

    fn chain(seed: &str) -> Chain {
        Chain {
            key: signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1"),
            date: "20130524T000000Z".into(),
            scope: "20130524/us-east-1/s3/aws4_request".into(),
            previous: seed.into(),
        }
    }

    fn signed_body(signatures: &[&str; 3], end: &str) -> Vec<u8> {
        let mut body = format!("10000;chunk-signature={}\r\n", signatures[0]).into_bytes();
        body.extend(vec![b'a'; 65536]);
        body.extend(format!("\r\n400;chunk-signature={}\r\n", signatures[1]).bytes());
        body.extend(vec![b'a'; 1024]);
        body.extend(format!("\r\n0;chunk-signature={}\r\n{end}\r\n", signatures[2]).bytes());
        body
    }

    #[test]
    fn signed_chunks_example() {
        let decoded = decode(&signed_body(&CHUNKS, ""), Some(chain(SEED)), false, 66_560).unwrap();
        assert_eq!(decoded.bytes, vec![b'a'; 66_560]);
        assert!(decoded.trailers.is_empty());
    }

    #[test]
    fn signed_trailer_example() {
        let signatures = [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ];
        let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
        let end = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
        let decoded = decode(&signed_body(&signatures, end), Some(chain(seed)), true, 66_560).unwrap();
        assert_eq!(decoded.trailers, [("x-amz-checksum-crc32c".into(), "sOO8/Q==".into())]);

        let forged = end.replace("sOO8", "sOO9");
        let error = decode(&signed_body(&signatures, &forged), Some(chain(seed)), true, 66_560).unwrap_err();
        assert_eq!(error.code, "SignatureDoesNotMatch");
    }

    #[test]
    fn unsigned_chunks_may_be_small() {
        let body = b"3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        let decoded = decode(body, None, true, 5).unwrap();
        assert_eq!(decoded.bytes, b"abcde");
        assert_eq!(decoded.trailers.len(), 1);
    }

    #[test]
    fn broken_bodies_are_named() {
        let mut flipped = signed_body(&CHUNKS, "");
        flipped[100] ^= 1;
        let code =
            |body: &[u8], chain, trailer, length| decode(body, chain, trailer, length).unwrap_err().code;
        assert_eq!(code(&flipped, Some(chain(SEED)), false, 66_560), "SignatureDoesNotMatch");
        assert_eq!(code(b"5\r\nabc", None, true, 5), "IncompleteBody");
        assert_eq!(code(b"3\r\nabc\r\n0\r\n\r\n", None, true, 4), "IncompleteBody");
        assert_eq!(code(b"0\r\nx-a:1\r\n\r\n", None, false, 0), "MalformedTrailerError");
        assert_eq!(code(b"0\r\n", None, false, 0), "MalformedTrailerError");
    }
}
