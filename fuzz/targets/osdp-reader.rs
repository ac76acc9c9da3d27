//! Drives [`fuzz::osdp_reader`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::osdp_reader, bytes) });
