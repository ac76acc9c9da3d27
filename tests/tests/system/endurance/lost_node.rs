//! The cluster by itself: what it has acknowledged outlives the loss of a node, and a unit writes its own topics only.

use super::rabbitmq::{Cluster, NODES, OFFICE, impossible};
use std::process::Command;

const MESSAGES: usize = 100;

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn what_a_session_waits_for_outlives_the_loss_of_a_node() {
    if let Some(why) = impossible() {
        return eprintln!("SKIPPED: {why}");
    }
    let units = ["5f0c-8a71-0000-1111-2222", "5f0c-8a71-0000-1111-3333"].map(str::to_owned);
    let [unit, other] = &units;
    let mut cluster = Cluster::start(&units);
    let client = |program: &str, node: usize, user: &str, topic: &str| {
        let address = Cluster::address(node);
        let mut command = Command::new(program);
        command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "-q", "1", "-t", topic]);
        command.arg("--cafile").arg(cluster.certificate("house.crt"));
        command.arg("--cert").arg(cluster.certificate(&format!("{user}.crt")));
        command.arg("--key").arg(cluster.certificate(&format!("{user}.key")));
        command
    };
    let topic = format!("edge-agent/5f/{unit}/notice");
    let subscriber = |node: usize| {
        let mut command = client("mosquitto_sub", node, unit, &topic);
        command.args(["-c", "-i", &format!("edge-link-{unit}")]);
        command
    };
    assert!(subscriber(0).arg("-E").status().unwrap().success());
    for number in 0..MESSAGES {
        let mut publisher = client("mosquitto_pub", number % NODES, OFFICE, &topic);
        assert!(publisher.args(["-m", &number.to_string()]).status().unwrap().success());
    }
    for (topic, may) in [("presence", true), ("notice", false)] {
        let topic = format!("edge-agent/5f/{unit}/{topic}");
        for (user, may) in [(unit, may), (other, false)] {
            let mut publisher = client("mosquitto_pub", 2, user, &topic);
            let said = publisher.args(["-m", "from a unit"]).output().unwrap();
            assert_eq!(said.status.success(), may, "{user} on {topic}: {said:?}");
        }
    }
    let mut later = subscriber(1);
    cluster.kill(0);
    let said = later.args(["-C", &MESSAGES.to_string(), "-W", "60"]).output().unwrap();
    let mut numbers: Vec<usize> =
        String::from_utf8(said.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
    cluster.start_again(0);
    assert_eq!(cluster.running(), NODES);
    let memory = (0..NODES).map(|node| super::memory::Resident::new(&Cluster::process(node).unwrap().to_string()).now);
    println!("memory of the nodes without clients, kB: {:?}", memory.collect::<Vec<_>>());
}
