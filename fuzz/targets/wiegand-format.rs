//! Drives [`fuzz::wiegand_format`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::wiegand_format, bytes) });
