//! Drives [`fuzz::config`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::config, bytes) });
