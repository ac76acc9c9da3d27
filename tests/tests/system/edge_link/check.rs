//! `edge-link check`.

use super::mosquitto::{Certificates, Mosquitto};
use super::scripted_unit::{ScriptedUnit, UNIT};
use super::{at_socket, configuration};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tests::{program, said};

#[test]
fn a_configuration_that_cannot_be_used_is_told_with_a_remedy() {
    let (unit, certificates) = (ScriptedUnit::start(), Certificates::make());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| certificates.file(name);
    let tls = |ca: &str, certificate: &str, key: &str| {
        let [ca, certificate, key] = [ca, certificate, key].map(file);
        format!("address = \"broker.example:8883\"\nca = {ca:?}\ncertificate = {certificate:?}\nkey = {key:?}")
    };
    fs::copy(file("door.key"), file("open.key")).unwrap();
    fs::set_permissions(file("open.key"), Permissions::from_mode(0o640)).unwrap();
    fs::write(file("empty"), "").unwrap();
    fs::set_permissions(file("empty"), Permissions::from_mode(0o600)).unwrap();
    for (broker, expected) in [
        ("address = \"broker.example:1883\"".to_owned(), "broker.ca"),
        ("adress = \"broker.example:1883\"".to_owned(), "adress"),
        (tls("house.crt", "door.crt", "open.key"), "chmod 600"),
        (tls("empty", "door.crt", "door.key"), "contains no certificate"),
        (tls("house.crt", "door.crt", "empty"), "is not a private key"),
        (tls("house.crt", "door.crt", "false_door.key"), "do not fit"),
        (tls("house.crt", "none.crt", "door.key"), "none.crt"),
        (format!("socket = \"/s\"\nuser = \"u\"\npassword-file = {:?}", file("empty")), "no password"),
    ] {
        let config = configuration(folder.path(), &unit, &broker, "");
        for verb in ["check", "run"] {
            let refused = said(Command::new(program("edge-link")).args([verb, "--config"]).arg(&config));
            assert_eq!(refused.code, 2, "{broker}: {refused:?}");
            assert!(refused.stderr.contains(expected), "{broker}: {refused:?}");
        }
    }
}

#[test]
fn both_sides_are_asked() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let folder = tempfile::tempdir().unwrap();
    let check = |broker: &str| {
        let config = configuration(folder.path(), &unit, broker, "");
        said(Command::new(program("edge-link")).args(["check", "--json", "--config"]).arg(&config))
    };
    let well = check(&at_socket(&mosquitto));
    let answer = well.json();
    assert_eq!((well.code, &answer["unit"], &answer["broker_trouble"]), (0, &UNIT.into(), &().into()), "{well:?}");

    let none = check("socket = \"/nowhere/mosquitto.sock\"");
    let trouble = none.json()["broker_trouble"].as_str().unwrap().to_owned();
    assert!(none.code == 1 && trouble.contains("/nowhere/mosquitto.sock: "), "{none:?}");
    unit.stop();
    let none = check(&at_socket(&mosquitto));
    let trouble = none.json()["unit_trouble"].as_str().unwrap().to_owned();
    assert!(none.code == 1 && trouble.contains("no unit answers"), "{none:?}");
}
