//! Drives [`fuzz::small_files`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::small_files, bytes) });
