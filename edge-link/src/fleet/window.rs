//! Which records are on their way to the collector, and when they are sent again.
//!
//! The collector says which record it wants next. A few batches beyond that are on their way at a time. If the collector
//! does not move on, or wants other records, everything from the record that it wants is sent again. This module has no
//! input and output.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The most batches on their way.
const MOST: usize = 8;
/// If the collector has not moved on for this long, its records are sent again. Then twice as long, and so on.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// A collector that repeats what it wants may do so for a batch that came twice. If it has not moved on this long after the
/// last time, something was lost; or it cannot keep what it gets, so twice as long after each further time.
const REPEATED: Duration = Duration::from_secs(3);
/// At least between two jumps to another record: each costs the unit a search.
const BETWEEN_JUMPS: Duration = Duration::from_secs(10);

/// What is on its way.
#[derive(Debug)]
pub(super) struct Window {
    /// The record that the collector wants next.
    wanted: u64,
    /// The last record of each batch on its way, oldest first.
    on_their_way: VecDeque<u64>,
    /// When the collector last moved on, or when the first batch was sent after that.
    since: Instant,
    /// How often in a row records were sent again because the collector did not move on.
    repeats: u32,
    /// Between 1 and 1.25: the links of a fleet do not send again in step.
    jitter: f64,
    /// When to send again, unless the collector moves on before.
    again_at: Option<Instant>,
    /// When to go to the wanted record, which is not the next one.
    jump_at: Option<Instant>,
    jumped_at: Option<Instant>,
}

impl Window {
    /// Nothing is on its way, and this record is wanted.
    pub(super) fn from(wanted: u64, now: Instant) -> Self {
        Self {
            wanted,
            on_their_way: VecDeque::new(),
            since: now,
            repeats: 0,
            jitter: 1.0 + fastrand::f64() / 4.0,
            again_at: None,
            jump_at: None,
            jumped_at: None,
        }
    }

    /// The record that the collector wants next.
    pub(super) fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Whether another batch may be sent.
    pub(super) fn has_room(&self) -> bool {
        // Until a collector that did not answer moves on, one batch is enough to find that out.
        let most = if self.repeats == 0 { MOST } else { 1 };
        self.on_their_way.len() < most && self.jump_at.is_none()
    }

    /// A batch that ends with this record was sent.
    pub(super) fn sent(&mut self, last: u64, now: Instant) {
        if self.on_their_way.is_empty() {
            self.since = now;
        }
        self.on_their_way.push_back(last);
    }

    /// The collector wants this record next.
    pub(super) fn want(&mut self, next: u64, now: Instant) {
        let end = self.on_their_way.back().map_or(self.wanted, |last| last.saturating_add(1));
        if next == self.wanted {
            if !self.on_their_way.is_empty() {
                self.again_at = Some(now.max(self.since + self.longer(REPEATED, PATIENCE)));
            }
        } else if self.wanted < next && next <= end {
            self.wanted = next;
            while self.on_their_way.front().is_some_and(|last| *last < next) {
                self.on_their_way.pop_front();
            }
            (self.since, self.repeats, self.again_at) = (now, 0, None);
        } else {
            self.wanted = next;
            let earliest = self.jumped_at.map_or(now, |at| now.max(at + BETWEEN_JUMPS));
            self.jump_at.get_or_insert(earliest);
        }
    }

    /// When [`Window::go_back`] is due; `None` if nothing is to be sent again.
    pub(super) fn go_back_at(&self) -> Option<Instant> {
        let patience = self.longer(PATIENCE, LONGEST_PATIENCE).mul_f64(self.jitter);
        let waited = (!self.on_their_way.is_empty()).then(|| self.since + patience);
        self.jump_at.or(self.again_at).or(waited)
    }

    /// Everything from the wanted record on is sent, possibly again.
    pub(super) fn go_back(&mut self, now: Instant) {
        if self.jump_at.take().is_some() {
            (self.jumped_at, self.repeats) = (Some(now), 0);
        } else {
            self.repeats = (self.repeats + 1).min(16);
        }
        self.again_at = None;
        self.on_their_way.clear();
    }

