//! A card reader for tests and simulations.

use super::CardReader;
use shared::card::CardNumber;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Gives the cards that were presented, in order. Clones share the reader.
#[derive(Debug, Clone, Default)]
pub struct ScriptedReader {
    presented: Arc<Mutex<VecDeque<CardNumber>>>,
}

impl ScriptedReader {
    /// Presents a card.
    pub fn present(&self, card: CardNumber) {
        self.presented.lock().unwrap_or_else(PoisonError::into_inner).push_back(card);
    }
}

impl CardReader for ScriptedReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.presented.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
