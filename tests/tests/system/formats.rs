//! Files that released versions wrote are read, or refused by name. See `tests/formats/README.md`.

use super::edge_agent::edge_agent;
use super::encoder_tool::encoder_tool;
use ::edge_agent::config::Config;
use ::edge_agent::fuzz_entry_points::{memory, small_file, status_answer};
use policy::{Now, Rules};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{photos, said};

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
        (&["people.db"], &["Barack Obama", "2 encodings", "signed by nobody; sealed for nobody"]),
        (&["people-signed.db"], &["Joe Biden", "signed by 23eb-6d2f-ad22-6385-54b9", "for all doors"]),
        (
            &["people-rules.db"],
            &["card-and-face, 1 card, groups staff night, hours office, until 2037-12-31", "a note"],
        ),
        (&["people-sealed.db", "--head"], &["2 people with 3 encodings", "sealed for 4f12-ceac-17bd-1da3-75dd"]),
        (&["people-sealed.db", "--open-with", "device.key"], &["Barack Obama", "Joe Biden"]),
        (&["people-sealed.db", "--open-with", "sealing.key"], &["Barack Obama", "Joe Biden"]),
    ];
    for version in Version::all() {
        for (arguments, expected) in cases {
            let listed = said(encoder_tool(["list"]).args(arguments).current_dir(version.folder.path()));
            assert_eq!(listed.code, 0, "{} {arguments:?}: {listed:?}", version.name);
            for part in expected {
                assert!(
                    listed.stdout.contains(part),
                    "{} {arguments:?} has no {part:?}: {}",
                    version.name,
                    listed.stdout
                );
            }
        }
    }
}

/// A database is bound to a model: with another one, the refusal names both.
#[test]
fn a_person_of_a_sealed_database_is_let_in_or_the_models_are_named() {
    for version in Version::all() {
        let config = version.file("door.toml");
        let keys = |name| version.file(name).display().to_string();
        let text =
            format!("[database]\nidentity = \"{}\"\nsigners = [\"{}\"]\n", keys("device.key"), keys("signing.key.pub"));
        fs::write(&config, text).unwrap();
        let photo = photos().join("door/barack_obama_speaking.jpg");
        let mut simulate = edge_agent(["simulate", "--json", "--frames"]);
        simulate.arg(photo).arg("--db").arg(version.file("people-sealed.db")).arg("--config").arg(&config);
        let simulated = said(&mut simulate);
        let is_of_another_model = simulated.code == 2 && simulated.stderr.contains("080b51d8a828ce41");
        assert!(simulated.code == 0 || is_of_another_model, "{}: {simulated:?}", version.name);
    }
}

#[test]
fn audit_logs_are_whole_and_shown() {
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
fn what_a_unit_keeps_is_read() {
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
        assert!(shown.code == 0 && shown.stdout.contains("4f12-ceac-17bd-1da3-75dd"), "{}: {shown:?}", version.name);
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
