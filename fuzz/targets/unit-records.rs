//! Drives [`fuzz::unit_records`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::unit_records, bytes) });
