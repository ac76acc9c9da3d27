//! Drives [`fuzz::desk_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::desk_request, bytes) });
