//! The workstation's commands for fleets, with a real mosquitto and units from a script.

mod collect;
mod over_ssh;
mod scripted_units;
mod ship;
mod status;

use crate::edge_link::mosquitto::Mosquitto;
use scripted_units::{ScriptedUnit, ScriptedUnits};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Said, program, said};

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker, units, and the office's files.
struct Office {
    folder: TempDir,
    mosquitto: Mosquitto,
    units: ScriptedUnits,
    /// The id and the log key of each unit, by its name.
    known: Vec<(String, String, String)>,
}

impl Office {
    /// An office with this many units, each with this many records. All belong to the group `office`, the odd ones also to
    /// `odd`.
    fn start(units: u16, records: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mosquitto = Mosquitto::start();
        let place = folder.path().join("published");
        fs::create_dir(&place).unwrap();
        let units: Vec<ScriptedUnit> = (1..=units).map(|number| ScriptedUnit::new(number, records)).collect();
        let known = units.iter().map(|unit| (unit.name.clone(), unit.id.to_string(), unit.log_key())).collect();
        let office = Self { units: ScriptedUnits::start(&mosquitto.socket(), &place, units), folder, mosquitto, known };
        office.write_fleet();
        office
    }

    fn write_fleet(&self) {
        let mut text = format!(
            "[broker]\nsocket = {:?}\n[place]\nurl = \"https://files.example/doors\"\nfolder = \"published\"\nallow-unsealed = true\n",
            self.mosquitto.socket()
        );
        for (number, (name, id, key)) in self.known.iter().enumerate() {
            let groups = if number % 2 == 0 { "[\"office\", \"odd\"]" } else { "[\"office\"]" };
            text += &format!("[[unit]]\nname = {name:?}\nid = {id:?}\nlog-key = {key:?}\ngroups = {groups}\n");
        }
        fs::write(self.path("fleet.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("encoder-tool"));
        command.arg("fleet").args(words).arg("--fleet").arg(self.path("fleet.toml"));
        command
    }

    fn fleet(&self, words: &[&str]) -> Said {
        said(&mut self.command(words))
    }

    fn collector(&self, more: &[&str]) -> Collector {
        let mut command = self.command(&["collect", "--json"]);
        command.arg("--to").arg(self.path("logs")).args(more).stdin(Stdio::null());
        let told = fs::File::options().create(true).append(true).open(self.path("told")).unwrap();
        Collector(command.stdout(told).spawn().unwrap())
    }

    /// What collectors have told so far.
    fn told(&self) -> String {
        fs::read_to_string(self.path("told")).unwrap_or_default()
    }

    /// The collected file of a unit, with this ending.
    fn collected(&self, number: usize, ending: &str) -> Vec<u8> {
        fs::read(self.path("logs").join(format!("{}{ending}", self.known[number - 1].1))).unwrap_or_default()
    }

    fn is_collected(&self, number: usize) -> bool {
        let lines = self.units.with(number as u16, |unit| unit.lines[unit.kept_from as usize - 1..].concat());
        self.collected(number, ".jsonl") == lines
    }

    /// Waits until all these units' logs are collected.
    fn wait_until_collected(&self, units: std::ops::RangeInclusive<usize>) {
        for number in units {
            eventually(|| self.is_collected(number), || format!("door {number}: {}", self.told()));
        }
    }

    /// Checks a collected log with the door unit's own program.
    fn verify(&self, number: usize, ending: &str) -> Said {
        let (_, id, key) = &self.known[number - 1];
        let key_file = self.path(&format!("{id}.pub"));
        fs::write(&key_file, format!("{key}\n")).unwrap();
        let mut command = Command::new(program("edge-agent"));
        command.args(["audit", "verify", "--json", "--log"]).arg(self.path("logs").join(format!("{id}{ending}")));
        said(command.arg("--key").arg(key_file))
    }
}

/// A collector that runs.
struct Collector(Child);

impl Collector {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends it SIGTERM, and gives its exit code.
    fn terminate(&mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Looks until it is so.
fn eventually(mut is_so: impl FnMut() -> bool, else_say: impl Fn() -> String) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{}", else_say());
        thread::sleep(Duration::from_millis(20));
    }
}

/// A database without people, for all doors.
fn database(path: &Path, sequence: u64) {
    use shared::gallery::{Audience, GalleryBuilder, ModelHash};
    let mut builder = GalleryBuilder::new(sequence, ModelHash([7; 32]), 4).unwrap();
    builder.set_audience(Audience::AllDoors);
    fs::write(path, builder.encode().unwrap()).unwrap();
}
