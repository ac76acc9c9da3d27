//! `fleet ship`: one door, then ten, then all; stops by itself; goes on when it is run again.

use super::{Office, database};

#[test]
fn a_database_reaches_every_unit_and_a_second_run_ships_nothing() {
    let office = Office::start(25, 5);
    let path = office.path("people.db");
    database(&path, 1_800_000_000);
    for round in 0..2 {
        let shipped = office.fleet(&["ship", path.to_str().unwrap(), "--to", "all", "--json"]);
        assert_eq!(shipped.code, 0, "{shipped:?}");
        let report = shipped.json();
        assert_eq!((&report["all"], report["units"].as_array().unwrap().len()), (&true.into(), 25));
        assert!(report["units"].as_array().unwrap().iter().all(|unit| unit["delivered"] == "confirmed"), "{report}");
        for number in 1..=25 {
            let (sequence, notices) = office.units.with(number, |unit| (unit.sequence, unit.notices));
            assert_eq!((sequence, notices), (1_800_000_000, 1), "door {number}, round {round}");
        }
    }
}

#[test]
fn it_stops_when_a_unit_refuses_and_goes_on_when_that_is_mended() {
    let office = Office::start(25, 5);
    let path = office.path("people.db");
    database(&path, 1_800_000_000);
    office.units.with(5, |unit| unit.refuses = Some("other model".to_owned()));
    let ship = || office.fleet(&["ship", path.to_str().unwrap(), "--to", "office"]);
    let stopped = ship();
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert!(stopped.stdout.contains("STOPPED: door 5: other model"), "{stopped:?}");
    let has = || (1..=25).filter(|number| office.units.with(*number, |unit| unit.digest.is_some())).count();
    assert_eq!(has(), 10, "the first one and nine of the next ten");
    office.units.with(5, |unit| unit.refuses = None);
    let shipped = ship();
    assert_eq!(shipped.code, 0, "{shipped:?}");
    assert_eq!(has(), 25);
}

#[test]
fn a_unit_that_is_away_is_named_and_only_a_group_gets_it() {
    let office = Office::start(4, 5);
    let path = office.path("people.db");
    database(&path, 1_800_000_000);
    office.units.with(3, |unit| unit.is_away = true);
    // Long enough for the other one on a busy computer.
    let shipped = office.fleet(&["ship", path.to_str().unwrap(), "--to", "odd", "--within", "20s"]);
    assert_eq!(shipped.code, 1, "{shipped:?}");
    assert!(shipped.stdout.contains("1 of 2 units use the database"), "{shipped:?}");
    assert!(shipped.stdout.contains("have not confirmed it: door 3"), "{shipped:?}");
    assert_eq!(office.units.with(2, |unit| unit.notices), 0);
}

#[test]
fn what_cannot_be_shipped_is_an_error() {
    let office = Office::start(1, 5);
    let path = office.path("people.db");
    std::fs::write(&path, "no database").unwrap();
    for (words, expected) in [
        (&["--to", "all"][..], "cannot be shipped"),
        (&["--to", "lab"], "neither a unit nor a group"),
        (&["--to", "all", "--within", "0s"], "1s to 720h"),
    ] {
        let refused = office.fleet(&[&["ship", path.to_str().unwrap()], words].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(expected), "{refused:?}");
    }
}
