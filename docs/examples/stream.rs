//! A stream in Rust; run by `tests/driver/test_site.py` with a store's URL.

use oarlock::{Sink, Step, Store};

fn main() -> oarlock::Result<()> {
    let url = std::env::args().nth(1).unwrap_or("file:///tmp/oarlock-first/rust".into());
    let store = Store::open(&url, vec![])?;
    store.put("big.iso", vec![b'x'; 1_000_000], Default::default()).wait(None)?;
    let mut total = 0;
    // --8<-- [start:stream]
    let mut call = store.get("big.iso", Sink::Stream, Default::default());
    loop {
        match call.step(None)? {
            Some(Step::Chunk(chunk)) => total += chunk.len(), // the bytes as they arrive
            Some(Step::Done) => break,
            _ => {}
        }
    }
    let reply = call.take()?;
    // --8<-- [end:stream]
    println!("{total} {:?}", reply.meta.size);
    Ok(())
}
