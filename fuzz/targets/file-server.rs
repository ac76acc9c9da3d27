//! Drives [`fuzz::file_server`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::file_server, bytes) });