    /// A time that grows with each repeat.
    fn longer(&self, first: Duration, longest: Duration) -> Duration {
        (first * 2_u32.saturating_pow(self.repeats)).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(window: &Window, since: Instant) -> Option<u64> {
        window.go_back_at().map(|at| at.saturating_duration_since(since).as_secs())
    }

    fn window() -> (Window, Instant) {
        let now = Instant::from_std(std::time::Instant::now());
        (Window { jitter: 1.0, ..Window::from(10, now) }, now)
    }

    #[test]
    fn a_collector_that_moves_on_makes_room() {
        let (mut window, now) = window();
        (1..=8).for_each(|batch| window.sent(9 + 100 * batch, now));
        assert!(!window.has_room());
        // In the middle of the second batch; then all that was sent.
        for (next, on_their_way, has_room) in
            [(110, 7, true), (111, 7, true), (209, 7, true), (210, 6, true), (810, 0, true)]
        {
            window.want(next, now);
            assert_eq!((window.wanted(), window.on_their_way.len()), (next, on_their_way));
            assert_eq!(window.has_room(), has_room);
            assert_eq!((window.again_at, window.jump_at), (None, None));
        }
        assert_eq!(window.go_back_at(), None);
        window.want(810, now);
        assert_eq!(window.go_back_at(), None, "it wants the next one, which there is not yet");
    }

    #[test]
    fn a_collector_that_stands_still_gets_everything_again_ever_less_often() {
        let (mut window, mut now) = window();
        for expected in [30, 60, 120, 240, 480, 600, 600] {
            while window.has_room() {
                window.sent(20, now);
            }
            assert_eq!(window.on_their_way.len(), if expected == 30 { MOST } else { 1 });
            assert_eq!(seconds(&window, now), Some(expected));
            now = window.go_back_at().unwrap();
            window.go_back(now);
        }
        window.sent(20, now);
        window.want(21, now);
        assert!(window.has_room());
        window.sent(30, now);
        assert_eq!(seconds(&window, now), Some(30));
    }

    #[test]
    fn a_collector_that_repeats_what_it_wants_gets_it_again_unless_it_moves_on() {
        let (mut window, now) = window();
        window.sent(109, now);
        window.sent(209, now);
        window.want(10, now);
        assert_eq!((seconds(&window, now), window.has_room()), (Some(3), true));
        window.want(110, now);
        assert_eq!(seconds(&window, now), Some(30));
        window.want(110, now + REPEATED * 2);
        assert_eq!(seconds(&window, now), Some(6));
        window.go_back(now + REPEATED * 2);
        assert_eq!((window.go_back_at(), window.wanted(), window.has_room()), (None, 110, true));
        // It cannot keep what it gets.
        window.sent(209, now);
        assert!(!window.has_room());
        for expected in [6, 12, 24, 30, 30] {
            window.want(110, now);
            assert_eq!(seconds(&window, now), Some(expected));
            window.go_back(now);
            window.sent(209, now);
        }
        window.want(210, now);
        assert!(window.has_room());
    }

    #[test]
    fn another_wanted_record_is_gone_to_at_once_and_a_flood_of_them_slowly() {
        for next in [5, 300, u64::MAX, 0] {
            let (mut window, now) = window();
            window.sent(109, now);
            window.want(next, now);
            assert_eq!((window.wanted(), seconds(&window, now), window.has_room()), (next, Some(0), false), "{next}");
            window.go_back(now);
            assert!(window.has_room() && window.go_back_at().is_none());
            window.sent(next.saturating_add(9), now);
            for flood in [20, 6, 400, 7] {
                window.want(flood, now);
                assert_eq!((window.wanted(), seconds(&window, now)), (flood, Some(10)), "{next}");
            }
        }
    }
}
