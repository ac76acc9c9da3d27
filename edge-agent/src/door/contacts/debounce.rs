//! A contact bounces: for some milliseconds it is open and closed many times. It has changed when it stays changed.

use crate::gpio::Level;

/// Follows one contact.
#[derive(Debug)]
pub(super) struct Debounced {
    settle_ms: u64,
    settled: Level,
    /// What it has been last, and since when.
    last: (Level, u64),
}

impl Debounced {
    pub(super) const fn new(level: Level, settle_ms: u64) -> Self {
        Self { settle_ms, settled: level, last: (level, 0) }
    }

    /// The contact was found at this level at this moment. A change is told, with the moment of its first edge, once it
    /// has lasted. Moments that go back count as now.
    pub(super) fn found(&mut self, level: Level, at_ms: u64) -> Option<(Level, u64)> {
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

    /// What it was found at last.
    pub(super) const fn last(&self) -> Level {
        self.last.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `H` and `L` are edges to high and low, `h` and `l` a look that finds it there, each this many milliseconds after the
    /// start.
    fn changes(found: &[(u64, char)]) -> Vec<(Level, u64)> {
        let mut contact = Debounced::new(Level::High, 30);
        let level = |letter: char| if letter.eq_ignore_ascii_case(&'h') { Level::High } else { Level::Low };
        found.iter().filter_map(|&(at, letter)| contact.found(level(letter), at)).collect()
    }

    #[test]
    fn what_lasts_is_a_change() {
        let (high, low) = (Level::High, Level::Low);
        type Case<'a> = (&'a str, &'a [(u64, char)], Vec<(Level, u64)>);
        let cases: [Case<'_>; 10] = [
            ("nothing", &[(0, 'h'), (1000, 'h')], vec![]),
            ("pressed", &[(100, 'L'), (129, 'l'), (130, 'l'), (500, 'l')], vec![(low, 100)]),
            ("pressed and let go", &[(100, 'L'), (200, 'l'), (300, 'H'), (400, 'h')], vec![(low, 100), (high, 300)]),
            ("both heard of at once", &[(100, 'L'), (300, 'H'), (1000, 'h')], vec![(low, 100), (high, 300)]),
            ("a bounce", &[(100, 'L'), (103, 'H'), (200, 'h')], vec![]),
            (
                "bounces before it settles",
                &[(100, 'L'), (103, 'H'), (105, 'L'), (109, 'H'), (110, 'L'), (150, 'l')],
                vec![(low, 110)],
            ),
            (
                "bounces when let go",
                &[(100, 'L'), (300, 'H'), (302, 'L'), (304, 'H'), (400, 'h')],
                vec![(low, 100), (high, 304)],
            ),
            ("an edge that was missed", &[(100, 'l'), (200, 'l')], vec![(low, 100)]),
            ("the same edge twice", &[(100, 'L'), (120, 'L'), (130, 'l')], vec![(low, 100)]),
            ("a moment that goes back", &[(100, 'L'), (50, 'l'), (130, 'l')], vec![(low, 100)]),
        ];
        for (what, found, expected) in cases {
            assert_eq!(changes(found), expected, "{what}");
        }
    }
}
