//! An answer before it becomes bytes on a socket.
//!
//! Invariant: a header is set once; the length that is announced is that of `body` unless a HEAD sets
//! another. It must not know sockets or faults.

use crate::checksum::Checksum;
use crate::data::Data;

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Data,
    /// For HEAD: the Content-Length of the GET it stands for.
    pub announced: Option<u64>,
}

impl Reply {
    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: vec![], body: Data::default(), announced: None }
    }

    pub fn xml(body: String) -> Reply {
        let mut reply = Reply::empty(200);
        reply.set("content-type", "application/xml");
        reply.body = Data::from(bytes::Bytes::from(body));
        reply
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_string(), value.to_string()));
    }

    pub fn set_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    pub fn set_etag(&mut self, etag: &str) {
        self.set("etag", &format!("\"{etag}\""));
    }

    pub fn set_checksum(&mut self, checksum: Option<&Checksum>) {
        if let Some(checksum) = checksum {
            self.set(&checksum.algorithm.header(), &checksum.value);
            self.set("x-amz-checksum-type", checksum.kind());
        }
    }
}
