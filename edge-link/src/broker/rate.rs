//! How many packets a broker may send.

use std::time::Duration;
use tokio::time::Instant;

/// A largest rate, with a reserve for bursts: the answers to a batch, and what waited for the link while it was away.
#[derive(Debug)]
pub(super) struct Rate {
    reserve: u32,
    counted_at: Instant,
}

impl Rate {
    /// The largest rate that can last.
    pub(super) const PER_SECOND: u32 = 200;
    /// The largest burst.
    const RESERVE: u32 = 2000;

    /// A full reserve.
    pub(super) fn starting_at(now: Instant) -> Self {
        Self { reserve: Self::RESERVE, counted_at: now }
    }

    /// Takes one from the reserve; `false` if it is empty.
    pub(super) fn allows_one_more(&mut self, now: Instant) -> bool {
        let earned = (now - self.counted_at).as_millis() * u128::from(Self::PER_SECOND) / 1000;
        if let Some(earned) = u32::try_from(earned.min(u128::from(Self::RESERVE))).ok().filter(|earned| *earned > 0) {
            self.counted_at += Duration::from_secs(1) * earned / Self::PER_SECOND;
            self.reserve = (self.reserve + earned).min(Self::RESERVE);
            if earned == Self::RESERVE {
                self.counted_at = now;
            }
        }
        self.reserve = match self.reserve.checked_sub(1) {
            Some(rest) => rest,
            None => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        for (milliseconds_between, packets, expected) in
            [(0, 2000, true), (0, 2001, false), (5, 100_000, true), (4, 100_000, false), (3_600_000, 5000, true)]
        {
            let mut now = Instant::from_std(std::time::Instant::now());
            let mut rate = Rate::starting_at(now);
            let all = (0..packets).all(|_| {
                let allowed = rate.allows_one_more(now);
                now += Duration::from_millis(milliseconds_between);
                allowed
            });
            assert_eq!(all, expected, "{packets} packets, {milliseconds_between} ms between them");
        }
    }
}
