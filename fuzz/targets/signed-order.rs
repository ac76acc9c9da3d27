//! Drives [`fuzz::signed_order`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::signed_order, bytes) });
