//! Eclipse mosquitto, and its clients, which see what the link publishes.

use super::{PATIENCE, eventually};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

/// A broker with a Unix socket, and more if configured.
pub(crate) struct Mosquitto {
    folder: TempDir,
    child: Child,
}

/// A message as a subscriber gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Whether the broker had kept it for this subscriber.
    pub(super) is_retained: bool,
    pub(super) topic: String,
    pub(super) payload: String,
}

/// A subscriber to everything.
pub(super) struct Observer {
    child: Child,
    messages: Receiver<Message>,
    seen: Vec<Message>,
    /// The number of messages before those that `sees` has not passed over yet.
    passed: usize,
}

/// Certificates of two authorities: files named after what they are for.
pub(crate) struct Certificates(TempDir);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Mosquitto {
    /// A broker on a Unix socket that lets everybody in.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same with more listeners.
    pub(crate) fn start_with(more: &str) -> Self {
        Self::start_as("persistence false", more)
    }

    /// A broker on a Unix socket that writes to this folder what it keeps, each second.
    pub(crate) fn start_that_keeps(folder: &Path) -> Self {
        let keeps = "persistence true\nautosave_interval 1\npersistence_location";
        Self::start_as(&format!("{keeps} {}/", folder.display()), "")
    }

    fn start_as(persistence: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("mosquitto.sock");
        // Without `user root`, one that root starts becomes a user who cannot enter the folder.
        let text = format!(
            "user root\nper_listener_settings true\n{persistence}\nlog_dest file {}/log\nlistener 0 {}\nallow_anonymous true\n{more}\n",
            folder.path().display(),
            socket.display()
        );
        fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        let child = Self::spawn(folder.path());
        Self { folder, child }
    }

    fn spawn(folder: &Path) -> Child {
        // Debian installs it beside the programs of root.
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|path| Path::new(path).exists());
        let program = program.unwrap_or_else(|| panic!("mosquitto is not there: `cargo xtask test tests` installs it"));
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.join("mosquitto.conf")).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        let connects = || UnixStream::connect(folder.join("mosquitto.sock")).ok();
        eventually("mosquitto", connects, log);
        assert!(child.try_wait().unwrap().is_none(), "{}", log());
        child
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("mosquitto.sock")
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        self.child = Self::spawn(self.folder.path());
    }

    pub(crate) fn publish(&self, topic: &str, payload: &str) {
        self.publish_with(&[], topic, payload);
    }

    /// The broker keeps it for later subscribers.
    pub(super) fn publish_retained(&self, topic: &str, payload: &str) {
        self.publish_with(&["-r"], topic, payload);
    }

    fn publish_with(&self, options: &[&str], topic: &str, payload: &str) {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-q", "1", "-t", topic, "-m", payload]).args(options).arg("--unix").arg(self.socket());
        assert!(command.status().unwrap().success());
    }

    /// Subscribes to everything.
    pub(super) fn observe(&self) -> Observer {
        self.publish_retained("test/subscribed", "yes");
        let mut command = Command::new("mosquitto_sub");
        command.args(["-q", "1", "-t", "#", "-F", "%r %t %p"]).arg("--unix").arg(self.socket());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (saying, messages) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| saying.send(Message::of(&line))));
        let mut observer = Observer { child, messages, seen: Vec::new(), passed: 0 };
        observer.has("test/subscribed", "yes");
        observer
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Message {
    fn of(line: &str) -> Self {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        Self { is_retained: part() == "1", topic: part(), payload: part() }
    }
}

impl Observer {
    /// The next message on a topic that ends with this and with a payload that contains this. Others before it are passed
    /// over.
    pub(super) fn sees(&mut self, topic: &str, payload: &str) -> Message {
        let found = self.find(self.passed, topic, payload);
        self.passed = found + 1;
        self.seen[found].clone()
    }

    /// The first such message of all, without passing over any.
    pub(super) fn has(&mut self, topic: &str, payload: &str) -> Message {
        let found = self.find(0, topic, payload);
        self.seen[found].clone()
    }

    fn find(&mut self, mut at: usize, topic: &str, payload: &str) -> usize {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some(message) = self.seen.get(at) {
                if message.topic.ends_with(topic) && message.payload.contains(payload) {
                    return at;
                }
                at += 1;
            }
            match self.messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(message) => self.seen.push(message),
                Err(error) => panic!("no {payload:?} on {topic}: {error}; seen were {:#?}", self.seen),
            }
        }
    }

    /// All messages up to now on topics that contain this.
    pub(super) fn seen(&mut self, topic: &str) -> Vec<Message> {
        self.seen.extend(self.messages.try_iter());
        self.seen.iter().filter(|message| message.topic.contains(topic)).cloned().collect()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Certificates {
    pub(crate) fn make() -> Self {
        Self::make_for("127.0.0.1")
    }

    /// For brokers at this address of the computer.
    pub(crate) fn make_for(address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/certificates.sh");
        assert!(Command::new("sh").arg(script).arg(folder.path()).arg(address).status().unwrap().success());
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A listener that wants a certificate of the first authority, and shows this one.
    pub(super) fn listener(&self, port: u16, server: &str) -> String {
        self.listener_at("127.0.0.1", port, server)
    }

    /// The same at another address of the computer.
    pub(crate) fn listener_at(&self, address: &str, port: u16, server: &str) -> String {
        let path = |name: &str| self.file(name).display().to_string();
        format!(
            "listener {port} {address}\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nallow_anonymous true\n",
            path("house.crt"),
            path(&format!("{server}.crt")),
            path(&format!("{server}.key"))
        )
    }
}
