//! Drives [`fuzz::unit_answer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::unit_answer, bytes) });
