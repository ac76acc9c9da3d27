//! What goes between a unit and its fleet over a real broker, and from a real file server.

use super::mosquitto::{Certificates, Mosquitto};
use super::scripted_unit::{ScriptedUnit, UNIT};
use super::{RunningLink, at_socket, eventually, topic};
use fleet_messages::{DatabaseNotice, RecordBatch, Want};
use policy::audit::Event;
use serde_json::json;
use shared::gallery::DatabaseDigest;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (saying, said) = channel();
    thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| saying.send(line)));
    said
}

/// The workstation's end: collects records, and sees whatever else the link says.
struct Workstation {
    _subscriber: Running,
    said: Receiver<String>,
    lines: Vec<String>,
}

impl Workstation {
    fn at(mosquitto: &Mosquitto) -> Self {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-q", "1", "-t", &topic("+"), "-F", "%t %x"]).arg("--unix").arg(mosquitto.socket());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = lines(child.stdout.take().unwrap());
        Self { _subscriber: Running(child), said, lines: Vec::new() }
    }

    /// Takes in what has arrived, and says what is wanted next.
    fn collect(&mut self, mosquitto: &Mosquitto) {
        let mut has_heard = false;
        for line in self.said.try_iter() {
            let (on, hex) = line.split_once(' ').unwrap();
            if on != topic("records") {
                continue;
            }
            has_heard = true;
            let payload = bytes_of(hex);
            for record in RecordBatch::parse(&payload).unwrap().records() {
                let record = record.unwrap();
                if record.sequence == self.lines.len() as u64 + 1 {
                    self.lines.push(format!("{:?}", record.event));
                }
            }
        }
        if has_heard {
            let want = Want::new(self.lines.len() as u64 + 1, None);
            mosquitto.publish(&topic("want"), &serde_json::to_string(&want).unwrap());
        }
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().as_chunks::<2>().0.iter().map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn fleet(folder: &Path, certificates: &Certificates) -> String {
    let [ca, certificate, key] = ["house.crt", "door.crt", "door.key"].map(|name| certificates.file(name));
    format!(
        "[fleet]\nenabled = true\nfolder = {folder:?}\nfile-ca = {ca:?}\nfile-certificate = {certificate:?}\nfile-key = {key:?}\n"
    )
}

#[test]
fn each_record_is_collected_once_and_in_order_although_link_and_broker_are_killed() {
    let (mut mosquitto, unit, certificates) = (Mosquitto::start(), ScriptedUnit::start(), Certificates::make());
    let folder = tempfile::tempdir().unwrap();
    let config = fleet(folder.path(), &certificates);
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), &config);
    let mut workstation = Workstation::at(&mosquitto);
    let mut written = 0;
    for round in 0..6 {
        for open_ms in 0..500 {
            unit.records(Event::DoorHeld { open_ms });
            written += 1;
        }
        // In the middle of it.
        workstation.collect(&mosquitto);
        match round % 3 {
            0 => {
                link.kill();
                link = RunningLink::start(&unit, &at_socket(&mosquitto), &config);
            }
            1 => {
                mosquitto.kill();
                mosquitto.start_again();
                let lines = std::mem::take(&mut workstation.lines);
                workstation = Workstation { lines, ..Workstation::at(&mosquitto) };
            }
            _ => {}
        }
        let all = || {
            workstation.collect(&mosquitto);
            (workstation.lines.len() == written).then_some(())
        };
        eventually("all records", all, || link.stderr());
    }
    let expected = (0..written).map(|number| format!("{:?}", Event::DoorHeld { open_ms: number as u64 % 500 }));
    assert!(workstation.lines.iter().eq(&expected.collect::<Vec<_>>()));
}

/// Takes databases as the unit does, and tells what came.
fn receiver(unit: &ScriptedUnit) -> Receiver<Vec<u8>> {
    let listener = UnixListener::bind(unit.folder().join("receive.sock")).unwrap();
    let (telling, told) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut bytes) = (client.unwrap(), Vec::new());
            client.read_to_end(&mut bytes).unwrap();
            let receipt = json!({"schema": 1, "outcome": "running", "reason": null, "digest": null, "sequence": 9});
            write!(client, "{receipt}").unwrap();
            if telling.send(bytes).is_err() {
                return;
            }
        }
    });
    told
}

