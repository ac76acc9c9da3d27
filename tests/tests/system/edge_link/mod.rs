//! The real link between a scripted unit and real brokers.

mod availability;
mod check;
mod fleet;
mod home;
mod home_assistant;
mod hostile;
pub(crate) mod mosquitto;
mod real_unit;
mod scripted_unit;
mod transport;

use mosquitto::Mosquitto;
use scripted_unit::{ScriptedUnit, UNIT};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::program;

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A link that runs.
pub(crate) struct RunningLink {
    folder: TempDir,
    config: PathBuf,
    /// A command that runs the link, which comes after its words; none if there are none.
    under: Vec<String>,
    child: Child,
}

/// Where to connect, for the section `[broker]`.
fn at_socket(mosquitto: &Mosquitto) -> String {
    format!("socket = {:?}", mosquitto.socket())
}

/// Writes a configuration for this unit. `broker` are the keys of `[broker]`, `more` are other sections.
fn configuration(folder: &Path, unit: &ScriptedUnit, broker: &str, more: &str) -> PathBuf {
    configuration_at(folder, unit.folder(), broker, more)
}

/// The same for a unit whose sockets are in the folder `sockets`.
pub(crate) fn configuration_at(folder: &Path, sockets: &Path, broker: &str, more: &str) -> PathBuf {
    let path = folder.join("config.toml");
    let [status, link, receive] = ["status.sock", "link.sock", "receive.sock"].map(|name| sockets.join(name));
    let text =
        format!("[unit]\nstatus = {status:?}\nlink = {link:?}\nreceive = {receive:?}\n[broker]\n{broker}\n{more}\n");
    fs::write(&path, text).unwrap();
    path
}

const HOME: &str = "[home-assistant]\nenabled = true\ndoor-name = \"Front door\"\narea = \"Hall\"";

/// A topic of the scripted unit, below the default prefix.
fn topic(name: &str) -> String {
    format!("edge-agent/{}/{UNIT}/{name}", &UNIT[..2])
}

impl RunningLink {
    fn start(unit: &ScriptedUnit, broker: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(folder.path(), unit, broker, more);
        Self::start_in(folder, &config)
    }

    pub(crate) fn start_in(folder: TempDir, config: &Path) -> Self {
        Self::start_under(&[], folder, config)
    }

    /// Starts it with a command that becomes the link.
    pub(crate) fn start_under(under: &[&str], folder: TempDir, config: &Path) -> Self {
        let under: Vec<String> = under.iter().map(|&word| word.to_owned()).collect();
        let child = Self::spawn(&under, &folder, config);
        Self { folder, config: config.to_owned(), under, child }
    }

    fn spawn(under: &[String], folder: &TempDir, config: &Path) -> Child {
        let messages = File::options().create(true).append(true).open(folder.path().join("stderr")).unwrap();
        let words = under.iter().map(OsString::from).chain([program("edge-link").into()]).collect::<Vec<_>>();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["run", "-v", "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages).spawn().unwrap()
    }

    /// Starts it again after it was killed.
    pub(crate) fn start_again(&mut self) {
        self.child = Self::spawn(&self.under, &self.folder, &self.config);
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    /// Waits until it has said this.
    pub(crate) fn says(&self, expected: &str) {
        eventually(expected, || self.stderr().contains(expected).then_some(()), || self.stderr());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends it SIGTERM, and gives how it ended.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.send("-TERM");
        self.child.wait().unwrap()
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its largest memory so far, in kilobytes.
    pub(crate) fn peak_kilobytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for RunningLink {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Looks until there is something.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>, else_say: impl Fn() -> String) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: {}", else_say());
        thread::sleep(Duration::from_millis(20));
    }
}
