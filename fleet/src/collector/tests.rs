//! Tests of the collector: what comes in which order, what is forged, and what the disk does.

mod property_tests;

use super::sample_log::SampleLog;
use super::*;
use crate::fleet_toml::tests::{fleet_of, log_key};
use files::Memory;
use fleet_messages::BatchHeader;
use policy::audit::Event;

const UNIT: &str = "0100-0000-0000-0000-0000";

fn unit() -> Fingerprint {
    UNIT.parse().unwrap()
}

/// A fleet of one unit, whose log is a [`SampleLog`] of number 1.
fn fleet() -> Fleet {
    fleet_of(&format!("[[unit]]\nname = \"front\"\nid = \"{UNIT}\"\nlog-key = \"{}\"\nssh = \"h\"\n", log_key(1)))
}

fn payload(kept_from: u64, last: u64, lines: &[Vec<u8>]) -> Vec<u8> {
    [BatchHeader::new(unit(), Some(kept_from), last).to_line().unwrap(), lines.concat()].concat()
}

fn batch(log: &SampleLog, first: u64, last: u64) -> Vec<u8> {
    payload(1, log.last(), log.between(first, last))
}

/// A collector, its disk, and its clock.
struct Bench {
    disk: Memory,
    collector: Collector,
    now: Moment,
    notes: Vec<Note>,
}

impl Bench {
    fn new() -> Self {
        let disk = Memory::default();
        let collector = Collector::open(Box::new(disk.clone()), &fleet()).unwrap();
        Self { disk, collector, now: Moment { monotonic_ms: 0, utc_ms: 1_800_000_000_000 }, notes: Vec::new() }
    }

    /// Takes a message and returns the record that is wanted then.
    fn send(&mut self, payload: &[u8]) -> Option<u64> {
        self.collector.take(unit(), payload, self.now);
        self.settle()
    }

    fn settle(&mut self) -> Option<u64> {
        let settled = self.collector.settle(self.now);
        self.now.monotonic_ms += WANTED_AGAIN_MS;
        self.notes.extend(settled.notes);
        settled.wants.first().map(|(_, want)| want.next)
    }

    fn restart(&mut self) {
        self.collector = Collector::open(Box::new(self.disk.clone()), &fleet()).unwrap();
    }

    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        self.disk.read(&format!("{UNIT}{name}")).unwrap()
    }

    /// Sends what is wanted until everything is there.
    fn send_all(&mut self, log: &SampleLog, kept_from: u64) {
        let mut next = self.send(&payload(kept_from, log.last(), &[]));
        for _ in 0..1000 {
            match next {
                Some(first) if first > log.last() => return,
                Some(first) => {
                    next = self.send(&payload(kept_from, log.last(), log.between(first.max(kept_from), first + 49)))
                }
                None => next = self.send(&payload(kept_from, log.last(), &[])),
            }
        }
        panic!("record {next:?} of {} is still wanted", log.last());
    }
}

fn sample(records: usize) -> SampleLog {
    let mut log = SampleLog::new(1);
    log.started();
    log.sign();
    while (log.last() as usize) < records {
        log.stopped(20);
        log.sign();
    }
    log
}

#[test]
fn every_record_is_collected_once_and_in_order() {
    let log = sample(100);
    let mut bench = Bench::new();
    assert_eq!(bench.send(&payload(1, log.last(), &[])), Some(1));
    for (first, last, expected) in
        [(1, 10, 11), (1, 10, 11), (5, 30, 31), (40, 60, 31), (2, 3, 31), (31, 31, 32), (32, 99, 100), (90, 107, 108)]
    {
        assert_eq!(bench.send(&batch(&log, first, last)), Some(expected), "{first} to {last}");
    }
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    assert_eq!(bench.notes, []);
    bench.restart();
    assert_eq!(bench.send(&payload(1, log.last(), &[])), Some(log.last() + 1));
    assert_eq!(bench.collector.totals().records, 0);
}

#[test]
fn the_same_record_is_not_wanted_again_at_once_unless_the_unit_asks() {
    let log = sample(20);
    let mut bench = Bench::new();
    let now = bench.now;
    let mut wanted = |payload: &[u8]| {
        bench.collector.take(unit(), payload, now);
        bench.collector.settle(now).wants.len()
    };
    assert_eq!(wanted(&batch(&log, 1, 5)), 1);
    assert_eq!(wanted(&batch(&log, 1, 5)), 0);
    assert_eq!(wanted(&batch(&log, 9, 12)), 0);
    assert_eq!(wanted(&payload(1, 20, &[])), 1);
    assert_eq!(wanted(&batch(&log, 6, 8)), 1);
}

