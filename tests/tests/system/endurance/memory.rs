//! How much memory a process takes, as the kernel counts it.

use std::fs;

/// Of a running process, in kilobytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resident {
    pub(super) now: u64,
    /// The most that it ever took.
    pub(super) most: u64,
}

impl Resident {
    /// Of the process with that number, or of this one ("self").
    pub(super) fn new(process: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let kilobytes = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            line.trim_end_matches("kB").trim().parse().unwrap()
        };
        Self { now: kilobytes("VmRSS:"), most: kilobytes("VmHWM:") }
    }
}
