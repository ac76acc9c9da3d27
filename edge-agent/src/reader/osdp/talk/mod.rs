//! The conversation with a reader: connects, polls, takes what it reports, and notes whether it is heard.

use super::super::ReaderState;
use super::super::inbox::Inbox;
use super::super::typed::{Digits, Key, Typed};
use super::key::PairingKeys;
use super::line::{Baud, Line};
use super::panel::{Found, Panel, PanelError, Security};
use super::report::Report;
use super::shown::ReaderLights;
use crate::part_reports::PartReports;
use shared::card::WiegandFormats;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The pause between two polls.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// The pause before a missing reader is tried again.
pub(super) const RETRY: Duration = Duration::from_millis(500);
/// A key pressed this long after the one before begins another number.
const SAME_NUMBER_WITHIN: Duration = Duration::from_secs(10);
/// Who presented a card this long ago is still at the door.
const STILL_AT_THE_DOOR: Duration = Duration::from_secs(2);
/// Failed turns after which the reader counts as lost, if no poll was answered meanwhile: noise costs one or two.
const LOST_AFTER: u32 = 3;

/// Which reader to use, and how.
#[derive(Debug, Clone)]
pub(crate) struct WantedOsdp {
    pub(crate) device: PathBuf,
    pub(crate) baud: Baud,
    pub(crate) address: u8,
    pub(crate) key_file: PathBuf,
    pub(crate) security: Security,
    /// Whether a number typed on the keypad and ended with # is a card.
    pub(crate) keypad_types_cards: bool,
    pub(crate) formats: WiegandFormats,
    pub(crate) keep_bits: u32,
}

/// What the thread last found out about the reader. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct SharedState(Arc<Mutex<ReaderState>>);

