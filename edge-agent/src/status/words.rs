//! Formats the report as text for people.

use super::report::{DatabaseReport, LastDecision, Report, SelfTest};
use crate::audit_log::AuditReport;
use crate::audit_log::names::Names;
use crate::camera::{CameraReport, CameraState};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::Reason;
use terminal::{counted, wrapped};

/// Formatting options: names, time zone and line width.
#[derive(Debug, Clone)]
pub(crate) struct Wording {
    /// Names of people. A person without a name here is shown by id.
    pub(crate) names: Names,
    /// Time zone of the times.
    pub(crate) zone: TimeZone,
    /// Maximum line length.
    pub(crate) columns: usize,
}

impl Default for Wording {
    fn default() -> Self {
        Self { names: Names::default(), zone: TimeZone::UTC, columns: 80 }
    }
}

/// Width of the label column.
const LABEL: usize = 18;

pub(super) fn in_words(report: &Report, wording: &Wording) -> String {
    let about = |(label, text): (&str, String)| wrapped(&format!("{label:<LABEL$}{text}"), wording.columns, LABEL);
    let mut rows = about_unit(report);
    rows.extend(report.access.in_words());
    rows.extend(report.order.iter().map(|order| ("signed order", order.in_words())));
    rows.extend(report.peripherals.in_words());
    rows.extend(self_test(report.self_test.as_ref()).map(|found| ("self-test", found)));
    let mut lines: Vec<String> = rows.into_iter().map(about).collect();
    for (stage, latency) in report.latency_ms.named() {
        if let Some(latency) = latency {
            let times = format!("p50 {:.1} ms, p99 {:.1} ms, of {}", latency.p50, latency.p99, latency.count);
            lines.push(about((&stage.replace('_', " "), times)));
        }
    }
    let temperatures = report.temperatures.iter();
    lines
        .extend(temperatures.map(|found| about(("temperature", format!("{:.1} °C, {}", found.celsius, found.sensor)))));
    lines.extend(report.decisions.iter().map(|decision| about(("decision", in_one_line(decision, wording)))));
    lines.join("\n")
}

fn about_unit(report: &Report) -> Vec<(&'static str, String)> {
    let Report { version, door, database, turns, .. } = report;
    let id = report.unit_id.as_deref().unwrap_or("no id");
    let CameraReport { captured, dropped, damaged, .. } = report.camera;
    let last = last_turn(report);
    let infrared = report.infrared_camera.iter().map(|infrared| ("infrared camera", camera(infrared, "LOST")));
    let rows = vec![
        ("unit", format!("{id}, edge-agent {version}, up for {}", duration(report.uptime_seconds))),
        ("door", door.clone()),
        ("opens to", report.protection.in_words.clone()),
        ("drill", report.drill.in_words()),
        ("camera", camera(&report.camera, "LOST, the door stays locked")),
        ("frames", format!("{captured} captured, {dropped} skipped for newer ones, {damaged} damaged")),
        ("database", in_use(database)),
        ("audit log", audit_log(&report.audit)),
        ("loop", format!("{} turns, {:.1} per second, {} failed; {last}", turns.count, turns.per_second, turns.failed)),
        ("clock", clock(report)),
    ];
    rows.into_iter().chain(infrared).collect()
}

fn clock(report: &Report) -> String {
    match (report.clock.as_str(), report.clock_evidence.as_deref()) {
        ("trusted", Some("time_server")) => "trusted: a time server has set it".to_owned(),
        ("trusted", Some("set_file")) => "trusted: [clock] set-file exists".to_owned(),
        ("trusted", Some("battery_clock")) => "trusted: it was set from an RTC with a battery".to_owned(),
        ("trusted", _) => "trusted".to_owned(),
        (unknown, _) => format!("{unknown}: people with dates or hours are refused"),
    }
}

fn camera(camera: &CameraReport, lost: &str) -> String {
    let description = camera.description.as_deref().unwrap_or("not opened yet");
    match camera.state {
        CameraState::Streaming => description.to_owned(),
        CameraState::Opening => "being opened".to_owned(),
        CameraState::Lost => {
            format!("{lost}: {}", camera.reason.as_deref().unwrap_or(description))
        }
    }
}

fn audit_log(audit: &AuditReport) -> String {
    let AuditReport { sequence, signed, failing, reserved_records, trouble } = audit;
    let mut words = vec![counted(*sequence, "record")];
    if *signed > 0 {
        words.push(format!("signed up to {signed}"));
    }
    if let Some(records) = reserved_records {
        words.push(format!("space reserved for {records} more"));
    }
    words.extend(trouble.clone());
    words.extend(failing.as_ref().map(|why| format!("NOBODY IS LET IN: {why}")));
    words.join("; ")
}

