//! Drives [`fuzz::memory`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::memory, bytes) });
