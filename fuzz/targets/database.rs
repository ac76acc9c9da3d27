//! Drives [`fuzz::database`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::database, bytes) });
