//! Metadata as S3 returns them: the input is a value.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| oarlock_fuzz::laws::metadata(text));
