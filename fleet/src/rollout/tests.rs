//! Tests of rollouts to scripted units, with a clock of their own.

use super::*;
use crate::campaign::run;
use crate::fleet_toml::Fleet;
use crate::fleet_toml::tests::{fleet_of, log_key};
use crate::reach::scripted::{ScriptedReach, Sent, unit_id};
use crate::shipment::tests::database;
use serde_json::{Value, json};
use shared::gallery::{Audience, DatabaseDigest};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

fn fleet(units: u8) -> Fleet {
    let unit = |number| {
        let (id, key) = (unit_id(number), log_key(number));
        format!("[[unit]]\nname = \"door {number}\"\nid = \"{id}\"\nlog-key = \"{key}\"\nssh = \"h\"\n")
    };
    fleet_of(&(1..=units).map(unit).collect::<String>())
}

fn shipment() -> Shipment {
    Shipment::new(database(7, Audience::AllDoors, &[])).unwrap()
}

fn plan() -> Plan {
    Plan { canaries: 1, within: Duration::from_secs(3600), may_fail: 0 }
}

fn uses(digest: DatabaseDigest) -> Value {
    json!({"database": {"digest": digest}, "self_test": {"state": "passed"}})
}

/// Takes the database at the second question after it came.
fn obedient(sent: &Sent, came_at: &mut Option<usize>) -> Value {
    match sent.shipped.first() {
        Some(digest) if sent.asked > *came_at.get_or_insert(sent.asked) => uses(*digest),
        _ => json!({}),
    }
}

fn ship(fleet: &Fleet, reach: &mut ScriptedReach, plan: Plan) -> RolloutReport {
    let units: Vec<&Unit> = fleet.units().iter().collect();
    let mut rollout = Rollout::new(plan, shipment(), None, &units);
    let clock = reach.clock();
    run(fleet, &mut rollout, reach, &AtomicBool::new(false), &clock, &mut |_, _| {});
    rollout.report(&units)
}

fn delivered(report: &RolloutReport) -> Vec<Delivered> {
    report.units.iter().map(|unit| unit.delivered).collect()
}

#[test]
fn one_door_then_ten_then_all() {
    let fleet = fleet(30);
    let mut reach = ScriptedReach::default();
    // How many other doors had the database when a door first got it.
    let (has, waves) = (Rc::new(RefCell::new(0_usize)), Rc::new(RefCell::new(Vec::new())));
    for number in 1..=30 {
        let (has, waves) = (has.clone(), waves.clone());
        let (mut came_at, mut is_done) = (None, false);
        reach.unit(number, move |sent| {
            if !sent.shipped.is_empty() && came_at.is_none() {
                waves.borrow_mut().push(*has.borrow());
            }
            let report = obedient(sent, &mut came_at);
            if report != json!({}) && !std::mem::replace(&mut is_done, true) {
                *has.borrow_mut() += 1;
            }
            Some(report)
        });
    }
    let report = ship(&fleet, &mut reach, plan());
    assert!(report.all && report.stopped.is_none(), "{report:?}");
    let waves = waves.borrow();
    assert_eq!(waves[0], 0);
    assert!(waves[1..11].iter().all(|had| (1..11).contains(had)), "{waves:?}");
    assert!(waves[11..].iter().all(|had| *had >= 11), "{waves:?}");
}

