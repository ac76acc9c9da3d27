//! A database that is shipped to a running unit: by `encoder-tool ship`, through a real OpenSSH server.

use super::super::encoder_tool::{build, enrolled};
use super::at_the_door;
use super::running::{RunningUnit, configuration_with, photos_of};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Said, photos, program, said};

const SERVER: &str = "/usr/sbin/sshd";
const PATIENCE: Duration = Duration::from_secs(60);

/// An OpenSSH server on a port of its own, with keys made for this test.
struct Server {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// `None` where there is no OpenSSH server.
    fn start() -> Option<Self> {
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

    fn ship(&self, database: &Path, unit: &RunningUnit) -> Said {
        let mut ship = Command::new(program("encoder-tool"));
        ship.arg("ship").arg(database).arg("localhost").args(["--port", &self.port.to_string(), "--identity"]);
        ship.arg(self.folder.path().join("user")).args(["-o", "HostName=127.0.0.1", "-o", "StrictHostKeyChecking=no"]);
        ship.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "--json", "--remote-db"]);
        ship.arg(unit.file("people.db")).arg("--remote-config").arg(unit.file("config.toml"));
        said(&mut ship)
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
    assert_eq!(said.code, 2, "what is no database is not shipped: {said:?}");

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

/// The unit's own check, without ssh between: another model's people, and half a file, are refused by the unit itself.
#[test]
fn the_unit_refuses_what_it_cannot_use_and_goes_on() {
    let model = super::another_model();
    let folder = tempfile::tempdir().unwrap();
    let unit = unit_before("wall.jpg");
    let others = folder.path().join("others.db");
    assert_eq!(build(&photos().join("enrol"), &others, &["--model", &model.path().display().to_string()]).code, 0);
    let whole = fs::read(&others).unwrap();
    for (incoming, reason) in [(&whole[..], "model"), (&whole[..whole.len() / 2], "no people database")] {
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
