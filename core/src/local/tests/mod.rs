//! A directory store from the outside: verbs, escapes, races, cancelled calls and listings.

mod listing;
mod racing;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::TempDir;

use crate::error::ErrorKind::{self, *};
use crate::options::{Copy, Delete, Get, Head, Put};
use crate::value::{ByteRange, Value, from_unix};
use crate::{Call, Sink, Source, Step, Store};

/// A store in a fresh directory.
struct Fresh {
    store: Store,
    directory: TempDir,
}

fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    Fresh { store: open(directory.path()), directory }
}

fn open(directory: &Path) -> Store {
    Store::open(&format!("file://{}", directory.display()), vec![]).unwrap()
}

impl Fresh {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn put(&self, key: &str, body: &'static str) -> String {
        self.put_as(key, body, Put::default())
    }

    fn put_as(&self, key: &str, body: &'static str, options: Put) -> String {
        self.store.put(key, body, options).wait(None).unwrap().etag.unwrap()
    }

    fn body(&self, key: &str) -> Bytes {
        self.store.get(key, Sink::Memory, Get::default()).wait(None).unwrap().body.unwrap()
    }

    fn exists(&self, key: &str) -> bool {
        self.store.exists(key, Default::default()).wait(None).unwrap()
    }

    /// How many files lie in a room of the reserved directory.
    fn reserved(&self, room: &str) -> usize {
        fs::read_dir(self.path(".oarlock").join(room)).map_or(0, |entries| entries.count())
    }
}

fn kind<R: Send + 'static>(call: Call<R>) -> Option<ErrorKind> {
    call.wait(None).err().map(|error| error.kind())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn described() -> Put {
    Put {
        content_type: text("text/plain"),
        expires: Some(from_unix(2_000_000_000, 0)),
        metadata: Some(tags([("Colour", "blue")])),
        tags: Some(tags([("team", "ü")])),
        ..Put::default()
    }
}

#[test]
fn what_is_put_is_there() {
    let at = fresh();
    let reply = at.store.put("a/b c/ü", "hello", described()).wait(None).unwrap();
    assert_eq!((reply.size, reply.version_id), (5, None));
    assert_eq!(fs::read(at.path("a/b c/ü")).unwrap(), b"hello");
    let meta = at.store.head("a/b c/ü", Head::default()).wait(None).unwrap();
    assert_eq!((meta.key.as_str(), meta.size, &meta.etag), ("a/b c/ü", Some(5), &reply.etag));
    assert_eq!(
        (meta.content_type.as_deref(), meta.expires),
        (Some("text/plain"), Some(from_unix(2_000_000_000, 0)))
    );
    assert_eq!(meta.metadata.into_iter().collect::<Vec<_>>(), [("colour".to_owned(), "blue".to_owned())]);
    let reply = at
        .store
        .get("a/b c/ü", Sink::Memory, Get { range: Some(ByteRange::FromTo(1, 2)), ..Get::default() })
        .wait(None)
        .unwrap();
    assert_eq!(
        (reply.offset, reply.length, reply.meta.size, reply.body.as_deref()),
        (1, 2, Some(5), Some(&b"el"[..]))
    );
    assert_eq!(
        kind(at.store.get(
            "a/b c/ü",
            Sink::Memory,
            Get { range: Some(ByteRange::From(5)), ..Get::default() }
        )),
        Some(Range)
    );
    // An empty object; a file that another program put here.
    at.put("empty", "");
    assert_eq!(at.body("empty").len(), 0);
    fs::write(at.path("a/foreign"), "x").unwrap();
    assert_eq!(at.body("a/foreign"), "x");
    for missing in ["nowhere", "a", "a/b c", "a/foreign/below"] {
        assert_eq!(kind(at.store.get(missing, Sink::Memory, Get::default())), Some(NotFound), "{missing}");
        assert!(!at.exists(missing), "{missing}");
    }
}

#[test]
fn an_object_has_the_permissions_that_the_umask_leaves() {
    let at = fresh();
    at.put("a", "x");
    fs::write(at.path("b"), "x").unwrap();
    let mode = |name| fs::metadata(at.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("a"), mode("b"));
}

