//! Drives [`fuzz::schedules`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::schedules, bytes) });
