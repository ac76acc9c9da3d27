//! A database that is shipped to a running unit: by `encoder-tool ship`, through a real OpenSSH server.

use super::super::encoder_tool::{build, enrolled};
use super::running::{RunningUnit, configuration_with, photos_of};
use super::{at_the_door, edge_agent};
use serde_json::Value;
use shared::delivery::Announcement;
use shared::gallery::DatabaseDigest;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Said, photos, program, said};

const SERVER: &str = "/usr/sbin/sshd";
const PATIENCE: Duration = Duration::from_secs(60);

/// An OpenSSH server on a port of its own, with keys made for this test.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// `None` where there is no OpenSSH server.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(SERVER).exists() {
            eprintln!("skipped: {SERVER} is not there; apt install openssh-server");
            return None;
        }
        fs::create_dir_all("/run/sshd").ok();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(key)).status();
            assert!(made.unwrap().success());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bin = program("edge-agent").parent().unwrap().display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPidFile none\nSetEnv PATH={bin}:/usr/bin:/bin\n",
            at("host").display(),
            at("user.pub").display(),
        );
        fs::write(at("sshd_config"), config).unwrap();
        let mut server = Command::new(SERVER);
        server.args(["-D", "-e", "-f"]).arg(at("sshd_config")).stdin(Stdio::null());
        server.stderr(fs::File::create(at("sshd.log")).unwrap());
        let server = Self { child: server.spawn().unwrap(), port, folder };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "{}", fs::read_to_string(server.folder.path().join("sshd.log")).unwrap());
        }
        Some(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The private key of its user.
    pub(crate) fn identity(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    fn ship(&self, database: &Path, unit: &RunningUnit) -> Said {
        said(&mut self.shipping(database, unit, &[]))
    }

    /// What the user says comes before what this test says.
    fn shipping(&self, database: &Path, unit: &RunningUnit, options: &[&str]) -> Command {
        let mut ship = Command::new(program("encoder-tool"));
        ship.arg("ship").arg(database).arg("localhost").arg("--json");
        self.reached_by(&mut ship, options);
        ship.arg("--remote-config").arg(unit.file("config.toml"));
        ship
    }

    /// Makes a command that connects to `localhost` reach this server. What the user says comes before what this test says.
    pub(super) fn reached_by(&self, command: &mut Command, options: &[&str]) {
        command.args(options);
        if !options.contains(&"--port") {
            command.args(["--port", &self.port.to_string()]);
        }
        if !options.contains(&"--identity") {
            command.arg("--identity").arg(self.folder.path().join("user"));
        }
        command.args(["-o", "HostName=127.0.0.1", "-o", "StrictHostKeyChecking=no", "-o", "IdentitiesOnly=yes"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A unit with a database of its own, beside which another may arrive.
fn unit_before(photo: &str) -> RunningUnit {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    configuration_with(folder.path(), &database, &photos_of(&at_the_door(photo)));
    RunningUnit::start_configured(folder)
}

/// A database of one person, younger than everybody else's.
fn of_one(folder: &Path, options: &[&str]) -> PathBuf {
    let (people, database) = (folder.join("people"), folder.join("one.db"));
    fs::create_dir_all(people.join("Eileen Collins")).unwrap();
    fs::copy(at_the_door("eileen_collins.jpg"), people.join("Eileen Collins/one.jpg")).unwrap();
    fs::copy(enrolled(), &database).unwrap();
    assert_eq!(build(&people, &database, options).code, 0);
    database
}

/// A stranger stands at the door; then she is enrolled, and is let in without a restart.
#[test]
fn a_shipped_database_is_used_at_once_and_a_bad_one_is_not() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut unit = unit_before("eileen_collins.jpg");
    unit.status_when(|status| status["turns"]["denied"].as_u64() >= Some(3));
    let one = of_one(folder.path(), &[]);

    let bytes = fs::read(&one).unwrap();
    let cut = folder.path().join("cut.db");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let said = server.ship(&cut, &unit);
    assert_eq!(said.code, 2, "what is not a database is not shipped: {said:?}");

    let shipped = server.ship(&one, &unit);
    assert_eq!(shipped.code, 0, "{shipped:?}");
    let receipt = shipped.json();
    assert_eq!((&receipt["running"], &receipt["people"]), (&true.into(), &1.into()), "{receipt}");
    let status = unit.status_when(|status| status["turns"]["granted"].as_u64() >= Some(1));
    assert_eq!(status["database"]["digest"], receipt["digest"]);
    assert_eq!(fs::read(unit.file("people.db.previous")).unwrap(), fs::read(enrolled()).unwrap());

    let older = server.ship(enrolled(), &unit);
    assert_eq!(older.code, 1, "{older:?}");
    assert!(older.json()["refused"].as_str().unwrap().contains("older"), "{older:?}");
    let status = unit.status("--json").json();
    assert_eq!(status["database"]["digest"], receipt["digest"], "the unit goes on with what it has");
    assert_eq!(unit.stop("-TERM"), 0);
    let loaded = unit.events().iter().filter(|event| *event == "database_loaded").count();
    assert_eq!(loaded, 2, "{:?}", unit.events());
    let names = fs::read_to_string(unit.file("audit.jsonl.names")).unwrap();
    assert!(
        names.contains("Eileen Collins") && names.contains("Barack Obama"),
        "their records are there still: {names}"
    );
}

/// As systemd starts `receive` for a client of the unit's socket: with one connection for both directions, which the client
/// keeps open.
#[test]
fn a_database_comes_over_a_socket_and_so_does_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let unit = unit_before("wall.jpg");
    let one = fs::read(of_one(folder.path(), &[])).unwrap();
    let announce = |length: u64| {
        Announcement { length, digest: DatabaseDigest::from_file(&one), wait_seconds: 60 }.to_string().into_bytes()
    };
    let length = one.len() as u64;
    for (sent, hangs_up, outcome) in [
        (b"hello\n".to_vec(), false, "bad_input"),
        (announce(u64::MAX), false, "bad_input"),
        ([announce(length), one[..100].to_vec()].concat(), true, "bad_input"),
        ([announce(length), one.clone()].concat(), false, "running"),
        ([announce(length), one.clone()].concat(), false, "running"),
    ] {
        let (mut link, served) = UnixStream::pair().unwrap();
        let mut receive = edge_agent(["receive", "--json", "--config"]);
        receive.arg(unit.file("config.toml")).stderr(Stdio::null());
        receive.stdin(OwnedFd::from(served.try_clone().unwrap())).stdout(OwnedFd::from(served));
        let mut receiving = receive.spawn().unwrap();
        // The command holds the other end as well.
        drop(receive);
        link.write_all(&sent).ok();
        if hangs_up {
            link.shutdown(Shutdown::Write).unwrap();
        }
        let mut receipt = String::new();
        link.read_to_string(&mut receipt).unwrap();
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(receipt["outcome"], outcome, "{receipt}");
        let code = receiving.wait().unwrap().code();
        assert_eq!(code, Some(if outcome == "running" { 0 } else { 2 }), "{receipt}");
    }
    assert_eq!(unit.status("--json").json()["database"]["digest"], DatabaseDigest::from_file(&one).to_string());
}

/// The unit's own check, without ssh between: another model's people, and half a file, are refused by the unit itself.
#[test]
fn the_unit_refuses_unusable_databases_and_keeps_running() {
    let model = super::another_model();
    let folder = tempfile::tempdir().unwrap();
    let unit = unit_before("wall.jpg");
    let others = folder.path().join("others.db");
    assert_eq!(build(&photos().join("enrol"), &others, &["--model", &model.path().display().to_string()]).code, 0);
    let whole = fs::read(&others).unwrap();
    for (incoming, reason) in
        [(&whole[..], "model"), (&whole[..whole.len() / 2], "cannot be used as a people database")]
    {
        fs::write(unit.file("people.db.incoming.part"), incoming).unwrap();
        fs::rename(unit.file("people.db.incoming.part"), unit.file("people.db.incoming")).unwrap();
        let refused = |status: &serde_json::Value| {
            status["database"]["refused"]["reason"].as_str().is_some_and(|said| said.contains(reason))
        };
        let status = unit.status_when(refused);
        assert_eq!(status["database"]["people"], 2, "{status:#}");
        assert_eq!(fs::read(unit.file("people.db.refused")).unwrap(), incoming);
    }
    assert_eq!(fs::read(unit.file("people.db")).unwrap(), fs::read(enrolled()).unwrap());
}

/// Every failure was said to be one of permissions.
#[test]
fn causes_of_failed_transfers_are_distinguished() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let unit = unit_before("wall.jpg");
    let one = of_one(folder.path(), &[]);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let other_key = folder.path().join("other");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&other_key).status();
    assert!(made.unwrap().success());
    let other_key = other_key.display().to_string();
    for (options, expected) in [
        (&["-o", "HostName=no-such-host.invalid"][..], "no host of this name"),
        (&["--port", &nobody], "the connection failed"),
        (&["-o", "StrictHostKeyChecking=yes"], "host key"),
        (&["--identity", &other_key], "the login was refused"),
        (&["--sudo"], "sudo"),
    ] {
        let failed = said(&mut server.shipping(&one, &unit, options));
        assert!(failed.code == 2 && failed.stderr.contains(expected), "{options:?}: {failed:?}");
        assert!(failed.stderr.contains("help: "), "{failed:?}");
    }
    // The unit's folder cannot be written, or its configuration not be read.
    let config = unit.file("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let nowhere = text.replace("[database]\npath = \"", "[database]\npath = \"/nowhere");
    for (text, expected) in [(nowhere.as_str(), "cannot be written"), ("[door", "configuration cannot be read")] {
        fs::write(&config, text).unwrap();
        let failed = server.ship(&one, &unit);
        assert!(failed.code == 2 && failed.stderr.contains(expected), "{failed:?}");
    }
    assert_eq!(unit.status("--json").json()["database"]["people"], 2, "it goes on");
}

/// Two workstations wrote one file, and neither database arrived.
#[test]
fn of_two_concurrent_transfers_both_arrive_or_the_older_is_refused() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let unit = unit_before("wall.jpg");
    let older = of_one(folder.path(), &[]);
    let younger = folder.path().join("younger.db");
    fs::copy(&older, &younger).unwrap();
    assert_eq!(build(&folder.path().join("people"), &younger, &[]).code, 0);
    let mut ships = [&older, &younger].map(|database| server.shipping(database, &unit, &[]));
    let shipping = ships.each_mut().map(|ship| ship.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let [older_said, younger_said] = shipping.map(|ship| ship.wait_with_output().unwrap());
    let receipt = |output: &std::process::Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(younger_said.status.code(), Some(0), "{younger_said:?}");
    match older_said.status.code() {
        Some(0) => {}
        Some(1) => assert!(receipt(&older_said)["refused"].as_str().unwrap().contains("older"), "{older_said:?}"),
        _ => panic!("{older_said:?}"),
    }
    let status = unit.status("--json").json();
    assert_eq!(status["database"]["digest"], receipt(&younger_said)["digest"]);
}

/// What `edge-agent receive` says to bytes on its stdin.
fn received(config: &Path, bytes: &[u8]) -> Said {
    let mut receive = edge_agent(["receive", "--json", "--config"]);
    receive.arg(config).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = receive.spawn().unwrap();
    // It may have heard enough before the end.
    child.stdin.take().unwrap().write_all(bytes).ok();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A line that died in the middle delivered half a file, and the unit recorded a refusal.
#[test]
fn a_partial_transfer_is_never_handed_over() {
    let unit = unit_before("wall.jpg");
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(of_one(folder.path(), &[])).unwrap();
    let announced = |length: u64, digest| Announcement { length, digest, wait_seconds: 60 }.to_string().into_bytes();
    let (length, digest) = (whole.len() as u64, DatabaseDigest::from_file(&whole));
    let line = announced(length, digest);
    let endless = [announced(length, digest), vec![b'x'; 1 << 20]].concat();
    for (index, (bytes, expected)) in [
        (&b""[..], "does not begin"),
        (&line[..20], "does not begin"),
        (&whole, "does not begin"),
        (&line, "the input ended after 0"),
        (&[&line[..], &whole[..whole.len() / 2]].concat(), "the input ended after"),
        (&[&announced(length - 1, digest)[..], &whole].concat(), "SHA-256"),
        (&[&announced(u64::MAX, digest)[..], &whole].concat(), "a people database has at most"),
        (&endless, "not a people database"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = received(&unit.file("config.toml"), bytes);
        assert_eq!((refused.code, &refused.json()["outcome"]), (2, &"bad_input".into()), "{index}: {refused:?}");
        assert!(refused.json()["reason"].as_str().unwrap().contains(expected), "{index}: {refused:?}");
    }
    let left: Vec<String> =
        fs::read_dir(unit.file("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.contains("incoming.") && !name.ends_with(".lock")), "{left:?}");
    assert!(!unit.events().contains(&"database_refused".to_owned()), "{:?}", unit.events());

    let taken = received(&unit.file("config.toml"), &[&line[..], &whole, b"something behind it"].concat());
    assert_eq!((taken.code, &taken.json()["outcome"]), (0, &"running".into()), "{taken:?}");
    let again = received(&unit.file("config.toml"), &[&line[..], &whole].concat());
    assert_eq!(again.json()["outcome"], "running", "what is used already is used: {again:?}");
    let older = fs::read(enrolled()).unwrap();
    let older = [announced(older.len() as u64, DatabaseDigest::from_file(&older)), older].concat();
    let refused = received(&unit.file("config.toml"), &older);
    assert_eq!((refused.code, &refused.json()["outcome"]), (1, &"refused".into()), "{refused:?}");
    assert!(refused.json()["reason"].as_str().unwrap().contains("older"), "{refused:?}");
}

/// What root brought was root's, and the unit could not read it; a link that the unit's user left led root elsewhere.
#[test]
fn root_writes_as_the_owner_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    if fs::metadata(folder.path()).unwrap().uid() != 0 {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let at = |name: &str| folder.path().join(name);
    configuration_with(folder.path(), &at("state/people.db"), &photos_of(&at_the_door("wall.jpg")));
    fs::create_dir(at("state")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    chown(at("state"), Some(65534), Some(65534)).unwrap();
    let database = fs::read(enrolled()).unwrap();
    let announced =
        Announcement { length: database.len() as u64, digest: DatabaseDigest::from_file(&database), wait_seconds: 1 };
    let brought = [announced.to_string().as_bytes(), &database].concat();
    let handed_over = received(&at("config.toml"), &brought);
    assert_eq!((handed_over.code, &handed_over.json()["outcome"]), (1, &"no_verdict".into()), "{handed_over:?}");
    assert!(handed_over.json()["reason"].as_str().unwrap().contains("no unit answers"), "{handed_over:?}");
    let incoming = fs::metadata(at("state/people.db.incoming")).unwrap();
    assert_eq!((incoming.uid(), incoming.permissions().mode() & 0o777), (65534, 0o600));

    fs::write(at("precious"), "root's").unwrap();
    let lock = at("state/people.db.incoming.lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(at("precious"), &lock).unwrap();
    let refused = received(&at("config.toml"), &brought);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(
        (fs::read_to_string(at("precious")).unwrap().as_str(), fs::metadata(at("precious")).unwrap().uid()),
        ("root's", 0)
    );
}
