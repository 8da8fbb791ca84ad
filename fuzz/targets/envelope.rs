//! Envelopes: lines of `name=value` are metadata, and what follows an empty line is the instruction file.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (head, file) = match text.split_once("\n\n") {
        Some((head, file)) => (head, Some(file.as_bytes())),
        None => (text, None),
    };
    let pairs = head.lines().filter_map(|line| line.split_once('='));
    oarlock_fuzz::laws::envelope(
        &pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        file,
    );
});
