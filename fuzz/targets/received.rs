//! Drives [`fuzz::received`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::received, bytes) });
