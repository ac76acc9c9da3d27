//! When people were let in, by exported audit logs.
//!
//! A unit without a battery clock writes impossible times until its clock is set. Such a record counts as being as young
//! as the next record of its log.

use super::log_records::each_record;
use jiff::Timestamp;
use serde_json::Value;
use shared::gallery::PersonId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// No unit ran earlier: 2026-11-01T00:00:00Z, in milliseconds since 1970.
const NOT_BEFORE_UTC_MS: i64 = 1_793_491_200_000;
/// How much the clock of a unit may be ahead of the workstation's.
const AHEAD_MS: i64 = 86_400_000;

/// Who was let in when.
#[derive(Debug, Default)]
pub(super) struct Seen {
    last_utc_ms: BTreeMap<String, i64>,
    /// People who were let in at a time that no later record limits.
    at_unknown_time: BTreeSet<String>,
    /// The first possible time in the log that begins last; `None` if a log has none.
    complete_from_utc_ms: Option<i64>,
    /// Lines that are not records.
    pub(super) skipped: u64,
}

/// Whether somebody has come since a certain time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Since,
    /// With the time of the last entry before it, if the logs have one.
    NotSince(Option<i64>),
    CannotTell,
}

impl Seen {
    /// Reads logs that were written until `now`.
    ///
    /// # Errors
    /// If a log cannot be read.
    pub(super) fn in_logs(logs: &[PathBuf], now: Timestamp) -> anyhow::Result<Self> {
        let possible = NOT_BEFORE_UTC_MS..=now.as_millisecond().saturating_add(AHEAD_MS);
        let mut seen = Self::default();
        let mut firsts = Vec::new();
        for log in logs {
            let (mut first, mut waiting) = (None, BTreeSet::new());
            let skipped = each_record(log, |record| {
                waiting.extend(let_in(&record).map(str::to_owned));
                let Some(utc_ms) = record["utc_ms"].as_i64().filter(|utc_ms| possible.contains(utc_ms)) else { return };
                first.get_or_insert(utc_ms);
                for person in std::mem::take(&mut waiting) {
                    let last = seen.last_utc_ms.entry(person).or_insert(utc_ms);
                    *last = utc_ms.max(*last);
                }
            })?;
            seen.skipped += skipped;
            seen.at_unknown_time.append(&mut waiting);
            firsts.push(first);
        }
        seen.complete_from_utc_ms =
            firsts.into_iter().collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().max());
        Ok(seen)
    }

    pub(super) fn came_since(&self, person: &PersonId, since: Timestamp) -> Came {
        let (person, since_ms) = (person.to_string(), since.as_millisecond());
        let last = self.last_utc_ms.get(&person).copied();
        if last.is_some_and(|last| last >= since_ms) {
            return Came::Since;
        }
        let reaches_back = self.complete_from_utc_ms.is_some_and(|from| from <= since_ms);
        match reaches_back && !self.at_unknown_time.contains(&person) {
            true => Came::NotSince(last),
            false => Came::CannotTell,
        }
    }
}

/// The person who came in by this record: also the host of a visitor, who presented a card at the door.
fn let_in(record: &Value) -> Option<&str> {
    match record["event"].as_str()? {
        "granted" => record["person"].as_str(),
        "pass_granted" => record["host"].as_str(),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    const PEOPLE: [PersonId; 2] = [PersonId([1; 16]), PersonId([2; 16])];
    const DAY_MS: i64 = 86_400_000;

    /// A time this many days after the first possible one.
    pub(crate) fn day(number: i64) -> Timestamp {
        Timestamp::from_millisecond(NOT_BEFORE_UTC_MS + number * DAY_MS).unwrap()
    }

    pub(crate) fn granted(person: PersonId, at: Timestamp) -> Value {
        json!({"utc_ms": at.as_millisecond(), "event": "granted", "person": person.to_string()})
    }

    fn started(utc_ms: i64) -> Value {
        json!({"utc_ms": utc_ms, "event": "started"})
    }

    /// Whether both people came since day 55, by logs that were written until day 100.
    fn came(logs: &[&[Value]]) -> [Came; 2] {
        let folder = tempfile::tempdir().unwrap();
        let write = |(number, lines): (usize, &&[Value])| {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
            path
        };
        let paths: Vec<PathBuf> = logs.iter().enumerate().map(write).collect();
        let seen = Seen::in_logs(&paths, day(100)).unwrap();
        PEOPLE.map(|person| seen.came_since(&person, day(55)))
    }

    fn at(number: i64) -> i64 {
        day(number).as_millisecond()
    }

    #[test]
    fn logs_tell_who_has_not_come_only_if_all_of_them_reach_back() {
        let [one, other] = PEOPLE;
        let whole = [started(at(0)), granted(one, day(50)), granted(other, day(50)), granted(other, day(60))];
        let late = [started(at(60))];
        assert_eq!(came(&[&whole]), [Came::NotSince(Some(at(50))), Came::Since]);
        assert_eq!(came(&[&whole, &late]), [Came::CannotTell, Came::Since]);
        assert_eq!(came(&[&whole, &[]]), [Came::CannotTell, Came::Since]);
        assert_eq!(came(&[&[started(at(0))]]), [Came::NotSince(None), Came::NotSince(None)]);
    }

    /// Regression test: a log that began with a record of 1970 seemed to reach back to that year.
    #[test]
    fn an_impossible_time_is_that_of_the_next_record() {
        let [one, _] = PEOPLE;
        let unset = Timestamp::from_millisecond(1000).unwrap();
        let not_yet = day(102);
        for nonsense in [unset, not_yet] {
            let first = [started(nonsense.as_millisecond()), started(at(60))];
            assert_eq!(came(&[&first]), [Came::CannotTell, Came::CannotTell], "{nonsense}");
            let entry = |next| [started(at(0)), granted(one, nonsense), started(next)];
            assert_eq!(came(&[&entry(at(54))]), [Came::NotSince(Some(at(54))), Came::NotSince(None)], "{nonsense}");
            assert_eq!(came(&[&entry(at(60))]), [Came::Since, Came::NotSince(None)], "{nonsense}");
            let last = [started(at(0)), granted(one, nonsense)];
            assert_eq!(came(&[&last]), [Came::CannotTell, Came::NotSince(None)], "{nonsense}");
        }
        let timeless = [started(at(0)), json!({"event": "granted", "person": one.to_string()})];
        assert_eq!(came(&[&timeless]), [Came::CannotTell, Came::NotSince(None)]);
    }

    /// Regression test: a host who came only to let in visitors was listed as not having come.
    #[test]
    fn a_host_has_come() {
        let [one, other] = PEOPLE;
        let visit = json!({"utc_ms": at(60), "event": "pass_granted", "pass": "00", "host": one.to_string()});
        let refused = json!({"utc_ms": at(60), "event": "refused", "person": other.to_string()});
        assert_eq!(came(&[&[started(at(0)), visit, refused]]), [Came::Since, Came::NotSince(None)]);
    }
}
