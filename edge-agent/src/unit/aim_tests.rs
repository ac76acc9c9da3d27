//! Somebody aims the camera of a unit.

use super::testing::face;
use super::tests::Bench;
use super::*;
use files::Operation;

#[test]
fn nobody_watches_without_a_record() {
    let mut bench = Bench::with(vec![]);
    bench.storage.fail_at(Some(Operation::Append));
    assert!(bench.unit.begin_aim(1000, 600).is_err());
    bench.storage.fail_at(None);
    bench.turn_at(0);
    assert!(!bench.log().contains("aim_"), "{}", bench.log());
}

#[test]
fn who_watches_is_recorded_and_how_it_ends() {
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    let first = bench.unit.begin_aim(1000, 600).unwrap();
    let second = bench.unit.begin_aim(0, 60).unwrap();
    drop((first, second));
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    let _third = bench.unit.begin_aim(0, 60).unwrap();
    bench.unit.stop();
    let log = bench.log();
    let records: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_aim = records.iter().filter(|record| record["event"].as_str().unwrap().starts_with("aim_"));
    let said: Vec<String> = of_aim.map(|record| format!("{} {}", record["by_uid"], record["ended_because"])).collect();
    assert_eq!(
        said,
        ["1000 null", "null \"another_viewer\"", "0 null", "null \"viewer_gone\"", "0 null", "null \"stopping\""]
    );
    assert!(log.contains(r#""event":"aim_began","by_uid":1000,"for_seconds":600"#), "{log}");
}
