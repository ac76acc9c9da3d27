//! Tests of orders to scripted units, with a clock of their own.

use super::*;
use crate::campaign::run;
use crate::fleet_toml::Fleet;
use crate::fleet_toml::tests::{fleet_of, log_key};
use crate::reach::scripted::{ScriptedReach, unit_id};
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;

const NUMBER: u64 = 1_800_000_000_000;

fn fleet(units: u8) -> Fleet {
    let unit = |number| {
        let (id, key) = (unit_id(number), log_key(number));
        format!("[[unit]]\nname = \"door {number}\"\nid = \"{id}\"\nlog-key = \"{key}\"\nssh = \"h\"\n")
    };
    fleet_of(&(1..=units).map(unit).collect::<String>())
}

fn key() -> SigningKey {
    SigningKey::from_random(&[5; 32])
}

fn order(fleet: &Fleet, reach: &mut ScriptedReach) -> OrderReceipts {
    let units: Vec<&Unit> = fleet.units().iter().collect();
    let expires = NUMBER as i64 + 86_400_000;
    let patience = Duration::from_secs(60);
    let mut campaign = OrderCampaign::new(&units, &Command::LockdownOff, NUMBER, expires, &key(), patience).unwrap();
    let clock = reach.clock();
    run(fleet, &mut campaign, reach, &AtomicBool::new(false), &clock, &mut |_, _| {});
    campaign.finish(&units)
}

fn judged(number: u64, refused: Option<&str>) -> Value {
    json!({"order": {"number": number, "command": "lockdown_off", "refused": refused, "outcome": "not locked down"}})
}

#[test]
fn an_order_is_carried_out_when_the_unit_says_so_and_its_statement_is_the_receipt() {
    let fleet = fleet(2);
    let mut reach = ScriptedReach::default();
    for number in 1..=2 {
        reach.unit(number, |sent| {
            let (order, signer) = Order::verify(sent.orders.first()?, &[key().signer()]).unwrap();
            assert_eq!((order.number(), order.command(), signer), (NUMBER, &Command::LockdownOff, key().signer()));
            // At first it is still what it was before.
            Some(judged(if sent.asked > 1 { NUMBER } else { 7 }, None))
        });
    }
    let receipts = order(&fleet, &mut reach);
    assert!(receipts.all, "{receipts:?}");
    for (unit, receipt) in fleet.units().iter().zip(&receipts.units) {
        let stated = receipt.receipt.as_ref().unwrap().verify(&unit.log_key).unwrap();
        assert_eq!(stated.report.order.unwrap().number, NUMBER);
    }
}

#[test]
fn doors_that_have_not_confirmed_are_named_with_the_reason() {
    let fleet = fleet(4);
    let mut reach = ScriptedReach::default();
    reach.unit(1, |_| Some(judged(NUMBER, Some("the order has expired: send a new one"))));
    reach.unit(2, |_| Some(judged(NUMBER + 1, None)));
    reach.fail(3, "the login was refused");
    reach.replay(4, &judged(NUMBER, None));
    let receipts = order(&fleet, &mut reach);
    let found: Vec<(OrderState, Option<&str>)> =
        receipts.units.iter().map(|unit| (unit.state, unit.reason.as_deref())).collect();
    assert_eq!(
        found,
        [
            (OrderState::Refused, Some("the order has expired: send a new one")),
            (OrderState::Overtaken, Some("the later order 1800000000001 came after it")),
            (OrderState::NotConfirmed, Some("the login was refused")),
            (OrderState::NotConfirmed, None),
        ]
    );
    assert!(!receipts.all && receipts.units.iter().all(|unit| unit.receipt.is_none()));
    assert!(reach.sent[&unit_id(4)].orders.len() > 1, "it is sent again");
}

/// A unit says that an order is not finished while it carries it out.
#[test]
fn a_refusal_that_does_not_stand_is_none() {
    let fleet = fleet(1);
    let mut reach = ScriptedReach::default();
    reach.unit(1, |sent| Some(judged(NUMBER, (sent.asked == 1).then_some("the unit stopped while it carried out"))));
    assert!(order(&fleet, &mut reach).all);
}

#[test]
fn each_order_names_at_most_64_units() {
    let fleet = fleet(130);
    let units: Vec<&Unit> = fleet.units().iter().collect();
    let patience = Duration::from_secs(1);
    let expires = NUMBER as i64 + 1;
    let campaign = OrderCampaign::new(&units, &Command::ClearLockouts, NUMBER, expires, &key(), patience).unwrap();
    for unit in &units {
        let (order, _) = Order::verify(&campaign.texts[&unit.id], &[key().signer()]).unwrap();
        let Audience::Units(named) = order.doors() else { panic!("{:?}", order.doors()) };
        assert!(named.ids().contains(&unit.id) && named.ids().len() <= MAX_UNITS);
    }
    let none = OrderCampaign::new(&units, &Command::ClearLockouts, NUMBER, 5, &key(), patience);
    assert!(matches!(none, Err(MakeError::Order(OrderError::Expiry { .. }))));
}
