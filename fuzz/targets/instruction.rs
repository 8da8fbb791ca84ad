//! Instruction files: the input is one.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| oarlock_fuzz::laws::instruction(text));
