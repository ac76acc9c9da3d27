//! Debouncing: a contact that changes opens and closes many times within some milliseconds. A change counts once the
//! level has been stable for the settle time.

use crate::gpio::Level;

/// Debounces one contact.
#[derive(Debug)]
pub(super) struct Debounced {
    settle_ms: u64,
    settled: Level,
    /// The last level seen, and since when.
    last: (Level, u64),
}

impl Debounced {
    pub(super) const fn new(level: Level, settle_ms: u64) -> Self {
        Self { settle_ms, settled: level, last: (level, 0) }
    }

    /// Takes a sample of the contact. Returns a change, with the time of its edge, once the level has been stable for
    /// the settle time. A time before that of the last change counts as that time.
    pub(super) fn sample(&mut self, level: Level, at_ms: u64) -> Option<(Level, u64)> {
        let (before, since) = self.last;
        let at_ms = at_ms.max(since);
        let changed = (before != self.settled && at_ms - since >= self.settle_ms).then_some((before, since));
        if let Some((settled, _)) = changed {
            self.settled = settled;
        }
        if level != before {
            self.last = (level, at_ms);
        }
        changed
    }

    /// The level of the last sample.
    pub(super) const fn last(&self) -> Level {
        self.last.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `H` and `L` are edges to high and low, `h` and `l` polled levels, each at this many milliseconds after the
    /// start.
    fn changes(samples: &[(u64, char)]) -> Vec<(Level, u64)> {
        let mut contact = Debounced::new(Level::High, 30);
        let level = |letter: char| if letter.eq_ignore_ascii_case(&'h') { Level::High } else { Level::Low };
        samples.iter().filter_map(|&(at, letter)| contact.sample(level(letter), at)).collect()
    }

    #[test]
    fn a_stable_level_is_a_change() {
        let (high, low) = (Level::High, Level::Low);
        type Case<'a> = (&'a str, &'a [(u64, char)], Vec<(Level, u64)>);
        let cases: [Case<'_>; 10] = [
            ("nothing", &[(0, 'h'), (1000, 'h')], vec![]),
            ("pressed", &[(100, 'L'), (129, 'l'), (130, 'l'), (500, 'l')], vec![(low, 100)]),
            ("pressed and released", &[(100, 'L'), (200, 'l'), (300, 'H'), (400, 'h')], vec![(low, 100), (high, 300)]),
            ("both edges at once", &[(100, 'L'), (300, 'H'), (1000, 'h')], vec![(low, 100), (high, 300)]),
            ("a bounce", &[(100, 'L'), (103, 'H'), (200, 'h')], vec![]),
            (
                "bounces before it settles",
                &[(100, 'L'), (103, 'H'), (105, 'L'), (109, 'H'), (110, 'L'), (150, 'l')],
                vec![(low, 110)],
            ),
            (
                "bounces when released",
                &[(100, 'L'), (300, 'H'), (302, 'L'), (304, 'H'), (400, 'h')],
                vec![(low, 100), (high, 304)],
            ),
            ("a missed edge", &[(100, 'l'), (200, 'l')], vec![(low, 100)]),
            ("the same edge twice", &[(100, 'L'), (120, 'L'), (130, 'l')], vec![(low, 100)]),
            ("a time that goes back", &[(100, 'L'), (50, 'l'), (130, 'l')], vec![(low, 100)]),
        ];
        for (what, samples, expected) in cases {
            assert_eq!(changes(samples), expected, "{what}");
        }
    }
}
