use super::*;
use crate::{Credential, HoldEnd, MAX_FIGURES, MAX_NAME_BYTES, Neighbour, Reason, Report, Signal};
use proptest::collection::vec as vec_of;
use proptest::option::of as option_of;
use proptest::prelude::*;
use shared::gallery::{DatabaseDigest, ModelHash, PersonId};
use shared::pass::PassId;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

const BOOT: BootId = BootId([0xb0; 16]);

fn granted() -> Event {
    Event::Granted {
        person: PersonId([0xad; 16]),
        credential: Credential::Face,
        distance: Some(0.599),
        distances: [0.625, 0.61, 0.599].into_iter().collect(),
        runner_up: Some(Neighbour { person: PersonId([0xbe; 16]), distance: 1.2 }),
        grey: false,
        signals: Default::default(),
    }
}

/// A log with these events, one second apart.
fn log_of(events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut chain = Chain::new();
    let lines = events.into_iter().enumerate().map(|(index, event)| {
        let line = chain.next_line(1_800_000_000_000 + 1000 * index as i64, BOOT, event).unwrap();
        let text = line.text().to_string();
        line.commit();
        text
    });
    lines.collect()
}

fn small_log() -> Vec<String> {
    log_of([Event::started("0.1.0"), granted(), Event::DoorFailed, Event::TornLineCut { bytes: 17 }, Event::Stopped])
}

#[test]
fn a_line_is_as_documented() {
    let expected = concat!(
        r#"{"schema":1,"sequence":1,"utc_ms":1800000000000,"boot":"b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0","#,
        r#""event":"granted","person":"adadadadadadadadadadadadadadadad","credential":"face","#,
        r#""distance":0.599,"distances":[0.625,0.61,0.599],"#,
        r#""runner_up":{"person":"bebebebebebebebebebebebebebebebe","distance":1.2},"#,
        r#""previous":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""checksum":"60ecbfe4"}"#,
        "\n"
    );
    assert_eq!(log_of([granted()])[0], expected);
}

/// A log of version 0.1.0, which had only faces, is read and continued.
#[test]
fn a_line_without_card_fields_is_read() {
    let line = concat!(
        r#"{"schema":1,"sequence":1,"utc_ms":1800000000000,"boot":"b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0","#,
        r#""event":"granted","person":"adadadadadadadadadadadadadadadad","distance":0.599,"#,
        r#""distances":[0.625,0.61,0.599],"#,
        r#""runner_up":{"person":"bebebebebebebebebebebebebebebebe","distance":1.2},"#,
        r#""previous":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""checksum":"bc9a6ab7"}"#,
    );
    assert_eq!(Record::parse(line.as_bytes()).unwrap().event, granted());
    let mut chain = Chain::after(line.as_bytes()).unwrap();
    let next = chain.next_line(0, BOOT, Event::DoorHeld { open_ms: 31_000 }).unwrap();
    let log = [line, "\n", next.text()].concat();
    assert_eq!(verify(log.as_bytes()).unwrap().lines, 2);
}

#[test]
fn each_line_names_the_hash_of_the_one_before() {
    let log = small_log();
    let first = log[0].strip_suffix('\n').unwrap();
    let second = Record::parse(log[1].strip_suffix('\n').unwrap().as_bytes()).unwrap();
    assert_eq!(second.previous, LineHash::from_line(first.as_bytes()));
    assert_eq!((second.sequence, second.boot, second.event), (2, BOOT, granted()));
}

#[test]
fn a_line_that_was_not_stored_is_made_again() {
    let mut chain = Chain::new();
    let failed = chain.next_line(0, BOOT, granted()).unwrap().text().to_string();
    assert_eq!(chain.head(), Head::BEGINNING);
    let retried = chain.next_line(0, BOOT, granted()).unwrap();
    assert_eq!(retried.text(), failed);
    let head = retried.head();
    retried.commit();
    assert_eq!(chain.head(), head);
}

#[test]
fn numbers_that_json_cannot_represent_are_refused() {
    let mut chain = Chain::new();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let event = Event::Granted {
            person: PersonId([1; 16]),
            credential: Credential::Face,
            distance: Some(0.5),
            distances: [0.5, bad].into_iter().collect(),
            runner_up: None,
            grey: false,
            signals: Default::default(),
        };
        assert!(matches!(chain.next_line(0, BOOT, event), Err(RecordError::Unprintable { .. })), "{bad}");
    }
}

