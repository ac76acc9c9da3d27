//! Files that released versions wrote are read, or refused by name. See `tests/formats/README.md`.

use super::edge_agent::edge_agent;
use super::edge_agent::running::{configuration_with, photos_of};
use super::encoder_tool::encoder_tool;
use ::edge_agent::config::Config;
use ::edge_agent::fuzz_entry_points::{memory, small_file, status_answer};
use policy::{Now, Rules};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// A copy of a version's files, as closed to others as the programs want them.
struct Version {
    folder: TempDir,
    name: String,
}

impl Version {
    fn all() -> Vec<Self> {
        let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("formats");
        let folders = fs::read_dir(frozen).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let versions: Vec<Self> = folders.map(|folder| Self::copied(&folder)).collect();
        assert!(!versions.is_empty());
        versions
    }

    fn copied(from: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(from, folder.path());
        Self { folder, name: from.file_name().unwrap().to_string_lossy().into_owned() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// The fingerprint that a public key states.
    fn fingerprint(&self, key: &str) -> String {
        let text = self.text(key);
        text.lines().find_map(|line| line.strip_prefix("fingerprint ")).unwrap().to_owned()
    }

    /// The hash of the model that the sealed database was made with.
    fn model(&self) -> String {
        let listed = said(encoder_tool(["list", "--head"]).arg(self.file("people-sealed.db")));
        hashes(&listed.stdout).pop().unwrap()
    }

    /// A unit that trusts the signer and has the key of the sealed database; `people.db` is that database.
    fn unit(&self, database: &str) -> PathBuf {
        let folder = self.file("unit");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(self.file(database), folder.join("people.db")).unwrap();
        fs::copy(self.file("people.db.accepted"), folder.join("people.db.accepted")).unwrap();
        let config =
            configuration_with(&folder, &folder.join("people.db"), &photos_of(&photos().join("door/wall.jpg")));
        let ours = format!(
            "[database]\nidentity = {:?}\nsigners = [{:?}]\n",
            self.file("device.key"),
            self.file("signing.key.pub")
        );
        let text = fs::read_to_string(&config).unwrap().replacen("[database]\n", &ours, 1);
        fs::write(&config, text).unwrap();
        config
    }
}

/// Whole SHA-256 sums in a text.
fn hashes(text: &str) -> Vec<String> {
    let is_hash = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_hash).map(str::to_owned).collect()
}

/// Whether the refusal names the model of the files and another one.
fn names_both_models(version: &Version, refused: &Said) -> bool {
    let (named, model) = (hashes(&refused.stderr), version.model());
    refused.code == 2 && named.len() == 2 && named[0] != named[1] && named.contains(&model)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&copied).unwrap();
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
            fs::set_permissions(&copied, Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn people_databases_are_read() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["people.db"], &["Barack Obama", "2 encodings", "not signed; not sealed"]),
        (&["people-signed.db"], &["Joe Biden", "signed by SIGNER", "for all doors"]),
        (
            &["people-rules.db"],
            &["card-and-face, 1 card, groups staff night, hours office, until 2037-12-31", "a note"],
        ),
        (&["people-sealed.db", "--head"], &["2 people with 3 encodings", "sealed for UNIT"]),
        (&["people-sealed.db", "--open-with", "device.key"], &["Barack Obama", "Joe Biden", "signed by SIGNER"]),
        (&["people-sealed.db", "--open-with", "sealing.key"], &["Barack Obama", "Joe Biden"]),
    ];
    for version in Version::all() {
        let (signer, unit) = (version.fingerprint("signing.key.pub"), version.fingerprint("device.key.pub"));
        for (arguments, expected) in cases {
            let listed = said(encoder_tool(["list"]).args(arguments).current_dir(version.folder.path()));
            assert_eq!(listed.code, 0, "{} {arguments:?}: {listed:?}", version.name);
            for part in expected {
                let part = part.replace("SIGNER", &signer).replace("UNIT", &unit);
                let shown = &listed.stdout;
                assert!(shown.contains(&part), "{} {arguments:?} has no {part:?}: {shown}", version.name);
            }
        }
    }
}

/// A database is bound to a model: with another one, the refusal names both.
#[test]
fn a_sealed_database_lets_in_its_person_or_the_models_are_named() {
    for version in Version::all() {
        let config = version.unit("people-sealed.db");
        let mut simulate = edge_agent(["simulate", "--json", "--frames"]);
        simulate.arg(photos().join("door/barack_obama_speaking.jpg")).arg("--config").arg(&config);
        let simulated = said(simulate.arg("--db").arg(version.file("people-sealed.db")));
        let is_let_in = || {
            let frames = simulated.json_lines();
            frames.iter().any(|frame| frame["decision"] == "grant" && frame["person"] == "Barack Obama")
        };
        let is_right = if simulated.code == 0 { is_let_in() } else { names_both_models(&version, &simulated) };
        assert!(is_right, "{}: {simulated:?}", version.name);
    }
}

