//! `fleet collect`: every record is there once and in order, whatever is killed.

use super::{Office, eventually};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

#[test]
fn every_record_is_collected_once_though_collector_and_broker_are_killed() {
    let mut office = Office::start(6, 1500);
    let mut collector = office.collector(&[]);
    for round in 0..6 {
        // At least one record more than the last time was collected: then something is killed.
        let length = |office: &Office| (1..=6).map(|number| office.collected(number, ".jsonl").len()).sum::<usize>();
        let before = length(&office);
        (1..=6).for_each(|number| office.units.with(number, |unit| unit.write(100)));
        eventually(|| length(&office) > before, || office.told());
        match round % 2 {
            0 => {
                collector.kill();
                collector = office.collector(&[]);
            }
            _ => {
                office.mosquitto.kill();
                office.mosquitto.start_again();
            }
        }
    }
    office.wait_until_collected(1..=6);
    assert_eq!(collector.terminate(), Some(0));
    for number in 1..=6 {
        let verified = office.verify(number, ".jsonl");
        assert_eq!(verified.code, 0, "{verified:?}");
        assert_eq!(verified.json()["records"], office.units.with(number as u16, |unit| unit.lines.len()));
    }
    let folder = fs::metadata(office.path("logs")).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    for entry in fs::read_dir(office.path("logs")).unwrap() {
        let found = entry.unwrap().metadata().unwrap();
        assert_eq!(found.mode() & 0o077, 0, "only the owner may read who came when");
    }
}

#[test]
fn a_gap_is_reported_and_both_parts_are_whole() {
    let office = Office::start(1, 300);
    let mut collector = office.collector(&[]);
    office.wait_until_collected(1..=1);
    let last = office.units.with(1, |unit| unit.lines.len());
    collector.kill();
    office.units.with(1, |unit| {
        unit.write(500);
        unit.prune(last as u64 + 250);
        unit.write(10);
    });
    let mut collector = office.collector(&[]);
    office.wait_until_collected(1..=1);
    eventually(|| office.told().contains("\"problem\":\"gap\""), || office.told());
    collector.terminate();
    for ending in [".jsonl".to_owned(), format!(".to-{last:010}.jsonl")] {
        let verified = office.verify(1, &ending);
        assert_eq!(verified.code, 0, "{verified:?}");
    }
    let gaps = String::from_utf8(office.collected(1, ".gaps.jsonl")).unwrap();
    assert!(gaps.contains(&format!("\"from\":{},\"through\":{}", last + 1, last + 250)), "{gaps}");
}

#[test]
fn each_collector_takes_its_part() {
    let office = Office::start(8, 20);
    let mut first = office.collector(&["--shard", "1/2"]);
    let is_first = |number: usize| u8::from_str_radix(&office.known[number - 1].id[..2], 16).unwrap().is_multiple_of(2);
    for number in (1..=8).filter(|number| is_first(*number)) {
        office.wait_until_collected(number..=number);
    }
    first.terminate();
    for number in (1..=8).filter(|number| !is_first(*number)) {
        assert_eq!(office.collected(number, ".jsonl"), b"", "door {number}");
    }
    let mut second = office.collector(&["--shard", "2/2"]);
    office.wait_until_collected(1..=8);
    second.terminate();
}

/// Anybody on the broker can publish anything.
#[test]
fn what_is_forged_is_refused_reported_once_and_bounded() {
    let office = Office::start(1, 50);
    let mut collector = office.collector(&[]);
    office.wait_until_collected(1..=1);
    let id = office.known[0].id.clone();
    let topic = format!("edge-agent/{}/{id}/records", &id[..2]);
    let unknown = format!("edge-agent/ff/ff{}/records", &id[2..]);
    for number in 0..20 {
        office.mosquitto.publish(&topic, &format!("no batch {number}"));
        office.mosquitto.publish(&unknown, "no batch");
        office.mosquitto.publish("edge-agent/ff/nobody/records", "no batch");
    }
    // More than any message of a unit: the connection ends, and what the broker keeps of it is dropped.
    let large = office.path("large");
    fs::write(&large, vec![b'x'; 8 << 20]).unwrap();
    let mut publish = Command::new("mosquitto_pub");
    publish.args(["-q", "1", "-t", &topic, "-f"]).arg(&large).arg("--unix").arg(office.mosquitto.socket());
    assert!(publish.status().unwrap().success());
    office.units.with(1, |unit| unit.write(50));
    office.wait_until_collected(1..=1);
    collector.terminate();
    let told = office.told();
    assert_eq!(told.matches("\"problem\":\"forged\"").count(), 1, "{told}");
    assert_eq!(told.matches("\"note\":\"unknown_unit\"").count(), 1, "{told}");
}

#[test]
fn two_collectors_cannot_use_one_folder() {
    let office = Office::start(1, 20);
    let _collector = office.collector(&[]);
    office.wait_until_collected(1..=1);
    let logs = office.path("logs");
    let second = office.fleet(&["collect", "--to", logs.to_str().unwrap()]);
    assert_eq!(second.code, 2);
    assert!(second.stderr.contains("is used by another process") && second.stderr.contains("help: "), "{second:?}");
}

/// What was on its way when a collector ended is lost, and a link that has sent everything would not know.
#[test]
fn a_collector_tells_each_unit_what_it_wants_when_it_connects() {
    let office = Office::start(3, 20);
    let mut collector = office.collector(&[]);
    office.wait_until_collected(1..=3);
    collector.kill();
    (1..=3).for_each(|number| office.units.with(number, |unit| (unit.is_silent, unit.wanted) = (true, 0)));
    let _again = office.collector(&[]);
    for number in 1..=3 {
        let next = office.units.with(number, |unit| unit.lines.len() as u64 + 1);
        eventually(|| office.units.with(number, |unit| unit.wanted) == next, || office.told());
    }
}
