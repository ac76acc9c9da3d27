//! Drives [`fuzz::record_batch`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::record_batch, bytes) });
