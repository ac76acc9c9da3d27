//! Drives [`fuzz::status_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::status_request, bytes) });
