//! How long a unit takes from a frame to its decision, with a real link beside it that works hard, is stopped, is hostile,
//! or has lost its broker: measured in turns, as ratios to the same unit without a link.

use super::super::edge_agent::running::{RunningUnit, configuration_with, photos_of};
use super::super::edge_link::mosquitto::Mosquitto;
use super::super::encoder_tool::enrolled;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tempfile::TempDir;
use tests::{photos, program, said};

const ROUNDS: usize = 15;
/// The frames of one measurement.
const FRAMES: u64 = 40;
/// Frames for which a state settles before it is measured.
const SETTLING: u64 = 5;
const LOOK_EVERY: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NoLink,
    /// A collector wants the whole log again and again, somebody asks for statements, and orders and requests arrive.
    Busy,
    /// It holds its connections and reads nothing.
    Stopped,
    /// A process of the link's user sends random bytes, requests for the whole log, and requests that change nothing.
    Hostile,
    BrokerGone,
}

const STATES: [State; 5] = [State::NoLink, State::Busy, State::Stopped, State::Hostile, State::BrokerGone];

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn no_link_slows_the_door_down() {
    let unit = unit();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); STATES.len()];
    for round in 0..ROUNDS {
        for turn in 0..STATES.len() {
            // Each state follows each other one equally often.
            let at = (round + turn * (1 + round % 2)) % STATES.len();
            times[at].push(milliseconds_with(STATES[at], &unit));
        }
    }
    println!("frame to decision, {ROUNDS} times {FRAMES} frames each:");
    let alone = &times[0];
    println!("  {:?}: median {:.2} ms", STATES[0], median(alone.clone()));
    let mut slower = Vec::new();
    for (state, with) in STATES.iter().zip(&times).skip(1) {
        let ratio = median(with.clone()) / median(alone.clone());
        let (low, high) = interval(with, alone);
        println!("  {state:?}: median {:.2} ms, ratio {ratio:.3} [{low:.3}, {high:.3}]", median(with.clone()));
        if low > 1.0 {
            slower.push(*state);
        }
    }
    assert!(slower.is_empty(), "the door is slower with {slower:?}");
}

/// A unit that sees an enrolled person, in every frame.
fn unit() -> RunningUnit {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    let photo = photos().join("door/barack_obama_speaking.jpg");
    let camera = format!("{}\nframes-per-second = 120.0", photos_of(&photo));
    let config = configuration_with(folder.path(), &database, &camera);
    let identity = format!("[database]\nidentity = {:?}\n", folder.path().join("device.key"));
    let text = fs::read_to_string(&config).unwrap().replacen("[database]\n", &identity, 1);
    fs::write(&config, text).unwrap();
    let made = said(Command::new(program("edge-agent")).args(["keygen", "--config"]).arg(&config));
    assert_eq!(made.code, 0, "{made:?}");
    RunningUnit::start_configured(folder)
}

/// The mean time from frame to decision over some frames.
fn milliseconds_with(state: State, unit: &RunningUnit) -> f64 {
    let work = Work::begin(state, unit);
    let now = after(unit, 0, 0).0;
    let begin = after(unit, now, SETTLING);
    let end = after(unit, begin.0, FRAMES);
    work.end();
    (end.1 - begin.1) / (end.0 - begin.0) as f64
}

