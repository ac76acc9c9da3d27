use super::*;
use crate::audit_log::sample_records::granted;
use crate::audit_log::upkeep::SIGNED_EVERY;
use crate::audit_log::{AuditLog, LogKey, Upkeep, log_files};
use files::{Memory, Storage};
use policy::Now;
use policy::audit::{BootId, Chain};
use proptest::prelude::*;
use shared::gallery::PersonId;
use std::io::Cursor;

type Files = Vec<(String, Vec<u8>)>;

fn key() -> LogKey {
    LogKey::from_seed(&[1; 32])
}

/// A signed log in several files, with its oldest files removed or not, and its head.
fn log(records: usize, all_bytes: u64) -> (Files, SignedHead) {
    let mut disk = Memory::default();
    let upkeep = Upkeep { file_bytes: 900, all_bytes, keep_days: 90 };
    let mut log = AuditLog::open_in(Box::new(disk.clone()), "log", Some(key()), upkeep, &Now::new(0, 0)).unwrap();
    for number in 0..records as u64 {
        log.append(Event::DoorHeld { open_ms: number }, &Now::new(number as i64, number)).unwrap();
        log.maintain(&Now::new(0, number));
    }
    // The current file is not empty, and the last record is signed.
    log.append(Event::Stopped, &Now::new(0, 0)).unwrap();
    log.sign(&Now::new(0, 0)).unwrap();
    let segments = log_files::segments(&mut disk, "log").unwrap().into_iter().map(|segment| segment.name);
    let names: Vec<String> = segments.chain(["log".to_owned()]).collect();
    let read = |name: String| (name.clone(), disk.clone().read(&name).unwrap().unwrap());
    (names.into_iter().map(read).collect(), key().signed(&log.head()))
}

fn check(files: &Files, head: Option<&SignedHead>) -> Findings {
    let open = |(name, bytes): &(String, Vec<u8>)| OpenFile {
        name: name.clone(),
        first: name.strip_prefix("log.").map(|digits| digits.parse().unwrap()),
        content: Cursor::new(bytes.clone()),
    };
    let public = key().public();
    verify(files.iter().map(open), Against { key: Some(&public), head }, |_| Ok(())).unwrap()
}

fn fault(files: &Files, head: Option<&SignedHead>) -> String {
    let fault = check(files, head).faults.into_iter().next().expect("a fault");
    fault.place.map_or(fault.problem.clone(), |place| format!("{place}: {}", fault.problem))
}

#[test]
fn a_log_in_several_files_is_whole() {
    let (files, head) = log(20, 1 << 20);
    assert!(files.len() > 4);
    let found = check(&files, Some(&head));
    assert_eq!((found.fault(), found.first, found.pruned_through, found.torn_bytes), (None, Some(1), None, None));
    assert_eq!(found.last, Some(head.head()));
    assert!(found.signatures as usize >= files.len() - 1);

    let (files, head) = log(40, 4_000);
    let found = check(&files, Some(&head));
    assert_eq!(found.fault(), None);
    assert_eq!(found.pruned_through, Some(found.first.unwrap() - 1));
}

#[test]
fn changes_to_files_are_found() {
    type Change = fn(&mut Files);
    let cases: [(&str, Change, &str); 8] = [
        ("the oldest file removed", |log| drop(log.remove(0)), "no record says that they were removed"),
        ("a file in the middle removed", |log| drop(log.remove(2)), "instead of record"),
        (
            "files exchanged",
            |log| {
                let (a, b) = (log[1].1.clone(), log[2].1.clone());
                log[1].1 = b;
                log[2].1 = a;
            },
            "log.00",
        ),
        ("another name", |log| log[0].0 = "log.0000000009".into(), "but its name says 9"),
        (
            "the end of a file in the middle cut",
            |log| {
                let end = log[1].1.len() - 5;
                log[1].1.truncate(end);
            },
            "line feed is missing",
        ),
        (
            "a line of a file in the middle cut",
            |log| {
                let text = String::from_utf8(log[1].1.clone()).unwrap();
                let keep: Vec<&str> = text.split_inclusive('\n').collect();
                log[1].1 = keep[..keep.len() - 1].concat().into();
            },
            "instead of record",
        ),
        ("all removed", Vec::clear, "cut off"),
        ("the current file removed", |log| drop(log.pop()), "cut off"),
    ];
    let (whole, head) = log(20, 1 << 20);
    for (what, change, expected) in cases {
        let mut files = whole.clone();
        change(&mut files);
        let found = fault(&files, Some(&head));
        assert!(found.contains(expected), "{what}: {found}");
    }
}

#[test]
fn a_fault_is_located() {
    let (mut files, _) = log(20, 1 << 20);
    let second_line = files[2].1.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    files[2].1[second_line + 40] ^= 1;
    let place = check(&files, None).fault().unwrap().place.clone().unwrap();
    assert_eq!(place, Place { file: files[2].0.clone(), line: 2, byte: second_line as u64 });
}

