//! A Wiegand reader on two GPIO pins.

use super::super::CardReader;
use super::super::inbox::{Cards, Inbox, inbox};
use super::frames::{Edge, SILENCE, frames};
use crate::gpio::{self, Edges, GpioError, Input, Level, Pin};
use shared::card::{CardNumber, WiegandFormats};
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;

/// More pulses than this without a pause are noise.
const MAX_EDGES: usize = 1024;

/// A Wiegand reader.
pub struct WiegandReader {
    cards: Cards,
    // Edges are reported for as long as these live.
    _wires: [Box<dyn Input>; 2],
}

/// Why a reader cannot be used.
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
    /// Listens to the wires D0 and D1, whose levels must be shifted to 3.3 V, for cards of these formats. Only the
    /// lowest `keep_bits` bits of a card number count.
    ///
    /// # Errors
    /// [`WiegandReaderError`]
    pub fn listen([d0, d1]: [Pin; 2], formats: WiegandFormats, keep_bits: u32) -> Result<Self, WiegandReaderError> {
        let (inbox, cards) = inbox(keep_bits);
        let (sender, edges) = mpsc::channel();
        let wires = [wire(d0, false, sender.clone())?, wire(d1, true, sender)?];
        thread::Builder::new().name("card reader".to_owned()).spawn(move || collect(&edges, &formats, &inbox))?;
        Ok(Self { cards, _wires: wires })
    }
}

impl CardReader for WiegandReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.cards.next_card()
    }
}

fn wire(pin: Pin, one: bool, edges: Sender<Edge>) -> Result<Box<dyn Input>, GpioError> {
    let on_edge = move |_, stamp| {
        // The receiver is gone only while the wire is being dropped.
        edges.send(Edge { stamp, one }).ok();
    };
    gpio::listen(pin, Level::High, Edges::Falling, Box::new(on_edge))
}

/// Passes cards on until the wires are gone.
fn collect(edges: &Receiver<Edge>, formats: &WiegandFormats, inbox: &Inbox) {
    while let Ok(first) = edges.recv() {
        let mut pulses = vec![first];
        let ended = loop {
            match edges.recv_timeout(SILENCE) {
                Ok(edge) if pulses.len() < MAX_EDGES => pulses.push(edge),
                Ok(_) => {}
                Err(timeout) => break timeout,
            }
        };
        pass_on(pulses, formats, inbox);
        if ended == RecvTimeoutError::Disconnected {
            return;
        }
    }
}

fn pass_on(pulses: Vec<Edge>, formats: &WiegandFormats, inbox: &Inbox) {
    for frame in frames(pulses) {
        let card = formats.decode(&frame).map_err(|error| error.to_string());
        if let Err(error) = card.and_then(|card| inbox.put(card).map_err(|error| error.to_string())) {
            inbox.warn(format_args!("the card reader sent an invalid card number: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn cards_come_through_and_noise_does_not() {
        let (inbox, mut cards) = inbox(64);
        let (sender, edges) = mpsc::channel();
        let mut stamp = Duration::ZERO;
        let mut pulse = |one| {
            sender.send(Edge { stamp, one }).unwrap();
            stamp += Duration::from_millis(1);
        };
        let formats = WiegandFormats::default();
        formats.encode(CardNumber::new(8_108_654).unwrap()).unwrap().into_iter().for_each(&mut pulse);
        drop(sender);
        collect(&edges, &formats, &inbox);
        assert_eq!(cards.next_card().map(CardNumber::value), Some(8_108_654));

        let (sender, edges) = mpsc::channel();
        for ms in 0..2 * MAX_EDGES as u64 {
            sender.send(Edge { stamp: Duration::from_millis(ms), one: true }).unwrap();
        }
        drop(sender);
        collect(&edges, &formats, &inbox);
        assert_eq!(cards.next_card(), None);
    }

    /// A regression: with a long wire next to a motor, each pulse wrote a line to the journal.
    #[test]
    fn noise_does_not_fill_the_journal() {
        let (inbox, mut cards) = inbox(64);
        assert!(!inbox.is_silenced());
        for second in 0..100 {
            pass_on(vec![Edge { stamp: Duration::from_secs(second), one: true }], &WiegandFormats::default(), &inbox);
        }
        assert!(inbox.is_silenced());
        assert_eq!(cards.next_card(), None);
    }
}
