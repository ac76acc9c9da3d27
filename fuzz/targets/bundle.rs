//! Drives [`fuzz::bundle`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::bundle, bytes) });
