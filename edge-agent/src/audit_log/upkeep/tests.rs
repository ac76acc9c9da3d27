use super::*;
use crate::audit_log::LogKey;
use files::Memory;
use policy::audit::Head;

const DAY: u64 = DAY_MS as u64;

fn key() -> LogKey {
    LogKey::from_seed(&[1; 32])
}

fn open(disk: &Memory, upkeep: Upkeep, now: &Now) -> AuditLog {
    AuditLog::open_in(Box::new(disk.clone()), "log", Some(key()), upkeep, now).unwrap()
}

/// A trusted time: day and millisecond.
fn at(day: u64, ms: u64) -> Now {
    let ms = day * DAY + ms;
    Now::trusted(1_800_000_000_000 + ms as i64, ms)
}

fn firsts(disk: &Memory) -> Vec<u64> {
    log_files::segments(&mut disk.clone(), "log").unwrap().iter().map(|segment| segment.first).collect()
}

#[test]
fn a_log_continues_over_its_files() {
    let disk = Memory::default();
    let upkeep = Upkeep { file_bytes: 500, all_bytes: 1 << 20, keep_days: 90 };
    let mut last = Head::BEGINNING;
    for _ in 0..5 {
        let mut log = open(&disk, upkeep, &at(0, 0));
        assert_eq!(log.head(), last);
        for _ in 0..3 {
            log.append(Event::Stopped, &at(0, 0)).unwrap();
            log.maintain(&at(0, 0));
        }
        last = log.head();
    }
    assert!(firsts(&disk).len() > 3, "{:?}", firsts(&disk));
}

#[test]
fn days_are_kept_as_configured_and_no_longer() {
    let disk = Memory::default();
    let upkeep = Upkeep::new(1 << 20, 20);
    let mut log = open(&disk, upkeep, &at(0, 0));
    for day in 0..60 {
        log.append(Event::Stopped, &at(day, 0)).unwrap();
        log.maintain(&at(day, 1));
        let files = firsts(&disk);
        // The files of a little more than two days each, kept for twenty days after the last record.
        assert!(files.len() <= 9, "{files:?}");
    }
    let mut disk = disk;
    let oldest = disk.read(&log_files::segments(&mut disk.clone(), "log").unwrap()[0].name).unwrap().unwrap();
    let first = Record::parse(oldest.split(|&byte| byte == b'\n').next().unwrap()).unwrap();
    let age_days = (at(59, 0).utc_ms - first.utc_ms) / DAY_MS;
    assert!((20..=24).contains(&age_days), "{age_days}");
}

/// Setting the clock forward must not remove records.
#[test]
fn a_clock_that_is_not_trusted_removes_nothing() {
    let disk = Memory::default();
    let mut log = open(&disk, Upkeep { file_bytes: 500, all_bytes: 1 << 20, keep_days: 1 }, &at(0, 0));
    for number in 0..10 {
        log.append(Event::Stopped, &Now::new(number * 100 * DAY_MS, number as u64 * 100 * DAY)).unwrap();
        log.maintain(&Now::new(number * 100 * DAY_MS, number as u64 * 100 * DAY));
    }
    assert_eq!(firsts(&disk)[0], 1);
}

/// Regression test: after one start with a clock 400 days ahead, 7000 of 8000 records, ten minutes apart, were removed
/// at once.
#[test]
fn one_start_with_a_clock_far_ahead_removes_nothing() {
    let disk = Memory::default();
    let upkeep = Upkeep::new(1 << 20, 20);
    let mut log = open(&disk, upkeep, &at(0, 0));
    for day in 0..18 {
        log.append(Event::Stopped, &at(day, 0)).unwrap();
        log.maintain(&at(day, 1));
    }
    let before = firsts(&disk);
    assert!(before.len() > 5, "{before:?}");
    // A clock jump while the unit runs, and a start with that clock. Both are followed by most of a day of upkeep.
    let ahead = |hours: u64| Now::trusted(at(418, 0).utc_ms + hours as i64 * 3_600_000, 18 * DAY + hours * 3_600_000);
    for starts_anew in [false, true] {
        if starts_anew {
            log = open(&disk, upkeep, &ahead(0));
        }
        for hour in 0..24 {
            log.maintain(&ahead(hour));
        }
        assert_eq!(firsts(&disk)[..before.len()], before, "starts anew: {starts_anew}");
    }
    // After that, the loss is limited to one file a day, which can be noticed in time.
    for hour in 24..72 {
        log.maintain(&ahead(hour));
    }
    let left = firsts(&disk);
    assert!(left.contains(&before[2]) && !left.contains(&before[0]), "{before:?}, {left:?}");
}

/// Regression test: a Raspberry Pi without an RTC battery writes in 1970 until it knows the time. That made its newest
/// records look like the oldest.
#[test]
fn records_from_before_the_clock_was_set_are_as_young_as_the_next_one() {
    let disk = Memory::default();
    let upkeep = Upkeep { file_bytes: 500, all_bytes: 1 << 20, keep_days: 20 };
    let mut log = open(&disk, upkeep, &Now::new(0, 0));
    for number in 0..8 {
        log.append(Event::Stopped, &Now::new(number, number as u64)).unwrap();
        log.maintain(&Now::new(number, number as u64));
    }
    let before = firsts(&disk);
    assert!(before.len() > 1, "{before:?}");
    for day in 0..15 {
        log.append(Event::Stopped, &at(day, 100)).unwrap();
        log.maintain(&at(day, 101));
    }
    assert_eq!(firsts(&disk)[0], before[0]);
    for day in 15..60 {
        log.append(Event::Stopped, &at(day, 100)).unwrap();
        log.maintain(&at(day, 101));
    }
    assert!(!firsts(&disk).contains(&before[0]), "it is removed when that is old: {:?}", firsts(&disk));
}

