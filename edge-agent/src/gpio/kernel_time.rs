//! Converts the kernel's timestamps of edges. The kernel's clock runs as fast as ours, with another starting point.

use std::time::Duration;

/// Converts the kernel's timestamps into our milliseconds. An edge is never later than its report: the report with the
/// shortest delay gives the offset between the two clocks.
#[derive(Debug, Default)]
pub(crate) struct KernelTime {
    ahead_ms: Option<i128>,
}

impl KernelTime {
    /// The time of an edge on our clock, which now shows `now_ms`.
    pub(crate) fn edge_ms(&mut self, stamp: Duration, now_ms: u64) -> u64 {
        let stamp_ms = stamp.as_millis() as i128;
        let ahead = i128::from(now_ms) - stamp_ms;
        let least = self.ahead_ms.map_or(ahead, |least| least.min(ahead));
        self.ahead_ms = Some(least);
        // At most now_ms: `least` is at most `ahead`.
        u64::try_from(stamp_ms + least).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_that_are_reported_late_keep_their_distance() {
        let mut time = KernelTime::default();
        let cases = [(1_000, 10, 10), (1_100, 110, 110), (1_200, 500, 210), (1_300, 500, 310), (1_400, 409, 409)];
        for (stamp_ms, reported_ms, expected) in cases {
            assert_eq!(time.edge_ms(Duration::from_millis(stamp_ms), reported_ms), expected, "{stamp_ms}");
        }
        assert_eq!(time.edge_ms(Duration::ZERO, 0), 0);
    }
}
