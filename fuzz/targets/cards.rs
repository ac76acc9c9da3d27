//! Drives [`fuzz::cards`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::cards, bytes) });
