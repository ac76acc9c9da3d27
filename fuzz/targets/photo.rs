//! Drives [`fuzz::photo`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::photo, bytes) });
