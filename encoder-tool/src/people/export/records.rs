//! The records of a log that are about a person.

use super::super::log_records;
use super::person::Person;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What a log has about a person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Records {
    /// One in a line.
    pub(super) lines: Vec<u8>,
    pub(super) count: usize,
    /// Lines of the log that are not records.
    pub(super) skipped: u64,
}

/// The records of a log that name the person or one of these passes, without the ids and passes of others.
///
/// # Errors
/// If the log cannot be read.
pub(super) fn of_log(log: &Path, person: &Person, passes: &BTreeSet<String>) -> anyhow::Result<Records> {
    let (mut lines, mut count) = (Vec::new(), 0);
    let skipped = log_records::each_record(log, |mut record| {
        let is = |value: &Value| value.as_str().is_some_and(|id| person.has_id(id));
        let is_pass = |value: &Value| value.as_str().is_some_and(|id| passes.contains(id));
        let names = is(&record["person"]) || is(&record["host"]) || is(&record["runner_up"]["person"]);
        if !names && !is_pass(&record["pass"]) {
            return;
        }
        if let Some(fields) = record.as_object_mut() {
            fields.retain(|key, value| match key.as_str() {
                "person" | "host" => is(value),
                "runner_up" => is(&value["person"]),
                "pass" => is_pass(value),
                _ => true,
            });
        }
        lines.extend(record.to_string().into_bytes());
        lines.push(b'\n');
        count += 1;
    })?;
    Ok(Records { lines, count, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::gallery::{PersonId, PersonName};

    #[test]
    fn records_of_others_and_their_ids_are_left_out() {
        let (ada, ben) = (PersonId([0xad; 16]), PersonId([0xbe; 16]));
        let (visit, other_visit) = ("0102030405aa", "0102030405bb");
        let lines = [
            json!({"utc_ms": 1, "event": "granted", "person": ada.to_string(), "runner_up": {"person": ben.to_string(), "distance": 1.0}}),
            json!({"utc_ms": 2, "event": "granted", "person": ben.to_string(), "runner_up": {"person": ada.to_string(), "distance": 1.1}}),
            json!({"utc_ms": 3, "event": "granted", "person": ben.to_string(), "runner_up": null}),
            json!({"utc_ms": 4, "event": "refused", "person": null, "reason": "not_known"}),
            json!({"utc_ms": 5, "event": "pass_granted", "pass": other_visit, "host": ada.to_string()}),
            json!({"utc_ms": 6, "event": "pass_granted", "pass": visit, "host": ben.to_string()}),
            json!({"utc_ms": 7, "event": "pass_granted", "pass": other_visit, "host": ben.to_string()}),
        ];
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("door.jsonl");
        std::fs::write(&log, lines.iter().map(|line| format!("{line}\n")).collect::<String>() + "torn").unwrap();
        let person = Person { name: PersonName::parse("Ada").unwrap(), id: Some(ada) };
        let records = of_log(&log, &person, &BTreeSet::from([visit.to_owned()])).unwrap();
        assert_eq!((records.count, records.skipped), (4, 1));
        let text = String::from_utf8(records.lines).unwrap();
        assert!(!text.contains(&ben.to_string()) && !text.contains(other_visit), "{text}");
        let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let times: Vec<i64> = found.iter().map(|record| record["utc_ms"].as_i64().unwrap()).collect();
        assert_eq!(times, [1, 2, 5, 6]);
        assert_eq!((&found[1]["person"], &found[1]["runner_up"]["distance"]), (&Value::Null, &json!(1.1)));
        assert_eq!((&found[2]["host"], &found[3]["pass"]), (&json!(ada.to_string()), &json!(visit)));
    }
}