#[test]
fn heads_are_signed_regularly_and_a_missing_tail_is_found_at_the_start() {
    let mut disk = Memory::default();
    let mut log = open(&disk, Upkeep::default(), &at(0, 0));
    for number in 0..SIGNED_EVERY {
        assert_eq!(log.health().report().signed, 0);
        log.append(Event::DoorHeld { open_ms: number }, &at(0, number)).unwrap();
        log.maintain(&at(0, number));
    }
    let signed = log.health().report().signed;
    assert_eq!((signed, log.head().sequence), (SIGNED_EVERY + 1, SIGNED_EVERY + 1));
    drop(log);

    // Nothing has changed, so nothing is missing.
    assert_eq!(open(&disk, Upkeep::default(), &at(0, 0)).head().sequence, signed);
    // Its last record is removed without a trace in the rest.
    let bytes = disk.read("log").unwrap().unwrap();
    let cut = bytes[..bytes.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    disk.truncate("log", cut as u64).unwrap();
    open(&disk, Upkeep::default(), &at(0, 0));
    let recorded = |mut disk: Memory| {
        let text = String::from_utf8(disk.read("log").unwrap().unwrap()).unwrap();
        let of_that = format!("\"event\":\"tail_missing\",\"signed_sequence\":{signed},");
        text.lines().filter(|line| line.contains(&of_that)).count()
    };
    assert_eq!(recorded(disk.clone()), 1);
    // It is reported once, because the next signature covers the present end.
    open(&disk, Upkeep::default(), &at(0, 0));
    assert_eq!(recorded(disk), 1);
}

/// On a full disk, a thousand more records can be written. After that, writing fails with an error. It works again when
/// there is space.
#[test]
fn a_full_disk_has_reserved_space_for_a_thousand_records() {
    let mut disk = Memory::default();
    let capacity = 16 << 20;
    disk.set_capacity(Some(capacity));
    let mut log = open(&disk, Upkeep::default(), &at(0, 0));
    log.append(Event::Stopped, &at(0, 0)).unwrap();
    log.maintain(&at(0, 0));
    assert_eq!(log.health().report().reserved_records, Some(RESERVED_RECORDS));

    let rest = usize::try_from(capacity - disk.used()).unwrap();
    disk.append("somebody else's", &vec![0; rest]).unwrap();
    assert!(disk.append("somebody else's", b"1").is_err());
    let mut written = 0;
    let error = loop {
        match log.append(Event::DoorHeld { open_ms: u64::MAX }, &at(0, written * 1_000)) {
            Ok(()) => written += 1,
            Err(error) => break error.to_string(),
        }
        log.maintain(&at(0, written * 1_000));
    };
    assert!(written > 4 * RESERVED_RECORDS, "{written} short ones");
    assert!(error.contains("no space left"), "{error}");
    let report = log.health().report();
    assert!(report.failing.is_some_and(|why| why.contains("no space left")));
    assert!(report.trouble.is_some(), "the status reports the shrinking reserve in advance");

    // A unit can start on the full disk, and reports that it is full.
    drop(log);
    let mut log = open(&disk, Upkeep::default(), &at(1, 0));
    assert!(log.append(Event::Stopped, &at(1, 0)).is_err());
    disk.remove("somebody else's").unwrap();
    log.append(Event::Stopped, &at(1, 1)).unwrap();
    log.maintain(&at(2, 0));
    let report = log.health().report();
    assert_eq!((report.failing, report.trouble, report.reserved_records), (None, None, Some(RESERVED_RECORDS)));
}

/// On a full disk, no file is rotated, because there is no space for the new one.
#[test]
fn a_full_file_stays_current_on_a_full_disk() {
    let disk = Memory::default();
    disk.set_capacity(Some(4 << 20));
    let upkeep = Upkeep { file_bytes: 500, all_bytes: 1 << 20, keep_days: 90 };
    let mut log = open(&disk, upkeep, &at(0, 0));
    log.maintain(&at(0, 0));
    for number in 0..1_000 {
        log.append(Event::Stopped, &at(0, number * 20_000)).unwrap();
        log.maintain(&at(0, number * 20_000));
    }
    assert!(firsts(&disk).is_empty());
    disk.set_capacity(None);
    log.maintain(&at(30, 0));
    assert_eq!(firsts(&disk), [1]);
}

#[test]
fn a_read_only_disk_is_reported_and_recovers() {
    let disk = Memory::default();
    open(&disk, Upkeep::default(), &at(0, 0)).append(Event::Stopped, &at(0, 0)).unwrap();
    disk.clone().append("log", b"{\"torn").unwrap();
    disk.set_read_only(true);
    let mut log = open(&disk, Upkeep::default(), &at(0, 0));
    assert!(log.append(Event::Stopped, &at(0, 0)).is_err());
    assert!(log.health().report().failing.is_some());
    disk.set_read_only(false);
    log.append(Event::Stopped, &at(0, 0)).unwrap();
    assert_eq!(log.health().report().failing, None);
    let text = String::from_utf8(disk.clone().read("log").unwrap().unwrap()).unwrap();
    let events: Vec<bool> = text.lines().map(|line| line.contains("torn_line_cut")).collect();
    // The torn line, the event that the log works again, and then the event to record.
    assert_eq!(events, [false, true, false, false]);
}
