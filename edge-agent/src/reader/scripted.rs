//! A reader that is shown cards by a test or a simulation.

use super::CardReader;
use shared::card::CardNumber;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Gives the cards that it was shown, in their order. Clones are the same reader.
#[derive(Debug, Clone, Default)]
pub struct ScriptedReader {
    shown: Arc<Mutex<VecDeque<CardNumber>>>,
}

impl ScriptedReader {
    /// Somebody presents a card.
    pub fn present(&self, card: CardNumber) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).push_back(card);
    }
}

impl CardReader for ScriptedReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