/// An attacker without the key writes a whole new log with a valid chain.
#[test]
fn a_rewritten_log_is_found() {
    let (_, head) = log(20, 1 << 20);
    for signed_by in [None, Some(LogKey::from_seed(&[2; 32]))] {
        let mut disk = Memory::default();
        let upkeep = Upkeep::default();
        let mut forged = AuditLog::open_in(Box::new(disk.clone()), "log", signed_by, upkeep, &Now::new(0, 0)).unwrap();
        for number in 0..40 {
            forged.append(Event::DoorHeld { open_ms: number + 1 }, &Now::new(number as i64, number)).unwrap();
        }
        forged.sign(&Now::new(0, 0)).unwrap();
        let files = vec![("log".to_owned(), disk.read("log").unwrap().unwrap())];
        let found = fault(&files, None);
        assert!(found.contains("nothing in it is signed") || found.contains("not by the given key"), "{found}");
        let open = OpenFile { name: "log".to_owned(), first: None, content: Cursor::new(&files[0].1[..]) };
        let without_key = verify([open], Against { key: None, head: Some(&head) }, |_| Ok(())).unwrap();
        assert!(without_key.fault().unwrap().problem.contains("rewritten"));
    }
}

/// A log whose first record is signed, followed by unsigned records with a valid chain, `step_ms` apart, beginning at
/// the start of the unit or later.
fn with_a_tail(records: u64, step_ms: i64, since_start: bool) -> Files {
    let start = Event::started("1");
    let granted = granted(PersonId([1; 16]));
    let mut chain = Chain::new();
    let mut lines = String::new();
    let mut write = |utc_ms, event| {
        let line = chain.next_line(utc_ms, BootId([0; 16]), event).unwrap();
        lines.push_str(line.text());
        let head = line.head();
        line.commit();
        head
    };
    let signature = key().sign(&write(0, start.clone()));
    write(0, Event::HeadSigned { signature });
    since_start.then(|| write(0, start));
    for number in 0..records as i64 {
        write(number * step_ms, granted.clone());
    }
    vec![("log".to_owned(), lines.into_bytes())]
}

/// Records appended behind the last signature; the chain is still valid.
#[test]
fn unsigned_records_are_reported_and_overdue_ones_are_a_fault() {
    let minute = 60_000;
    for (what, records, step_ms, since_start, is_fault) in [
        ("nothing", 0, 0, false, false),
        ("three, a minute apart", 3, minute, false, false),
        ("as many as a unit may leave", 2 * SIGNED_EVERY, 1, false, false),
        ("more", 2 * SIGNED_EVERY + 1, 1, false, true),
        ("over a longer time", 12, minute, false, true),
        ("a clock that goes back for long", 2, -11 * minute, false, true),
        ("behind a start", 1, 0, true, true),
    ] {
        let found = check(&with_a_tail(records, step_ms, since_start), None);
        let problem = found.fault().map(|fault| fault.problem.as_str());
        assert_eq!(
            problem.is_some_and(|problem| problem.contains("would have signed")),
            is_fault,
            "{what}: {problem:?}"
        );
        assert_eq!(found.unsigned_from, (records > 0).then_some(3), "{what}");
        assert_eq!(
            (found.unsigned_records, found.unsigned_grants),
            (records + u64::from(since_start), records),
            "{what}"
        );
    }
    // A head that was kept elsewhere covers the records up to it.
    let files = with_a_tail(3, minute, false);
    let end = files[0].1.strip_suffix(b"\n").unwrap().rsplit(|&byte| byte == b'\n').next().unwrap();
    let head = key().signed(&Head::at(end).unwrap());
    assert_eq!(check(&files, Some(&head)).unsigned_from, None);
}

/// Regression test: the clock was set between two records, and the power failed before the next signature. Then the end
/// of the log counted as somebody else's.
#[test]
fn what_a_unit_leaves_unsigned_is_never_a_fault() {
    let hour = 3_600_000;
    let later = [Now::new(hour, 1), Now::new(-hour, 1), Now::new(hour, hour as u64)];
    for (now, has_failed) in later.into_iter().flat_map(|now| [(now, false), (now, true)]) {
        let mut disk = Memory::default();
        let open = |disk: &Memory, now: Now| {
            AuditLog::open_in(Box::new(disk.clone()), "log", Some(key()), Upkeep::default(), &now).unwrap()
        };
        let mut log = open(&disk, Now::new(0, 0));
        log.append(Event::started("1"), &Now::new(0, 0)).unwrap();
        log.sign(&Now::new(0, 0)).unwrap();
        log.append(granted(PersonId([1; 16])), &Now::new(0, 0)).unwrap();
        if has_failed {
            disk.set_read_only(true);
            log.append(Event::Stopped, &Now::new(0, 0)).unwrap_err();
            disk.set_read_only(false);
        }
        log.append(granted(PersonId([2; 16])), &now).unwrap();
        let files = |disk: &mut Memory| vec![("log".to_owned(), disk.read("log").unwrap().unwrap())];
        let found = check(&files(&mut disk), None);
        assert_eq!((found.fault(), found.unsigned_grants), (None, 1), "{now:?}");
        drop(log);
        let mut log = open(&disk, now);
        log.append(Event::started("1"), &now).unwrap();
        log.maintain(&now);
        let found = check(&files(&mut disk), None);
        assert_eq!((found.fault(), found.unsigned_from), (None, None), "the start signs what was left: {now:?}");
    }
}

