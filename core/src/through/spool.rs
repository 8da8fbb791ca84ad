//! The bytes of one fetch on disk, in a file without a name, for readers at any pace.
//!
//! Invariant: for a store that encrypts the file holds ciphertext, under a random key that exists in memory
//! only. Nothing authenticates it: nobody else can open the file.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::crypto::content::{Content, MAX_SIZE};
use crate::crypto::spool_content;
use crate::error::{Result, fail};
use crate::io;
use crate::runtime;

const BLOCK: u64 = 16;

pub(super) struct FillSpool {
    file: io::Spool,
    content: Option<Arc<Content>>,
}

impl FillSpool {
    pub(super) async fn new(is_encrypted: bool) -> Result<FillSpool> {
        let content = if is_encrypted { Some(Arc::new(spool_content()?)) } else { None };
        Ok(FillSpool { file: io::Spool::new().await?, content })
    }

    /// Appends pieces behind the first `at` bytes.
    pub(super) async fn write(&self, at: u64, pieces: Vec<Bytes>) -> Result<()> {
        let Some(content) = self.content.clone() else { return self.file.write(at, pieces).await };
        let length: usize = pieces.iter().map(Bytes::len).sum();
        if at + length as u64 > MAX_SIZE {
            fail!(
                Unsupported,
                "the upstream sends more than {MAX_SIZE} bytes, the most that can be encrypted"
            );
        }
        let encrypted = runtime::blocking(move || -> Result<Bytes> {
            // The cipher works from the beginning of a block.
            let before = (at % BLOCK) as usize;
            let mut block = BytesMut::with_capacity(before + length);
            block.resize(before, 0);
            pieces.iter().for_each(|piece| block.extend_from_slice(piece));
            content.cipher(at - before as u64, &mut block)?;
            Ok(block.split_off(before).freeze())
        });
        let Ok(encrypted) = encrypted.await else { fail!(Internal, "a worker thread stopped") };
        self.file.write(at, vec![encrypted?]).await
    }

    pub(super) async fn read(&self, at: u64, length: usize) -> Result<Bytes> {
        let Some(content) = &self.content else {
            return self.file.read(at, length).await.map(BytesMut::freeze);
        };
        let before = (at % BLOCK) as usize;
        let mut block = self.file.read(at - before as u64, before + length).await?;
        content.cipher(at - before as u64, &mut block)?;
        Ok(block.split_off(before).freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_come_back_from_any_offset() {
        for is_encrypted in [false, true] {
            let spool = FillSpool::new(is_encrypted).await.unwrap();
            let all: Vec<u8> = (0..100).collect();
            let mut at = 0;
            for length in [1, 15, 16, 17, 3, 48] {
                let piece = Bytes::copy_from_slice(&all[at..at + length]);
                spool.write(at as u64, vec![piece]).await.unwrap();
                at += length;
            }
            for (first, length) in [(0, 100), (0, 1), (15, 2), (16, 16), (33, 60), (99, 1)] {
                let read = spool.read(first as u64, length).await.unwrap();
                assert_eq!(read, &all[first..first + length]);
            }
            let raw = spool.file.read(0, 100).await.unwrap();
            assert_eq!(raw[..] == all[..], !is_encrypted);
        }
    }
}
