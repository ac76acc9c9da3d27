//! Drives [`fuzz::weights`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::weights, bytes) });
