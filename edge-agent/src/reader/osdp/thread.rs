//! The thread that speaks to the reader, so that the loop never waits for the line.

use super::super::inbox::{Cards, Inbox, inbox};
use super::super::typed::{Digits, Key, Typed};
use super::super::{CardReader, ReaderState, code_of};
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
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The pause between two polls.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// The pause before a missing reader is tried again.
const RETRY: Duration = Duration::from_millis(500);
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
        let mut talk = Talk::new(wanted, lights, inbox, reports, state.clone());
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

    fn forever(&mut self) {
        loop {
            match open_line(&self.wanted.device, self.wanted.baud) {
                Ok(mut line) => {
                    while let Some(pause) = self.turn(&mut line) {
                        thread::sleep(pause);
                    }
                }
                Err(error) => self.lose(code_of(&error), &trouble(&self.wanted, &error)),
            }
            thread::sleep(RETRY);
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

    fn lose(&self, code: &str, message: &str) {
        self.state.set(ReaderState::Lost);
        self.part.failed(code, None, &message);
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

#[cfg(test)]
mod tests {
    use super::super::key::ReaderKey;
    use super::super::pairing::{CarriedBy, Pairing, PairingError, pair};
    use super::super::scripted::{ADDRESS, Disturbance, ScriptedReader};
    use super::*;
    use crate::lights::{LightOutputs, LightState};
    use policy::audit::{Event, Part};

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
            let ((inbox, cards), lights) = (inbox(64), ReaderLights::default());
            let reports = OsdpReports { part: PartReports::new(Part::Reader), case: PartReports::new(Part::Reader) };
            let talk = Talk::new(wanted, lights.clone(), inbox, reports, SharedState::new());
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

        /// The codes of failures, `works` for the end of one; about the case last.
        fn recorded(&self) -> Vec<String> {
            let name = |event| match event {
                Event::PartFailed { failed_because, .. } => failed_because.to_string(),
                _ => "works".to_owned(),
            };
            [&self.talk.part, &self.talk.case].into_iter().flat_map(PartReports::take).map(name).collect()
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
            bench.turns(&mut reader, 5);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 5), [NUMBER]);
        }
    }

    /// A card must not open the door for somebody who cut the wires, waited, and joined them again.
    #[test]
    fn cards_that_the_reader_kept_do_not_count() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        for _ in 0..3 {
            reader.present(CARD);
        }
        assert_eq!(bench.turns(&mut reader, 10), NOTHING);
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 3), [NUMBER]);
        for (away, read) in [(Duration::ZERO, &[NUMBER][..]), (STILL_AT_THE_DOOR, &[])] {
            reader.is_cut = true;
            bench.talk.turn(&mut reader);
            reader.is_cut = false;
            bench.talk.heard = Instant::now().checked_sub(away);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 5), read, "{away:?}");
        }
    }

    #[test]
    fn what_is_disturbed_is_not_heard_and_the_reader_comes_back() {
        for (disturbance, only_polls, code) in [
            (Disturbance::Replay, true, "wrong_mac"),
            (Disturbance::FlipWithCrc(40), true, "wrong_mac"),
            (Disturbance::ClearText, true, "clear_text"),
            (Disturbance::ForgedCard, true, "clear_text"),
            (Disturbance::ClearRefusal, true, "channel_lost"),
            (Disturbance::Lost, true, "no_reply"),
            (Disturbance::Lost, false, "no_reply"),
            (Disturbance::ClearRefusal, false, "unexpected"),
        ] {
            let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
            bench.turns(&mut reader, 4);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 4), [NUMBER], "{disturbance:?}");
            (reader.disturbance, reader.only_polls) = (disturbance, only_polls);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 30), NOTHING, "{disturbance:?}");
            assert!(bench.is_lost(), "{disturbance:?}");
            reader.disturbance = Disturbance::None;
            reader.reports.clear();
            bench.turns(&mut reader, 6);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 4), [NUMBER], "{disturbance:?}");
            assert_eq!(bench.recorded(), ["works", code, "works"], "{disturbance:?}");
        }
    }

    /// Even with the right check sum: the MAC finds each of them.
    #[test]
    fn no_flipped_bit_makes_another_card() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 4);
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 2), [NUMBER]);
        for bit in 0..300 {
            reader.disturbance = if bit % 2 == 0 { Disturbance::Flip(bit) } else { Disturbance::FlipWithCrc(bit) };
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 2), NOTHING, "{bit}");
            reader.disturbance = Disturbance::None;
            reader.reports.clear();
            bench.turns(&mut reader, 6);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 3), [NUMBER], "{bit}");
        }
    }

    #[test]
    fn a_reader_that_refuses_to_be_polled_is_lost() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        reader.refuses_polls = true;
        bench.turns(&mut reader, 20);
        assert!(bench.is_lost());
        assert_eq!(bench.recorded(), ["refused"]);
    }

    #[test]
    fn lights_that_change_all_the_time_keep_no_card_waiting() {
        let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
        bench.turns(&mut reader, 4);
        reader.present(CARD);
        let mut read = Vec::new();
        for turn in 0..4 {
            bench.lights.show(LightState { green: turn % 2 == 0, red: false, buzzer: turn % 2 == 1 });
            read.extend(bench.turns(&mut reader, 1));
        }
        assert_eq!(read, [NUMBER]);
        reader.told.clear();
        for turn in 0..8 {
            bench.lights.show(LightState { green: turn / 2 % 2 == 0, red: false, buzzer: turn / 2 % 2 == 1 });
            bench.turns(&mut reader, 1);
        }
        for code in [0x69, 0x6a] {
            assert_eq!(reader.told.iter().filter(|told| told.0 == code).count(), 2, "light and tone take turns");
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
        bench.turns(&mut reader, 4);
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
        bench.turns(&mut reader, 4);
        let told: Vec<(u8, u8)> =
            reader.told.iter().map(|(code, data)| (*code, data[if *code == 0x69 { 5 } else { 1 }])).collect();
        assert_eq!(told, [(0x6a, 2), (0x69, 2), (0x6a, 2), (0x69, 2), (0x6a, 1), (0x69, 0)]);
    }

    #[test]
    fn a_new_reader_is_paired_and_then_heard() {
        let (mut bench, mut reader) = (Bench::new(&[]), ScriptedReader::new([3; 16]));
        reader.is_in_install_mode = true;
        let file = bench.talk.wanted.key_file.clone();
        let pair_as = |reader: &mut ScriptedReader, pairing| pair(reader, ADDRESS, &file, pairing);
        let carried_by = |reader: &mut ScriptedReader, pairing| pair_as(reader, pairing).unwrap().carried_by;
        assert!(matches!(pair_as(&mut reader, Pairing::Renewed), Err(PairingError::NothingToRenew)));
        assert_eq!(carried_by(&mut reader, Pairing::New), Some(CarriedBy::DefaultKey));
        let first = reader.key;
        assert!(first != [3; 16] && !reader.is_in_install_mode);
        bench.turns(&mut reader, 4);
        reader.present(CARD);
        assert_eq!(bench.turns(&mut reader, 4), [NUMBER]);
        assert_eq!(carried_by(&mut reader, Pairing::New), None);
        assert_eq!(carried_by(&mut reader, Pairing::Renewed), Some(CarriedBy::PreviousKey));
        assert_ne!(reader.key, first);
        assert_eq!(PairingKeys::read(&file).unwrap().0.len(), 1);
    }

    /// Somebody at the wires can put a reader of their own there, in install mode: it gets no key unless that is asked for.
    #[test]
    fn a_paired_unit_does_not_fall_back_to_the_default_key() {
        let bench = Bench::new(&[KEY]);
        let file = &bench.talk.wanted.key_file;
        let mut other = ScriptedReader::new([3; 16]);
        other.is_in_install_mode = true;
        for pairing in [Pairing::New, Pairing::Renewed] {
            let refused = pair(&mut other, ADDRESS, file, pairing);
            assert!(matches!(refused, Err(PairingError::OtherKey)), "{refused:?}");
        }
        let replaced = pair(&mut other, ADDRESS, file, Pairing::Replaced).unwrap();
        assert_eq!(replaced.carried_by, Some(CarriedBy::DefaultKey));
        let refused = pair(&mut ScriptedReader::new([3; 16]), ADDRESS, file, Pairing::Replaced);
        assert!(matches!(refused, Err(PairingError::NotReset)), "{refused:?}");
    }

    #[test]
    fn a_reader_that_refuses_its_key_leaves_the_file_as_it_was() {
        for keys in [&[KEY][..], &[]] {
            let (bench, mut reader) = (Bench::new(keys), ScriptedReader::new(KEY));
            (reader.is_in_install_mode, reader.refuses_keys) = (true, true);
            let file = &bench.talk.wanted.key_file;
            let before = PairingKeys::read(file).unwrap();
            let refused = pair(&mut reader, ADDRESS, file, Pairing::Replaced);
            assert!(matches!(refused, Err(PairingError::Refused)), "{refused:?}");
            assert_eq!(PairingKeys::read(file).unwrap(), before);
        }
    }

    /// A line that breaks after some commands: before the last one arrives, or before it is answered.
    struct Breaking<'a> {
        reader: &'a mut ScriptedReader,
        commands_left: usize,
        arrives: bool,
    }

    impl Line for Breaking<'_> {
        fn discard(&mut self) -> io::Result<()> {
            self.reader.discard()
        }

        fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
            let is_broken = self.commands_left == 0;
            if !is_broken || self.arrives {
                self.reader.send(bytes)?;
            }
            self.commands_left = self.commands_left.saturating_sub(1);
            if is_broken { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        }

        fn receive(&mut self, into: &mut Vec<u8>, within: Duration) -> io::Result<usize> {
            self.reader.receive(into, within)
        }
    }

    #[test]
    fn a_pairing_that_is_cut_off_loses_no_key() {
        for (commands_left, arrives) in (0..20).flat_map(|count| [(count, true), (count, false)]) {
            let (mut bench, mut reader) = (Bench::new(&[KEY]), ScriptedReader::new(KEY));
            let file = bench.talk.wanted.key_file.clone();
            let mut line = Breaking { reader: &mut reader, commands_left, arrives };
            let is_done = pair(&mut line, ADDRESS, &file, Pairing::Renewed).is_ok();
            assert!(commands_left < 19 || is_done);
            bench.turns(&mut reader, 6);
            reader.present(CARD);
            assert_eq!(bench.turns(&mut reader, 6), [NUMBER], "{commands_left} {arrives}");
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
