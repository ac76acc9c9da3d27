//! Drives [`fuzz::wiegand`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::wiegand, bytes) });
