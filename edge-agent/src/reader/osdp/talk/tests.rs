//! The conversation with a scripted reader: keys, disturbances, pairing, eight hours of polls.

use super::super::super::CardReader;
use super::super::super::inbox::{Cards, inbox};
use super::super::key::ReaderKey;
use super::super::pairing::{CarriedBy, Pairing, PairingError, pair};
use super::super::scripted::{ADDRESS, Disturbance, ScriptedReader};
use super::*;
use crate::lights::{LightOutputs, LightState};
use policy::audit::{Event, Part};
use shared::card::CardNumber;
use std::io;

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
