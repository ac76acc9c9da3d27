//! Rate limit for unknown cards: each one makes the reader pause longer before it evaluates the next card. No card is
//! refused outright, since a reader cannot distinguish a guessed number from an enrolled card.

/// The pause after the first unknown card, in milliseconds. It doubles with each further one.
const FIRST_PAUSE_MS: u64 = 1000;
/// The longest pause, in milliseconds: it allows 120 numbers an hour.
pub const LONGEST_CARD_PAUSE_MS: u64 = 30_000;
/// Unknown cards are forgotten after this many milliseconds without another one.
const FORGOTTEN_AFTER_MS: u64 = 15 * 60_000;

/// The number of unknown cards, and when the last one was evaluated.
#[derive(Debug, Clone, Default)]
pub(super) struct Guessing {
    unknown_cards: u32,
    last_ms: u64,
}

impl Guessing {
    /// Restores the count after a restart, as if the last unknown card had just been evaluated.
    pub(super) const fn remembered(unknown_cards: u32, now_ms: u64) -> Self {
        Self { unknown_cards, last_ms: now_ms }
    }

    pub(super) fn unknown_cards(&self) -> u32 {
        self.unknown_cards
    }

    pub(super) fn note_unknown_card(&mut self, now_ms: u64) {
        *self = Self { unknown_cards: self.unknown_cards.saturating_add(1), last_ms: now_ms };
    }

    /// How many more milliseconds the next card must wait, 0 for none.
    pub(super) fn pause_ms(&self, now_ms: u64) -> u64 {
        let Some(doublings) = self.unknown_cards.checked_sub(1) else { return 0 };
        let pause_ms = FIRST_PAUSE_MS << doublings.min(10);
        (self.last_ms.saturating_add(pause_ms.min(LONGEST_CARD_PAUSE_MS))).saturating_sub(now_ms)
    }

    /// Returns whether the count was reset. If the clock goes back, the interval restarts.
    pub(super) fn advance_to(&mut self, now_ms: u64) -> bool {
        self.last_ms = self.last_ms.min(now_ms);
        let is_over = self.unknown_cards > 0 && now_ms - self.last_ms >= FORGOTTEN_AFTER_MS;
        if is_over {
            *self = Self::default();
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_half_a_minute_and_is_forgotten() {
        let mut guessing = Guessing::default();
        assert_eq!(guessing.pause_ms(0), 0);
        for expected in [1, 2, 4, 8, 16, 30, 30, 30] {
            guessing.note_unknown_card(5000);
            assert_eq!(guessing.pause_ms(5000), expected * 1000);
        }
        assert_eq!((guessing.pause_ms(34_999), guessing.pause_ms(35_000)), (1, 0));
        assert!(!guessing.advance_to(5000 + FORGOTTEN_AFTER_MS - 1));
        assert!(guessing.advance_to(5000 + FORGOTTEN_AFTER_MS) && guessing.unknown_cards() == 0);
        assert!(Guessing::remembered(u32::MAX, 0).pause_ms(0) == LONGEST_CARD_PAUSE_MS);
    }
}