#[test]
fn the_highest_number_has_no_successor() {
    let last = Record { sequence: u64::MAX, utc_ms: 0, boot: BOOT, event: Event::Stopped, previous: LineHash([7; 32]) };
    let mut chain = Chain::after(last.print().unwrap().as_bytes()).unwrap();
    assert_eq!(chain.next_line(0, BOOT, Event::Stopped).unwrap_err(), RecordError::Full);
}

#[test]
fn the_longest_line_has_room() {
    let distances = || std::iter::repeat_n(-1.175_494_4e-38, 32).collect();
    let person = PersonId([0xff; 16]);
    let runner_up = Some(Neighbour { person, distance: -1.175_494_4e-38 });
    let figures = (0..MAX_FIGURES).map(|index| std::format!("{index}{}", "x".repeat(MAX_NAME_BYTES)));
    let report = |signal| {
        let report = Report::cannot_tell(signal, &"x".repeat(MAX_NAME_BYTES));
        figures.clone().fold(report, |report, name| report.with(&name, -99_999.0))
    };
    let signals = || Signal::ALL.into_iter().map(report).collect();
    let longest = [
        Event::started(&"\u{1}".repeat(MAX_VERSION_BYTES)),
        Event::Granted {
            person,
            credential: Credential::CardAndFace,
            distance: Some(-1.175_494_4e-38),
            distances: distances(),
            runner_up,
            grey: true,
            signals: signals(),
        },
        Event::Refused {
            reason: Reason::OutsideValidity,
            person: Some(person),
            distance: Some(-1.175_494_4e-38),
            distances: distances(),
            runner_up,
            began_utc_ms: i64::MIN,
            ended_utc_ms: i64::MIN,
            grants: usize::MAX,
            signals: signals(),
            pass: Some(PassId([0xff; 6])),
        },
    ];
    for event in longest {
        let record = Record { sequence: u64::MAX, utc_ms: i64::MIN, boot: BOOT, event, previous: LineHash([0xff; 32]) };
        let length = record.print().unwrap().len() + 1;
        assert!(length <= MAX_LINE_BYTES, "{length}");
    }
}

/// A changed line with a correct checksum.
fn rewritten(line: &str, from: &str, to: &str) -> String {
    let covered = line.replace(from, to);
    let covered = covered.split(",\"checksum\"").next().unwrap();
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(covered.as_bytes());
    std::format!("{covered},\"checksum\":\"{checksum:08x}\"}}")
}

#[test]
fn a_later_event_does_not_break_the_chain() {
    // A unit that was downgraded must still be able to continue its log.
    let line = rewritten(&log_of([Event::Stopped])[0], "stopped", "moved_away");
    assert_eq!(verify(std::format!("{line}\n").as_bytes()).unwrap().lines, 1);
    assert_eq!(Chain::after(line.as_bytes()).unwrap().head().sequence, 1);
    let problem = Record::parse(line.as_bytes()).unwrap_err();
    assert!(problem.to_string().contains("moved_away"), "{problem}");
}

/// A regression, found by fuzzing: `audit verify` accepted a log that begins with a record 0.
#[test]
fn there_is_no_record_0() {
    let line = rewritten(&small_log()[0], r#""sequence":1"#, r#""sequence":0"#);
    let mut verifier = Verifier::from_anywhere();
    let problem = verifier.line(std::format!("{line}\n").as_bytes()).unwrap_err().problem;
    assert_eq!(problem, LineProblem::Sequence { expected: 1, found: 0 });
    assert_eq!(Record::parse(line.as_bytes()), Err(problem));
}

#[test]
fn a_later_schema_is_refused() {
    let line = rewritten(&log_of([Event::Stopped])[0], "\"schema\":1", "\"schema\":2");
    assert_eq!(Record::parse(line.as_bytes()), Err(LineProblem::Schema { found: 2 }));
    assert_eq!(Chain::after(line.as_bytes()), Err(LineProblem::Schema { found: 2 }));
}

#[test]
fn every_change_of_a_log_is_found() {
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, Change, usize); 10] = [
        ("a first line removed", |log| drop(log.remove(0)), 1),
        ("a line removed", |log| drop(log.remove(2)), 3),
        ("a line twice", |log| log.insert(2, log[1].clone()), 3),
        ("lines exchanged", |log| log.swap(1, 3), 2),
        ("an empty line", |log| log.insert(1, "\n".into()), 2),
        ("another first line", |log| log[0] = log_of([granted()]).remove(0), 2),
        ("a digit changed", |log| log[1] = log[1].replace("0.61,", "0.62,"), 2),
        ("a record printed again", |log| log[1] = reprinted(&log[1], |record| record.utc_ms += 1), 3),
        ("a number left out", |log| log[4] = reprinted(&log[4], |record| record.sequence += 1), 5),
        ("another predecessor", |log| log[1] = reprinted(&log[1], |record| record.previous.0[0] ^= 1), 2),
    ];
    for (what, change, line) in cases {
        let mut log = small_log();
        assert!(verify(log.concat().as_bytes()).is_ok());
        change(&mut log);
        let error = verify(log.concat().as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{what}: {error}");
    }
}