#[test]
fn it_stops_when_a_unit_refuses_or_fails_its_self_test() {
    let digest = shipment().digest;
    for (answer, expected, reason) in [
        (
            json!({"database": {"refused": {"digest": digest, "reason": "other model"}}}),
            Delivered::Refused,
            "other model",
        ),
        (
            json!({"database": {"digest": digest}, "self_test": {"state": "failed", "reason": "0 of 5"}}),
            Delivered::Unfit,
            "0 of 5",
        ),
    ] {
        let fleet = fleet(20);
        let mut reach = ScriptedReach::default();
        for number in 1..=20 {
            let (answer, mut came_at) = (answer.clone(), None);
            reach.unit(number, move |sent| match number {
                3 if !sent.shipped.is_empty() => Some(answer.clone()),
                _ => Some(obedient(sent, &mut came_at)),
            });
        }
        let report = ship(&fleet, &mut reach, plan());
        assert!(!report.all && report.stopped.as_ref().unwrap().contains(reason), "{report:?}");
        assert_eq!(
            delivered(&report)[..4],
            [Delivered::Confirmed, Delivered::Confirmed, expected, Delivered::Confirmed]
        );
        assert!(delivered(&report)[11..].iter().all(|unit| *unit == Delivered::NotSent), "{report:?}");
        let allowed = Plan { may_fail: 1, ..plan() };
        assert_eq!(ship(&fleet, &mut reach, allowed).units[19].delivered, Delivered::Confirmed);
    }
}

#[test]
fn it_stops_when_a_unit_does_not_confirm_in_time_and_another_run_passes_over_those_that_have() {
    let fleet = fleet(5);
    let mut reach = ScriptedReach::default();
    for number in 1..=5 {
        let mut came_at = None;
        reach.unit(number, move |sent| (number != 4).then(|| obedient(sent, &mut came_at)));
    }
    let report = ship(&fleet, &mut reach, plan());
    assert!(report.stopped.as_ref().unwrap().contains("1 of the units did not confirm in time"), "{report:?}");
    let expected = [
        Delivered::Confirmed,
        Delivered::Confirmed,
        Delivered::Confirmed,
        Delivered::NotConfirmed,
        Delivered::Confirmed,
    ];
    assert_eq!(delivered(&report), expected);
    assert!(reach.sent[&unit_id(4)].shipped.len() > 5, "it is sent again and again");
    let before: Vec<usize> = (1..=5).map(|number| reach.sent[&unit_id(number)].shipped.len()).collect();
    let mut came_at = None;
    reach.unit(4, move |sent| Some(obedient(sent, &mut came_at)));
    assert!(ship(&fleet, &mut reach, plan()).all);
    let after: Vec<usize> = (1..=5).map(|number| reach.sent[&unit_id(number)].shipped.len()).collect();
    assert_eq!(after.iter().zip(&before).map(|(after, before)| after - before).collect::<Vec<_>>(), [0, 0, 0, 1, 0]);
}

#[test]
fn a_statement_that_is_sent_again_confirms_nothing() {
    let fleet = fleet(1);
    let mut reach = ScriptedReach::default();
    reach.unit(1, |_| Some(json!({})));
    reach.replay(1, &uses(shipment().digest));
    let report = ship(&fleet, &mut reach, plan());
    assert_eq!(delivered(&report), [Delivered::NotConfirmed]);
}

/// The reason for an earlier refusal may be gone.
#[test]
fn an_old_refusal_is_no_new_one() {
    let fleet = fleet(2);
    let digest = shipment().digest;
    let refused = json!({"database": {"refused": {"digest": digest, "reason": "clock unknown"}}});
    let mut reach = ScriptedReach::default();
    for number in 1..=2 {
        let (refused, mut came_at) = (refused.clone(), None);
        reach.unit(number, move |sent| match (number, obedient(sent, &mut came_at)) {
            (1, report) if report == json!({}) => Some(refused.clone()),
            (_, report) => Some(report),
        });
    }
    let report = ship(&fleet, &mut reach, plan());
    assert!(report.all, "{report:?}");
    assert!(reach.sent[&unit_id(2)].shipped.len() == 1, "the one that refused comes last");
}

#[test]
fn what_ssh_says_is_the_reason_of_a_silent_unit() {
    let fleet = fleet(1);
    let mut reach = ScriptedReach::default();
    reach.fail(1, "the connection failed");
    let report = ship(&fleet, &mut reach, plan());
    assert_eq!(report.units[0].reason.as_deref(), Some("the connection failed"));
    assert!(!report.all);
}
