//! Drives [`fuzz::collected_log`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::collected_log, bytes) });
