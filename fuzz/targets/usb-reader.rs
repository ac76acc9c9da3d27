//! Drives [`fuzz::usb_reader`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::usb_reader, bytes) });
