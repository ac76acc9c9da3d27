//! Drives [`fuzz::layers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::layers, bytes) });
