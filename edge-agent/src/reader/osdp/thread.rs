//! The thread that speaks to the reader, so that the loop never waits for the line.

use super::super::inbox::{Cards, Inbox, inbox};
use super::super::typed::{Digits, Key, Typed};
use super::super::{CardReader, ReaderState};
use super::key::PairingKeys;
use super::line::{Baud, Line, open_line};
use super::panel::{Found, Panel, PanelError, Security};
use super::report::Report;
use super::shown::ReaderLights;
use crate::part_reports::PartReports;
use shared::card::{CardNumber, WiegandFormats};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use terminal::ShowPath;

/// The pause between two polls.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// The pause before a missing reader is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// A key pressed after this many turns without one begins another number: 10 seconds.
const SAME_NUMBER_TURNS: u32 = 200;
/// Turns in a row that may fail before the reader counts as lost: noise costs one or two.
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
    pub(crate) fn start(wanted: WantedOsdp, lights: ReaderLights, part: PartReports) -> io::Result<Self> {
        let (inbox, cards) = inbox(wanted.keep_bits);
        let state = SharedState::new();
        let mut talk = Talk::new(wanted, lights, inbox, part, state.clone());
        thread::Builder::new().name("card reader".to_owned()).spawn(move || talk.forever())?;
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
    state: SharedState,
    typed: Typed,
    turns_since_key: u32,
    failed_turns: u32,
    /// Which key of the file is tried next.
    next_key: usize,
}

impl Talk {
    pub(super) fn new(
        wanted: WantedOsdp,
        lights: ReaderLights,
        inbox: Inbox,
        part: PartReports,
        state: SharedState,
    ) -> Self {
        let panel = Panel::new(wanted.address, lights);
        let typed = Typed::new(Digits::Decimal);
        let (turns_since_key, failed_turns, next_key) = (0, 0, 0);
        Self { wanted, panel, inbox, part, state, typed, turns_since_key, failed_turns, next_key }
    }

    fn forever(&mut self) {
        loop {
            match open_line(&self.wanted.device, self.wanted.baud) {
                Ok(mut line) => {
                    while let Some(pause) = self.turn(&mut line) {
                        thread::sleep(pause);
                    }
                }
                Err(error) => {
                    self.lose(code(&error), &trouble(&self.wanted, &error));
                }
            }
            thread::sleep(RETRY);
        }
    }

