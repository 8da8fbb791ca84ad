//! The first example in Rust; run by `tests/driver/test_site.py`.

// --8<-- [start:first]
use oarlock::{Sink, Store};

fn main() -> oarlock::Result<()> {
    std::fs::create_dir_all("/tmp/oarlock-first/rust").expect("/tmp is writable");
    let store = Store::open("file:///tmp/oarlock-first/rust", vec![])?;
    store.put("greeting", "hello", Default::default()).wait(None)?;
    let reply = store.get("greeting", Sink::Memory, Default::default()).wait(None)?;
    println!("{}", String::from_utf8_lossy(&reply.body.unwrap_or_default()));
    Ok(())
}
// --8<-- [end:first]
