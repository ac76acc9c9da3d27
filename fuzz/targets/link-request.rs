//! Drives [`fuzz::link_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::link_request, bytes) });
