//! Formats a record for people.

use crate::audit_log::names::Names;
use crate::lockdown;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::audit::{Event, Record};
use policy::{Neighbour, Report};
use shared::gallery::PersonId;
use terminal::{Tone, Verbosity, counted};

/// How much of a record is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Time, event, people and distance.
    Brief,
    /// Also the record's number, the ids of people and the runner-up.
    Full,
}

impl Detail {
    pub(super) fn wanted(verbosity: Verbosity) -> Self {
        if verbosity.is_verbose() { Self::Full } else { Self::Brief }
    }

    /// The column at which the text of a line begins.
    pub(super) fn indent(self) -> usize {
        match self {
            Self::Brief => 21,
            Self::Full => 29,
        }
    }
}

/// The record in one line.
pub(crate) fn in_words(record: &Record, names: &Names, zone: &TimeZone, detail: Detail) -> String {
    let people = People { names, detail };
    let (when, what) = (local_time(record.utc_ms, zone), event(&record.event, &people));
    match detail {
        Detail::Brief => format!("{when}  {what}"),
        Detail::Full => format!("{when}  {:>6}  {what}", record.sequence),
    }
}

/// Who people are, to the reader.
struct People<'a> {
    names: &'a Names,
    detail: Detail,
}

impl People<'_> {
    fn who(&self, person: &PersonId) -> String {
        match (self.names.name(person), self.detail) {
            (Some(name), Detail::Brief) => name.to_owned(),
            (Some(name), Detail::Full) => format!("{name} ({person})"),
            (None, _) => person.to_string(),
        }
    }

    fn distances(&self, nearest: Option<f32>, runner_up: Option<&Neighbour>) -> String {
        let nearest = nearest.map(|distance| format!(", distance {distance:.3}")).unwrap_or_default();
        let next = runner_up.filter(|_| self.detail == Detail::Full);
        let next = next.map(|Neighbour { person, distance }| {
            let next = self.names.name(person).map_or_else(|| person.to_string(), str::to_owned);
            format!(", next {next} {distance:.3}")
        });
        nearest + &next.unwrap_or_default()
    }
}

fn local_time(utc_ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(utc_ms) {
        Ok(moment) => moment.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{utc_ms} ms"),
    }
}

/// The time in RFC 3339, UTC.
pub(super) fn utc(utc_ms: i64) -> String {
    Timestamp::from_millisecond(utc_ms).map_or_else(|_| utc_ms.to_string(), |at| format!("{at:.0}"))
}

/// A time by [`utc`], in the local time of this zone.
pub(super) fn local(utc: &str, zone: &TimeZone) -> String {
    utc.parse::<Timestamp>().map_or_else(|_| utc.to_owned(), |at| local_time(at.as_millisecond(), zone))
}

/// The colour of events that stand out: grants, and events that need an administrator's attention.
pub(super) fn tone(event: &Event) -> Option<Tone> {
    match event {
        Event::Granted { .. } | Event::PassGranted { .. } => Some(Tone::Good),
        Event::DoorForced
        | Event::DoorFailed
        | Event::SelfTestFailed
        | Event::TailMissing { .. }
        | Event::PartFailed { .. }
        | Event::DatabaseReturned { .. } => Some(Tone::Bad),
        Event::DoorHeld { .. }
        | Event::ExitStuck { .. }
        | Event::LockedOut { .. }
        | Event::FacesPaced { .. }
        | Event::CardBlocked { .. }
        | Event::DatabaseRefused { .. }
        | Event::HeldOpen { .. }
        | Event::LockdownBegan { .. }
        | Event::FaceRecognitionOff { .. }
        | Event::LockTested { .. }
        | Event::AimBegan { .. }
        | Event::FireAlarmOn
        | Event::DoorReleased
        | Event::Tailgating { .. } => Some(Tone::Warning),
        _ => None,
    }
}

/// What the signals reported, with their figures if wanted.
fn in_line(signals: &[Report], detail: Detail) -> String {
    let one = |report: &Report| {
        let because = report.because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
        let figures = report.figures.iter().filter(|_| detail == Detail::Full);
        let figures: String = figures.map(|(name, value)| format!(" {name} {value}")).collect();
        format!(", {}: {}{because}{figures}", report.signal, report.finding.code().replace('_', " "))
    };
    signals.iter().map(one).collect()
}

