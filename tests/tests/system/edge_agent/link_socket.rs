//! The socket of the link, asked as by a process that nobody needs to trust.

use super::at_the_door;
use super::running::{RunningUnit, configuration, photos_of};
use serde_json::{Value, json};
use shared::gallery::{Audience, Gallery, PersonId, Protection};
use shared::order::{Command, Order};
use shared::seal::{Fingerprint, Identity, SigningKey};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const HOUR_MS: u64 = 3_600_000;
const LOCK_DOWN: &str = r#"{"schema":1,"request":{"lock_down":{}}}"#;
const FACES_OFF: &str = r#"{"schema":1,"request":{"turn_off_face_recognition":{}}}"#;

pub(crate) fn workstation() -> SigningKey {
    SigningKey::from_random(&[1; 32])
}

pub(crate) fn own_key() -> Identity {
    Identity::from_random(&[2; 32])
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A unit that trusts the workstation and its own clock, and is shown somebody who is enrolled.
pub(crate) fn unit() -> RunningUnit {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path());
    RunningUnit::start_configured(folder)
}

fn configure(folder: &Path) {
    let write = |name: &str, text: &[u8], mode| {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).unwrap();
    };
    let config = configuration(folder, &photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let people = Gallery::decode(&fs::read(folder.join("people.db")).unwrap()).unwrap();
    let signed = people.encode_protected(&Protection { sign: Some(&workstation()), seal: None }).unwrap();
    write("people.db", &signed, 0o600);
    write("signing.key.pub", workstation().signer().to_text().as_bytes(), 0o644);
    write("device.key", own_key().to_text().as_bytes(), 0o600);
    write("clock-is-set", b"", 0o644);
    let at = |name: &str| folder.join(name);
    let keys = format!("[database]\nsigners = [{:?}]\nidentity = {:?}\n", at("signing.key.pub"), at("device.key"));
    let more = format!("[clock]\nset-file = {:?}\n[unit]\ngroups = [\"office\"]\n", at("clock-is-set"));
    let text = fs::read_to_string(&config).unwrap().replacen("[database]\n", &keys, 1);
    fs::write(&config, text + &more).unwrap();
}

