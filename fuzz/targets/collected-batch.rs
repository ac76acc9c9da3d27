//! Drives [`fuzz::collected_batch`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::collected_batch, bytes) });
