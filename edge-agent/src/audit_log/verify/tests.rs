use super::*;
use crate::audit_log::{AuditLog, LogKey, Upkeep, log_files};
use files::{Memory, Storage};
use proptest::prelude::*;
use shared::policy::Now;
use std::io::Cursor;

type Files = Vec<(String, Vec<u8>)>;

fn key() -> LogKey {
    LogKey::from_seed(&[1; 32])
}

/// A log in several files, signed, its oldest files removed or not; and its head.
fn log(records: usize, all_bytes: u64) -> (Files, SignedHead) {
    let mut disk = Memory::default();
    let upkeep = Upkeep { file_bytes: 900, all_bytes, keep_days: 90 };
    let mut log = AuditLog::open_with(Box::new(disk.clone()), "log", upkeep, Some(key()), &Now::new(0, 0)).unwrap();
    for number in 0..records as u64 {
        log.append(Event::DoorHeld { open_ms: number }, &Now::new(number as i64, number)).unwrap();
        log.tend(&Now::new(0, number));
    }
    // The current file is not empty, and its last record is signed.
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
    let fault = check(files, head).fault.expect("a fault");
    fault.place.map_or(fault.problem.clone(), |place| format!("{place}: {}", fault.problem))
}

#[test]
fn a_log_in_several_files_is_whole() {
    let (files, head) = log(20, 1 << 20);
    assert!(files.len() > 4);
    let found = check(&files, Some(&head));
    assert_eq!((found.fault, found.first, found.pruned_through, found.torn_bytes), (None, Some(1), None, None));
    assert_eq!(found.last, Some(head.head()));
    assert!(found.signatures as usize >= files.len() - 1);

    let (files, head) = log(40, 4_000);
    let found = check(&files, Some(&head));
    assert_eq!(found.fault, None);
    assert_eq!(found.pruned_through, Some(found.first.unwrap() - 1));
}

#[test]
fn what_was_done_to_files_is_found() {
    type Change = fn(&mut Files);
    let cases: [(&str, Change, &str); 8] = [
        ("the oldest file removed", |log| drop(log.remove(0)), "no record says that they were removed"),
        ("a file in the middle removed", |log| drop(log.remove(2)), "where record"),
        (
            "files exchanged",
            |log| {
                let (a, b) = (log[1].1.clone(), log[2].1.clone());
                log[1].1 = b;
                log[2].1 = a;
            },
            "log.00",
        ),
        ("another name", |log| log[0].0 = "log.0000000009".into(), "its name says 9"),
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
            "where record",
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
    let place = check(&files, None).fault.unwrap().place.unwrap();
    assert_eq!(place, Place { file: files[2].0.clone(), line: 2, byte: second_line as u64 });
}

/// Somebody without the key writes a whole log anew, each line following from the one before.
#[test]
fn a_log_that_was_written_anew_is_found() {
    let (_, head) = log(20, 1 << 20);
    for signed_by in [None, Some(LogKey::from_seed(&[2; 32]))] {
        let mut disk = Memory::default();
        let upkeep = Upkeep::default();
        let mut forged =
            AuditLog::open_with(Box::new(disk.clone()), "log", upkeep, signed_by, &Now::new(0, 0)).unwrap();
        for number in 0..40 {
            forged.append(Event::DoorHeld { open_ms: number + 1 }, &Now::new(number as i64, number)).unwrap();
        }
        forged.sign(&Now::new(0, 0)).unwrap();
        let files = vec![("log".to_owned(), disk.read("log").unwrap().unwrap())];
        let found = fault(&files, None);
        assert!(found.contains("nothing in it is signed") || found.contains("not by the key"), "{found}");
        let open = OpenFile { name: "log".to_owned(), first: None, content: Cursor::new(&files[0].1[..]) };
        let without_key = verify([open], Against { key: None, head: Some(&head) }, |_| Ok(())).unwrap();
        assert!(without_key.fault.unwrap().problem.contains("written anew"));
    }
}

#[test]
fn a_head_may_be_of_what_was_removed() {
    let (old, old_head) = log(8, 1 << 20);
    assert_eq!(check(&old, Some(&old_head)).fault, None);
    let (pruned, _) = log(60, 4_000);
    let found = fault(&pruned, Some(&old_head));
    assert!(found.contains("take a newer head"), "{found}");
}

#[test]
fn a_torn_end_is_no_fault() {
    let (mut files, head) = log(10, 1 << 20);
    files.last_mut().unwrap().1.extend(b"{\"schema\":1,");
    let found = check(&files, Some(&head));
    assert_eq!((found.fault, found.torn_bytes), (None, Some(12)));
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
        let found = check(&files, Some(&head)).fault;
        prop_assert!(found.is_some());
        // A last line feed that is gone makes a torn line: no fault of a line, but the head is missing then.
        if let Some(place) = found.unwrap().place {
            let is_line_feed_of_a_file = place.byte == 0 && place.line == 1 && place.file != files[file].0;
            if !is_line_feed_of_a_file {
                prop_assert_eq!((&place.file, place.line, place.byte), (&files[file].0, line, begins as u64));
            }
        }
    }

    #[test]
    fn any_cut_tail_is_found(pruned in any::<bool>(), place in any::<prop::sample::Index>()) {
        let (mut files, head) = log(30, if pruned { 4_000 } else { 1 << 20 });
        let mut keep = place.index(files.iter().map(|(_, bytes)| bytes.len()).sum());
        for (_, bytes) in &mut files {
            let length = bytes.len();
            bytes.truncate(keep);
            keep -= keep.min(length);
        }
        files.retain(|(_, bytes)| !bytes.is_empty());
        prop_assert!(check(&files, Some(&head)).fault.is_some());
    }
}
