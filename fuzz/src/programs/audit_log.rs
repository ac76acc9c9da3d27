//! Audit logs that were forged or changed.

use crate::Answer;
use crate::choices::Choices;
use crc::{CRC_32_ISO_HDLC, Crc};
use edge_agent::audit_log::{AuditLog, Upkeep};
use edge_agent::fuzz_entry_points;
use files::{Memory, Storage};
use policy::audit::{BootId, Chain, Event, Head, Record, Verifier, verify};
use policy::{Credential, Neighbour, Now, Reason};
use shared::gallery::{DatabaseDigest, ModelHash, PersonId};

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const NOW: Now = Now::new(1_800_000_000_000, 0);

/// Parses the bytes as an audit log, once as they are and once with a correct checksum on each line, as a forger would
/// write it.
///
/// All readers of a log agree on whether it is whole. A log that a unit continues is whole from there on. A record is
/// printed as it was read.
pub fn audit_log(bytes: &[u8]) -> Answer {
    let _as_it_is = examined(bytes);
    examined(&with_checksums(bytes))
}

/// Changes a log that a unit wrote: the first bytes choose the events, the last ones the change.
///
/// An unchanged log is whole. A log without its end is whole or torn, and can be continued. Any other change is found.
pub fn changed_audit_log(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let mut log = Vec::new();
    let mut chain = Chain::new();
    for _ in 0..choices.below(12) {
        let event = event(&mut choices);
        let utc_ms = NOW.utc_ms + i64::from(choices.byte());
        if let Ok(line) = chain.next_line(utc_ms, BootId([choices.byte(); 16]), event) {
            log.extend(line.text().as_bytes());
            line.commit();
        }
    }
    let Ok(whole) = verify(&log) else { panic!("a log that nobody touched has a fault") };
    assert!(whole.torn.is_none() && whole.head == Some(chain.head()), "{whole:?}");

    let changed = changed(&log, &mut choices);
    let found = verify(&changed);
    match found {
        Ok(summary) => {
            let whole_lines = &changed[..changed.len() - summary.torn.map_or(0, |torn| torn.bytes)];
            assert!(log.starts_with(whole_lines), "a change was not found");
            is_continued(&changed);
            Answer::Accepted
        }
        Err(fault) => {
            assert!(!log.starts_with(&changed), "nothing but the end is missing, and {fault}");
            let before: usize =
                changed.split_inclusive(|&byte| byte == b'\n').take(fault.line - 1).map(<[u8]>::len).sum();
            assert!(log.starts_with(&changed[..before]), "line {} is named, the change is before it", fault.line);
            Answer::Refused
        }
    }
}

fn examined(log: &[u8]) -> Answer {
    let Ok(read) = fuzz_entry_points::audit_log(log) else { panic!("memory can be read") };
    let verified = verify(log);
    let mut verifier = Verifier::from_anywhere();
    let follows = log.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| verifier.line(line));
    if read.fault.is_none() {
        assert!(follows.is_ok(), "the commands find nothing, and {follows:?}");
        // Otherwise older records were removed, and one of these records says so.
        if verifier.finish().follows == Some(Head::BEGINNING) {
            assert!(verified.is_ok(), "the commands find nothing, and {verified:?}");
        }
    }
    log.split(|&byte| byte == b'\n').for_each(is_printed_as_it_was_read);
    if verified.is_ok() {
        is_continued(log);
        return Answer::Accepted;
    }
    let _refused_or_not = continued(log);
    Answer::Refused
}

fn is_printed_as_it_was_read(line: &[u8]) {
    let Ok(record) = Record::parse(line) else { return };
    assert!(Head::at(line).is_ok_and(|head| head.sequence == record.sequence));
    let Ok(printed) = serde_json::to_vec(&record) else { panic!("a record that was read cannot be printed") };
    match serde_json::from_slice::<Record>(&printed) {
        Ok(again) => assert_eq!(again, record),
        Err(error) => panic!("a record is printed as what cannot be read: {error}"),
    }
}

