//! Drives [`fuzz::camera_frame`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::camera_frame, bytes) });
