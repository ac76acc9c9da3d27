//! Drives [`fuzz::doors`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::doors_toml, bytes) });