/// Waits for this many frames after frame `from`; then their number, and the sum of their times.
fn after(unit: &RunningUnit, from: u64, frames: u64) -> (u64, f64) {
    loop {
        let mut socket = UnixStream::connect(unit.file("status.sock")).unwrap();
        socket.write_all(b"status\n").unwrap();
        let status: Value = serde_json::from_reader(socket).unwrap();
        let latency = &status["latency_ms"]["frame_to_decision"];
        let (count, sum) = (latency["count"].as_u64().unwrap_or(0), latency["sum"].as_f64().unwrap_or(0.0));
        if count >= from + frames {
            return (count, sum);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What goes on beside the unit, until it ends.
struct Work {
    link: Option<Child>,
    /// With the folder of the link's configuration.
    _broker: Option<(Mosquitto, TempDir)>,
    is_over: Arc<AtomicBool>,
    others: Vec<JoinHandle<()>>,
}

impl Work {
    fn begin(state: State, unit: &RunningUnit) -> Self {
        let mut work = Self { link: None, _broker: None, is_over: Arc::default(), others: Vec::new() };
        if state != State::NoLink && state != State::Hostile {
            work.start_link(unit);
        }
        match (state, &mut work) {
            (State::NoLink, _) => {}
            (State::Busy, Work { _broker: Some((broker, _)), .. }) => {
                let topic = topics_of(unit);
                let socket = broker.socket();
                work.repeat(move || {
                    for (kind, payload) in [
                        ("want", json!({"schema": 1, "next": 1, "previous": null})),
                        ("ask", json!({"schema": 1, "nonce": "00ff"})),
                    ] {
                        publish(&socket, &format!("{topic}/{kind}"), &payload.to_string());
                    }
                    publish(&socket, &format!("{topic}/order"), "no order");
                    thread::sleep(Duration::from_millis(200));
                });
            }
            (State::Stopped, Work { link: Some(link), .. }) => {
                let stopped = Command::new("kill").args(["-STOP", &link.id().to_string()]).status().unwrap();
                assert!(stopped.success());
            }
            (State::BrokerGone, Work { _broker: Some((broker, _)), .. }) => broker.kill(),
            (State::Hostile, work) => work.attack(unit),
            (state, _) => panic!("no link for {state:?}"),
        }
        work
    }

    fn start_link(&mut self, unit: &RunningUnit) {
        let (broker, folder) = (Mosquitto::start(), tempfile::tempdir().unwrap());
        let [status, link, receive] = ["status.sock", "link.sock", "receive.sock"].map(|name| unit.file(name));
        let (socket, config) = (broker.socket(), folder.path().join("config.toml"));
        let text = format!(
            "[unit]\nstatus = {status:?}\nlink = {link:?}\nreceive = {receive:?}\n[broker]\nsocket = {socket:?}\n\
             [home-assistant]\nenabled = true\ndoor-name = \"Front door\"\n[fleet]\nenabled = true\n"
        );
        fs::write(&config, text).unwrap();
        let mut command = as_the_service(&program("edge-link"));
        command.args(["run", "-q", "--config"]).arg(config).env("STATE_DIRECTORY", folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        (self.link, self._broker) = (Some(child), Some((broker, folder)));
    }

    /// Random bytes and requests, with no pause, with the priority of the service that was taken over.
    fn attack(&mut self, unit: &RunningUnit) {
        let sockets: Vec<PathBuf> = ["status.sock", "link.sock"].map(|name| unit.file(name)).into();
        let mut random = fastrand::Rng::with_seed(7);
        let mut has_priority = false;
        self.repeat(move || {
            if !std::mem::replace(&mut has_priority, true) {
                lower_priority_of_this_thread();
            }
            let noise: Vec<u8> = (0..random.usize(..4096)).map(|_| random.u8(..)).collect();
            let requests: [&[u8]; 5] = [
                &noise,
                b"records 0\n",
                b"signed-status 00\n",
                b"{\"schema\":1,\"request\":{\"signed_order\":{\"order\":\"x\"}}}\n",
                b"status\n",
            ];
            for socket in &sockets {
                let Ok(mut client) = UnixStream::connect(socket) else { continue };
                client.write_all(requests[random.usize(..requests.len())]).ok();
            }
        });
    }

    /// Repeats something on a thread until the work ends.
    fn repeat(&mut self, mut what: impl FnMut() + Send + 'static) {
        let is_over = Arc::clone(&self.is_over);
        self.others.push(thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                what();
            }
        }));
    }

    fn end(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.others.drain(..).for_each(|other| other.join().unwrap());
        if let Some(mut link) = self.link.take() {
            link.kill().unwrap();
            link.wait().unwrap();
        }
    }
}

/// The program with the priority that its service has.
fn as_the_service(program: &Path) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10"]).arg(program);
    command
}

fn lower_priority_of_this_thread() {
    let thread = nix::unistd::gettid().to_string();
    let lowered = Command::new("renice").args(["-n", "10", "-p", &thread]).stdout(Stdio::null()).status();
    assert!(lowered.unwrap().success());
}

fn topics_of(unit: &RunningUnit) -> String {
    let id = unit.status("--json").json()["unit_id"].as_str().unwrap().to_owned();
    format!("edge-agent/{}/{id}", &id[..2])
}

fn publish(broker: &Path, topic: &str, payload: &str) {
    // Its sender is another computer.
    let mut command = Command::new("nice");
    command.args(["-n", "19", "mosquitto_pub", "-q", "1", "-t", topic, "-m", payload]).arg("--unix").arg(broker);
    assert!(command.status().unwrap().success());
}

/// The bootstrap interval of 95 % for the ratio of two medians.
fn interval(with: &[f64], alone: &[f64]) -> (f64, f64) {
    let mut random = fastrand::Rng::with_seed(1);
    let mut drawn = |from: &[f64]| median((0..from.len()).map(|_| from[random.usize(..from.len())]).collect());
    let mut ratios: Vec<f64> = (0..10_000).map(|_| drawn(with) / drawn(alone)).collect();
    ratios.sort_by(f64::total_cmp);
    (ratios[ratios.len() / 40], ratios[ratios.len() - 1 - ratios.len() / 40])
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
