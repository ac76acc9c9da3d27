//! Drives [`fuzz::topic`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::topic, bytes) });
