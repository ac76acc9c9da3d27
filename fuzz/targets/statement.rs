//! Drives [`fuzz::statement`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::statement, bytes) });
