//! The tutorial in Rust; run by `tests/driver/test_site.py`.

// --8<-- [start:open]
use oarlock::value::ByteRange;
use oarlock::{ErrorKind, Sink, Store, options};
use std::path::PathBuf;

fn main() -> oarlock::Result<()> {
    let url = std::env::args().nth(1).unwrap_or("file:///tmp/oarlock-first/rust".into());
    let store = Store::open(&url, vec![])?;
    // --8<-- [end:open]

    // --8<-- [start:first]
    store.create_bucket(Default::default()).wait(None)?;
    let text = options::Put { content_type: Some("text/plain".into()), ..Default::default() };
    store.put("greeting", "hello", text).wait(None)?;
    let reply = store.get("greeting", Sink::Memory, Default::default()).wait(None)?;
    println!("{}", String::from_utf8_lossy(&reply.body.unwrap_or_default()));
    // --8<-- [end:first]

    // --8<-- [start:range]
    let first = options::Get { range: Some(ByteRange::FromTo(0, 3)), ..Default::default() };
    let reply = store.get("greeting", Sink::Memory, first).wait(None)?;
    let size = reply.meta.size.unwrap_or_default();
    println!("{} {size}", String::from_utf8_lossy(&reply.body.unwrap_or_default()));
    // --8<-- [end:range]

    // --8<-- [start:files]
    store.put("big", vec![b'x'; 1000], Default::default()).wait(None)?;
    // A file that is whole, or not there.
    store.get("big", PathBuf::from("big"), Default::default()).wait(None)?;
    // --8<-- [end:files]

    // --8<-- [start:list]
    for entry in store.list("", Default::default()).wait(None)?.entries {
        println!("{} {}", entry.key, entry.size);
    }
    // --8<-- [end:list]

    // --8<-- [start:errors]
    match store.get("no-such-key", Sink::Memory, Default::default()).wait(None) {
        Err(error) if error.kind() == ErrorKind::NotFound => println!("{}", error.kind()),
        other => other.map(drop)?,
    }
    // --8<-- [end:errors]
    Ok(())
}