fn in_use(database: &DatabaseReport) -> String {
    let DatabaseReport { sequence, people, encodings, audience, returned, refused, .. } = database;
    let doors = audience.as_deref().unwrap_or("unspecified doors");
    let mut words = vec![format!(
        "sequence {sequence}: {}, {}, for {doors}",
        counted(*people, "person"),
        counted(*encodings, "encoding")
    )];
    words.extend(
        returned
            .as_ref()
            .map(|why| format!("USING THE PREVIOUS DATABASE, because the current one cannot be used: {why}")),
    );
    words.extend(refused.as_ref().map(|refused| format!("a new one was refused: {}", refused.reason)));
    words.join("; ")
}

/// The self-test; `None` if it passed.
fn self_test(found: Option<&SelfTest>) -> Option<String> {
    match found? {
        SelfTest::Passed => None,
        SelfTest::NothingStored => Some("not possible: the encoder's bundle has no crops for it".to_owned()),
        SelfTest::Failed { reason } => Some(format!("NOBODY IS LET IN: {reason}")),
    }
}

fn last_turn(report: &Report) -> String {
    report
        .last_turn_seconds_ago
        .map_or("no turn has finished".to_owned(), |seconds| format!("last turn {seconds:.1} s ago"))
}

fn in_one_line(decision: &LastDecision, wording: &Wording) -> String {
    let when = Timestamp::from_millisecond(decision.utc_ms)
        .map(|when| when.to_zoned_datetime(wording.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    let what = match (decision.decision.as_str(), decision.reason.as_deref()) {
        (_, Some(reason)) => format!("refused: {}", reason_in_words(reason)),
        ("grant", None) => "let in".to_owned(),
        (other, None) => other.to_owned(),
    };
    let mut words = vec![format!("{} {what}", when.unwrap_or_else(|_| "?".to_owned()))];
    words.extend(decision.person_id.as_deref().map(|id| wording.names.name_or_id(id)));
    words.extend(decision.distance.map(|distance| format!("distance {distance:.3}")));
    words.push(counted(decision.frames, "frame"));
    words.join(", ")
}

/// The reason as text, or its code if this version does not know it.
fn reason_in_words(code: &str) -> String {
    Reason::from_code(code).map_or_else(|| code.to_owned(), |reason| reason.in_words().to_owned())
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    match (minutes / (24 * 60), minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{seconds:.0} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::sample;
    use super::*;

    #[test]
    fn words() {
        let expected = "\
unit              5f0c-8a71-0000-1111-2222, edge-agent 1.2.3, up for 1 h 2 min
door              locked
opens to          a card with its holder's face
drill             none: `edge-agent drill` measures how this door withstands
                  pictures
camera            a \"good\" camera
frames            100 captured, 3 skipped for newer ones, 1 damaged
database          sequence 7: 2 people, 5 encodings, for all doors; a new one
                  was refused: too old
audit log         12 records; signed up to 9; space reserved for 1000 more
loop              97 turns, 9.5 per second, 0 failed; last turn 0.1 s ago
clock             trusted: a time server has set it
infrared camera   LOST: the camera was unplugged
asks for          card and face
hours             HELD OPEN for everybody in the hours reception
lockdown          LOCKED DOWN by the switch; nobody may enter
faces             OFF: nobody is let in by their face
signed order      lockdown off, number 1800000000000: REFUSED: the order has
                  expired: send a new one
contacts          the door is open, OPEN FOR TOO LONG; THE FIRE ALARM IS ON
card reader       lost
lockout           entry by face: refused for 30 more seconds, after 5 failed
                  attempts
detect            p50 18.9 ms, p99 20.0 ms, of 2
temperature       51.5 °C, cpu-thermal
decision          2027-01-15 08:00:00 refused: no enrolled person looks enough
                  like this face, distance 1.250, 5 frames";
        assert_eq!(in_words(&sample(), &Wording::default()), expected);
    }

    #[test]
    fn a_decision_has_the_name_and_the_local_time() {
        let ada = "00".repeat(16);
        let granted = LastDecision {
            decision: "grant".to_owned(),
            reason: None,
            person_id: Some(ada.clone()),
            ..sample().decisions[0].clone()
        };
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let wording = Wording { zone: berlin, ..Wording::default() };
        let words = in_one_line(&granted, &wording);
        assert_eq!(words, format!("2027-01-15 09:00:00 let in, {ada}, distance 1.250, 5 frames"));
        let wording = Wording { names: Names::of_one(&ada, "Ada"), ..wording };
        assert!(in_one_line(&granted, &wording).contains("let in, Ada, distance"));
    }

    #[test]
    fn durations() {
        for (seconds, expected) in [(5.4, "5 s"), (60.0, "1 min"), (7_200.0, "2 h 0 min"), (200_000.0, "2 d 7 h")] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