fn event(event: &Event, people: &People<'_>) -> String {
    match event {
        Event::Started { version } => format!("the unit started, version {version}; the door is locked"),
        Event::Stopped => "the unit stopped; the door is locked".to_owned(),
        Event::DatabaseLoaded { database_sequence, threshold, threshold_grey, .. } => {
            let in_grey = threshold_grey.map(|grey| format!(", {grey:.3} without colour")).unwrap_or_default();
            format!("database {database_sequence} was taken into use, threshold {threshold:.3}{in_grey}")
        }
        Event::Granted { person, credential, distance, runner_up, grey, signals, .. } => {
            let by = credential.code().replace('_', " ");
            let distances = people.distances(*distance, runner_up.as_ref());
            let in_grey = if *grey { ", without colour" } else { "" };
            let signals = in_line(signals, people.detail);
            format!("LET IN {} by {by}{distances}{in_grey}{signals}", people.who(person))
        }
        Event::PassGranted { pass, host } => {
            let host = host.map(|host| format!(" and the card of {}", people.who(&host))).unwrap_or_default();
            format!("LET IN a visitor with pass {pass}{host}")
        }
        Event::Refused { reason, person, distance, runner_up, began_utc_ms, ended_utc_ms, signals, pass, .. } => {
            let seconds = ended_utc_ms.saturating_sub(*began_utc_ms) as f64 / 1e3;
            let of_person = person.as_ref().map(|person| format!(", {}", people.who(person))).unwrap_or_default();
            let distances = people.distances(*distance, runner_up.as_ref());
            let signals = in_line(signals, people.detail);
            let pass = pass.map(|pass| format!(", pass {pass}")).unwrap_or_default();
            format!("not let in: {}{of_person}{pass}{distances}, seen for {seconds:.1} s{signals}", reason.in_words())
        }
        Event::DoorForced => "THE DOOR IS OPEN, but nobody was let in".to_owned(),
        Event::DoorHeld { open_ms } => format!("the door is OPEN FOR TOO LONG: for {} s", open_ms / 1000),
        Event::DoorClosed { open_ms } => format!("the door is closed again, after {} s", open_ms / 1000),
        Event::ExitStuck { pressed_ms } => {
            format!("the exit button has been pressed for {} s: IS IT STUCK?", pressed_ms / 1000)
        }
        Event::ExitFree { pressed_ms } => format!("the exit button is free again, after {} s", pressed_ms / 1000),
        Event::DoorFailed => "THE DOOR COULD NOT BE SWITCHED".to_owned(),
        Event::TornLineCut { bytes } => format!("an incomplete last line of {} was removed", counted(*bytes, "byte")),
        Event::HeadSigned { .. } => "the unit signed the log up to here".to_owned(),
        Event::Pruned { pruned_through, .. } => format!("old records were removed, up to {pruned_through}"),
        Event::TailMissing { signed_sequence, .. } => {
            format!("RECORDS ARE MISSING: the log did not contain the signed record {signed_sequence}")
        }
        Event::DatabaseRefused { refused_because, .. } => {
            format!("a database was refused: {}", refused_because.replace('_', " "))
        }
        Event::DatabaseReturned { returned_to, returned_because } => {
            format!("BACK TO DATABASE {returned_to}: {}", returned_because.replace('_', " "))
        }
        Event::Requested { request, by_uid } => {
            format!("user {by_uid} requested: {}", request.replace('_', " "))
        }
        Event::SelfTestFailed => "NOBODY IS LET IN: the networks failed their self-test".to_owned(),
        Event::LockedOut { tried, person, failures, for_ms } => {
            let whose = person.map(|person| format!(" of {}", people.who(&person))).unwrap_or_default();
            let what = tried.code().replace('_', " ");
            format!("{what}{whose} is refused for {} s, after {}", for_ms / 1000, failed(*failures))
        }
        Event::FacesPaced { failures, each_ms } => {
            format!("one face every {} s is judged, after {}", each_ms / 1000, failed(*failures))
        }
        Event::CardBlocked { person, failures } => {
            let whose = person.map(|person| format!(" of {}", people.who(&person))).unwrap_or_default();
            let failed = failed(*failures);
            format!("CARDS{whose} ARE REFUSED until this is cleared or the card is replaced, after {failed}")
        }
        Event::LockoutCleared { tried, person, failures } => {
            let whose = person.map(|person| format!(" of {}", people.who(&person))).unwrap_or_default();
            let what = tried.code().replace('_', " ");
            format!("an administrator cleared {} by {what}{whose}", failed(*failures))
        }
        Event::PartFailed { part, failed_because, usb_port, unreported } => {
            let why = failed_because.replace('_', " ");
            format!("{} FAILS: {why}{}{}", part.name(), at(usb_port.as_deref()), more(*unreported))
        }
        Event::PartWorks { part, usb_port, failed_ms, tries, unreported } => {
            let again = match tries {
                0 => String::new(),
                _ => format!(" again, after {} s", failed_ms / 1000),
            };
            format!("{} works{again}{}{}", part.name(), at(usb_port.as_deref()), more(*unreported))
        }
        Event::LockdownBegan { locked_by, admits } => {
            let who = admits.as_ref().map_or("nobody".to_owned(), |group| format!("the group {group}"));
            lockdown::in_words(&[lockdown::source_in_words(locked_by)], &who)
        }
        Event::LockdownEnded { locked_by } => {
            format!("the lockdown by {} is over", lockdown::source_in_words(locked_by))
        }
        Event::FaceRecognitionOff { switched_by } => {
            format!("FACE RECOGNITION IS OFF, switched off by {}", lockdown::source_in_words(switched_by))
        }
        Event::FaceRecognitionOn { switched_by } => {
            format!("face recognition is on again; {} had switched it off", lockdown::source_in_words(switched_by))
        }
        Event::SignedOrder { order_number, request, person, signed_by, by_uid } => {
            let about = person.map(|person| format!(" {}", people.who(&person))).unwrap_or_default();
            let what = request.replace('_', " ");
            format!("signed order {order_number}: {what}{about}; signed by {signed_by}, handed over by user {by_uid}")
        }
        Event::LockTested { by_uid } => format!("LOCK TEST: user {by_uid} unlocked the door for two seconds"),
        Event::AimBegan { by_uid, for_seconds } => {
            format!("user {by_uid} WATCHES THE CAMERA'S PICTURES to aim it, for {for_seconds} s at most")
        }
        Event::AimEnded { ended_because, pictures } => {
            let why = ended_because.replace('_', " ");
            format!("nobody watches the camera's pictures any more, after {}: {why}", counted(*pictures, "picture"))
        }
        Event::FireAlarmOn => "THE FIRE ALARM has released the lock".to_owned(),
        Event::FireAlarmOff { alarm_ms } => format!("the fire alarm is over, after {} s", alarm_ms / 1000),
        Event::DoorReleased => "the door was opened, RELEASED BY THE FIRE ALARM".to_owned(),
        Event::HeldOpen { hours, person } => {
            format!("the door is HELD OPEN for everybody in the hours {hours}, opened by {}", people.who(person))
        }
        Event::HoldEnded { hours, ended_because } => {
            let why = match ended_because.as_str() {
                "hours_over" => "they are over",
                "clock_unknown" => "the clock is not trusted",
                "locked_down" => "the unit is locked down",
                "door_failed" => "the lock did not move",
                "self_test_failed" => "the networks failed their self-test",
                other => other,
            };
            format!("the door is no longer held open in the hours {hours}: {why}")
        }
        Event::Tailgating { person, others } => {
            let others = counted(*others, "other person");
            format!("TAILGATING? The camera saw {others} with {} without a grant", people.who(person))
        }
        other => format!("{other:?}"),
    }
}