/// The highest number in `people.db.accepted` is above those of both databases, and only the sealed one is listed
/// there.
#[test]
fn the_ledger_of_accepted_databases_is_read() {
    for version in Version::all() {
        let check = |database| said(edge_agent(["check", "--config"]).arg(version.unit(database)));
        let (listed, unlisted) = (check("people-sealed.db"), check("people-signed.db"));
        if names_both_models(&version, &listed) {
            continue;
        }
        assert_eq!(listed.code, 0, "{}: {listed:?}", version.name);
        let is_older = unlisted.code == 2 && unlisted.stderr.contains("it is older than the database in use");
        assert!(is_older, "{}: {unlisted:?}", version.name);
    }
}

#[test]
fn audit_logs_verify_and_are_printed() {
    for version in Version::all() {
        let audit = |arguments: &[&str]| {
            let log = ["--log", "audit.jsonl", "--config", "none.toml"];
            said(edge_agent(["audit"]).args(arguments).args(log).current_dir(version.folder.path()))
        };
        let verified = audit(&["verify", "--key", "audit.key.pub", "--head", "audit.jsonl.head"]);
        assert_eq!(verified.code, 0, "{}: {verified:?}", version.name);
        let shown = audit(&["show", "--grants"]);
        assert!(shown.stdout.contains("LET IN Barack Obama by face"), "{}: {shown:?}", version.name);
    }
}

#[test]
fn state_files_of_the_unit_are_read() {
    for version in Version::all() {
        let name = &version.name;
        let remembered = memory(version.text("memory.json").as_bytes(), Rules::new(1.0), &Now::trusted(0, 0));
        assert!(remembered.is_ok_and(|memory| memory.failures.iter().any(|failed| failed.failures == 5)), "{name}");
        for file in ["audit.jsonl.head", "audit.jsonl.names", "audit.key.pub", "last-lock.toml"] {
            assert!(small_file(version.text(file).as_bytes()), "{name}: {file}");
        }
        let report = status_answer(version.text("status-report.json").as_bytes());
        assert!(report.is_ok(), "{name}: {report:?}");
        let config = Config::parse(&version.text("config.toml"));
        assert!(config.is_ok(), "{name}: {config:?}");
    }
}

#[test]
fn the_key_of_a_unit_is_read() {
    for version in Version::all() {
        let config = version.file("keys.toml");
        fs::write(&config, format!("[database]\nidentity = \"{}\"\n", version.file("device.key").display())).unwrap();
        let shown = said(edge_agent(["keygen", "--config"]).arg(&config));
        let unit = version.fingerprint("device.key.pub");
        assert!(shown.code == 0 && shown.stdout.contains(&unit), "{}: {shown:?}", version.name);
    }
}

#[test]
fn lists_of_people_and_hours_are_read() {
    for version in Version::all() {
        let people = version.file("photos");
        for photo in ["Barack Obama/official_portrait.jpg", "Joe Biden/blue_room.jpg"] {
            fs::create_dir_all(people.join(photo).parent().unwrap()).unwrap();
            fs::copy(photos().join("enrol").join(photo), people.join(photo)).unwrap();
        }
        for file in ["people.csv", "schedules.toml"] {
            fs::copy(version.file(file), people.join(file)).unwrap();
        }
        let built = said(encoder_tool(["build-db", "-q"]).arg(&people).arg("-o").arg(version.file("new.db")));
        assert_eq!(built.code, 0, "{}: {built:?}", version.name);
        let listed = said(encoder_tool(["list"]).arg(version.file("new.db")));
        assert!(listed.stdout.contains("card-and-face, 1 card, groups staff night, hours office"), "{listed:?}");
    }
}

/// The network of the encoder is not frozen: where it has changed, the bundle is refused for that.
#[test]
fn bundles_are_read_or_the_network_is_named() {
    for version in Version::all() {
        let inspected = said(encoder_tool(["model", "inspect"]).arg(version.file("detector")));
        assert_eq!(inspected.code, 0, "{}: {inspected:?}", version.name);
        let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/sface-int8/model.onnx");
        fs::copy(network, version.file("encoder/model.onnx")).unwrap();
        let inspected = said(encoder_tool(["model", "inspect"]).arg(version.file("encoder")));
        let is_of_another_network = inspected.code == 2 && inspected.stderr.contains("model.onnx");
        assert!(inspected.code == 0 || is_of_another_network, "{}: {inspected:?}", version.name);
    }
}
