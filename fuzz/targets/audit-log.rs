//! Drives [`fuzz::audit_log`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::audit_log, bytes) });