#[test]
fn only_the_announced_database_is_handed_over_and_each_bad_notice_is_told_once() {
    let (mosquitto, unit, certificates) = (Mosquitto::start(), ScriptedUnit::start(), Certificates::make());
    let folder = tempfile::tempdir().unwrap();
    let database: Vec<u8> = [&b"PEOPLEDB"[..], &[7; 3_000_000]].concat();
    let (path, state) = (folder.path().join("people.db"), folder.path().join("state"));
    fs::write(&path, &database).unwrap();
    fs::create_dir(&state).unwrap();
    let mut server = Command::new("python3");
    server.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/file_server.py")).arg(certificates.file("")).arg(path);
    let mut server = Running(server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let asked = lines(server.0.stdout.take().unwrap());
    let port = asked.recv().unwrap().strip_prefix("port ").unwrap().to_owned();
    let received = receiver(&unit);
    let notice = |sequence: u64, name: &str| {
        let place = format!("https://localhost:{port}/{name}");
        let digest = DatabaseDigest::from_file(&database);
        let notice = DatabaseNotice::new(sequence, digest, database.len() as u64, place, 0);
        serde_json::to_string(&notice).unwrap()
    };
    mosquitto.publish_retained(&topic("notice"), &notice(1, "people.db"));
    let link = RunningLink::start(&unit, &at_socket(&mosquitto), &fleet(&state, &certificates));
    link.says("retained");
    mosquitto.publish(&topic("notice"), "no notice");
    for (sequence, name, expected) in [
        (2, "moved.db", "moved.db: the server redirects"),
        (3, "other.db", "other.db: the file has the SHA-256"),
        (4, "longer.db", "longer.db: the file on the server has 3000009 bytes instead of 3000008"),
        (5, "endless.db", "endless.db: "),
        (6, "missing.db?\u{7f}", "cannot be used"),
    ] {
        let notice = notice(sequence, name);
        (0..3).for_each(|_| mosquitto.publish(&topic("notice"), &notice));
        link.says(expected);
    }
    assert!(received.try_recv().is_err(), "{}", link.stderr());
    mosquitto.publish(&topic("notice"), &notice(7, "silent.db"));
    eventually("a silent server", || asked.try_iter().find(|line| line == "/silent.db 0"), || link.stderr());
    mosquitto.publish(&topic("notice"), &notice(8, "half.db"));
    let came = received.recv_timeout(super::PATIENCE).unwrap();
    let announced = came.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert!(came.starts_with(b"people-database 1 3000008 ") && came[announced..] == database);
    let parts: Vec<String> = asked.try_iter().filter(|line| line.starts_with("/half.db")).collect();
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert_eq!(parts[1], "/half.db 1500004", "it was continued");
    link.says("the unit uses people database 8");
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    let said = link.stderr();
    for name in ["moved.db", "other.db", "longer.db", "endless.db"] {
        assert_eq!(said.lines().filter(|line| line.contains("WARN") && line.contains(name)).count(), 1, "{said}");
    }
    let peak = link.peak_kilobytes();
    assert!(peak < 40_000, "{peak} kB");
}

#[test]
fn orders_are_passed_on_unread_and_questions_are_answered() {
    let (mosquitto, unit, certificates) = (Mosquitto::start(), ScriptedUnit::start(), Certificates::make());
    let folder = tempfile::tempdir().unwrap();
    mosquitto.publish_retained(&topic("order"), "an old order");
    let link = RunningLink::start(&unit, &at_socket(&mosquitto), &fleet(folder.path(), &certificates));
    let mut observer = mosquitto.observe();
    observer.has(&topic("presence"), "online");
    link.says("retained");
    mosquitto.publish(&topic("ask"), r#"{"schema":1,"nonce":"00ff"}"#);
    observer.sees(&topic("statement"), "00ff");
    assert_eq!(unit.requests(), [""; 0]);
    (0..3).for_each(|_| mosquitto.publish(&topic("order"), "text of an order"));
    observer.sees(&topic("statement"), UNIT);
    link.says("the unit has carried out a signed order");
    mosquitto.publish(&topic("order"), "\u{1}another one");
    eventually("two orders", || (unit.requests().len() == 2).then_some(()), || link.stderr());
    assert_eq!(unit.requests(), ["signed_order"; 2], "the same order is passed on once");
}
