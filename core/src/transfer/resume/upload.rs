//! The state of an upload that outlives its process: its journal, and the parts that need not be sent again.
//!
//! Invariants: a part counts as sent when the source's bytes, the journal and the server agree on it; every
//! other one is sent again. An upload of another source, of other parts or of other options is aborted, and a
//! new one starts.
//!
//! The nonce law: of an encrypted upload the journal keeps the envelope, never the key, and the SHA-256 of
//! each part of the source before that part is first sent. Under the same key nothing else is ever encrypted
//! in its place: where the source differs, the key is given up.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::journal::{Journal, Rows, fingerprint};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{ErrorKind, Result, fail};
use crate::io::blocking;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::Put;
use crate::s3::{Part, S3, abort, demands_echo, etag_of, list_parts};
use crate::transfer::budget::acquire;
use crate::transfer::plan::Cut;
use crate::transfer::source::{PartBody, SourceParts};

/// A part as the journal has it.
#[derive(Clone, Debug)]
struct PartRow {
    size: u64,
    etag: Option<String>,
    digest: Checksum,
}

/// An upload with a journal.
pub(crate) struct UploadState {
    journal: Journal,
    /// What must be the same for the upload to go on.
    facts: Value,
    /// The upload's id, and the checksum that it was started with.
    upload: Option<(String, Option<Algorithm>)>,
    rows: BTreeMap<i32, PartRow>,
    /// The parts of the journal that the server lists.
    listed: BTreeMap<i32, Part>,
    unwritten: usize,
    claims: Option<Claims>,
}

/// What the journal keeps of an upload whose parts are transformed.
#[derive(Default)]
struct Claims {
    /// What the transform needs to resume.
    envelope: Value,
    /// Size and SHA-256 of the parts that may have been sent.
    parts: BTreeMap<u64, (u64, String)>,
    rows: Option<Rows>,
}

