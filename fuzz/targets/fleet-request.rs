//! Drives [`fuzz::fleet_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::fleet_request, bytes) });
