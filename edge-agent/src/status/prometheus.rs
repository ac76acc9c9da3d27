//! Formats the report in Prometheus's text format, version 0.0.4.

use super::peripherals::PeripheralsReport;
use super::report::{Report, SelfTest};
use crate::camera::CameraState;
use std::fmt::Write;

/// One sample: labels and a value.
type Sample = (String, f64);

/// All metrics, with their help texts.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let one = |value: f64| vec![(String::new(), value)];
    let flag = |condition: bool| one(f64::from(u8::from(condition)));
    let Report { camera, turns, database, audit, .. } = report;
    let version = vec![(label("version", &report.version), 1.0)];
    gauge(&mut text, "info", "Version of the program.", &version);
    gauge(&mut text, "uptime_seconds", "Time since the start.", &one(report.uptime_seconds));
    if let Some(seconds) = report.last_turn_seconds_ago {
        gauge(&mut text, "last_turn_seconds_ago", "Time since the loop finished a turn.", &one(seconds));
    }
    gauge(&mut text, "door_unlocked", "1 while the door is unlocked.", &flag(report.door == "unlocked"));
    gauge(
        &mut text,
        "clock_trusted",
        "1 while the clock is trusted; otherwise people with dates or hours are refused.",
        &flag(report.clock == "trusted"),
    );
    let access = &report.access;
    gauge(
        &mut text,
        "door_held_open",
        "1 while the door is held open in its hours.",
        &flag(access.held_open.is_some()),
    );
    gauge(&mut text, "locked_down", "1 while the unit is locked down.", &flag(access.lockdown.is_some()));
    gauge(
        &mut text,
        "face_recognition_off",
        "1 while face recognition is switched off.",
        &flag(access.face_recognition_off),
    );
    peripherals_text(&mut text, &report.peripherals);
    gauge(
        &mut text,
        "camera_streaming",
        "1 while the camera delivers frames.",
        &flag(camera.state == CameraState::Streaming),
    );
    counter(&mut text, "camera_pictures_total", "Frames captured.", &one(camera.captured as f64));
    counter(&mut text, "camera_dropped_total", "Captured frames skipped for a newer one.", &one(camera.dropped as f64));
    counter(&mut text, "camera_damaged_total", "Frames that could not be decoded.", &one(camera.damaged as f64));
    counter(&mut text, "camera_losses_total", "Number of times the camera was lost.", &one(camera.losses as f64));
    if let Some(infrared) = &report.infrared_camera {
        let streams = flag(infrared.state == CameraState::Streaming);
        gauge(&mut text, "infrared_camera_streaming", "1 while the infrared camera delivers frames.", &streams);
    }
    gauge(&mut text, "database_sequence", "Sequence number of the people database.", &one(database.sequence as f64));
    gauge(&mut text, "database_people", "Enrolled people.", &one(f64::from(database.people)));
    let returned = flag(database.returned.is_some());
    gauge(
        &mut text,
        "database_returned",
        "1 if the previous database is used because the current one cannot be.",
        &returned,
    );
    gauge(&mut text, "database_refused", "1 if another database was refused since.", &flag(database.refused.is_some()));
    let failed = flag(matches!(report.self_test, Some(SelfTest::Failed { .. })));
    gauge(&mut text, "self_test_failed", "1 while the self-test fails and nobody is let in.", &failed);
    counter(&mut text, "audit_records_total", "Records in the audit log since it began.", &one(audit.sequence as f64));
    gauge(
        &mut text,
        "audit_failing",
        "1 while the log cannot be written and nobody is let in.",
        &flag(audit.failing.is_some()),
    );
    if let Some(records) = audit.reserved_records {
        gauge(
            &mut text,
            "audit_reserved_records",
            "Records that still fit in the reserved space.",
            &one(records as f64),
        );
    }
    let by_decision = [("grant", turns.granted), ("deny", turns.denied), ("nobody", turns.nobody)]
        .map(|(decision, count)| (label("decision", decision), count as f64));
    counter(&mut text, "turns_total", "Turns of the loop, by decision.", &by_decision);
    counter(&mut text, "turns_failed_total", "Turns that failed.", &one(turns.failed as f64));
    let sensors: Vec<Sample> = report
        .temperatures
        .iter()
        .enumerate()
        .map(|(zone, found)| {
            (format!("{},{}", label("zone", &zone.to_string()), label("sensor", &found.sensor)), found.celsius)
        })
        .collect();
    gauge(&mut text, "temperature_celsius", "Temperature of the computer.", &sensors);
    latencies(&mut text, report);
    text
}

