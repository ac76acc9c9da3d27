//! How the link reaches a real broker, and which ones it refuses.

use super::mosquitto::{Certificates, Mosquitto, free_port};
use super::scripted_unit::ScriptedUnit;
use super::{RunningLink, at_socket, eventually, topic};

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

/// Two nodes of a cluster: if one is lost, the link goes to the other.
#[test]
fn a_link_goes_to_the_next_node_when_its_own_is_lost() {
    let ports = [free_port(), free_port()];
    let node = |port: u16| Mosquitto::start_with(&format!("listener {port} 127.0.0.1\nallow_anonymous true\n"));
    let mut nodes = ports.map(node);
    let unit = ScriptedUnit::start();
    let broker = format!("address = [\"127.0.0.1:{}\", \"127.0.0.1:{}\"]", ports[0], ports[1]);
    let link = RunningLink::start(&unit, &broker, "");
    let is_at =
        |port: u16, link: &RunningLink| link.stderr().contains(&format!("the broker 127.0.0.1:{port}: connected"));
    let first = eventually("a connection", || (0..2).find(|&node| is_at(ports[node], &link)), || link.stderr());
    nodes[first].kill();
    link.says(&format!("the broker 127.0.0.1:{}: connected", ports[1 - first]));
    nodes[1 - first].observe().sees(&topic("presence"), "online");
    nodes[first].start_again();
    nodes[1 - first].kill();
    nodes[first].observe().sees(&topic("presence"), "online");
}
