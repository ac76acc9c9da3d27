//! How the link reaches a real broker, and which ones it refuses.

use super::mosquitto::{Certificates, Mosquitto, free_port};
use super::scripted_unit::ScriptedUnit;
use super::{RunningLink, at_socket, topic};

/// The keys of `[broker]` for TLS with this authority and this certificate.
fn by_tls(certificates: &Certificates, port: u16, authority: &str, door: &str) -> String {
    let file = |name: String| certificates.file(&name);
    format!(
        "address = \"127.0.0.1:{port}\"\nca = {:?}\ncertificate = {:?}\nkey = {:?}",
        file(format!("{authority}.crt")),
        file(format!("{door}.crt")),
        file(format!("{door}.key"))
    )
}

#[test]
fn a_link_is_there_for_as_long_as_it_runs() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), "");
    let mut observer = mosquitto.observe();
    let presence = topic("presence");
    observer.sees(&presence, "online");
    assert!(link.terminate().success());
    observer.sees(&presence, "offline");
    assert!(mosquitto.observe().has(&presence, "offline").is_retained);
}

#[test]
fn tls_needs_the_right_certificate_on_both_sides() {
    let certificates = Certificates::make();
    let (port, false_port) = (free_port(), free_port());
    let listeners = certificates.listener(port, "broker") + &certificates.listener(false_port, "false_broker");
    let (mosquitto, unit) = (Mosquitto::start_with(&listeners), ScriptedUnit::start());
    let mut observer = mosquitto.observe();
    for (port, authority, door, expected) in [
        (port, "house", "false_door", "the broker 127.0.0.1:"),
        (false_port, "house", "door", "invalid peer certificate"),
        (port, "stranger", "door", "invalid peer certificate"),
    ] {
        let link = RunningLink::start(&unit, &by_tls(&certificates, port, authority, door), "");
        link.says(expected);
        assert_eq!(observer.seen("presence"), [], "{authority} {door}: {}", link.stderr());
    }
    let _link = RunningLink::start(&unit, &by_tls(&certificates, port, "house", "door"), "");
    observer.sees(&topic("presence"), "online");
}
