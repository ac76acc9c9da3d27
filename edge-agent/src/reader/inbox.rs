//! The queue of cards from a reader's thread to the loop.

use super::CardReader;
use crate::reports::{Allowance, since_start};
use shared::card::{CardNumber, CardNumberError};
use std::fmt;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest number of cards that wait for a busy loop. Others must be presented again.
const MAX_WAITING: usize = 4;

/// The thread's end of the queue.
#[derive(Debug, Clone)]
pub(super) struct Inbox {
    cards: SyncSender<CardNumber>,
    keep_bits: u32,
    /// Limits the warnings: noise on a wire looks like thousands of unreadable cards a day.
    warnings: Arc<Mutex<Allowance>>,
}

/// The loop's end of the queue.
#[derive(Debug)]
pub(super) struct Cards(Receiver<CardNumber>);

/// Creates a queue. Only the lowest `keep_bits` bits of a card number count, 1 to 64.
pub(super) fn inbox(keep_bits: u32) -> (Inbox, Cards) {
    let (cards, waiting) = mpsc::sync_channel(MAX_WAITING);
    (Inbox { cards, keep_bits, warnings: Arc::default() }, Cards(waiting))
}

impl Inbox {
    /// Adds a card.
    ///
    /// # Errors
    /// If the remaining bits of its number are all 0.
    pub(super) fn put(&self, card: CardNumber) -> Result<(), CardNumberError> {
        let card = card.lowest_bits(self.keep_bits)?;
        if self.cards.try_send(card).is_err() {
            self.warn("a card was dropped because too many were waiting: it must be presented again");
        }
        Ok(())
    }

    /// Logs why a card was dropped, within the rate limit.
    pub(super) fn warn(&self, what: impl fmt::Display) {
        let allowed = self.warnings.lock().unwrap_or_else(PoisonError::into_inner).take(since_start());
        match allowed {
            Some(0) => tracing::warn!("{what}"),
            Some(more) => tracing::warn!("{what}; {more} similar messages were not logged"),
            None => {}
        }
    }
}

#[cfg(test)]
impl Inbox {
    /// Whether the rate limit is reached.
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
    fn the_queue_keeps_the_order_and_is_bounded() {
        let (inbox, mut cards) = inbox(24);
        for number in 1..=6 {
            inbox.put(CardNumber::new(0x5500_0000 + number).unwrap()).unwrap();
        }
        let taken: Vec<u64> = std::iter::from_fn(|| cards.next_card()).map(CardNumber::value).collect();
        assert_eq!(taken, [1, 2, 3, 4]);
        assert_eq!(inbox.put(CardNumber::new(0x5500_0000).unwrap()), Err(CardNumberError::Zero));
    }
}
