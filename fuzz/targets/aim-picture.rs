//! Drives [`fuzz::aim_picture`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::aim_picture, bytes) });