#[test]
fn several_messages_of_a_unit_are_synced_together() {
    let log = sample(100);
    let mut bench = Bench::new();
    for first in 1..=40 {
        bench.collector.take(unit(), &batch(&log, first, first), bench.now);
    }
    assert_eq!(bench.settle(), Some(41));
    assert_eq!(bench.collector.totals(), Totals { records: 40, messages: 40, syncs: 1 });
}

#[test]
fn what_is_not_a_batch_of_this_unit_is_refused_and_reported_once() {
    let log = sample(20);
    let mut bench = Bench::new();
    let other = BatchHeader::new("ffff-0000-0000-0000-0000".parse().unwrap(), None, 0).to_line().unwrap();
    for payload in [&b""[..], b"{}\n", &other, &[b'x'; 1 << 20], b"\xff\n"] {
        for _ in 0..3 {
            assert_eq!(bench.send(payload), None);
        }
    }
    assert!(matches!(&bench.notes[..], [Note::Unit { problem: Problem::Forged { .. }, .. }]), "{:?}", bench.notes);
    assert_eq!(bench.send(&batch(&log, 1, 3)), Some(4));
    for _ in 0..3 {
        bench.collector.take("ffff-0000-0000-0000-0000".parse().unwrap(), &other, bench.now);
        bench.settle();
    }
    assert_eq!(bench.notes[1..], [Note::UnknownUnit { unit: "ffff-0000-0000-0000-0000".to_owned() }]);
    assert_eq!(bench.disk.list().unwrap(), [format!("{UNIT}.jsonl")]);
}

#[test]
fn a_gap_that_the_unit_has_signed_is_written_down_and_collection_goes_on() {
    for collected in [0, 30] {
        let mut log = sample(100);
        let mut bench = Bench::new();
        if collected > 0 {
            bench.send(&batch(&log, 1, collected));
        }
        log.prune(64);
        log.stopped(3);
        bench.send_all(&log, 65);
        let gap =
            Gap { from: collected + 1, through: 64, unsigned_from: (collected > 0).then_some(24), removed_by: 108 };
        let of_unit = |problem| Note::Unit { unit: UNIT.to_owned(), problem };
        let missing = Problem::Missing { from: collected + 1, through: 64 };
        assert_eq!(bench.notes, [of_unit(missing), of_unit(Problem::Gap(gap))]);
        assert_eq!(bench.file(".jsonl").unwrap(), log.between(65, log.last()).concat());
        let before = bench.file(&format!(".to-{collected:010}.jsonl"));
        assert_eq!(before, (collected > 0).then(|| log.between(1, collected).concat()));
        assert!(bench.file(".gaps.jsonl").unwrap().starts_with(b"{\"schema\":1,\"from\":"));
        log.stopped(2);
        bench.restart();
        bench.send_all(&log, 65);
        assert_eq!(bench.file(".jsonl").unwrap(), log.between(65, log.last()).concat());
    }
}

/// Somebody between the unit and the collector cannot make it skip records.
#[test]
fn a_gap_that_is_only_claimed_hides_nothing() {
    let mut log = sample(100);
    let mut bench = Bench::new();
    bench.send(&batch(&log, 1, 30));
    assert_eq!(bench.send(&payload(65, log.last(), &[])), Some(65));
    let next = bench.send(&payload(65, log.last(), log.between(65, 90)));
    assert_eq!(next, Some(91));
    assert!(bench.file(".other.jsonl").is_some());
    bench.restart();
    log.stopped(3);
    bench.send_all(&log, 1);
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    assert_eq!((bench.file(".other.jsonl"), bench.file(".gaps.jsonl")), (None, None));
}

/// The unit removed more while what was left was collected.
#[test]
fn a_chain_between_two_gaps_is_kept() {
    let mut log = sample(200);
    let mut bench = Bench::new();
    bench.send(&batch(&log, 1, 10));
    bench.send(&payload(50, log.last(), log.between(50, 90)));
    log.prune(150);
    bench.send_all(&log, 151);
    assert_eq!(bench.file(".part-0000000090.jsonl").unwrap(), log.between(50, 90).concat());
    assert_eq!(bench.file(".to-0000000010.jsonl").unwrap(), log.between(1, 10).concat());
    assert_eq!(bench.file(".jsonl").unwrap(), log.between(151, log.last()).concat());
}

#[test]
fn records_that_the_unit_has_not_signed_give_way_to_those_that_it_signs() {
    let mut log = sample(40);
    let before = log.last();
    let mut forged = log.forged_after(before);
    forged.stopped(6);
    log.add(Event::DoorForced);
    log.stopped(4);
    let mut bench = Bench::new();
    bench.send_all(&forged, 1);
    // The unit has fewer records than the forger made: the collector wants what follows the last signature.
    let signed = before - 1;
    assert_eq!(bench.send(&payload(1, log.last(), &[])), Some(signed + 1));
    bench.send(&batch(&log, signed + 1, log.last()));
    assert_eq!(bench.file(".jsonl").unwrap(), forged.lines().concat(), "nothing is signed yet");
    log.sign();
    bench.send_all(&log, 1);
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    let replaced = |note: &Note| matches!(note, Note::Unit { problem: Problem::Replaced { .. }, .. });
    assert_eq!(bench.notes.iter().filter(|note| replaced(note)).count(), 1, "{:?}", bench.notes);
    assert_eq!(bench.file(".refused.jsonl").unwrap().iter().filter(|&&byte| byte == b'\n').count(), 7);
}

