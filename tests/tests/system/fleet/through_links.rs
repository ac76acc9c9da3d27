//! The office's commands, with real links to doors from a script.

use super::doors::Doors;
use super::workstation::Workstation;
use super::{database, eventually};
use crate::edge_link::RunningLink;
use crate::edge_link::mosquitto::{Certificates, Mosquitto};
use serde_json::Value;
use shared::delivery::Announcement;
use shared::gallery::DatabaseDigest;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

#[test]
fn records_of_doors_come_through_their_links_and_the_doors_answer() {
    let (mosquitto, certificates, doors) = (Mosquitto::start(), Certificates::make(), Doors::start(3, 400));
    let broker = format!("socket = {:?}", mosquitto.socket());
    let office = Workstation::new(&format!("[broker]\n{broker}\n"), doors.known());
    let mut collector = office.collector(&[]);
    let links: Vec<RunningLink> = (1..=3).map(|number| doors.link(number, &broker, &certificates)).collect();
    let is_collected = || (1..=3).all(|number| office.collected(number, ".jsonl") == doors.log(number));
    let said = || format!("{}{}", office.told(), links[0].stderr());
    eventually(is_collected, said);
    (1..=3).for_each(|number| doors.write(number, 5));
    eventually(is_collected, said);
    assert_eq!(collector.terminate(), Some(0));
    let status = office.fleet(&["status", "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    assert_eq!(status.json()["units"].as_array().unwrap().len(), 3);
}

#[test]
fn a_door_takes_what_was_announced_and_nothing_older() {
    let doors = Doors::start(1, 0);
    let folder = tempfile::tempdir().unwrap();
    let file = |sequence: u64| {
        let path = folder.path().join("people.db");
        database(&path, sequence);
        fs::read(path).unwrap()
    };
    let deliver = |bytes: &[u8], announced: &[u8]| {
        let digest = DatabaseDigest::from_file(announced);
        let announcement = Announcement { length: announced.len() as u64, digest, wait_seconds: 9 };
        let mut door = UnixStream::connect(doors.folder(1).join("receive.sock")).unwrap();
        door.write_all(announcement.to_string().as_bytes()).unwrap();
        door.write_all(bytes).unwrap();
        door.shutdown(Shutdown::Write).unwrap();
        let mut receipt = String::new();
        door.read_to_string(&mut receipt).unwrap();
        serde_json::from_str::<Value>(&receipt).unwrap()["outcome"].clone()
    };
    let (newer, older) = (file(9), file(8));
    for (bytes, announced, outcome) in [
        (&newer[1..], &newer[..], "bad_input"),
        (&newer, &older, "bad_input"),
        (&newer, &newer, "running"),
        (&older, &older, "refused"),
        (&b"no database"[..], &b"no database"[..], "refused"),
    ] {
        assert_eq!(deliver(bytes, announced), outcome);
    }
    doors.refuses(1, Some("another model"));
    assert_eq!(deliver(&newer, &newer), "refused");
    assert_eq!(doors.received(1), [(DatabaseDigest::from_file(&newer), 9)]);
}

#[test]
fn a_door_keeps_the_orders_that_it_was_given() {
    let doors = Doors::start(1, 0);
    let mut door = UnixStream::connect(doors.folder(1).join("link.sock")).unwrap();
    writeln!(door, r#"{{"schema":1,"request":{{"signed_order":{{"order":"an order"}}}}}}"#).unwrap();
    let mut reply = String::new();
    door.read_to_string(&mut reply).unwrap();
    assert_eq!((reply.trim_end(), doors.orders(1)), (r#"{"schema":1,"refused":null}"#, vec!["an order".to_owned()]));
}