fn reprinted(line: &str, change: impl Fn(&mut Record)) -> String {
    let mut record = Record::parse(line.strip_suffix('\n').unwrap().as_bytes()).unwrap();
    change(&mut record);
    record.print().unwrap() + "\n"
}

#[test]
fn only_a_head_kept_elsewhere_shows_a_cut_tail() {
    let log = small_log();
    let whole = verify(log.concat().as_bytes()).unwrap();
    let cut = verify(log[..4].concat().as_bytes()).unwrap();
    assert_eq!((whole.lines, whole.first, cut.lines), (5, Some(1), 4));
    assert_ne!(cut.head, whole.head);
    assert_eq!(whole.head, Some(Head::at(log[4].strip_suffix('\n').unwrap().as_bytes()).unwrap()));
}

/// A regression: `audit verify` reported nothing after the first fault.
#[test]
fn each_change_is_one_fault_and_later_lines_are_checked() {
    let log = log_of((0..12).map(|number| Event::TornLineCut { bytes: number }));
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, Change, &[usize]); 7] = [
        ("nothing", |_| (), &[]),
        ("the first line damaged", |log| log[0] = "?\n".into(), &[1]),
        (
            "two lines damaged, and one removed",
            |log| {
                log[2] = log[2].replace("bytes", "Bytes");
                log[4] = "\n".into();
                log.remove(8);
            },
            &[3, 5, 9],
        ),
        ("two neighbours damaged", |log| log[3..5].fill("?\n".into()), &[4, 5]),
        ("junk put in", |log| log.insert(6, "?\n".into()), &[7]),
        (
            "a line torn, and a later one changed",
            |log| {
                log[1].truncate(20);
                log[1].push('\u{1}');
                log[9] = reprinted(&log[9], |record| record.utc_ms += 1);
            },
            &[2, 10],
        ),
        (
            "a line replaced by one with the right checksum",
            |log| log[5] = reprinted(&log[5], |record| record.utc_ms += 1),
            &[7],
        ),
    ];
    for (what, change, expected) in cases {
        let mut log = log.clone();
        change(&mut log);
        let mut verifier = Verifier::after(Head::BEGINNING);
        let faults = log.iter().filter_map(|line| verifier.line(line.as_bytes()).err());
        assert_eq!(faults.map(|fault| fault.line).collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn a_log_in_several_files_is_checked_file_by_file() {
    let log = small_log();
    let (older, newer) = (log[..2].concat(), log[2..].concat());
    let check = |mut verifier: Verifier, file: &str| {
        file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes()))?;
        Ok::<Summary, ChainError>(verifier.finish())
    };
    let first = check(Verifier::after(Head::BEGINNING), &older).unwrap();
    let second = check(Verifier::after(first.head.unwrap()), &newer).unwrap();
    assert_eq!((second.lines, second.first), (3, Some(3)));
    assert_eq!(check(Verifier::from_anywhere(), &newer).unwrap(), second);
    assert_eq!(check(Verifier::after(Head::BEGINNING), &newer).unwrap_err().line, 1);
    assert_eq!(check(Verifier::after(first.head.unwrap()), "").unwrap().head, first.head);
}

#[test]
fn a_file_names_what_it_follows() {
    let log = small_log();
    let mut verifier = Verifier::from_anywhere();
    log[2..].iter().try_for_each(|line| verifier.line(line.as_bytes())).unwrap();
    let before = Head::at(log[1].trim_end().as_bytes()).unwrap();
    assert_eq!(verifier.finish().follows, Some(before));
    assert_eq!(verify(log.concat().as_bytes()).unwrap().follows, Some(Head::BEGINNING));
}

