//! What a presented card changes, at once or after the pause that follows unknown cards.

use super::Policy;
use super::card::{Meaning, PresentedCard};
use super::observation::Now;

impl Policy {
    /// Records a presented card. The next frame decides what follows, even if it shows nobody. After unknown cards, the
    /// first frame after the pause decides, unless another card is presented in between.
    pub fn present_card(&mut self, card: &PresentedCard, now: &Now) {
        self.advance_to(now);
        match self.remembered.guessing.pause_ms(now.monotonic_ms) {
            0 => {
                self.cards.take_waiting();
                self.evaluate_card(card, now);
            }
            pause_ms => {
                self.cards.wait(card, pause_ms, now.monotonic_ms);
                self.approaches.see(now);
            }
        }
    }

    fn evaluate_card(&mut self, card: &PresentedCard, now: &Now) {
        match card {
            PresentedCard::Of(holder) => self.remembered.note_card(holder),
            PresentedCard::Unknown => self.remembered.note_unknown_card(now.monotonic_ms),
        }
        if let PresentedCard::Of(holder) = card {
            self.passes.note_card(holder, now.monotonic_ms);
            if self.passes.waits_for(holder.person) {
                return self.approaches.see(now);
            }
        }
        match self.cards.present(card, &self.rules, now.monotonic_ms) {
            Some(Meaning::Claim(holder) | Meaning::Pass(holder)) => {
                self.approaches.see(now);
                self.approaches.may_enter_again(holder.person);
                self.start_over();
            }
            Some(Meaning::Notice(_)) => self.approaches.see(now),
            None => {}
        }
    }

    pub(super) fn evaluate_waiting_card(&mut self, now: &Now) {
        if self.remembered.guessing.pause_ms(now.monotonic_ms) == 0
            && let Some(card) = self.cards.take_waiting()
        {
            self.evaluate_card(&card, now);
        }
    }
}
