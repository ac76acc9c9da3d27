//! Drives [`fuzz::control_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::control_request, bytes) });