fn at(usb_port: Option<&str>) -> String {
    usb_port.map_or_else(String::new, |port| format!(", at USB port {port}"))
}

fn more(unreported: u64) -> String {
    if unreported == 0 { String::new() } else { format!("; not recorded before: {}", counted(unreported, "change")) }
}

fn failed(attempts: u32) -> String {
    counted(attempts, "failed attempt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::sample_records::{self, Grant, Refusal, kind, record};
    use policy::audit::{HeadSignature, LineHash, Part};
    use policy::{Credential, HoldEnd, Reason};
    use shared::gallery::ModelHash;
    use shared::pass::PassId;
    use std::collections::BTreeSet;

    const ADA: PersonId = PersonId([0xad; 16]);

    /// Events of every kind, and what their words contain.
    fn examples() -> Vec<(Event, &'static str)> {
        let runner_up = Some(Neighbour { person: PersonId([0xbe; 16]), distance: 1.25 });
        let hash = LineHash([0; 32]);
        vec![
            (Event::started("1.2.3"), "version 1.2.3"),
            (Event::Stopped, "stopped"),
            (
                Event::DatabaseLoaded {
                    database_sequence: 7,
                    model: ModelHash([0; 32]),
                    threshold: 1.02,
                    threshold_grey: Some(1.01),
                },
                "database 7 was taken into use, threshold 1.020, 1.010 without colour",
            ),
            (
                Grant { grey: true, ..Grant::new(ADA, Credential::Face, &[0.5]) }.event(),
                "by face, distance 0.500, without colour",
            ),
            (
                Grant { runner_up, ..Grant::new(ADA, Credential::CardAndFace, &[0.5]) }.event(),
                "LET IN adadadadadadadadadadadadadadadad by card and face, distance 0.500, next bebe",
            ),
            (
                Refusal { seen_for_ms: 1500, ..Refusal::new(Reason::NotKnown, &[0.5]) }.event(),
                "not let in: no enrolled person looks enough like this face, distance 0.500, seen for 1.5 s",
            ),
            (
                Refusal { pass: Some(PassId([0xab; 6])), ..Refusal::new(Reason::PassRevoked, &[]) }.event(),
                "not let in: the pass was revoked, pass abababababab, seen for 0.0 s",
            ),
            (Event::DoorForced, "THE DOOR IS OPEN"),
            (Event::FireAlarmOn, "THE FIRE ALARM has released the lock"),
            (Event::FireAlarmOff { alarm_ms: 61_000 }, "the fire alarm is over, after 61 s"),
            (Event::DoorReleased, "opened, RELEASED BY THE FIRE ALARM"),
            (Event::DoorHeld { open_ms: 31_000 }, "the door is OPEN FOR TOO LONG: for 31 s"),
            (Event::ExitStuck { pressed_ms: 60_000 }, "pressed for 60 s: IS IT STUCK?"),
            (Event::ExitFree { pressed_ms: 90_000 }, "free again, after 90 s"),
            (Event::DoorClosed { open_ms: 31_000 }, "closed again, after 31 s"),
            (Event::DoorFailed, "COULD NOT BE SWITCHED"),
            (Event::TornLineCut { bytes: 9 }, "an incomplete last line of 9 bytes was removed"),
            (Event::HeadSigned { signature: HeadSignature([0; 64]) }, "signed"),
            (Event::Pruned { pruned_through: 12, pruned_hash: hash }, "up to 12"),
            (Event::TailMissing { signed_sequence: 12, signed_hash: hash }, "record 12"),
            (Event::database_refused(None, "other_model"), "refused: other model"),
            (Event::database_returned(6, "asked_for"), "BACK TO DATABASE 6: asked for"),
            (Event::requested("clear_lockouts", 1000), "user 1000 requested: clear lockouts"),
            (Event::SelfTestFailed, "NOBODY IS LET IN"),
            (
                Event::LockedOut { tried: Credential::Face, person: None, failures: 1, for_ms: 30_000 },
                "face is refused for 30 s, after 1 failed attempt",
            ),
            (
                Event::LockedOut { tried: Credential::CardAndFace, person: Some(ADA), failures: 6, for_ms: 60_000 },
                "card and face of adadadadadadadadadadadadadadadad is refused for 60 s",
            ),
            (Event::FacesPaced { failures: 50, each_ms: 300_000 }, "one face every 300 s is judged"),
            (Event::CardBlocked { person: Some(ADA), failures: 50 }, "ARE REFUSED until this is cleared"),
            (
                Event::LockoutCleared { tried: Credential::Face, person: None, failures: 7 },
                "an administrator cleared 7 failed attempts by face",
            ),
            (
                Event::part_failed(Part::Camera, "not_there", Some("1-1.3"), 7),
                "the camera FAILS: not there, at USB port 1-1.3; not recorded before: 7 changes",
            ),
            (Event::part_works(Part::Reader, None, 20_000, 40, 0), "the card reader works again, after 20 s"),
            (
                Event::PassGranted { pass: PassId([0xab; 6]), host: Some(ADA) },
                "LET IN a visitor with pass abababababab and the card of adad",
            ),
            (Event::Tailgating { person: ADA, others: 1 }, "TAILGATING? The camera saw 1 other person with adad"),
            (
                Event::HeldOpen { hours: "reception".try_into().unwrap(), person: ADA },
                "HELD OPEN for everybody in the hours reception, opened by adad",
            ),
            (
                Event::hold_ended("reception", HoldEnd::LockedDown),
                "no longer held open in the hours reception: the unit is locked down",
            ),
            (Event::LockTested { by_uid: 1000 }, "LOCK TEST: user 1000 unlocked the door for two seconds"),
            (
                Event::AimBegan { by_uid: 1000, for_seconds: 600 },
                "user 1000 WATCHES THE CAMERA'S PICTURES to aim it, for 600 s at most",
            ),
            (
                Event::aim_ended("viewer_gone", 7),
                "nobody watches the camera's pictures any more, after 7 pictures: viewer gone",
            ),
            (Event::lockdown_began("damaged_file", None), "LOCKED DOWN by a damaged file; nobody may enter"),
            (
                Event::lockdown_began("command", Some("wardens")),
                "LOCKED DOWN by a command; the group wardens may enter",
            ),
            (Event::lockdown_ended("switch"), "the lockdown by the switch is over"),
            (Event::lockdown_began("link", None), "LOCKED DOWN by the link; nobody may enter"),
            (Event::face_recognition_off("signed_order"), "FACE RECOGNITION IS OFF, switched off by a signed order"),
            (Event::face_recognition_on("link"), "face recognition is on again; the link had switched it off"),
            (
                Event::signed_order(5, "forget", Some(ADA), "5f0c-8a71-0000-1111-2222".parse().unwrap(), 990),
                "signed order 5: forget adadadadadadadadadadadadadadadad; signed by 5f0c-8a71-0000-1111-2222, handed over by \
                 user 990",
            ),
        ]
    }

    #[test]
    fn every_event_has_words() {
        let kinds: BTreeSet<String> = examples().iter().map(|(event, _)| kind(event)).collect();
        assert_eq!(kinds, sample_records::kinds().into_iter().collect());
        for (event, expected) in examples() {
            let record = record(1_800_000_000_000, event.clone());
            let words = in_words(&record, &Names::default(), &TimeZone::UTC, Detail::Full);
            assert!(words.starts_with("2027-01-15 08:00:00       1  ") && words.contains(expected), "{words}");
            assert!(!words.contains(&format!("{event:?}")), "no words of its own: {words}");
        }
    }

    #[test]
    fn every_event_and_every_reason_is_documented() {
        let manual = include_str!("../../../../docs/audit-log.md");
        // The codes of events are also in the journal's table, and some are reasons as well.
        let (events, rest) = manual.split_once("\n## In the system's journal\n").unwrap();
        let (_, reasons) = rest.split_once("\n## Reasons\n").unwrap();
        let is_in = |part: &str, code: &str| part.contains(&format!("\n| `{code}` |"));
        let kinds = sample_records::kinds().into_iter().filter(|kind| !is_in(events, kind));
        let codes = Reason::ALL.iter().map(|reason| reason.code()).filter(|code| !is_in(reasons, code));
        let missing: Vec<String> = kinds.chain(codes.map(str::to_owned)).collect();
        assert!(missing.is_empty(), "docs/audit-log.md lacks {missing:?}");
    }
}
