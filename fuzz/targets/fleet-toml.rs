//! Drives [`fuzz::fleet_toml`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes| { fuzz::driven(fuzz::fleet_toml, bytes) });
