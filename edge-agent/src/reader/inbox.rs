//! Cards on their way from a reader's thread to the loop.

use super::CardReader;
use crate::reports::{Allowance, since_start};
use shared::card::{CardNumber, CardNumberError};
use std::fmt;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

/// This many cards wait if the loop is busy; more are presented again by those who hold them.
const WAITING: usize = 4;

/// Where the thread puts cards.
#[derive(Debug, Clone)]
pub(super) struct Inbox {
    cards: SyncSender<CardNumber>,
    keep_bits: u32,
    /// Noise on a wire is a card that cannot be read, a thousand times a day.
    warnings: Arc<Mutex<Allowance>>,
}

/// Where the loop finds them.
#[derive(Debug)]
pub(super) struct Cards(Receiver<CardNumber>);

/// Of each card the lowest `keep_bits` bits count, 1 to 64.
pub(super) fn inbox(keep_bits: u32) -> (Inbox, Cards) {
    let (cards, waiting) = mpsc::sync_channel(WAITING);
    (Inbox { cards, keep_bits, warnings: Arc::default() }, Cards(waiting))
}

impl Inbox {
    /// Passes a card on.
    ///
    /// # Errors
    /// When no bit of its number is left.
    pub(super) fn put(&self, card: CardNumber) -> Result<(), CardNumberError> {
        let card = card.lowest_bits(self.keep_bits)?;
        if self.cards.try_send(card).is_err() {
            self.warn("a card was presented faster than cards are taken in: it must be presented again");
        }
        Ok(())
    }

    /// Says in the journal what cannot be passed on, if that has not been said too often already.
    pub(super) fn warn(&self, what: impl fmt::Display) {
        let allowed = self.warnings.lock().unwrap_or_else(PoisonError::into_inner).take(since_start());
        match allowed {
            Some(0) => tracing::warn!("{what}"),
            Some(more) => tracing::warn!("{what}; {more} more such messages were left out"),
            None => {}
        }
    }
}

#[cfg(test)]
impl Inbox {
    /// Whether nothing more would be said now.
    pub(super) fn is_silenced(&self) -> bool {
        self.warnings.lock().unwrap().take(since_start()).is_none()
    }
}

impl CardReader for Cards {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.0.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_come_out_as_they_went_in_and_never_too_many() {
        let (inbox, mut cards) = inbox(24);
        for number in 1..=6 {
            inbox.put(CardNumber::new(0x5500_0000 + number).unwrap()).unwrap();
        }
        let taken: Vec<u64> = std::iter::from_fn(|| cards.next_card()).map(CardNumber::value).collect();
        assert_eq!(taken, [1, 2, 3, 4]);
        assert_eq!(inbox.put(CardNumber::new(0x5500_0000).unwrap()), Err(CardNumberError::Zero));
    }
}
