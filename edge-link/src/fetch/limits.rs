//! How long a server may take.

use std::time::Duration;

/// The limits of one attempt to fetch a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the beginning to the end of the answer's header: name resolution, connection, TLS and the request.
    pub header: Duration,
    /// The span over which progress is measured.
    pub window: Duration,
    /// The fewest bytes that must arrive in each window, unless the file ends before.
    pub least_per_window: u64,
    /// From the beginning to the end of the file. The next attempt goes on from there.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(30),
            window: Duration::from_secs(30),
            least_per_window: 32 << 10,
            whole: Duration::from_secs(30 * 60),
        }
    }
}
