//! A record as a person reads it.

use crate::audit_log::names::Names;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use shared::audit::{Event, Record};
use shared::gallery::PersonId;
use shared::policy::Neighbour;

/// One line: when, what, whom, how far.
pub(super) fn in_words(record: &Record, names: &Names, zone: &TimeZone) -> String {
    format!("{}  {:>6}  {}", local_time(record.utc_ms, zone), record.sequence, event(&record.event, names))
}

pub(super) fn local_time(utc_ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(utc_ms) {
        Ok(moment) => moment.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{utc_ms} ms"),
    }
}

fn event(event: &Event, names: &Names) -> String {
    match event {
        Event::Started { version } => format!("the unit started, version {version}; the door is locked"),
        Event::Stopped => "the unit stopped; the door is locked".to_owned(),
        Event::DatabaseLoaded { database_sequence, threshold, .. } => {
            format!("database {database_sequence} was taken into use, threshold {threshold:.3}")
        }
        Event::Granted { person, credential, distance, runner_up, .. } => {
            let by = credential.code().replace('_', " ");
            format!("LET IN {} by {by}{}", who(person, names), distances(*distance, runner_up.as_ref(), names))
        }
        Event::Refused { reason, person, distance, runner_up, began_utc_ms, ended_utc_ms, .. } => {
            let seconds = ended_utc_ms.saturating_sub(*began_utc_ms) as f64 / 1e3;
            let whom = person.as_ref().map(|person| format!(", {}", who(person, names))).unwrap_or_default();
            let distances = distances(*distance, runner_up.as_ref(), names);
            format!("not let in: {reason}{whom}{distances}, seen for {seconds:.1} s")
        }
        Event::DoorForced => "THE DOOR IS OPEN though nobody was let in".to_owned(),
        Event::DoorHeld { open_ms } => format!("the door has been open for {} s", open_ms / 1000),
        Event::DoorClosed { open_ms } => format!("the door is closed again, after {} s", open_ms / 1000),
        Event::DoorFailed => "THE DOOR COULD NOT BE SWITCHED".to_owned(),
        Event::TornLineCut { bytes } => format!("a line that was not written to its end was cut off, {bytes} bytes"),
        Event::HeadSigned { .. } => "the unit signed the log up to here".to_owned(),
        Event::Pruned { pruned_through, .. } => format!("old records were removed, up to {pruned_through}"),
        Event::TailMissing { signed_sequence, .. } => {
            format!("RECORDS ARE MISSING: the log did not hold record {signed_sequence}, which was signed")
        }
        other => format!("{other:?}"),
    }
}

fn who(person: &PersonId, names: &Names) -> String {
    names.name(person).map_or_else(|| person.to_string(), |name| format!("{name} ({person})"))
}

fn distances(nearest: Option<f32>, runner_up: Option<&Neighbour>, names: &Names) -> String {
    let nearest = nearest.map(|distance| format!(", distance {distance:.3}")).unwrap_or_default();
    let next = runner_up
        .map(|Neighbour { person, distance }| {
            let next = names.name(person).map_or_else(|| person.to_string(), str::to_owned);
            format!(", next {next} {distance:.3}")
        })
        .unwrap_or_default();
    nearest + &next
}