#[test]
fn large_objects_move_in_steps_to_files_and_streams() {
    let at = fresh();
    let bytes: Vec<u8> = (0..3_500_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let elsewhere = tempfile::tempdir().unwrap();
    let source = elsewhere.path().join("source");
    fs::write(&source, &bytes).unwrap();
    let call = at.store.put("big", Source::File(source.clone()), Put::default());
    assert_eq!(call.wait(None).unwrap().size, 3_500_000);
    let mut call =
        at.store.get("big", Sink::Stream, Get { range: Some(ByteRange::From(10)), ..Get::default() });
    let mut streamed = Vec::new();
    loop {
        match call.step(None).unwrap() {
            Some(Step::Chunk(chunk)) => {
                assert!(chunk.len() <= 1 << 20);
                streamed.extend_from_slice(&chunk);
            }
            Some(Step::Done) => break,
            _ => {}
        }
    }
    assert_eq!(call.progress(), (3_499_990, Some(3_499_990)));
    assert_eq!(call.take().unwrap().length, 3_499_990);
    assert!(streamed == bytes[10..]);
    at.store.get("big", Sink::File(source.clone()), Get::default()).wait(None).unwrap();
    assert!(fs::read(&source).unwrap() == bytes);
    assert!(at.store.get("big", Sink::Memory, Get::default()).wait(None).unwrap().body.unwrap() == bytes);
    // A sink in a directory that is not there; sources that are no files.
    assert_eq!(kind(at.store.get("big", Sink::File(at.path("no/such")), Get::default())), Some(Io));
    assert_eq!(kind(at.store.put("c", Source::File(at.path("no/such")), Put::default())), Some(Io));
    assert_eq!(
        kind(at.store.put("c", Source::File(at.directory.path().to_owned()), Put::default())),
        Some(InvalidInput)
    );
    assert_eq!((at.reserved("tmp"), fs::read_dir(elsewhere.path()).unwrap().count()), (0, 1));
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_changed() {
    let at = fresh();
    // The mailbox holds 4 MiB, so most of the object is not read when the first chunk arrives.
    fs::write(at.path("big"), vec![1; 16 << 20]).unwrap();
    let mut call = at.store.get("big", Sink::Stream, Get::default());
    while !matches!(call.step(None).unwrap(), Some(Step::Chunk(_))) {}
    fs::OpenOptions::new().write(true).open(at.path("big")).unwrap().set_len(8 << 20).unwrap();
    assert_eq!(kind(call), Some(Changed));
}

#[test]
fn no_key_leaves_the_root() {
    let at = fresh();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    symlink(outside.path(), at.path("door")).unwrap();
    symlink(outside.path().join("secret"), at.path("link")).unwrap();
    at.put("in/a", "x");
    symlink(at.path("in"), at.path("inner")).unwrap();
    let long = "x".repeat(256);
    let keys = [
        "../x",
        "..",
        ".",
        "a/..",
        "a/../../x",
        "./a",
        "a/./b",
        "/etc/passwd",
        "a//b",
        "a/",
        "//",
        ".oarlock/tmp/x",
        ".oarlock",
        ".OarLock/lock",
        "door/secret",
        "door/new/deep",
        "link",
        "inner/a",
        &long,
    ];
    for key in keys {
        assert_eq!(kind(at.store.get(key, Sink::Memory, Get::default())), Some(InvalidInput), "get {key}");
        assert_eq!(kind(at.store.head(key, Head::default())), Some(InvalidInput), "head {key}");
        assert_eq!(kind(at.store.exists(key, Default::default())), Some(InvalidInput), "exists {key}");
        assert_eq!(kind(at.store.put(key, "evil", Put::default())), Some(InvalidInput), "put {key}");
        assert_eq!(kind(at.store.copy(key, "copy", Copy::default())), Some(InvalidInput), "copy from {key}");
        assert_eq!(kind(at.store.copy("in/a", key, Copy::default())), Some(InvalidInput), "copy to {key}");
        assert_eq!(kind(at.store.delete(key, Delete::default())), Some(InvalidInput), "delete {key}");
        assert_eq!(kind(at.store.get_tags(key, Default::default())), Some(InvalidInput), "tags {key}");
        assert_eq!(
            kind(at.store.set_tags(key, tags([]), Default::default())),
            Some(InvalidInput),
            "set tags {key}"
        );
    }
    assert_eq!(
        kind(at.store.delete_many(["in/a", "../x"].into_iter().collect::<crate::Keys>(), Default::default())),
        Some(InvalidInput)
    );
    assert!(at.exists("in/a"), "refused before anything is touched");
    let rows = at.store.list("", Default::default()).wait(None).unwrap().entries;
    assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["in/a"]);
    for prefix in ["door/", "inner/", ".oarlock/", "/", "//"] {
        assert!(at.store.list(prefix, Default::default()).wait(None).unwrap().entries.is_empty(), "{prefix}");
    }
    assert_eq!(kind(at.store.list("../", Default::default())), Some(InvalidInput));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"s");
}

