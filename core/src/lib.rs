//! oarlock: S3 storage, credential resolution and client-side encryption for programs that embed them.
//!
//! The words: a [`Store`] is one place that holds objects, opened from a URL and settings. A *verb*
//! ([`verbs`]) does something there; running one gives a [`Call`], which can be waited for, awaited, polled,
//! fed and cancelled. Bytes come from a [`Source`] and go to a [`Sink`]. What goes wrong is an [`Error`] with
//! a numbered [`ErrorKind`]. Everything else is plain data ([`Value`]).
//!
//! ```
//! use oarlock::{Sink, Store};
//! let directory = tempfile::tempdir().unwrap();
//! let store = Store::open(&format!("file://{}", directory.path().display()), vec![]).unwrap();
//! store.put("a/b", "hello", Default::default()).wait(None).unwrap();
//! let reply = store.get("a/b", Sink::Memory, Default::default()).wait(None).unwrap();
//! assert_eq!(reply.body.unwrap(), "hello");
//! ```

#![deny(missing_docs)]
#![warn(clippy::missing_errors_doc)]

mod across;
mod ambient;
mod call;
mod checksum;
mod classes;
pub mod config;
mod credentials;
mod crypto;
mod encrypted;
mod error;
mod event;
mod explain;
mod http;
mod inline;
mod io;
mod keys;
mod local;
mod mailbox;
mod many;
pub mod observe;
pub mod options;
mod question;
pub mod reply;
mod runtime;
mod s3;
mod store;
mod sync;
pub mod table;
mod tally;
mod through;
mod transfer;
pub mod value;
pub mod verbs;
mod version;
mod wake;
mod xml;

pub use ambient::setting_sources;
pub use call::{Call, Canceller, Step};
pub use classes::StorageClasses;
pub use error::{Error, ErrorKind, Result};
pub use io::{Sink, Source};
pub use keys::{Directory, Item, Items, Key, Keys, Prefix, UpstreamUrl};
pub use runtime::drain;
pub use store::Store;
pub use value::{Callback, Value};
pub use verbs::Args;
pub use version::VERSION;
