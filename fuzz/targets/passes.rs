//! Drives [`fuzz::passes`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::passes, bytes) });
