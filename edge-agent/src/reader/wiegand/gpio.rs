//! A Wiegand reader on two pins.

use super::super::CardReader;
use super::super::inbox::{Cards, Inbox, inbox};
use super::frames::{Edge, SILENCE, frames};
use crate::gpio::{self, Edges, GpioError, Input, Level, Pin};
use shared::card::{CardNumber, decode_wiegand};
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;

/// More pulses than this without a pause are noise.
const MAX_EDGES: usize = 1024;

/// A reader on two pins.
pub struct WiegandReader {
    cards: Cards,
    // The wires are listened to for as long as these live.
    _wires: [Box<dyn Input>; 2],
}

/// Why a reader cannot be listened to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WiegandReaderError {
    /// A pin is not available.
    #[error(transparent)]
    Gpio(#[from] GpioError),
    /// The thread cannot be spawned.
    #[error("cannot spawn the card reader thread: {0}")]
    Thread(#[from] io::Error),
}

impl WiegandReader {
    /// Listens to the wires D0 and D1, whose levels must be brought down to 3.3 V. Of each card the lowest `keep_bits` bits
    /// count.
    ///
    /// # Errors
    /// [`WiegandReaderError`]
    pub fn listen(d0: Pin, d1: Pin, keep_bits: u32) -> Result<Self, WiegandReaderError> {
        let (inbox, cards) = inbox(keep_bits);
        let (heard, edges) = mpsc::channel();
        let wires = [wire(d0, false, heard.clone())?, wire(d1, true, heard)?];
        thread::Builder::new().name("card reader".to_owned()).spawn(move || collect(&edges, &inbox))?;
        Ok(Self { cards, _wires: wires })
    }
}

impl CardReader for WiegandReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.cards.next_card()
    }
}

fn wire(pin: Pin, one: bool, heard: Sender<Edge>) -> Result<Box<dyn Input>, GpioError> {
    let hear = move |_, stamp| {
        // Nobody listens any more only when the wire is about to be dropped.
        heard.send(Edge { stamp, one }).ok();
    };
    gpio::listen(pin, Level::High, Edges::Falling, Box::new(hear))
}

/// Passes cards on until the wires are gone.
fn collect(edges: &Receiver<Edge>, inbox: &Inbox) {
    while let Ok(first) = edges.recv() {
        let mut heard = vec![first];
        let ended = loop {
            match edges.recv_timeout(SILENCE) {
                Ok(edge) if heard.len() < MAX_EDGES => heard.push(edge),
                Ok(_) => {}
                Err(timeout) => break timeout,
            }
        };
        pass_on(heard, inbox);
        if ended == RecvTimeoutError::Disconnected {
            return;
        }
    }
}

fn pass_on(heard: Vec<Edge>, inbox: &Inbox) {
    for frame in frames(heard) {
        let card = decode_wiegand(&frame).map_err(|error| error.to_string());
        if let Err(error) = card.and_then(|card| inbox.put(card).map_err(|error| error.to_string())) {
            inbox.warn(format_args!("the card reader sent what is not a card: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::card::encode_wiegand;
    use std::time::Duration;

    #[test]
    fn cards_come_through_and_noise_does_not() {
        let (inbox, mut cards) = inbox(64);
        let (heard, edges) = mpsc::channel();
        let mut stamp = Duration::ZERO;
        let mut pulse = |one| {
            heard.send(Edge { stamp, one }).unwrap();
            stamp += Duration::from_millis(1);
        };
        encode_wiegand(CardNumber::new(8_108_654).unwrap()).unwrap().into_iter().for_each(&mut pulse);
        drop(heard);
        collect(&edges, &inbox);
        assert_eq!(cards.next_card().map(CardNumber::value), Some(8_108_654));

        let (heard, edges) = mpsc::channel();
        for ms in 0..2 * MAX_EDGES as u64 {
            heard.send(Edge { stamp: Duration::from_millis(ms), one: true }).unwrap();
        }
        drop(heard);
        collect(&edges, &inbox);
        assert_eq!(cards.next_card(), None);
    }

    /// A long wire beside a motor: each pulse was a line in the journal.
    #[test]
    fn noise_does_not_fill_the_journal() {
        let (inbox, mut cards) = inbox(64);
        assert!(!inbox.is_silenced());
        for second in 0..100 {
            pass_on(vec![Edge { stamp: Duration::from_secs(second), one: true }], &inbox);
        }
        assert!(inbox.is_silenced());
        assert_eq!(cards.next_card(), None);
    }
}