impl UploadState {
    /// Opens the journal and lists what the server has of its upload.
    pub(crate) async fn open(
        at: &S3,
        key: &Key,
        named: &str,
        parts: &SourceParts,
        cut: &Cut,
        options: &Put,
    ) -> Result<UploadState> {
        let transfer = format!("put {} {}", at.place().await?, at.full(&key.0));
        let (journal, held) = Journal::open(named, &transfer).await?;
        let settings = at.completed().await?;
        let kept = (&settings.storage_class, &settings.acl, &settings.sse, &settings.sse_kms_key_id);
        let mut facts = json!({
            "source": parts.stamp(),
            "sealed": parts.are_transformed(),
            "cut": [cut.wanted, cut.fixed as u64, cut.max_parts],
            // Secrets show as dots here.
            "options": fingerprint(&format!("{options:?} {kept:?}")),
        });
        // Only an upload whose beginning was checked goes on: its parts and its completion need not name the
        // encryption again.
        if demands_echo(options, at.settings())? {
            facts["echoed"] = json!(true);
        }
        let mut state = UploadState {
            journal,
            facts,
            upload: None,
            rows: BTreeMap::new(),
            listed: BTreeMap::new(),
            unwritten: 0,
            claims: None,
        };
        let Some(mut held) = held else { return Ok(state) };
        let mut claims = None;
        if parts.are_transformed() {
            let (rows, now) = state.journal.take().await?;
            held = now.unwrap_or_default();
            let parts = held["rows"].as_array().into_iter().flatten().filter_map(claim).collect();
            claims = Some(Claims { envelope: held["envelope"].take(), parts, rows: Some(rows) });
        }
        let Some(upload_id) = held["upload_id"].as_str() else { return Ok(state) };
        if held["facts"] != state.facts {
            event(Level::Info, "the journal is of another upload of this key, which is aborted".to_owned());
            let _ = abort(at, key, upload_id).await;
            return Ok(state);
        }
        let listed = match list_parts(at, key, upload_id, options).await {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                event(Level::Info, "the journal's upload is gone; a new one starts".to_owned());
                return Ok(state);
            }
            Err(error) => return Err(error),
        };
        state.upload = Some((upload_id.to_owned(), held["algorithm"].as_str().and_then(Algorithm::named)));
        state.claims = claims;
        state.rows = held["parts"].as_array().into_iter().flatten().filter_map(row).collect();
        state.listed = listed.into_iter().map(|part| (part.number, part)).collect();
        Ok(state)
    }

    /// The upload to go on with, and the checksum that its parts carry.
    pub(crate) fn upload(&self) -> Option<(&str, Option<Algorithm>)> {
        self.upload.as_ref().map(|(upload_id, algorithm)| (upload_id.as_str(), *algorithm))
    }

    /// Notes that an upload was started.
    pub(crate) async fn began(&mut self, upload_id: &str, algorithm: Option<Algorithm>) -> Result<()> {
        self.upload = Some((upload_id.to_owned(), algorithm));
        self.write().await?;
        if let Some(claims) = &mut self.claims {
            claims.rows = Some(self.journal.take().await?.0);
        }
        Ok(())
    }

    /// The envelope of the upload to go on with.
    pub(crate) fn envelope(&self) -> Option<&Value> {
        self.claims.as_ref().map(|claims| &claims.envelope)
    }

    /// Keeps the envelope of the upload that is about to start.
    pub(crate) fn keep_envelope(&mut self, envelope: Value) {
        self.claims = Some(Claims { envelope, ..Claims::default() });
    }

    /// Whether this source is the one that was transformed, as far as its parts may have been sent.
    pub(crate) async fn is_same_source(&self, mut parts: SourceParts, mailbox: &Mailbox) -> Result<bool> {
        // Parts are claimed in their order.
        for (at, (number, (size, digest))) in (1..).zip(self.claims.iter().flat_map(|claims| &claims.parts)) {
            let _permit = acquire(*size).await?;
            let body = parts.next(*size, &mut None, mailbox).await?;
            if *number != at || body.bytes.len() as u64 != *size || sha256(&body.bytes).await? != *digest {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends the upload, so that a new one begins.
    pub(crate) async fn abandon(&mut self, at: &S3, key: &Key) {
        if let Some((upload_id, _)) = self.upload.take() {
            event(Level::Info, "the journal's upload can't go on under its key, and is aborted".to_owned());
            let _ = abort(at, key, &upload_id).await;
        }
        (self.rows, self.listed, self.claims) = Default::default();
    }

    /// Lets a part be encrypted and sent: from now on nothing else takes its place under this key. Returns
    /// the part that the server has there.
    pub(crate) async fn claim(&mut self, number: u64, bytes: &Bytes) -> Result<Option<Part>> {
        let Some(Claims { parts, rows: Some(rows), .. }) = &mut self.claims else {
            fail!(Internal, "a part is to be encrypted without a journal's leave; please report it")
        };
        let digest = (bytes.len() as u64, sha256(bytes).await?);
        match parts.get(&number) {
            Some(before) if *before == digest => {}
            Some(_) => fail!(
                Changed,
                "the source is not the one that the upload began with, which is aborted; the same call \
                 starts a new one"
            ),
            None => {
                rows.add(&json!([number, digest.0, digest.1])).await?;
                parts.insert(number, digest);
            }
        }
        Ok(i32::try_from(number).ok().and_then(|number| self.listed.get(&number).cloned()))
    }

    /// The part of these bytes, if the server has it.
    pub(crate) fn part(&self, number: i32, body: &PartBody) -> Option<Part> {
        let (row, listed) = (self.rows.get(&number)?, self.listed.get(&number)?);
        let told = match listed.checksum {
            Some(told) if told.algorithm == row.digest.algorithm => told == row.digest,
            _ => listed.etag == row.etag,
        };
        let same = row.size == body.bytes.len() as u64
            && listed.size == row.size
            && row.digest == digest(body)
            && told;
        same.then(|| Part { number, size: row.size, etag: listed.etag.clone(), checksum: body.checksum })
    }

    /// Parts are there now. The journal is replaced ever more seldom as it grows, so that writing it costs
    /// little of any upload.
    pub(crate) async fn sent(&mut self, sent: &[(Part, Checksum)]) -> Result<()> {
        for (part, digest) in sent {
            self.rows
                .insert(part.number, PartRow { size: part.size, etag: part.etag.clone(), digest: *digest });
        }
        self.unwritten += sent.len();
        if self.unwritten > self.rows.len() / 64 { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<()> {
        self.unwritten = 0;
        let parts: Vec<Value> = self
            .rows
            .iter()
            .map(|(number, row)| {
                json!([number, row.size, row.etag, row.digest.algorithm.name(), row.digest.text()])
            })
            .collect();
        let Some((upload_id, algorithm)) = self.upload() else { return Ok(()) };
        let algorithm = algorithm.map(Algorithm::name);
        let mut held = json!({
            "facts": self.facts, "upload_id": upload_id, "algorithm": algorithm, "parts": parts,
        });
        if let Some(claims) = &self.claims {
            held["envelope"] = claims.envelope.clone();
        }
        self.journal.write(held).await
    }

    /// The object is there, and the journal has no more to say.
    pub(crate) async fn done(self) {
        self.journal.remove().await;
    }

    /// The upload will never become an object.
    pub(crate) async fn abort(self, at: &S3, key: &Key) {
        if let Some((upload_id, _)) = self.upload() {
            let _ = abort(at, key, upload_id).await;
        }
        self.journal.remove().await;
    }
}

/// Whether what the server lists is this part.
pub(crate) fn is_same(listed: &Part, body: &PartBody) -> bool {
    let agrees = match (listed.checksum, body.checksum) {
        (Some(stored), Some(sum)) if stored.algorithm == sum.algorithm => stored == sum,
        _ => listed.etag.as_deref().map(|etag| etag.trim_matches('"')) == Some(&etag_of(&body.bytes)),
    };
    listed.size == body.bytes.len() as u64 && agrees
}

async fn sha256(bytes: &Bytes) -> Result<String> {
    let bytes = bytes.clone();
    let digest = blocking(move || Ok(Sha256::digest(&bytes))).await?;
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn claim(stored: &Value) -> Option<(u64, (u64, String))> {
    Some((stored[0].as_u64()?, (stored[1].as_u64()?, stored[2].as_str()?.to_owned())))
}

/// The digest of a part's bytes, whatever checksum the server takes.
pub(crate) fn digest(body: &PartBody) -> Checksum {
    body.checksum.unwrap_or_else(|| Algorithm::Crc64Nvme.of(&body.bytes))
}

fn row(stored: &Value) -> Option<(i32, PartRow)> {
    let size = stored[1].as_u64()?;
    let digest = Checksum::read(Algorithm::named(stored[3].as_str()?)?, stored[4].as_str()?, size)?;
    Some((
        i32::try_from(stored[0].as_i64()?).ok()?,
        PartRow { size, etag: stored[2].as_str().map(str::to_owned), digest },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> PartBody {
        PartBody { bytes: Bytes::from_static(b"123456789"), checksum: None }
    }

    #[test]
    fn rows_of_a_journal_are_read_or_dropped() {
        let sum = Algorithm::Crc32.of(b"123456789");
        let (number, read) = row(&json!([3, 9, "\"e\"", "CRC32", sum.text()])).unwrap();
        assert_eq!((number, read.size, read.etag.as_deref(), read.digest), (3, 9, Some("\"e\""), sum));
        for torn in [json!([]), json!([3, 9, null, "MD4", "x"]), json!([3, -9, null, "CRC32", "x"]), json!(7)]
        {
            assert!(row(&torn).is_none(), "{torn}");
        }
        assert_eq!(claim(&json!([1, 5, "ab"])), Some((1, (5, "ab".to_owned()))));
        assert_eq!(claim(&json!([1, "ab"])), None);
    }

    #[test]
    fn a_listed_part_is_the_same_by_its_checksum_or_its_etag() {
        let sum = Algorithm::Crc32.of(b"123456789");
        let part = |size, etag: Option<&str>, checksum| Part {
            number: 1,
            size,
            etag: etag.map(str::to_owned),
            checksum,
        };
        let summed = PartBody { checksum: Some(sum), ..body() };
        let etag = format!("\"{}\"", etag_of(b"123456789"));
        assert!(is_same(&part(9, None, Some(sum)), &summed));
        assert!(is_same(&part(9, Some(&etag), None), &summed));
        assert!(is_same(&part(9, Some(&etag), None), &body()));
        assert!(!is_same(&part(8, Some(&etag), Some(sum)), &summed));
        assert!(!is_same(&part(9, Some(&etag), Some(Algorithm::Crc32.of(b"other"))), &summed));
        assert!(!is_same(&part(9, Some("other"), None), &body()));
    }
}
