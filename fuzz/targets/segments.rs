//! Segments of a message and how they join: the input is a message, where it is cut, and in which order its
//! segments come.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use oarlock_gcm::laws::Case;

#[derive(Arbitrary, Debug)]
struct Input {
    key: [u8; 32],
    iv: [u8; 12],
    order: u64,
    cuts: Vec<u32>,
    aad: Vec<u8>,
    text: Vec<u8>,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let Input { key, iv, order, cuts, aad, text } = input;
    Case { key, iv, aad, text, cuts, order }.hold();
});
