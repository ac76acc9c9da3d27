//! Drives [`fuzz::status_report`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::status_report, bytes) });