/// Devices and workstations of all versions must agree on these bytes.
#[test]
fn signed_bytes_of_a_head() {
    let bytes = Head { sequence: 258, hash: LineHash([7; 32]) }.signed_bytes();
    let expected = [&b"edge-agent audit log head\n"[..], &[2, 1, 0, 0, 0, 0, 0, 0], &[7; 32]].concat();
    assert_eq!(bytes[..], expected[..]);
}

#[test]
fn nothing_follows_a_torn_line() {
    let mut verifier = Verifier::from_anywhere();
    let log = small_log();
    verifier.line(log[0].trim_end().as_bytes()).unwrap();
    assert_eq!(verifier.line(log[1].as_bytes()).unwrap_err().line, 1);
}

fn events() -> impl Strategy<Value = Event> {
    let person = || any::<[u8; 16]>().prop_map(PersonId);
    let distance = || 0.0..2.0_f32;
    let distances = || vec_of(0.0..2.0_f32, 0..=32).prop_map(|distances| distances.into_iter().collect());
    let runner_up = || option_of((person(), distance()).prop_map(|(person, distance)| Neighbour { person, distance }));
    let credential = prop_oneof![Just(Credential::Face), Just(Credential::Card), Just(Credential::CardAndFace)];
    let report = |signal| {
        let found = ("[a-z_]{0,30}", vec_of(("[a-z_]{1,30}", -2.0..2.0_f32), 0..8));
        found.prop_map(move |(because, figures)| {
            let report = Report::not_live(signal, &because);
            figures.iter().fold(report, |report, (name, value)| report.with(name, *value))
        })
    };
    let signals = || Signal::ALL.map(report).prop_map(|reports| reports.into_iter().collect());
    let reason = (0..Reason::ALL.len()).prop_map(|index| Reason::ALL[index]);
    let refused = (
        reason,
        option_of(person()),
        option_of(distance()),
        distances(),
        runner_up(),
        any::<(i64, i64)>(),
        0..64_usize,
    );
    prop_oneof![
        any::<String>().prop_map(|version| Event::started(&version)),
        Just(Event::Stopped),
        Just(Event::DoorFailed),
        Just(Event::DoorForced),
        any::<u64>().prop_map(|open_ms| Event::DoorHeld { open_ms }),
        any::<u64>().prop_map(|open_ms| Event::DoorClosed { open_ms }),
        any::<u64>().prop_map(|pressed_ms| Event::ExitStuck { pressed_ms }),
        any::<u64>().prop_map(|pressed_ms| Event::ExitFree { pressed_ms }),
        (any::<u64>(), any::<[u8; 32]>(), distance(), option_of(distance())).prop_map(
            |(database_sequence, model, threshold, threshold_grey)| {
                Event::DatabaseLoaded { database_sequence, model: ModelHash(model), threshold, threshold_grey }
            }
        ),
        (person(), credential, option_of(distance()), distances(), runner_up(), any::<bool>(), signals()).prop_map(
            |(person, credential, distance, distances, runner_up, grey, signals)| {
                Event::Granted { person, credential, distance, distances, runner_up, grey, signals }
            }
        ),
        (option_of(person()), any::<[u8; 6]>())
            .prop_map(|(host, pass)| Event::PassGranted { pass: PassId(pass), host }),
        (refused, signals(), option_of(any::<[u8; 6]>())).prop_map(
            |(
                (reason, person, distance, distances, runner_up, (began_utc_ms, ended_utc_ms), grants),
                signals,
                pass,
            )| {
                Event::Refused {
                    reason,
                    person,
                    distance,
                    distances,
                    runner_up,
                    began_utc_ms,
                    ended_utc_ms,
                    grants,
                    signals,
                    pass: pass.map(PassId),
                }
            }
        ),
        any::<u64>().prop_map(|bytes| Event::TornLineCut { bytes }),
        any::<[u8; 32]>()
            .prop_map(|half| Event::HeadSigned { signature: HeadSignature([half, half].concat().try_into().unwrap()) }),
        any::<(u64, [u8; 32])>()
            .prop_map(|(pruned_through, hash)| Event::Pruned { pruned_through, pruned_hash: LineHash(hash) }),
        any::<(u64, [u8; 32])>()
            .prop_map(|(signed_sequence, hash)| Event::TailMissing { signed_sequence, signed_hash: LineHash(hash) }),
        (option_of(any::<[u8; 32]>()), any::<String>())
            .prop_map(|(digest, code)| Event::database_refused(digest.map(DatabaseDigest), &code)),
        any::<(u64, String)>().prop_map(|(sequence, code)| Event::database_returned(sequence, &code)),
        any::<(u32, String)>().prop_map(|(uid, code)| Event::requested(&code, uid)),
        (person(), "[^\\p{Cc}]{1,32}")
            .prop_map(|(person, hours)| Event::HeldOpen { hours: hours.chars().take(8).collect(), person }),
        any::<String>().prop_map(|hours| Event::hold_ended(&hours, HoldEnd::HoursOver)),
        (any::<String>(), option_of(any::<String>()))
            .prop_map(|(code, admits)| Event::lockdown_began(&code, admits.as_deref())),
        any::<String>().prop_map(|code| Event::lockdown_ended(&code)),
        any::<String>().prop_map(|code| Event::face_recognition_off(&code)),
        any::<String>().prop_map(|code| Event::face_recognition_on(&code)),
        (any::<u64>(), any::<String>(), option_of(person()), any::<u32>()).prop_map(|(number, code, person, uid)| {
            let signer = "5f0c-8a71-0000-1111-2222".parse().unwrap();
            Event::signed_order(number, &code, person, signer, uid)
        }),
        any::<u32>().prop_map(|by_uid| Event::LockTested { by_uid }),
        any::<(u32, u16)>().prop_map(|(by_uid, for_seconds)| Event::AimBegan { by_uid, for_seconds }),
        any::<(String, u64)>().prop_map(|(code, pictures)| Event::aim_ended(&code, pictures)),
        Just(Event::SelfTestFailed),
        (any::<String>(), option_of(any::<String>()), any::<u64>()).prop_map(|(code, port, more)| Event::part_failed(
            Part::Camera,
            &code,
            port.as_deref(),
            more
        )),
        (option_of(any::<String>()), any::<[u64; 3]>()).prop_map(|(port, [ms, tries, more])| Event::part_works(
            Part::AuditLog,
            port.as_deref(),
            ms,
            tries,
            more
        )),
    ]
}

