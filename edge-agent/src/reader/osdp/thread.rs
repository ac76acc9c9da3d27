//! The thread that speaks to the reader, so that the loop never waits for the line.

use super::super::inbox::{Cards, inbox};
use super::super::{CardReader, ReaderState, code_of};
use super::line::open_line;
use super::shown::ReaderLights;
use super::talk::{OsdpReports, RETRY, SharedState, Talk, WantedOsdp};
use shared::card::CardNumber;
use std::io;
use std::thread;
use terminal::ShowPath;

/// An OSDP reader.
pub(crate) struct OsdpReader {
    cards: Cards,
    state: SharedState,
}

impl OsdpReader {
    /// Speaks to a reader, even if it is not connected yet, and shows these lights. The thread runs until the program
    /// exits.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start(wanted: WantedOsdp, lights: ReaderLights, reports: OsdpReports) -> io::Result<Self> {
        let (inbox, cards) = inbox(wanted.keep_bits);
        let state = SharedState::new();
        let mut talk = Talk::new(wanted.clone(), lights, inbox, reports, state.clone());
        thread::Builder::new().name("card reader".to_owned()).spawn(move || speak(&mut talk, &wanted))?;
        Ok(Self { cards, state })
    }
}

impl CardReader for OsdpReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.cards.next_card()
    }

    fn state(&self) -> ReaderState {
        self.state.get()
    }
}

/// Speaks to the reader for ever, and opens its line again when it is gone.
fn speak(talk: &mut Talk, wanted: &WantedOsdp) {
    loop {
        match open_line(&wanted.device, wanted.baud) {
            Ok(mut line) => {
                while let Some(pause) = talk.turn(&mut line) {
                    thread::sleep(pause);
                }
            }
            Err(error) => talk.lose(code_of(&error), &trouble(wanted, &error)),
        }
        thread::sleep(RETRY);
    }
}

fn trouble(wanted: &WantedOsdp, error: &io::Error) -> String {
    let device = wanted.device.shown();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "there is no serial device {device} for the card reader: plug in the adapter, or set [reader] device"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "no permission to use {device} for the card reader: run as a user of the group dialout; if a service runs it, \
                 DeviceAllow= must name the device's driver"
            )
        }
        io::ErrorKind::ResourceBusy => format!("another program uses {device}, the card reader's line: stop it"),
        _ => format!("{device} cannot be used for the card reader: {error}"),
    }
}
