//! Drives [`fuzz::pass_text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::pass_text, bytes) });
