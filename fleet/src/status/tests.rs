//! Tests of the status of a fleet of scripted units.

use super::*;
use crate::campaign::{Sight, run};
use crate::collector::{Collector, Moment, sample_log::SampleLog};
use crate::fleet_toml::tests::{fleet_of, log_key};
use crate::reach::scripted::{ScriptedReach, unit_id};
use fleet_messages::BatchHeader;
use serde_json::json;
use std::sync::atomic::AtomicBool;

fn fleet(units: &[(&str, &str)]) -> crate::fleet_toml::Fleet {
    let unit = |(number, (name, groups)): (usize, &(&str, &str))| {
        let number = number as u8 + 1;
        let (id, key) = (unit_id(number), log_key(number));
        format!("[[unit]]\nname = \"{name}\"\nid = \"{id}\"\nlog-key = \"{key}\"\ngroups = {groups}\nssh = \"h\"\n")
    };
    fleet_of(&units.iter().enumerate().map(unit).collect::<String>())
}

fn well(sequence: u64) -> serde_json::Value {
    json!({
        "version": "1", "last_turn_seconds_ago": 0.1, "clock": "trusted", "door": "locked",
        "camera": {"state": "streaming"}, "database": {"sequence": sequence, "people": 3}, "audit": {"sequence": 4},
    })
}

fn status(fleet: &crate::fleet_toml::Fleet, reach: &mut ScriptedReach, folders: &[PathBuf]) -> FleetStatus {
    let units: Vec<&Unit> = fleet.units().iter().collect();
    let mut campaign = StatusCampaign::new(&units, folders, None);
    let clock = reach.clock();
    run(fleet, &mut campaign, reach, &AtomicBool::new(false), &clock, &mut |_, _: &Sight| {});
    campaign.finish(&units)
}

#[test]
fn units_state_how_they_are_and_who_is_behind() {
    let fleet = fleet(&[("front", "[\"office\"]"), ("back", "[\"office\"]"), ("side", "[\"lab\"]")]);
    let mut reach = ScriptedReach::default();
    for (number, sequence) in [(1, 20), (2, 10), (3, 5)] {
        reach.unit(number, move |_| Some(well(sequence)));
    }
    let found = status(&fleet, &mut reach, &[]);
    assert!(!found.well);
    let of = |index: usize| &found.units[index];
    assert_eq!(of(0).problems, [""; 0]);
    assert!(of(1).stated.as_ref().unwrap().behind && of(1).problems[0].contains("newer people database"));
    assert_eq!((of(2).problems.len(), of(2).stated.as_ref().unwrap().database_sequence), (0, 5));
}

#[test]
fn a_unit_that_does_not_answer_is_named_and_an_old_statement_is_no_answer() {
    let fleet = fleet(&[("front", "[]"), ("back", "[]")]);
    let mut reach = ScriptedReach::default();
    reach.unit(1, |_| Some(well(1)));
    reach.replay(2, &well(1));
    let found = status(&fleet, &mut reach, &[]);
    assert!(found.units[0].stated.is_some() && found.units[1].stated.is_none());
    assert_eq!(found.units[1].problems, ["it does not answer"]);
}

/// A regression: questions from before the connection were lost.
#[test]
fn units_are_asked_as_soon_as_there_is_a_connection() {
    let fleet = fleet(&[("front", "[]")]);
    let mut reach = ScriptedReach::default();
    reach.connects_at_ms = 900;
    reach.unit(1, |_| Some(well(1)));
    assert!(status(&fleet, &mut reach, &[]).units[0].stated.is_some());
    assert!(reach.clock_ms() < 1500, "{}", reach.clock_ms());
}

#[test]
fn a_collected_log_is_compared_with_what_the_unit_states() {
    let fleet = fleet(&[("front", "[]")]);
    let folder = tempfile::tempdir().unwrap();
    let mut log = SampleLog::new(1);
    log.stopped(2);
    log.sign();
    log.stopped(1);
    let unit = &fleet.units()[0];
    let mut collector = Collector::open(Box::new(Folder::at(folder.path())), &fleet).unwrap();
    let header = BatchHeader::new(unit.id, Some(1), 4).to_line().unwrap();
    collector.take(unit.id, &[header, log.lines().concat()].concat(), Moment::default());
    collector.settle(Moment::default());
    let folders = [folder.path().to_owned()];
    for (sequence, hash, expected) in [
        (4, log.head_at(4).hash.to_string(), None),
        (9, "0".repeat(64), None),
        (4, "0".repeat(64), Some("rewritten")),
        (3, "0".repeat(64), Some("cut off")),
    ] {
        let mut reach = ScriptedReach::default();
        reach.hash = hash;
        reach.unit(1, move |_| {
            let mut report = well(1);
            report["audit"]["sequence"] = sequence.into();
            Some(report)
        });
        let found = status(&fleet, &mut reach, &folders);
        let log = found.units[0].log.as_ref().unwrap();
        assert_eq!((log.collected, log.verified), (4, 2));
        assert!(log.last_utc_ms.is_some());
        match expected {
            None => assert_eq!(found.units[0].problems, [""; 0]),
            Some(expected) => assert!(found.units[0].problems[0].contains(expected), "{:?}", found.units[0].problems),
        }
    }
}
