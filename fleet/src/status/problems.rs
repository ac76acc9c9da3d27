//! What is wrong with a unit, by its own report.

use fleet_messages::UnitReport;

/// The time without a turn after which a unit's main loop counts as stopped, in seconds.
const LONGEST_TURN_SECONDS: f64 = 10.0;

/// What is wrong, in words; empty if the unit is well.
pub fn problems(report: &UnitReport) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |problem: String| found.push(problem);
    if report.last_turn_seconds_ago.is_none_or(|seconds| seconds >= LONGEST_TURN_SECONDS) {
        say("its main loop has stopped".to_owned());
    }
    if report.camera.state != "streaming" {
        say(format!("its camera: {}", report.camera.reason.as_deref().unwrap_or(&report.camera.state)));
    }
    if report.clock != "trusted" {
        say("its clock is unknown: people with dates or hours are refused".to_owned());
    }
    if let Some(why) = &report.database.returned {
        say(format!("it uses its previous people database: {why}"));
    }
    if let Some(refused) = &report.database.refused {
        say(format!("it refused a people database: {}", refused.reason));
    }
    match &report.self_test {
        Some(test) if test.state == "failed" => {
            say(format!(
                "its networks failed their self-test: {}",
                test.reason.as_deref().unwrap_or("no reason given")
            ));
        }
        _ => {}
    }
    for why in [&report.audit.failing, &report.audit.trouble].into_iter().flatten() {
        say(format!("its audit log: {why}"));
    }
    match report.contacts.as_ref().and_then(|contacts| contacts.alarm.as_deref()) {
        Some("forced") => say("its door was forced".to_owned()),
        Some("held") => say("its door is held open".to_owned()),
        Some("released") => say("the fire alarm has released its door".to_owned()),
        Some(other) => say(format!("its door: {other}")),
        None => {}
    }
    match report.drill.get("state").and_then(serde_json::Value::as_str) {
        Some("unusable") => say("the report of its last drill cannot be used".to_owned()),
        Some("done") if report.drill.pointer("/attacks/count").is_some_and(|count| count.as_u64() > Some(0)) => {
            say("its last drill let an attack in".to_owned());
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_fault_is_named() {
        let well = json!({
            "last_turn_seconds_ago": 0.1, "clock": "trusted", "camera": {"state": "streaming"},
            "self_test": {"state": "passed"}, "drill": {"state": "none"},
        });
        let of = |key: &str, value: serde_json::Value| {
            let mut report = well.clone();
            report[key] = value;
            problems(&serde_json::from_value(report).unwrap())
        };
        assert_eq!(problems(&serde_json::from_value(well.clone()).unwrap()), [""; 0]);
        for (key, value, expected) in [
            ("last_turn_seconds_ago", json!(11), "loop has stopped"),
            ("camera", json!({"state": "failing", "reason": "unplugged"}), "unplugged"),
            ("clock", json!("unknown"), "clock is unknown"),
            ("database", json!({"returned": "damaged"}), "previous people database: damaged"),
            ("database", json!({"refused": {"digest": null, "reason": "older"}}), "refused a people database: older"),
            ("self_test", json!({"state": "failed", "reason": "3 of 5"}), "self-test: 3 of 5"),
            ("audit", json!({"failing": "disk full"}), "disk full"),
            ("audit", json!({"trouble": "not signed"}), "not signed"),
            ("contacts", json!({"alarm": "forced"}), "was forced"),
            ("drill", json!({"state": "done", "attacks": {"count": 1}}), "let an attack in"),
        ] {
            let found = of(key, value);
            assert!(found.len() == 1 && found[0].contains(expected), "{key}: {found:?}");
        }
    }
}