    /// One turn. Returns the pause before the next one; `None` if the line must be opened again.
    pub(super) fn turn(&mut self, line: &mut dyn Line) -> Option<Duration> {
        let result = if self.panel.is_connected() { self.panel.turn(line) } else { self.connect(line) };
        match result {
            Ok(found) => {
                self.failed_turns = 0;
                self.take(found);
                Some(POLL_EVERY)
            }
            Err(error) => {
                self.failed_turns = self.failed_turns.saturating_add(1);
                self.typed.forget();
                let is_of_line = error.is_of_line();
                if is_of_line || self.failed_turns >= LOST_AFTER || matches!(error, PanelError::ClearText) {
                    let device = self.wanted.device.shown();
                    self.lose(error.code(), &format!("the card reader at {device} is not used: {error}"));
                } else {
                    tracing::debug!("the card reader: {error}");
                }
                (!is_of_line).then_some(if self.failed_turns < LOST_AFTER { POLL_EVERY } else { RETRY })
            }
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
        self.note_case(report == Report::Tamper(true));
        Ok(Found::Connected)
    }

    fn take(&mut self, found: Found) {
        self.turns_since_key = self.turns_since_key.saturating_add(1);
        match found {
            Found::Connected | Found::Done | Found::Report(Report::Nothing | Report::Refused) => {}
            Found::Report(Report::Card(bits)) => {
                let card = self.wanted.formats.decode(&bits).map_err(|error| error.to_string());
                if let Err(error) = card.and_then(|card| self.inbox.put(card).map_err(|error| error.to_string())) {
                    self.inbox.warn(format_args!("the card reader sent an invalid card number: {error}"));
                }
            }
            Found::Report(Report::Keys(keys)) if self.wanted.keypad_types_cards => {
                keys.into_iter().for_each(|key| self.press(key))
            }
            Found::Report(Report::Keys(_)) => {}
            Found::Report(Report::Tamper(is_open)) => self.note_case(is_open),
            Found::Report(Report::Unreadable) => self.inbox.warn("the card reader sent a report that cannot be read"),
        }
    }

    fn press(&mut self, key: u8) {
        if std::mem::take(&mut self.turns_since_key) > SAME_NUMBER_TURNS {
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

    /// Notes that the reader is heard, and whether its case is open. What has been reported already is not reported again.
    fn note_case(&self, is_open: bool) {
        let device = self.wanted.device.shown();
        if is_open {
            self.state.set(ReaderState::CaseOpen);
            self.part.failed("tamper", None, &format_args!("the case of the card reader at {device} is open"));
        } else {
            self.state.set(ReaderState::There);
            self.part.works(None, &format_args!("the card reader at {device} works"));
        }
    }

    fn lose(&self, code: &str, message: &str) {
        self.state.set(ReaderState::Lost);
        self.part.failed(code, None, &message);
    }
}

fn code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "not_there",
        io::ErrorKind::PermissionDenied => "permission_denied",
        io::ErrorKind::ResourceBusy => "busy",
        _ => "system",
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
            format!("no permission to use {device} for the card reader: run as a user of the group dialout")
        }
        io::ErrorKind::ResourceBusy => format!("another program uses {device}, the card reader's line: stop it"),
        _ => format!("{device} cannot be used for the card reader: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::ReaderKey;
    use super::super::pairing::{PairingError, pair};
    use super::super::scripted::{ADDRESS, Disturbance, ScriptedReader};
    use super::*;
    use crate::lights::{LightOutputs, LightState};
    use policy::audit::{Event, Part};
    use std::path::Path;

    /// Card 123:4567 in the format H10301.
    const CARD: &str = "10111101100010001110101110";
    const NUMBER: u64 = 123 << 16 | 4567;
    const KEY: [u8; 16] = [9; 16];
    const NOTHING: [u64; 0] = [];

    struct Bench {
        talk: Talk,
        cards: Cards,
        lights: ReaderLights,
        _folder: tempfile::TempDir,
    }

    impl Bench {
        fn new(keys: &[[u8; 16]]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let key_file = folder.path().join("reader.key");
            if !keys.is_empty() {
                let keys = keys.iter().map(|key| ReaderKey::new(*key).unwrap()).collect();
                PairingKeys(keys).write(&key_file).unwrap();
            }
            let wanted = WantedOsdp {
                device: "/dev/scripted".into(),
                baud: Baud::default(),
                address: ADDRESS,
                key_file,
                security: Security::Required,
                keypad_types_cards: true,
                formats: WiegandFormats::default(),
                keep_bits: 64,
            };
            let ((inbox, cards), lights, part) = (inbox(64), ReaderLights::default(), PartReports::new(Part::Reader));
            let talk = Talk::new(wanted, lights.clone(), inbox, part, SharedState::new());
            Self { talk, cards, lights, _folder: folder }
        }

        fn turns(&mut self, reader: &mut ScriptedReader, count: usize) -> Vec<u64> {
            (0..count)
                .flat_map(|_| {
                    self.talk.turn(reader);
                    self.cards.next_card().map(CardNumber::value)
                })
                .collect()
        }

        fn is_lost(&self) -> bool {
            self.talk.state.get() == ReaderState::Lost
        }

        /// The codes of failures, `works` for the end of one.
        fn recorded(&self) -> Vec<String> {
            let name = |event| match event {
                Event::PartFailed { failed_because, .. } => failed_because.to_string(),
                _ => "works".to_owned(),
            };
            self.talk.part.take().into_iter().map(name).collect()
        }
    }

    #[test]
    fn a_card_comes_through_the_channel() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        assert_eq!(bench.turns(&mut reader, 3), NOTHING);
        assert!(!bench.is_lost());
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 3), [NUMBER]);
        reader.present("1011");
        reader.reports.push_back((0x53, vec![0, 3, b'1', b'2', b'*']));
        reader.reports.push_back((0x53, vec![0, 3, b'4', b'2', 0x0d]));
        assert_eq!(bench.turns(&mut reader, 5), [42]);
        assert_eq!(bench.recorded(), ["works"]);
    }

    #[test]
    fn a_reader_without_the_key_is_not_heard() {
        for (keys, code) in [(&[[8; 16]][..], "wrong_key"), (&[], "not_paired")] {
            let (mut bench, mut reader) = (Bench::new(keys), ScriptedReader::new(KEY));
            reader.is_in_install_mode = true;
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 10), NOTHING);
            assert!(bench.is_lost());
            assert_eq!(bench.recorded(), [code]);
        }
    }

    /// A power cut during pairing leaves two keys, of which the reader has either.
    #[test]
    fn both_keys_of_an_unfinished_pairing_are_tried() {
        for (keys, own) in [([[8; 16], KEY], KEY), ([KEY, [8; 16]], KEY)] {
            let (mut bench, mut reader) = (Bench::new(&keys), ScriptedReader::new(own));
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 5), [NUMBER]);
        }
    }

    #[test]
    fn what_is_disturbed_is_not_heard_and_the_reader_comes_back() {
        for disturbance in [Disturbance::Replay, Disturbance::ClearText, Disturbance::ForgedCard, Disturbance::Lost] {
            let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 4), [NUMBER], "{disturbance:?}");
            reader.disturbance = disturbance;
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 20), NOTHING, "{disturbance:?}");
            assert!(bench.is_lost(), "{disturbance:?}");
            reader.disturbance = Disturbance::None;
            bench.turns(&mut reader, 4);
            reader.reports.clear();
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 4), [NUMBER], "{disturbance:?}");
            let recorded = bench.recorded();
            let is_recorded = recorded.len() >= 3 && recorded.last().is_some_and(|last| last == "works");
            assert!(is_recorded, "{disturbance:?} {recorded:?}");
        }
    }

    #[test]
    fn no_flipped_bit_makes_another_card() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 3);
        for bit in 0..400 {
            reader.present(CARD);
            reader.disturbance = Disturbance::Flip(bit);
            let read = bench.turns(&mut reader, 1);
            reader.disturbance = Disturbance::None;
            let later = bench.turns(&mut reader, 4);
            assert!(read.iter().chain(&later).all(|card| *card == NUMBER), "{bit}");
            assert!(!bench.is_lost(), "{bit}");
        }
    }

    #[test]
    fn a_cut_line_is_opened_again() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 3);
        reader.is_cut = true;
        assert_eq!(bench.talk.turn(&mut reader), None);
        assert!(bench.is_lost());
        reader.is_cut = false;
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 4), [NUMBER]);
        assert_eq!(bench.recorded(), ["works", "unplugged", "works"]);
    }

    #[test]
    fn an_open_case_is_recorded_and_so_is_its_closing() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 2);
        for is_open in [1, 1, 0] {
            reader.reports.push_back((0x48, vec![is_open, 0]));
        }
        bench.turns(&mut reader, 5);
        assert_eq!(bench.recorded(), ["works", "tamper", "works"]);
    }

    #[test]
    fn the_reader_shows_the_lights() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 3);
        reader.told.clear();
        bench.lights.show(LightState { green: true, red: false, buzzer: true });
        bench.turns(&mut reader, 20);
        bench.lights.show(LightState::OFF);
        bench.turns(&mut reader, 3);
        let told: Vec<(u8, u8)> =
            reader.told.iter().map(|(code, data)| (*code, data[if *code == 0x69 { 5 } else { 1 }])).collect();
        assert_eq!(told, [(0x69, 2), (0x6a, 2), (0x69, 2), (0x6a, 2), (0x69, 0), (0x6a, 1)]);
    }

    #[test]
    fn a_new_reader_is_paired_and_then_heard() {
        let (mut bench, mut reader) = (Bench::new(&[]), ScriptedReader::new([3; 16]));
        reader.is_in_install_mode = true;
        let file = bench.talk.wanted.key_file.clone();
        let pair_again = |reader: &mut ScriptedReader, anew| pair(reader, ADDRESS, &file, anew).unwrap().has_new_key;
        assert!(pair_again(&mut reader, false));
        let first = reader.key;
        assert!(first != [3; 16] && !reader.is_in_install_mode);
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 4), [NUMBER]);
        assert!(!pair_again(&mut reader, false));
        assert!(pair_again(&mut reader, true));
        assert_ne!(reader.key, first);
        assert_eq!(PairingKeys::read(&file).unwrap().0.len(), 1);
        let foreign = pair(&mut ScriptedReader::new([3; 16]), ADDRESS, &file, false);
        assert!(matches!(foreign, Err(PairingError::Foreign)), "{foreign:?}");
    }

    /// The reader has the new key, but its reply and all others are lost.
    #[test]
    fn a_pairing_that_is_cut_off_loses_no_key() {
        struct CutAfter<'a>(&'a mut ScriptedReader, usize);
        impl Line for CutAfter<'_> {
            fn discard(&mut self) -> io::Result<()> {
                self.0.discard()
            }
            fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
                self.1 = self.1.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
                self.0.send(bytes)
            }
            fn receive(&mut self, into: &mut Vec<u8>, within: Duration) -> io::Result<usize> {
                self.0.receive(into, within)
            }
        }
        for sent in 0..20 {
            let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
            let file: &Path = &bench.talk.wanted.key_file;
            let is_done = pair(&mut CutAfter(&mut reader, sent), ADDRESS, file, true).is_ok();
            assert!(sent < 19 || is_done);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 6), [NUMBER], "{sent}");
        }
    }

    /// Eight hours of polls, with noise and cards now and then.
    #[test]
    fn eight_hours_of_polls() {
        const TURNS: usize = 8 * 3600 * 20;
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        let (mut random, mut presented, mut read) = (fastrand::Rng::with_seed(7), 0, 0);
        for turn in 0..TURNS {
            let is_noisy = random.u16(..) < 60;
            reader.disturbance = if is_noisy { Disturbance::Flip(random.usize(..4096)) } else { Disturbance::None };
            if turn % 1000 == 10 {
                reader.present(CARD);
                presented += 1;
            }
            for card in bench.turns(&mut reader, 1) {
                assert_eq!(card, NUMBER);
                read += 1;
            }
        }
        assert!(read <= presented && read > presented * 9 / 10, "{read} of {presented}");
        assert!(!bench.is_lost());
    }
}
