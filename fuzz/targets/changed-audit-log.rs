//! Drives [`fuzz::changed_audit_log`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::changed_audit_log, bytes) });
