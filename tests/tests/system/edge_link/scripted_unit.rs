//! A unit that does what a test says, on the sockets of a real one.

use policy::audit::{BootId, Chain, Event};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Its id.
pub(super) const UNIT: &str = "5f0c-8a71-0000-1111-2222";

/// The unit. Its log outlives a restart.
pub(super) struct ScriptedUnit {
    folder: TempDir,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    report: Value,
    chain: Chain,
    lines: Vec<String>,
    /// What was asked of it on the socket for links.
    requests: Vec<String>,
    clients: Vec<UnixStream>,
    /// Grows with each start: what was started before ends.
    start: u32,
}

impl ScriptedUnit {
    /// A unit where all is well.
    pub(super) fn start() -> Self {
        let report = json!({
            "schema": 1,
            "version": "0.2.0",
            "unit_id": UNIT,
            "door": "locked",
            "clock": "trusted",
            "last_turn_seconds_ago": 0.1,
            "access": {"asks_for": "card_and_face", "held_open": null, "lockdown": null, "face_recognition_off": false},
            "contacts": {"door": "closed", "alarm": null, "exit_button": "free", "fire_alarm": false},
            "camera": {"state": "streaming", "reason": null},
            "database": {"sequence": 1_735_689_600, "people": 3, "loaded_at": "2025-01-01T00:00:00Z"},
            "temperatures": [{"sensor": "cpu", "celsius": 47.6}],
        });
        let (chain, lines, requests, clients) = (Chain::new(), Vec::new(), Vec::new(), Vec::new());
        let inside = Arc::new(Mutex::new(Inside { report, chain, lines, requests, clients, start: 0 }));
        let unit = Self { folder: tempfile::tempdir().unwrap(), inside };
        unit.listen();
        unit
    }

    /// The folder of its sockets.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Listens on its sockets, after a stop.
    pub(super) fn listen(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.start += 1;
        let start = inside.start;
        for (name, serve) in [("status.sock", status as fn(UnixStream, &Mutex<Inside>, u32)), ("link.sock", link)] {
            let listener = UnixListener::bind(self.folder.path().join(name)).unwrap();
            let inside = self.inside.clone();
            thread::spawn(move || {
                for client in listener.incoming() {
                    let client = client.unwrap();
                    if inside.lock().unwrap().start != start {
                        return;
                    }
                    inside.lock().unwrap().clients.push(client.try_clone().unwrap());
                    let inside = inside.clone();
                    thread::spawn(move || serve(client, &inside, start));
                }
            });
        }
    }

    /// Ends all connections and does not listen any more.
    pub(super) fn stop(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.start += 1;
        inside.clients.drain(..).for_each(|client| client.shutdown(Shutdown::Both).unwrap_or(()));
        for name in ["status.sock", "link.sock"] {
            let path = self.folder.path().join(name);
            // Wakes the listener, which then sees that it is over.
            UnixStream::connect(&path).ok();
            std::fs::remove_file(path).ok();
        }
    }

    /// Changes what it reports.
    pub(super) fn reports(&self, pointer: &str, value: Value) {
        *self.inside.lock().unwrap().report.pointer_mut(pointer).unwrap() = value;
    }

    /// Writes a record of this event. Returns its number.
    pub(super) fn records(&self, event: Event) -> u64 {
        let now = jiff::Timestamp::now().as_millisecond();
        let mut inside = self.inside.lock().unwrap();
        let line = inside.chain.next_line(now, BootId([7; 16]), event).unwrap();
        let (text, sequence) = (line.text().trim_end().to_owned(), line.head().sequence);
        line.commit();
        inside.lines.push(text);
        sequence
    }

    /// What was asked of it on the socket for links.
    pub(super) fn requests(&self) -> Vec<String> {
        self.inside.lock().unwrap().requests.clone()
    }
}

impl Drop for ScriptedUnit {
    fn drop(&mut self) {
        self.stop();
    }
}

fn status(mut client: UnixStream, inside: &Mutex<Inside>, start: u32) {
    let mut request = String::new();
    BufReader::new(client.try_clone().unwrap()).read_line(&mut request).unwrap_or_default();
    match request.trim_end().split_once(' ') {
        None => {
            let inside = inside.lock().unwrap();
            let mut report = inside.report.clone();
            report["audit"] = json!({"sequence": inside.lines.len(), "signed": 0});
            writeln!(client, "{report}").ok();
        }
        Some(("records", from)) => follow(&mut client, inside, start, from.parse().unwrap()),
        Some(("signed-status", nonce)) => {
            // A link cannot check a signature.
            let statement = json!({"unit": UNIT, "nonce": nonce}).to_string();
            writeln!(client, "{}", json!({"schema": 1, "statement": statement, "signature": ""})).ok();
        }
        Some(_) => {
            writeln!(client, r#"{{"schema":1,"error":"no such request"}}"#).ok();
        }
    }
}

fn follow(client: &mut UnixStream, inside: &Mutex<Inside>, start: u32, from: usize) {
    let last = inside.lock().unwrap().lines.len();
    let kept_from = (last > 0).then_some(1);
    if writeln!(client, "{}", json!({"schema": 1, "kept_from": kept_from, "last": last})).is_err() {
        return;
    }
    let mut next = from.max(1);
    loop {
        let line = {
            let inside = inside.lock().unwrap();
            if inside.start != start {
                return;
            }
            inside.lines.get(next - 1).cloned()
        };
        match line {
            Some(line) if writeln!(client, "{{\"schema\":1,\"record\":{line}}}").is_err() => return,
            Some(_) => next += 1,
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn link(mut client: UnixStream, inside: &Mutex<Inside>, _start: u32) {
    let mut line = String::new();
    BufReader::new(client.try_clone().unwrap()).read_line(&mut line).unwrap_or_default();
    let Ok(request) = serde_json::from_str::<Value>(&line) else { return };
    let name = request["request"].as_object().and_then(|request| request.keys().next().cloned()).unwrap_or_default();
    let mut inside = inside.lock().unwrap();
    match name.as_str() {
        "lock_down" => inside.report["access"]["lockdown"] = json!({"locked_by": ["link"], "admitted": 0}),
        "turn_off_face_recognition" => inside.report["access"]["face_recognition_off"] = json!(true),
        _ => {}
    }
    inside.requests.push(name);
    writeln!(client, r#"{{"schema":1,"refused":null}}"#).ok();
}