#[test]
fn the_reserved_directory_is_the_stores_own() {
    let at = fresh();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), at.path(".oarlock")).unwrap();
    assert_eq!(kind(at.store.put("a", "x", Put::default())), Some(InvalidInput));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn what_files_can_not_hold() {
    let at = fresh();
    at.put("a", "x");
    at.put("d/e/f", "y");
    for key in ["a/b", "a/b/c", "d", "d/e"] {
        let error = at.store.put(key, "z", Put::default()).wait(None).unwrap_err();
        assert_eq!(error.kind(), AlreadyExists, "{key}");
        assert!(error.message().contains("can't hold"), "{error}");
        assert_eq!(kind(at.store.copy("a", key, Copy::default())), Some(AlreadyExists), "{key}");
    }
    assert_eq!(at.body("a"), "x");
    assert_eq!(at.reserved("tmp"), 0);
    // An empty directory is nothing.
    fs::create_dir(at.path("empty")).unwrap();
    at.put("empty", "now a file");
    // The last object takes its directories with it.
    at.store.delete("d/e/f", Delete::default()).wait(None).unwrap();
    assert!(!at.path("d").exists());
    at.put("d", "z");
}

#[test]
fn writes_on_condition() {
    let at = fresh();
    let first = at.put_as("a", "one", Put { if_none_match: text("*"), ..Put::default() });
    assert_eq!(
        kind(at.store.put("a", "two", Put { if_none_match: text("*"), ..Put::default() })),
        Some(Precondition)
    );
    let second = at.put_as("a", "two", Put { if_match: text(&format!("\"{first}\"")), ..described() });
    assert_ne!(first, second);
    assert_eq!(
        kind(at.store.put("a", "three", Put { if_match: text(&first), ..Put::default() })),
        Some(Precondition)
    );
    assert_eq!(
        kind(at.store.put("b", "three", Put { if_match: text(&first), ..Put::default() })),
        Some(NotFound)
    );
    assert_eq!(
        kind(at.store.put("n/e/w", "x", Put { if_match: text(&first), ..Put::default() })),
        Some(NotFound)
    );
    assert!(!at.path("n").exists());
    assert_eq!(
        kind(at.store.delete("a", Delete { if_match: text(&first), ..Delete::default() })),
        Some(Precondition)
    );
    assert_eq!(at.body("a"), "two");
    assert_eq!(
        kind(at.store.head("a", Head { if_none_match: text(&second), ..Head::default() })),
        Some(NotModified)
    );
    assert_eq!(at.reserved("meta"), 1);
    at.store.delete("a", Delete { if_match: text(&second), ..Delete::default() }).wait(None).unwrap();
    assert_eq!((at.exists("a"), at.reserved("meta"), at.reserved("tmp")), (false, 0, 0));
    at.store.delete("a", Delete::default()).wait(None).unwrap();
    assert_eq!(
        kind(at.store.put("a", "x", Put { if_match: text("x"), if_none_match: text("*"), ..Put::default() })),
        Some(InvalidInput)
    );
}

#[test]
fn a_copy_keeps_what_is_not_replaced() {
    let at = fresh();
    let etag = at.put_as("a", "hello", described());
    at.store.copy("a", "deep/b", Copy::default()).wait(None).unwrap();
    let head = |key: &str| at.store.head(key, Head::default()).wait(None).unwrap();
    let tags = |key: &str| at.store.get_tags(key, Default::default()).wait(None).unwrap();
    assert_eq!(
        (at.body("deep/b"), head("deep/b").content_type, tags("deep/b").len()),
        ("hello".into(), text("text/plain"), 1)
    );
    let replace = Copy { content_type: text("x/y"), source_if_match: text(&etag), ..Copy::default() };
    at.store.copy("a", "c", replace).wait(None).unwrap();
    assert_eq!((head("c").content_type, head("c").metadata.len(), tags("c").len()), (text("x/y"), 0, 1));
    at.store.copy("a", "c", Copy { tags: Some(Default::default()), ..Copy::default() }).wait(None).unwrap();
    assert_eq!((head("c").content_type, tags("c").len()), (text("text/plain"), 0));
    // Onto itself too.
    at.store
        .copy("a", "a", Copy { metadata: Some(Default::default()), ..Copy::default() })
        .wait(None)
        .unwrap();
    assert_eq!((at.body("a"), head("a").content_type), ("hello".into(), None));
    for wrong in [
        Copy { source_if_match: text("x"), ..Copy::default() },
        Copy { source_if_none_match: text("*"), ..Copy::default() },
        Copy { if_none_match: text("*"), ..Copy::default() },
    ] {
        assert_eq!(kind(at.store.copy("a", "c", wrong)), Some(Precondition));
    }
    let error = at.store.copy("nowhere", "c", Copy::default()).wait(None).unwrap_err();
    assert_eq!((error.kind(), error.key()), (NotFound, Some("nowhere")));
    assert_eq!(at.reserved("tmp"), 0);
}