/// The oldest file is deleted, and a forged record says that the unit removed it.
#[test]
fn a_removal_counts_only_if_it_is_signed() {
    let (mut files, _) = log(20, 1 << 20);
    let (_, removed) = files.remove(0);
    let last_line =
        |file: &[u8]| file.strip_suffix(b"\n").unwrap().rsplit(|&byte| byte == b'\n').next().unwrap().to_vec();
    let gone = Head::at(&last_line(&removed)).unwrap();
    let current = &mut files.last_mut().unwrap().1;
    let mut chain = Chain::after(&last_line(current)).unwrap();
    let forged = Event::Pruned { pruned_through: gone.sequence, pruned_hash: gone.hash };
    current.extend(chain.next_line(0, BootId([0; 16]), forged).unwrap().text().bytes());
    let found = fault(&files, None);
    assert!(found.contains("which says that they were removed, is not signed"), "{found}");
}

#[test]
fn every_fault_is_counted_and_only_the_first_are_listed() {
    let (mut files, head) = log(40, 1 << 20);
    files[1].1[60] ^= 1;
    files[4].1[60] ^= 1;
    files.remove(6);
    files.pop();
    let found = check(&files, Some(&head));
    let places: Vec<_> =
        found.faults.iter().map(|fault| fault.place.as_ref().map(|place| place.file.as_str())).collect();
    assert_eq!(places, [Some(&*files[1].0), Some(&*files[4].0), Some(&*files[6].0), None], "{:?}", found.faults);
    let junk = vec![("log".to_owned(), b"?\n".repeat(1000))];
    let found = check(&junk, None);
    assert_eq!((found.faults.len(), found.faults_found), (LISTED_FAULTS, 1000));
}

#[test]
fn a_head_may_be_of_a_removed_record() {
    let (old, old_head) = log(8, 1 << 20);
    assert_eq!(check(&old, Some(&old_head)).fault(), None);
    let (pruned, _) = log(60, 4_000);
    let found = fault(&pruned, Some(&old_head));
    assert!(found.contains("take a newer head"), "{found}");
}

#[test]
fn a_torn_end_is_not_a_fault() {
    let (mut files, head) = log(10, 1 << 20);
    files.last_mut().unwrap().1.extend(b"{\"schema\":1,");
    let found = check(&files, Some(&head));
    assert_eq!((found.fault(), found.torn_bytes), (None, Some(12)));
}

proptest! {
    #[test]
    fn any_changed_byte_in_any_file_is_found(pruned in any::<bool>(), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let (mut files, head) = log(30, if pruned { 4_000 } else { 1 << 20 });
        let mut place = place.index(files.iter().map(|(_, bytes)| bytes.len()).sum());
        let file = files.iter().position(|(_, bytes)| {
            let is_here = place < bytes.len();
            if !is_here {
                place -= bytes.len();
            }
            is_here
        }).unwrap();
        let line = 1 + files[file].1[..place].iter().filter(|&&byte| byte == b'\n').count();
        let begins = files[file].1[..place].iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
        files[file].1[place] ^= change;
        let found = check(&files, Some(&head)).faults.into_iter().next();
        prop_assert!(found.is_some());
        // Without its last line feed, the last line counts as torn. That is not a fault of the line, but the head is
        // missing.
        if let Some(place) = found.unwrap().place {
            let is_line_feed_of_a_file = place.byte == 0 && place.line == 1 && place.file != files[file].0;
            if !is_line_feed_of_a_file {
                prop_assert_eq!((&place.file, place.line, place.byte), (&files[file].0, line, begins as u64));
            }
        }
    }

    #[test]
    fn every_truncated_tail_is_detected(pruned in any::<bool>(), place in any::<prop::sample::Index>()) {
        let (mut files, head) = log(30, if pruned { 4_000 } else { 1 << 20 });
        let mut keep = place.index(files.iter().map(|(_, bytes)| bytes.len()).sum());
        for (_, bytes) in &mut files {
            let length = bytes.len();
            bytes.truncate(keep);
            keep -= keep.min(length);
        }
        files.retain(|(_, bytes)| !bytes.is_empty());
        prop_assert!(check(&files, Some(&head)).fault().is_some());
    }
}