#[test]
fn a_forged_record_does_not_displace_a_true_one() {
    let mut log = sample(40);
    log.stopped(5);
    let mut forged = log.forged_after(log.last() - 2);
    forged.add(Event::DoorForced);
    let mut bench = Bench::new();
    bench.send_all(&log, 1);
    for _ in 0..3 {
        let again = bench.send(&payload(1, log.last(), &forged.lines()[forged.lines().len() - 1..]));
        assert_eq!(again, Some(log.last() + 1));
        log.stopped(1);
        bench.send_all(&log, 1);
        assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    }
    let next = log.last() + 1;
    let mut forged = log.forged_after(log.last() - 1);
    forged.add(Event::DoorForced);
    forged.add(Event::DoorForced);
    let again = bench.send(&payload(1, next, &forged.lines()[next as usize - 1..]));
    assert!(again.is_some_and(|again| again < next), "{again:?}");
    log.sign();
    bench.send_all(&log, 1);
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    assert_eq!(bench.notes, []);
}

#[test]
fn a_log_that_was_rewritten_is_refused_and_reported_once() {
    let log = sample(60);
    let mut bench = Bench::new();
    bench.send_all(&log, 1);
    let mut rewritten = log.forged_after(30);
    rewritten.stopped(60);
    rewritten.sign();
    for first in [61, 62, 31, 63] {
        bench.send(&payload(1, rewritten.last(), rewritten.between(first, rewritten.last())));
    }
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
    assert!(matches!(&bench.notes[..], [Note::Unit { problem: Problem::Forged { .. }, .. }]), "{:?}", bench.notes);
    assert!(bench.file(".refused.jsonl").is_some());
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let log = sample(100);
    let mut bench = Bench::new();
    assert_eq!(bench.send(&batch(&log, 1, 20)), Some(21));
    bench.disk.set_capacity(Some(bench.disk.used() + 100));
    assert_eq!(bench.send(&batch(&log, 21, 40)), None);
    assert_eq!(bench.send(&batch(&log, 21, 40)), None);
    assert!(matches!(&bench.notes[..], [Note::DiskFails { .. }]), "{:?}", bench.notes);
    assert_eq!(bench.file(".jsonl").unwrap(), log.between(1, 20).concat(), "a part of a record is cut off");
    bench.now.monotonic_ms += RETRY_MS;
    assert_eq!(bench.settle(), Some(21), "the same record is wanted again");
    assert_eq!(bench.send(&batch(&log, 21, 40)), None);
    bench.disk.set_capacity(None);
    bench.now.monotonic_ms += RETRY_MS;
    assert_eq!(bench.settle(), Some(21));
    assert_eq!(bench.send(&batch(&log, 21, 40)), Some(41));
    assert!(matches!(&bench.notes[..], [Note::DiskFails { .. }, Note::DiskWorks]), "{:?}", bench.notes);
    bench.send_all(&log, 1);
    assert_eq!(bench.file(".jsonl").unwrap(), log.lines().concat());
}

#[test]
fn a_file_that_is_not_the_units_log_is_left_alone() {
    let mut bench = Bench::new();
    let other = sample(60);
    let text = b"this is not a log\n".repeat(20_000);
    bench.disk.append(&format!("{UNIT}.jsonl"), &text).unwrap();
    assert_eq!(bench.send(&batch(&other, 1, 3)), None);
    assert!(matches!(&bench.notes[..], [Note::Unit { problem: Problem::Damaged { .. }, .. }]), "{:?}", bench.notes);
    assert_eq!(bench.file(".jsonl").unwrap(), text);
}

#[test]
fn what_was_collected_can_be_asked() {
    let mut log = sample(40);
    log.stopped(3);
    let mut bench = Bench::new();
    bench.send_all(&log, 1);
    let found = collected(&mut bench.disk, unit(), &log.public()).unwrap();
    let head = log.head_at(log.last());
    assert_eq!(found, Collected { last: log.last(), signed: log.last() - 4, hash: Some(head.hash) });
    let none = collected(&mut bench.disk, "ffff-0000-0000-0000-0000".parse().unwrap(), &log.public()).unwrap();
    assert_eq!(none, Collected { last: 0, signed: 0, hash: None });
}