/// Checks that a unit can open the log and leaves it whole.
fn is_continued(log: &[u8]) {
    match continued(log) {
        Some(left) => {
            let Ok(summary) = verify(&left) else { panic!("a whole log was continued with a fault") };
            assert!(summary.torn.is_none() && summary.lines > 0, "{summary:?}");
        }
        // Only if the sequence number is at its maximum, or behind more than one torn line.
        None => {
            let mut verifier = Verifier::from_anywhere();
            let lines = log.split_inclusive(|&byte| byte == b'\n');
            let read = lines.map(|line| verifier.line(line)).all(|read| read.is_ok());
            let torn = verifier.clone().finish().torn.map_or(0, |torn| torn.bytes);
            let last = verifier.head().map_or(0, |head| head.sequence);
            assert!(read && (torn > policy::audit::MAX_LINE_BYTES || last > u64::MAX - 8), "it is not continued");
        }
    }
}

fn continued(log: &[u8]) -> Option<Vec<u8>> {
    let storage = Memory::default();
    if !log.is_empty() {
        storage.clone().append("log", log).ok()?;
    }
    AuditLog::open_in(Box::new(storage.clone()), "log", None, Upkeep::default(), &NOW)
        .ok()?
        .append(Event::Stopped, &NOW)
        .ok()?;
    storage.clone().read("log").ok()?
}

/// Each line with the correct checksum over the part before `,"checksum":`, or over the whole line.
fn with_checksums(text: &[u8]) -> Vec<u8> {
    const KEY: &[u8] = b",\"checksum\":\"";
    let mut log = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let (line, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |line| (line, b"\n"));
        let covered = line.windows(KEY.len()).position(|part| part == KEY).map_or(line, |at| &line[..at]);
        log.extend([covered, KEY, format!("{:08x}\"}}", CHECKSUM.checksum(covered)).as_bytes(), end].concat());
    }
    log
}

fn event(choices: &mut Choices<'_>) -> Event {
    let id = PersonId([choices.byte(); 16]);
    let distance = f32::from(choices.byte()) / 128.0;
    match choices.below(8) {
        0 => Event::started("1.2.3"),
        1 => Event::Stopped,
        2 => Event::DatabaseLoaded {
            database_sequence: u64::from(choices.byte()),
            model: ModelHash([1; 32]),
            threshold: distance,
            threshold_grey: (distance > 1.0).then_some(1.0),
        },
        3 => Event::Granted {
            person: id,
            credential: Credential::Face,
            distance: Some(distance),
            distances: [distance, 1.0].into_iter().collect(),
            runner_up: Some(Neighbour { person: PersonId([2; 16]), distance: 1.25 }),
            grey: distance > 1.0,
            signals: Default::default(),
        },
        4 => Event::Refused {
            reason: Reason::NotKnown,
            person: None,
            distance: Some(distance),
            distances: [distance].into_iter().collect(),
            runner_up: None,
            began_utc_ms: i64::from(choices.byte()),
            ended_utc_ms: 7,
            grants: usize::from(choices.byte()),
            signals: Default::default(),
            pass: None,
        },
        5 => Event::DoorForced,
        6 => Event::database_refused(Some(DatabaseDigest([3; 32])), "damaged"),
        // Cannot be written to a log.
        _ => Event::DatabaseLoaded {
            database_sequence: 0,
            model: ModelHash([1; 32]),
            threshold: f32::NAN,
            threshold_grey: None,
        },
    }
}

fn changed(log: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let mut changed = log.to_vec();
    let lines: Vec<&[u8]> = log.split_inclusive(|&byte| byte == b'\n').collect();
    let (at, line, other) = (choices.place(log.len()), choices.place(lines.len()), choices.place(lines.len()));
    match choices.below(8) {
        0 => {}
        1 => changed.truncate(at),
        2 => {
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= choices.byte();
            }
        }
        3 => changed = without(&lines, line).concat(),
        4 => {
            let mut swapped = lines.clone();
            if !swapped.is_empty() {
                swapped.swap(line, other);
            }
            changed = swapped.concat();
        }
        5 => {
            let mut doubled = lines.clone();
            doubled.extend(lines.get(line));
            changed = doubled.concat();
        }
        6 => changed.insert(at, choices.byte()),
        _ => {
            if at < changed.len() {
                changed.remove(at);
            }
        }
    }
    changed
}

fn without<'a>(lines: &[&'a [u8]], line: usize) -> Vec<&'a [u8]> {
    lines.iter().enumerate().filter(|(index, _)| *index != line).map(|(_, line)| *line).collect()
}
