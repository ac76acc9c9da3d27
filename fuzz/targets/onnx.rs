//! Drives [`fuzz::onnx`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::onnx, bytes) });