impl SharedState {
    /// Nothing has been heard yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(ReaderState::Lost)))
    }

    pub(super) fn get(&self) -> ReaderState {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: ReaderState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// The conversation with a reader.
pub(super) struct Talk {
    wanted: WantedOsdp,
    panel: Panel,
    inbox: Inbox,
    part: PartReports,
    /// Reports on the case only: a wire that is cut again and again must not hide that the case was opened.
    case: PartReports,
    state: SharedState,
    typed: Typed,
    last_key: Option<Instant>,
    /// Failed turns since a poll was answered.
    failed_turns: u32,
    /// Which key of the file is tried next.
    next_key: usize,
    is_case_open: bool,
    /// Whether a poll of this connection was answered, and what was noted about the case then.
    noted: Option<bool>,
    /// When a poll was answered last.
    heard: Option<Instant>,
    /// Whether cards and keys count. What a reader kept while it was cut off does not: the person may have left.
    is_up_to_date: bool,
}

/// What is reported about a reader.
#[derive(Debug, Clone)]
pub(crate) struct OsdpReports {
    /// About the reader itself.
    pub(crate) part: PartReports,
    /// About its case.
    pub(crate) case: PartReports,
}

impl Talk {
    pub(super) fn new(
        wanted: WantedOsdp,
        lights: ReaderLights,
        inbox: Inbox,
        reports: OsdpReports,
        state: SharedState,
    ) -> Self {
        let OsdpReports { part, case } = reports;
        Self {
            panel: Panel::new(wanted.address, lights),
            wanted,
            inbox,
            part,
            case,
            state,
            typed: Typed::new(Digits::Decimal),
            last_key: None,
            failed_turns: 0,
            next_key: 0,
            is_case_open: false,
            noted: None,
            heard: None,
            is_up_to_date: false,
        }
    }

    /// One turn. Returns the pause before the next one; `None` if the line must be opened again.
    pub(super) fn turn(&mut self, line: &mut dyn Line) -> Option<Duration> {
        let result = if self.panel.is_connected() { self.panel.turn(line) } else { self.connect(line) };
        match result {
            Ok(found) => {
                self.take(found);
                Some(POLL_EVERY)
            }
            Err(error) => self.fail(&error),
        }
    }

    fn connect(&mut self, line: &mut dyn Line) -> Result<Found, PanelError> {
        let report = match self.wanted.security {
            Security::ClearTextAccepted => self.panel.connect(line, None)?,
            Security::Required => {
                // The file is read again each time: the reader may have been paired since.
                let keys = PairingKeys::read(&self.wanted.key_file).map_err(|error| {
                    self.inbox.warn(format_args!("{error:#}"));
                    PanelError::NotPaired
                })?;
                let key = keys.0.get(self.next_key % keys.0.len().max(1)).ok_or(PanelError::NotPaired)?;
                self.panel.connect(line, Some(key)).inspect_err(|_| self.next_key = self.next_key.wrapping_add(1))?
            }
        };
        Ok(Found::Connected(report))
    }

    fn take(&mut self, found: Found) {
        match found {
            Found::Done => {}
            Found::Connected(report) => {
                self.is_case_open = report == Report::Tamper(true);
                self.noted = None;
                self.is_up_to_date = self.heard.is_some_and(|heard| heard.elapsed() < STILL_AT_THE_DOOR);
            }
            Found::Report(report) => {
                (self.failed_turns, self.heard) = (0, Some(Instant::now()));
                self.take_report(report);
                self.note_heard();
            }
        }
    }

    fn take_report(&mut self, report: Report) {
        match report {
            Report::Nothing => self.is_up_to_date = true,
            Report::Tamper(is_open) => self.is_case_open = is_open,
            Report::Unreadable => self.inbox.warn("the card reader sent a report that cannot be read"),
            Report::Card(_) | Report::Keys(_) if !self.is_up_to_date => {
                self.inbox.warn("the card reader sent a card or keys from before it was connected: they do not count");
            }
            Report::Card(bits) => {
                let card = self.wanted.formats.decode(&bits).map_err(|error| error.to_string());
                if let Err(error) = card.and_then(|card| self.inbox.put(card).map_err(|error| error.to_string())) {
                    self.inbox.warn(format_args!("the card reader sent an invalid card number: {error}"));
                }
            }
            Report::Keys(keys) if self.wanted.keypad_types_cards => keys.into_iter().for_each(|key| self.press(key)),
            Report::Keys(_) => {}
        }
    }

    fn press(&mut self, key: u8) {
        let last = self.last_key.replace(Instant::now());
        if last.is_some_and(|last| last.elapsed() > SAME_NUMBER_WITHIN) {
            self.typed.forget();
        }
        let key = match key {
            b'0'..=b'9' => Key::Character(char::from(key)),
            // OSDP's codes of # and *.
            0x0d | b'#' => Key::Enter,
            0x7f | b'*' => return self.typed.forget(),
            _ => Key::Other,
        };
        match self.typed.press(key) {
            Some(Ok(card)) => {
                if let Err(error) = self.inbox.put(card) {
                    self.inbox.warn(format_args!("an invalid card number was typed: {error}"));
                }
            }
            Some(Err(error)) => self.inbox.warn(error),
            None => {}
        }
    }

    /// Notes that the reader answered a poll, and whether its case is open.
    fn note_heard(&mut self) {
        if self.noted.replace(self.is_case_open) == Some(self.is_case_open) {
            return;
        }
        let device = self.wanted.device.shown();
        self.part.works(None, &format_args!("the card reader at {device} works"));
        if self.is_case_open {
            self.state.set(ReaderState::CaseOpen);
            self.case.failed("tamper", None, &format_args!("the case of the card reader at {device} is open"));
        } else {
            self.state.set(ReaderState::There);
            self.case.still_works(&format_args!("the case of the card reader at {device} is closed again"));
        }
    }

    /// Notes a failed turn. Noise costs one or two; what only an attacker can cause counts at once.
    fn fail(&mut self, error: &PanelError) -> Option<Duration> {
        self.failed_turns = self.failed_turns.saturating_add(1);
        self.typed.forget();
        let (is_of_line, is_lost) = (error.is_of_line(), self.failed_turns >= LOST_AFTER);
        if is_of_line || is_lost || error.is_of_attacker() {
            let device = self.wanted.device.shown();
            self.lose(error.code(), &format!("the card reader at {device} is not used: {error}"));
        } else {
            tracing::debug!("the card reader: {error}");
        }
        (!is_of_line).then_some(if is_lost { RETRY } else { POLL_EVERY })
    }

    pub(super) fn lose(&self, code: &str, message: &str) {
        self.state.set(ReaderState::Lost);
        self.part.failed(code, None, &message);
    }
}

#[cfg(test)]
mod tests;
