//! A unit that runs: `edge-agent run` with photos for a camera and a lock that is only written down.

use super::super::encoder_tool::enrolled;
use super::edge_agent;
use serde_json::Value;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Said, said, service_environment};

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// The unit and everything that is its own.
pub(crate) struct RunningUnit {
    pub(super) folder: TempDir,
    child: Child,
    /// What systemd would hear.
    systemd: Receiver<String>,
}

/// A configuration whose files all lie in this folder. `camera` is the section `[camera]`.
pub(super) fn configuration(folder: &Path, camera: &str) -> PathBuf {
    let database = folder.join("people.db");
    if !database.exists() {
        fs::copy(enrolled(), &database).unwrap();
    }
    configuration_with(folder, &database, camera)
}

/// The same with that people database.
pub(crate) fn configuration_with(folder: &Path, database: &Path, camera: &str) -> PathBuf {
    let path = folder.join("config.toml");
    let (database, at) = (database.display(), folder.display());
    let text = format!(
        "[database]\npath = \"{database}\"\n[camera]\n{camera}\n\
         [door]\nlock = \"scripted\"\nlast-lock = \"{at}/last-lock.toml\"\nmemory = \"{at}/memory.json\"\nunlock-seconds = 60.0\n\
         [audit]\npath = \"{at}/audit.jsonl\"\nkey = \"{at}/audit.key\"\n[status]\nsocket = \"{at}/status.sock\"\n[policy]\nmode = \"face\"\n"
    );
    fs::write(&path, text).unwrap();
    path
}

/// The section `[camera]` for a photo or a folder of photos.
pub(crate) fn photos_of(path: &Path) -> String {
    format!("source = \"files\"\nfiles = \"{}\"\nfiles-seconds = 0.3", path.display())
}

/// Whatever is sent to a socket, read at once as systemd reads it: the system keeps few messages, and then its sender
/// waits.
fn heard_at(socket: &Path) -> Receiver<String> {
    // One that a unit before heard at.
    fs::remove_file(socket).ok();
    let listening = UnixDatagram::bind(socket).unwrap();
    // Units of any user send here.
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
    let (heard, systemd) = channel();
    thread::spawn(move || {
        let mut message = [0; 4096];
        while let Ok(length) = listening.recv(&mut message) {
            if heard.send(String::from_utf8_lossy(&message[..length]).into_owned()).is_err() {
                return;
            }
        }
    });
    systemd
}

impl RunningUnit {
    /// Starts it, and waits until it says that it is ready.
    pub(super) fn start(camera: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, camera)
    }

    pub(super) fn start_in(folder: TempDir, camera: &str) -> Self {
        configuration(folder.path(), camera);
        Self::start_configured(folder)
    }

    /// Starts it with the configuration that is in the folder.
    pub(crate) fn start_configured(folder: TempDir) -> Self {
        let messages = File::create(folder.path().join("stderr")).unwrap();
        Self::start_as(folder, messages.into(), |_| {})
    }

    /// The same with its messages going there.
    pub(super) fn start_that_writes_to(folder: TempDir, messages: Stdio) -> Self {
        Self::start_as(folder, messages, |_| {})
    }

    /// The same, with another command line, environment or user.
    pub(super) fn start_changed(folder: TempDir, change: impl FnOnce(&mut Command)) -> Self {
        let messages = File::create(folder.path().join("stderr")).unwrap();
        Self::start_as(folder, messages.into(), change)
    }

    fn start_as(folder: TempDir, messages: Stdio, change: impl FnOnce(&mut Command)) -> Self {
        let notified = folder.path().join("notify.sock");
        let systemd = heard_at(&notified);
        let mut command = edge_agent(["run", "-v", "--config"]);
        change(&mut command);
        command
            .arg(folder.path().join("config.toml"))
            .env("NOTIFY_SOCKET", &notified)
            .envs(service_environment())
            .stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(messages);
        let unit = Self { child: command.spawn().unwrap(), folder, systemd };
        unit.tells_systemd("READY=1");
        unit
    }

    /// Waits until systemd has been told that.
    pub(super) fn tells_systemd(&self, expected: &str) {
        let heard = || self.systemd.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error}: {}", self.stderr()));
        while !heard().contains(expected) {}
    }

    /// Its number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its folder, when it has ended.
    pub(crate) fn into_folder(self) -> TempDir {
        let empty = tempfile::tempdir().unwrap();
        let mut ended = self;
        std::mem::replace(&mut ended.folder, empty)
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.file("stderr")).unwrap_or_default()
    }

    /// The events of its audit log, but for signatures and parts that work.
    pub(super) fn events(&self) -> Vec<String> {
        let log = fs::read_to_string(self.file("audit.jsonl")).unwrap();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let names = events.map(|event| event["event"].as_str().unwrap().to_owned());
        names.filter(|event| event != "head_signed" && event != "part_works").collect()
    }

    /// Asks it how it is.
    pub(crate) fn status(&self, form: &str) -> Said {
        said(edge_agent(["status", form, "--socket"]).arg(self.file("status.sock")))
    }

    /// Waits until it answers at another socket of its folder.
    pub(super) fn status_at(&self, socket: &str) {
        let until = Instant::now() + PATIENCE;
        while said(edge_agent(["status", "--socket"]).arg(self.file(socket))).code == 2 {
            assert!(Instant::now() < until, "{}", self.stderr());
        }
    }

    /// Ends it as nothing else does: it can do nothing any more.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks until the answer is as expected.
    pub(crate) fn status_when(&self, expected: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.status("--json").json();
            if expected(&answer) {
                return answer;
            }
            assert!(Instant::now() < until, "{answer:#}\n{}", self.stderr());
        }
    }

    /// Sends it a signal.
    pub(super) fn send(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// Sends it a signal, and gives how it ended.
    pub(super) fn end(&mut self, signal: &str) -> ExitStatus {
        self.send(signal);
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                return ended;
            }
            assert!(Instant::now() < until, "{signal} has not ended it: {}", self.stderr());
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Sends it a signal again and again, as a fault that recurs at once, and gives how it ended.
    pub(super) fn end_by_repeated(&mut self, signal: &str) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            self.send(signal);
            if let Some(ended) = self.child.try_wait().unwrap() {
                return ended;
            }
            assert!(Instant::now() < until, "{signal} has not ended it: {}", self.stderr());
        }
    }

    /// Tells it to end, as systemd does, and gives its exit code.
    pub(crate) fn stop(&mut self, signal: &str) -> i32 {
        let code = self.end(signal).code();
        assert!(!self.stderr().contains("panicked"), "{}", self.stderr());
        code.unwrap_or_else(|| panic!("{signal} ended it: {}", self.stderr()))
    }
}

impl Drop for RunningUnit {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