#[test]
fn tags_come_and_go() {
    let at = fresh();
    at.put("a", "x");
    assert_eq!(at.reserved("meta"), 0);
    let many: BTreeMap<_, _> = (0..11).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(kind(at.store.set_tags("a", many, Default::default())), Some(InvalidInput));
    at.store.set_tags("a", tags([("k", "v")]), Default::default()).wait(None).unwrap();
    assert_eq!(
        at.store.get_tags("a", Default::default()).wait(None).unwrap().get("k").map(String::as_str),
        Some("v")
    );
    at.store.delete_tags("a", Default::default()).wait(None).unwrap();
    assert!(at.store.get_tags("a", Default::default()).wait(None).unwrap().is_empty());
    assert_eq!((at.reserved("meta"), at.reserved("tmp")), (0, 0));
    assert_eq!(kind(at.store.get_tags("b", Default::default())), Some(NotFound));
    // A file that another program changed is another object: what was kept beside the old one is not its own.
    at.put_as("a", "x", described());
    fs::write(at.path("a"), "other").unwrap();
    assert_eq!(at.store.head("a", Head::default()).wait(None).unwrap().content_type, None);
}

#[test]
fn the_directory_itself() {
    let at = fresh();
    let store = open(&at.path("new/store"));
    assert_eq!(kind(store.put("a", "x", Put::default())), Some(NoSuchBucket));
    assert_eq!(kind(store.list("", Default::default())), Some(NoSuchBucket));
    assert!(!at.path("new").exists());
    store.create_bucket(Default::default()).wait(None).unwrap();
    assert_eq!(kind(store.create_bucket(Default::default())), Some(AlreadyExists));
    store.put("a", "x", described()).wait(None).unwrap();
    assert_eq!(kind(store.delete_bucket(Default::default())), Some(Precondition));
    store.delete("a", Delete::default()).wait(None).unwrap();
    store.delete_bucket(Default::default()).wait(None).unwrap();
    assert!(!at.path("new/store").exists());
    assert_eq!(kind(store.delete_bucket(Default::default())), Some(NoSuchBucket));
    fs::write(at.path("file"), "x").unwrap();
    assert_eq!(kind(open(&at.path("file")).list("", Default::default())), Some(NoSuchBucket));
}

#[test]
fn what_a_directory_can_not_do_is_said() {
    let at = fresh();
    at.put("a", "x");
    let put = |options| at.store.put("a", "y", options).wait(None).unwrap_err();
    for (error, name) in [
        (put(Put { sse: text("AES256"), ..Put::default() }), "`sse`"),
        (put(Put { acl: text("private"), ..Put::default() }), "`acl`"),
        (put(Put { storage_class: text("GLACIER"), ..Put::default() }), "`storage_class`"),
        (
            at.store
                .get("a", Sink::Memory, Get { version_id: text("1"), ..Get::default() })
                .wait(None)
                .unwrap_err(),
            "`version_id`",
        ),
        (
            at.store
                .copy("a", "b", Copy { source_bucket: text("other"), ..Copy::default() })
                .wait(None)
                .unwrap_err(),
            "`source_bucket`",
        ),
        (at.store.presign("a", Default::default()).wait(None).unwrap_err(), "URL"),
        (at.store.list_versions("", Default::default()).wait(None).unwrap_err(), "versions"),
    ] {
        assert_eq!(error.kind(), Unsupported);
        assert!(error.message().contains(name), "{error}");
    }
    let url = format!("file://{}", at.directory.path().display());
    for setting in ["sse", "acl", "grant_read", "storage_class"] {
        let error = Store::open(&url, vec![(setting.into(), Value::Str("AES256".into()))]).unwrap_err();
        assert_eq!(error.kind(), Config);
        assert!(error.message().contains(setting), "{error}");
    }
    assert!(at.store.list_uploads("", Default::default()).wait(None).unwrap().entries.is_empty());
    for metadata in [("no spaces", "x"), ("", "x"), ("a", "b\r\nc"), ("ü", "x")] {
        let metadata = Some(tags([metadata]));
        assert_eq!(put(Put { metadata, ..Put::default() }).kind(), InvalidInput);
    }
    assert_eq!(at.body("a"), "x");
}
