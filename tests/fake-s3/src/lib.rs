//! A loopback S3 server for tests. It keeps everything in memory, checks every signature, hash and checksum
//! as S3 does, and misbehaves by plan. README.md lists its operations and how tests control it.
//!
//! A request goes `server` → `request` → `auth` → `payload` (→ `chunked`, `checksum`) → `ops` → `store`;
//! `faults` and `control` stand beside that road and are known to `server` alone.

mod acl;
mod attributes;
mod auth;
mod bend;
mod checksum;
mod chunked;
mod claim;
mod clock;
mod conditions;
mod control;
mod data;
mod encoding;
mod encryption;
mod error;
mod faults;
mod list;
mod log;
mod ops;
mod payload;
mod reply;
mod request;
mod server;
mod store;
mod wire;
mod world;
mod xml;

pub use server::serve;
pub use world::{Options, World};
