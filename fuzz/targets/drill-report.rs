//! Drives [`fuzz::drill_report`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::drill_report, bytes) });