proptest! {
    #[test]
    fn printed_lines_are_read_back(
        event in events(),
        sequence in any::<u64>(),
        utc_ms in any::<i64>(),
        boot in any::<[u8; 16]>(),
        previous in any::<[u8; 32]>(),
    ) {
        let record = Record { sequence, utc_ms, boot: BootId(boot), event, previous: LineHash(previous) };
        let line = record.print().unwrap();
        let is_as_documented = line.starts_with(r#"{"schema":1,"sequence":"#) && !line.contains('\n');
        prop_assert!(is_as_documented);
        prop_assert_eq!(Record::parse(line.as_bytes()).unwrap(), record);
    }

    #[test]
    fn every_changed_byte_is_found_in_its_line(events in vec_of(events(), 1..5), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let lines = log_of(events);
        let mut log = lines.concat().into_bytes();
        let place = place.index(log.len());
        let line = 1 + log[..place].iter().filter(|&&byte| byte == b'\n').count();
        log[place] ^= change;
        match verify(&log) {
            Err(error) => prop_assert_eq!(error.line, line),
            Ok(summary) => {
                prop_assert_eq!(place, log.len() - 1, "only the last line feed makes no fault, but a torn line");
                prop_assert_eq!(summary.torn.unwrap().line, line);
            }
        }
    }

    #[test]
    fn a_cut_is_a_torn_line_and_the_log_continues(events in vec_of(events(), 1..5), place in any::<prop::sample::Index>()) {
        let lines = log_of(events);
        let log = lines.concat();
        let cut = &log.as_bytes()[..place.index(log.len())];
        let whole = cut.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
        let summary = verify(cut).unwrap();
        prop_assert_eq!(summary.torn.map_or(0, |torn| torn.bytes), cut.len() - whole);
        prop_assert_eq!(summary.torn.is_some(), cut.len() > whole);

        let mut chain = match summary.lines {
            0 => Chain::new(),
            lines_left => Chain::after(lines[lines_left - 1].trim_end().as_bytes()).unwrap(),
        };
        let next = chain.next_line(0, BOOT, Event::TornLineCut { bytes: 1 }).unwrap();
        let mut repaired = cut[..whole].to_vec();
        repaired.extend_from_slice(next.text().as_bytes());
        prop_assert_eq!(verify(&repaired).unwrap().head, Some(next.head()));
    }

    #[test]
    fn no_text_makes_it_panic(line in vec_of(any::<u8>(), 0..200)) {
        prop_assert!(verify(&line).is_ok_and(|summary| summary.lines == 0) || verify(&line).is_err());
        prop_assert!(Record::parse(&line).is_err());
    }
}
