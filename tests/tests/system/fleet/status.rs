//! `fleet status`: signed answers, compared with what was collected.

use super::Office;

#[test]
fn units_answer_and_their_logs_are_compared() {
    let office = Office::start(3, 60);
    let mut collector = office.collector(&[]);
    office.wait_until_collected(1..=3);
    collector.terminate();
    let logs = office.path("logs");
    let status = office.fleet(&["status", "--collected", logs.to_str().unwrap(), "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    let found = status.json();
    assert_eq!(found["well"], true);
    let last = office.units.with(1, |unit| unit.lines.len() as u64);
    let front = &found["units"][0];
    assert_eq!((&front["log"]["collected"], &front["stated"]["audit_sequence"]), (&last.into(), &last.into()));
    assert_eq!(front["log"]["verified"], last - 1);

    // The unit's log is an older copy, and another unit does not answer.
    office.units.with(1, |unit| unit.lines.truncate(10));
    office.units.with(2, |unit| unit.is_away = true);
    let status = office.fleet(&["status", "--collected", logs.to_str().unwrap(), "--within", "20s"]);
    assert_eq!(status.code, 1, "{status:?}");
    for expected in ["door 1: its log ends with record 10", "door 2: it does not answer", "1 of 3 units are well"] {
        assert!(status.stdout.contains(expected), "{status:?}");
    }
    let only = office.fleet(&["status", "--of", "door 3"]);
    assert_eq!((only.code, only.stdout.contains("door 1")), (0, false), "{only:?}");
    assert_eq!(office.fleet(&["status", "--of", "lab"]).code, 2);
}
