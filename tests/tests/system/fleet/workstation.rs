//! The office's computer: its fleet.toml, its commands, and what it has collected.

use super::scripted_units::ScriptedUnit;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tests::{Said, program, said};

/// The computer of an office with a fleet.
pub(crate) struct Workstation {
    folder: TempDir,
    logs: PathBuf,
    /// The units in the order of their numbers, which are from 1.
    pub(super) known: Vec<Known>,
}

/// What the office knows of a unit.
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) log_key: String,
}

impl Known {
    pub(super) fn of(unit: &ScriptedUnit) -> Self {
        Self { name: unit.name.clone(), id: unit.id.to_string(), log_key: unit.log_key() }
    }
}

impl Workstation {
    /// `sections` are `[broker]` and `[place]` of fleet.toml. All units belong to the group `office`, those with odd numbers
    /// also to `odd`.
    pub(crate) fn new(sections: &str, known: Vec<Known>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = sections.to_owned();
        for (number, Known { name, id, log_key }) in known.iter().enumerate() {
            let groups = if number % 2 == 0 { "[\"office\", \"odd\"]" } else { "[\"office\"]" };
            text += &format!("[[unit]]\nname = {name:?}\nid = {id:?}\nlog-key = {log_key:?}\ngroups = {groups}\n");
        }
        fs::write(folder.path().join("fleet.toml"), text).unwrap();
        Self { logs: folder.path().join("logs"), folder, known }
    }

    /// The same with another folder for logs.
    pub(crate) fn collecting(sections: &str, known: Vec<Known>, logs: &Path) -> Self {
        Self { logs: logs.to_owned(), ..Self::new(sections, known) }
    }

    /// A file in the folder of fleet.toml.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("encoder-tool"));
        command.arg("fleet").args(words).arg("--fleet").arg(self.path("fleet.toml"));
        command
    }

    pub(crate) fn fleet(&self, words: &[&str]) -> Said {
        said(&mut self.command(words))
    }

    pub(crate) fn collector(&self, more: &[&str]) -> Collector {
        let mut command = self.command(&["collect", "--json"]);
        command.arg("--to").arg(&self.logs).args(more).stdin(Stdio::null());
        let told = fs::File::options().create(true).append(true).open(self.path("told")).unwrap();
        Collector(command.stdout(told).spawn().unwrap())
    }

    /// What collectors have told so far.
    pub(crate) fn told(&self) -> String {
        fs::read_to_string(self.path("told")).unwrap_or_default()
    }

    /// The path of a unit's collected file with this ending.
    pub(crate) fn log(&self, number: usize, ending: &str) -> PathBuf {
        self.logs.join(format!("{}{ending}", self.known[number - 1].id))
    }

    /// What is in it.
    pub(crate) fn collected(&self, number: usize, ending: &str) -> Vec<u8> {
        fs::read(self.log(number, ending)).unwrap_or_default()
    }

    /// Checks a collected log with the door unit's own program.
    pub(crate) fn verify(&self, number: usize, ending: &str) -> Said {
        let Known { id, log_key, .. } = &self.known[number - 1];
        let key_file = self.path(&format!("{id}.pub"));
        fs::write(&key_file, format!("{log_key}\n")).unwrap();
        let mut command = Command::new(program("edge-agent"));
        command.args(["audit", "verify", "--json", "--log"]).arg(self.log(number, ending));
        said(command.arg("--key").arg(key_file))
    }
}

/// A collector that runs.
pub(crate) struct Collector(pub(super) Child);

impl Collector {
    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends it SIGTERM, and gives its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
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