/// What the unit replies to these bytes.
fn reply(unit: &RunningUnit, request: &str) -> Value {
    let mut link = UnixStream::connect(unit.file("link.sock")).unwrap();
    // The unit may have answered and hung up before all of it was sent.
    link.write_all(request.as_bytes()).ok();
    link.shutdown(Shutdown::Write).ok();
    let mut reply = String::new();
    link.read_to_string(&mut reply).ok();
    serde_json::from_str(&reply).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

fn carried_out(unit: &RunningUnit, request: &str) {
    let reply = reply(unit, request);
    assert_eq!((&reply["schema"], &reply["refused"]), (&Value::from(1), &Value::Null), "{request}: {reply}");
}

fn refused(unit: &RunningUnit, request: &str, expected: &str) {
    let reply = reply(unit, request);
    assert!(reply["refused"].as_str().is_some_and(|why| why.contains(expected)), "{request}: {reply}");
}

fn with(order: &str) -> String {
    json!({"schema": 1, "request": {"signed_order": {"order": order}}}).to_string() + "\n"
}

/// An order that is valid for an hour from its number on, which is a time in milliseconds.
fn ordered(number: u64, doors: Audience, command: Command, key: &SigningKey) -> String {
    let expires = (number + HOUR_MS).cast_signed();
    with(&Order::new(number, doors, expires, command).unwrap().sign(key))
}

fn signed(number: u64, command: Command) -> String {
    ordered(number, Audience::AllDoors, command, &workstation())
}

/// The events but for those about people in view.
fn acts(unit: &RunningUnit) -> Vec<String> {
    unit.events().into_iter().filter(|event| event != "refused" && event != "granted").collect()
}

#[test]
fn a_link_can_keep_people_out_and_let_nobody_in() {
    let mut unit = unit();
    let mode = fs::metadata(unit.file("link.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    unit.status_when(|status| status["door"] == "unlocked");
    carried_out(&unit, LOCK_DOWN);
    let status = unit.status_when(|status| !status["access"]["lockdown"].is_null());
    assert_eq!((&status["door"], &status["access"]["lockdown"]["locked_by"][0]), (&"locked".into(), &"link".into()));
    carried_out(&unit, FACES_OFF);
    unit.status_when(|status| status["access"]["face_recognition_off"] == true);
    let events = acts(&unit);
    for request in [LOCK_DOWN, FACES_OFF].repeat(10) {
        carried_out(&unit, request);
    }
    for request in [
        r#"{"lock_down":{"admits":"wardens"}}"#,
        r#"{"end_lockdown":{}}"#,
        r#"{"turn_on_face_recognition":{}}"#,
        r#"{"test_lock":{}}"#,
        r#"{"unlock":{}}"#,
        r#"{"clear_lockouts":{"of":"all"}}"#,
    ] {
        refused(&unit, &format!(r#"{{"schema":1,"request":{request}}}"#), "not a request that a link may make");
    }
    for request in ["", "\n", "status\n", "\u{0}\u{1}\u{fffd}", &"x".repeat(1 << 20)] {
        let mut link = UnixStream::connect(unit.file("link.sock")).unwrap();
        link.write_all(request.as_bytes()).ok();
        link.shutdown(Shutdown::Write).ok();
        let mut answer = Vec::new();
        link.read_to_end(&mut answer).ok();
        let answer = String::from_utf8(answer).unwrap();
        assert!(!answer.contains("\"refused\":null"), "{answer}");
    }
    assert_eq!(acts(&unit), events, "nothing more is recorded");
    assert_eq!(unit.stop("-TERM"), 0);
    let unit = RunningUnit::start_configured(unit.into_folder());
    let status = unit.status_when(|status| status["access"]["face_recognition_off"] == true);
    assert_eq!(status["access"]["lockdown"]["locked_by"][0], "restart", "a restart ends neither");
}

#[test]
fn a_signed_order_is_carried_out_once_at_its_door() {
    let mut unit = unit();
    carried_out(&unit, LOCK_DOWN);
    let now = now_ms();
    let group = |name: &str| Audience::Group(name.parse().unwrap());
    let ends = |number| ordered(number, group("office"), Command::LockdownOff, &workstation());
    let locked_down = |status: &Value| !status["access"]["lockdown"].is_null();
    unit.status_when(locked_down);
    let nobody: Fingerprint = "0000-0000-0000-0000-0000".parse().unwrap();
    let thief = SigningKey::from_random(&[9; 32]);
    let events = acts(&unit);
    for (order, expected) in [
        (ordered(now, group("lab"), Command::LockdownOff, &workstation()), "not for this door"),
        (ordered(now, Audience::units([nobody]).unwrap(), Command::LockdownOff, &workstation()), "not for this door"),
        (ordered(now, Audience::AllDoors, Command::LockdownOff, &thief), "no known key has signed"),
        (ends(now).replace("lockdown_off", "clear_lockouts"), "no known key has signed"),
        (ends(now - 2 * HOUR_MS), "has expired"),
        (ends(now + 25 * HOUR_MS), "more than a day from now"),
    ] {
        refused(&unit, &order, expected);
    }
    assert!(locked_down(&unit.status_when(|_| true)));
    assert_eq!(acts(&unit), events, "refused orders are not recorded");

    carried_out(&unit, &ends(now));
    let status = unit.status_when(|status| status["order"]["number"] == now);
    let judged =
        json!({"number": now, "command": "lockdown_off", "refused": null, "outcome": "the unit is not locked down"});
    assert_eq!((&status["order"], &status["access"]["lockdown"]), (&judged, &Value::Null));
    carried_out(&unit, LOCK_DOWN);
    refused(&unit, &ends(now), "send a new one");
    refused(&unit, &ends(now - 1), "send a new one");
    assert_eq!(unit.stop("-TERM"), 0);

    let unit = RunningUnit::start_configured(unit.into_folder());
    assert_eq!(unit.status_when(|status| !status["order"].is_null())["order"], judged, "it is remembered");
    refused(&unit, &ends(now), "send a new one");
    assert!(locked_down(&unit.status_when(|_| true)));
    let own = Audience::units([own_key().recipient().fingerprint()]).unwrap();
    carried_out(&unit, &ordered(now + 1, own, Command::LockdownOff, &workstation()));
    unit.status_when(|status| status["door"] == "unlocked");
    let of_orders: Vec<String> = unit.events().into_iter().filter(|event| event == "signed_order").collect();
    assert_eq!(of_orders.len(), 2, "{of_orders:?}");
}

#[test]
fn a_signed_order_erases_a_name_and_says_whether_it_returns() {
    let unit = unit();
    let names = || fs::read_to_string(unit.file("audit.jsonl.names")).unwrap();
    let known: Value = serde_json::from_str(&names()).unwrap();
    let (id, name) = known["people"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .map(|(id, named)| (id.clone(), named["name"].clone()))
        .unwrap();
    let person: PersonId = id.parse().unwrap();
    let answer = reply(&unit, &signed(now_ms(), Command::Forget { person }));
    let outcome = answer["outcome"].as_str().unwrap();
    assert!(outcome.contains("erased the name in") && outcome.contains("STILL CONTAINS"), "{answer}");
    assert!(!names().contains(name.as_str().unwrap()) && !names().contains(&id), "{}", names());
    let status = unit.status_when(|status| status["order"]["command"] == "forget");
    assert_eq!(status["order"]["outcome"], outcome);
    assert_eq!(unit.events().iter().filter(|event| *event == "signed_order").count(), 1);
}

/// Clients that send nothing, half a line, or take no answer: the next one is served, and the loop turns.
#[test]
fn no_link_can_block_the_unit() {
    let unit = unit();
    let connect = || UnixStream::connect(unit.file("link.sock")).unwrap();
    let before = unit.status_when(|_| true)["turns"]["count"].as_u64();
    let silent: Vec<UnixStream> = (0..4).map(|_| connect()).collect();
    let (mut slow, mut takes_no_answer) = (connect(), connect());
    slow.write_all(b"{\"schema\"").unwrap();
    takes_no_answer.write_all(b"x\n").unwrap();
    carried_out(&unit, LOCK_DOWN);
    unit.status_when(|status| status["turns"]["count"].as_u64() > before);
    drop(silent);
}