fn peripherals_text(text: &mut String, peripherals: &PeripheralsReport) {
    let flag = |condition: bool| vec![(String::new(), f64::from(u8::from(condition)))];
    if let Some(contacts) = &peripherals.contacts {
        if let Some(door) = &contacts.door {
            gauge(text, "door_open", "1 while the door contact is open.", &flag(door == "open"));
        }
        let alarms = ["forced", "held", "released"].map(|alarm| {
            let is_on = contacts.alarm.as_deref() == Some(alarm);
            (label("alarm", alarm), f64::from(u8::from(is_on)))
        });
        gauge(
            text,
            "door_alarm",
            "1 while the door is forced, open for too long, or released by the fire alarm.",
            &alarms,
        );
        gauge(text, "fire_alarm", "1 while the fire alarm is on.", &flag(contacts.fire_alarm));
        let is_stuck = flag(contacts.exit_button == "stuck");
        gauge(text, "exit_button_stuck", "1 while the exit button has been pressed for too long.", &is_stuck);
    }
    if let Some(reader) = &peripherals.reader {
        gauge(text, "reader_connected", "1 while the card reader is connected.", &flag(reader.state != "lost"));
        gauge(text, "reader_case_open", "1 while the card reader's case is open.", &flag(reader.state == "case_open"));
    }
    let lockouts: Vec<Sample> = ["face", "card", "card_of"]
        .map(|kind| {
            let count = peripherals.lockouts.iter().filter(|lockout| lockout.kind == kind).count();
            (label("kind", kind), count as f64)
        })
        .to_vec();
    gauge(text, "lockouts", "Kinds of attempts, or people's cards, that are currently refused.", &lockouts);
}

fn gauge(text: &mut String, name: &str, help: &str, samples: &[Sample]) {
    metric(text, "gauge", name, help, samples);
}

fn counter(text: &mut String, name: &str, help: &str, samples: &[Sample]) {
    metric(text, "counter", name, help, samples);
}

fn metric(text: &mut String, kind: &str, name: &str, help: &str, samples: &[Sample]) {
    if samples.is_empty() {
        return;
    }
    head(text, kind, name, help);
    for (labels, value) in samples {
        sample(text, name, labels, *value);
    }
}

fn latencies(text: &mut String, report: &Report) {
    let name = "stage_seconds";
    head(text, "histogram", name, "Duration of the stages of a turn.");
    for (stage, latency) in report.latency_ms.named() {
        let Some(latency) = latency else { continue };
        let stage = label("stage", stage);
        for bound in &latency.at_most {
            let labels = format!("{stage},{}", label("le", &(bound.ms / 1e3).to_string()));
            sample(text, &format!("{name}_bucket"), &labels, bound.count as f64);
        }
        let all = format!("{stage},{}", label("le", "+Inf"));
        sample(text, &format!("{name}_bucket"), &all, latency.count as f64);
        sample(text, &format!("{name}_sum"), &stage, latency.sum / 1e3);
        sample(text, &format!("{name}_count"), &stage, latency.count as f64);
    }
}

fn head(text: &mut String, kind: &str, name: &str, help: &str) {
    // Writing to a String does not fail.
    writeln!(text, "# HELP edge_agent_{name} {help}\n# TYPE edge_agent_{name} {kind}").ok();
}

fn sample(text: &mut String, name: &str, labels: &str, value: f64) {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    writeln!(text, "edge_agent_{name}{labels} {value}").ok();
}

fn label(name: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::super::report::sample as report;
    use super::*;

    #[test]
    fn every_metric_is_in_the_text_format() {
        let text = text(&report());
        for expected in [
            "# TYPE edge_agent_turns_total counter\n",
            "edge_agent_turns_total{decision=\"deny\"} 5\n",
            "edge_agent_camera_streaming 1\n",
            "edge_agent_infrared_camera_streaming 0\n",
            "edge_agent_door_unlocked 0\n",
            "edge_agent_database_sequence 7\n",
            "edge_agent_database_refused 1\n",
            "edge_agent_self_test_failed 0\n",
            "edge_agent_temperature_celsius{zone=\"0\",sensor=\"cpu-thermal\"} 51.5\n",
            "# TYPE edge_agent_stage_seconds histogram\n",
            "edge_agent_stage_seconds_bucket{stage=\"detect\",le=\"0.0251\"} 2\n",
            "edge_agent_stage_seconds_bucket{stage=\"detect\",le=\"+Inf\"} 2\n",
            "edge_agent_stage_seconds_sum{stage=\"detect\"} 0.04\n",
            "edge_agent_stage_seconds_count{stage=\"detect\"} 2\n",
            "edge_agent_clock_trusted 1\n",
            "edge_agent_door_open 1\n",
            "edge_agent_door_alarm{alarm=\"forced\"} 0\n",
            "edge_agent_door_alarm{alarm=\"held\"} 1\n",
            "edge_agent_exit_button_stuck 0\n",
            "edge_agent_door_alarm{alarm=\"released\"} 0\n",
            "edge_agent_fire_alarm 1\n",
            "edge_agent_door_held_open 1\n",
            "edge_agent_locked_down 1\n",
            "edge_agent_face_recognition_off 1\n",
            "edge_agent_reader_connected 0\n",
            "edge_agent_lockouts{kind=\"face\"} 1\n",
            "edge_agent_lockouts{kind=\"card_of\"} 0\n",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
        let is_sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            name.starts_with("edge_agent_") && value.parse::<f64>().is_ok()
        };
        assert!(text.lines().all(|line| line.starts_with("# ") || is_sample(line)), "{text}");
    }

    #[test]
    fn without_a_contact_nothing_is_said_about_the_door() {
        let mut report = report();
        report.peripherals.contacts.as_mut().unwrap().door = None;
        let text = text(&report);
        assert!(!text.contains("door_open") && text.contains("edge_agent_fire_alarm 1\n"), "{text}");
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(label("sensor", "a\"b\\c\nd"), r#"sensor="a\"b\\c\nd""#);
    }
}
