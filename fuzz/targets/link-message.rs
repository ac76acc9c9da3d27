//! Drives [`fuzz::link_message`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::link_message, bytes) });
