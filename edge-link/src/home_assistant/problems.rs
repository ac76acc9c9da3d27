//! What is wrong with a unit, in words for a house.

use fleet_messages::UnitReport;

/// A unit whose loop has not finished a turn for this long is stuck, in seconds.
const STUCK_SECONDS: f64 = 20.0;
/// The longest explanation of a unit that is passed on, in bytes.
const MAX_WHY_BYTES: usize = 200;

/// What is wrong; empty if all is well.
pub(super) fn problems(report: &UnitReport) -> Vec<String> {
    let UnitReport { camera, contacts, database, self_test, audit, .. } = report;
    let alarm = contacts.as_ref().and_then(|contacts| contacts.alarm.as_deref());
    let found = [
        (camera.state != "streaming")
            .then(|| because("no picture from the camera", camera.reason.as_deref().or(Some(&camera.state)))),
        report
            .last_turn_seconds_ago
            .is_some_and(|seconds| seconds > STUCK_SECONDS)
            .then(|| "the unit is stuck".to_owned()),
        (report.clock != "trusted").then(|| "the clock is not trusted".to_owned()),
        self_test
            .as_ref()
            .filter(|test| test.state == "failed")
            .map(|test| because("the networks failed their self-test", test.reason.as_deref())),
        audit.failing.as_deref().map(|why| because("the audit log cannot be written", Some(why))),
        audit.trouble.as_deref().map(|why| because("the audit log", Some(why))),
        database.refused.as_ref().map(|refused| because("a people database was refused", Some(&refused.reason))),
        database.returned.as_deref().map(|why| because("the previous people database is used", Some(why))),
        alarm.map(|alarm| match alarm {
            "forced" => "the door was forced".to_owned(),
            "held" => "the door is open for too long".to_owned(),
            "released" => "the fire alarm has released the door".to_owned(),
            other => because("the door", Some(other)),
        }),
        contacts.as_ref().is_some_and(|contacts| contacts.fire_alarm).then(|| "the fire alarm is on".to_owned()),
    ];
    found.into_iter().flatten().collect()
}

fn because(what: &str, why: Option<&str>) -> String {
    match why.filter(|why| !why.is_empty()) {
        Some(why) => format!("{what}: {}", &why[..why.floor_char_boundary(MAX_WHY_BYTES)]),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_told() {
        let well = r#""camera":{"state":"streaming"},"clock":"trusted","last_turn_seconds_ago":0.1"#;
        let long = "x".repeat(1000);
        for (more, expected) in [
            ("", ""),
            (r#","self_test":{"state":"passed"},"contacts":{"door":"open"}"#, ""),
            (r#","camera":{"state":"lost","reason":"unplugged"}"#, "no picture from the camera: unplugged"),
            (r#","camera":{"state":"starting"}"#, "no picture from the camera: starting"),
            (r#","clock":"unknown""#, "the clock is not trusted"),
            (r#","last_turn_seconds_ago":21.0"#, "the unit is stuck"),
            (r#","self_test":{"state":"failed","reason":"r"}"#, "the networks failed their self-test: r"),
            (r#","audit":{"failing":"disk full"}"#, "the audit log cannot be written: disk full"),
            (r#","database":{"refused":{"digest":null,"reason":"old"}}"#, "a people database was refused: old"),
            (r#","database":{"returned":"damaged"}"#, "the previous people database is used: damaged"),
            (r#","contacts":{"alarm":"forced"}"#, "the door was forced"),
            (r#","contacts":{"alarm":"held"}"#, "the door is open for too long"),
            (
                r#","contacts":{"alarm":"released","fire_alarm":true}"#,
                "the fire alarm has released the door; the fire alarm is on",
            ),
            (&format!(r#","audit":{{"trouble":"{long}"}}"#), &format!("the audit log: {}", &long[..200])),
        ] {
            let mut object: serde_json::Map<_, _> = serde_json::from_str(&format!("{{{well}}}")).unwrap();
            let more = format!("{{{}}}", more.trim_start_matches(','));
            object.extend(serde_json::from_str::<serde_json::Map<_, _>>(&more).unwrap());
            let report = serde_json::from_value(object.into()).unwrap();
            assert_eq!(problems(&report).join("; "), expected, "{more}");
        }
    }
}
