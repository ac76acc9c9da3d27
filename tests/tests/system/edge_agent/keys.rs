//! Databases that are signed and sealed: from `keygen` on both sides to a unit that takes them, or not.

use super::super::encoder_tool::{encoder_tool, made};
use super::{at_the_door, edge_agent};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// A workstation and a unit with keys of their own.
struct Keys {
    folder: TempDir,
}

impl Keys {
    fn made() -> Self {
        let keys = Self { folder: tempfile::tempdir().unwrap() };
        let made = keys.tool(&["keygen", "--json"]);
        assert_eq!(made.code, 0, "{made:?}");
        keys.configure("");
        let unit = said(edge_agent(["keygen", "--json", "--config"]).arg(keys.at("config.toml")));
        assert_eq!(unit.code, 0, "{unit:?}");
        let photos = keys.at("people");
        for photo in ["Barack Obama/official_portrait.jpg", "Joe Biden/blue_room.jpg"] {
            made::put(&photos, photo, &fs::read(self::photos().join("enrol").join(photo)).unwrap());
        }
        keys
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In `~/.config/encoder-tool`.
    fn secret(&self, name: &str) -> PathBuf {
        self.at("home/.config/encoder-tool").join(name)
    }

    fn configure(&self, database: &str) {
        let identity = self.at("device.key");
        let text = format!("[database]\nidentity = \"{}\"\n{database}", identity.display());
        fs::write(self.at("config.toml"), text).unwrap();
    }

    fn trust_the_workstation(&self) {
        self.configure(&format!("signers = [\"{}\"]\n", self.secret("signing.key.pub").display()));
    }

    fn tool(&self, arguments: &[&str]) -> Said {
        let mut tool = encoder_tool([]);
        tool.args(arguments).env("HOME", self.at("home")).env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
        said(&mut tool)
    }

    fn build(&self, database: &Path, options: &[&str]) -> Said {
        let (people, database) = (self.at("people"), database.display().to_string());
        let mut arguments = vec!["build-db", people.to_str().unwrap(), "-o", &database];
        arguments.extend(options);
        self.tool(&arguments)
    }

    /// What the unit says of Barack Obama with this database.
    fn at_the_door(&self, database: &Path) -> Said {
        let mut simulate = edge_agent(["simulate", "--json", "--db"]);
        simulate.arg(database).arg("--config").arg(self.at("config.toml"));
        said(simulate.arg("--frames").arg(at_the_door("barack_obama_speaking.jpg")))
    }
}

#[test]
fn a_signed_and_sealed_database_lets_in_and_shows_nothing_to_others() {
    let keys = Keys::made();
    keys.trust_the_workstation();
    let database = keys.at("people.db");
    let (signing, device) = (keys.secret("signing.key"), keys.at("device.key.pub"));
    let options = ["--sign", signing.to_str().unwrap(), "--encrypt-to", device.to_str().unwrap()];
    let built = keys.build(&database, &options);
    assert_eq!(built.code, 0, "{built:?}");

    let let_in = keys.at_the_door(&database);
    assert_eq!((let_in.code, &let_in.json_lines().pop().unwrap()["person"]), (0, &Value::from("Barack Obama")));
    let bytes = fs::read(&database).unwrap();
    assert!(!bytes.windows(6).any(|bytes| bytes == b"Barack"), "a name lies in the open");

    let database = database.display().to_string();
    let own = keys.tool(&["list", "--json", &database]).json();
    assert_eq!(own["people"].as_array().map(Vec::len), Some(2), "{own:#}");
    fs::remove_file(keys.secret("sealing.key")).unwrap();
    let others = keys.tool(&["list", "--json", &database]);
    assert_eq!(others.code, 2, "{others:?}");
    assert!(others.stderr.contains("sealed for"), "{others:?}");
    let head = keys.tool(&["list", "--head", "--json", &database]).json();
    assert_eq!((&head["people"], &head["people_count"]), (&Value::Null, &2.into()), "{head:#}");
}

#[test]
fn what_a_unit_does_not_trust_it_does_not_take() {
    let (keys, thief) = (Keys::made(), Keys::made());
    keys.trust_the_workstation();
    let (signing, other) = (keys.secret("signing.key"), thief.secret("signing.key"));
    let build = |name: &str, options: &[&str]| {
        let database = keys.at(name);
        let built = keys.build(&database, options);
        assert_eq!(built.code, 0, "{built:?}");
        database
    };
    let unsigned = build("unsigned.db", &[]);
    let by_a_thief = build("thief.db", &["--sign", other.to_str().unwrap()]);
    let signed = build("signed.db", &["--sign", signing.to_str().unwrap()]);
    let changed = keys.at("changed.db");
    let mut bytes = fs::read(&signed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&changed, bytes).unwrap();
    let for_another = build(
        "another.db",
        &["--sign", signing.to_str().unwrap(), "--encrypt-to", thief.at("device.key.pub").to_str().unwrap()],
    );
    for (database, expected) in [
        (&unsigned, "nobody signed it"),
        (&by_a_thief, "only databases signed by"),
        (&changed, "changed.db"),
        (&for_another, "sealed for"),
    ] {
        let refused = keys.at_the_door(database);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(expected) && refused.stderr.contains("help:"), "{expected}: {refused:?}");
    }
    assert_eq!(keys.at_the_door(&signed).code, 0);
}

#[test]
fn a_unit_that_moves_a_lock_wants_a_signer_or_be_told_that_none_is_needed() {
    let keys = Keys::made();
    let database = keys.at("people.db");
    assert_eq!(keys.build(&database, &[]).code, 0);
    let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nboard = \"pi-4\"\n";
    for (said_of_it, code) in [("", 2), ("unsigned = \"accepted\"\n", 0)] {
        keys.configure(&format!("{said_of_it}{lock}"));
        let mut check = edge_agent(["check", "--db"]);
        let checked = said(check.arg(&database).arg("--config").arg(keys.at("config.toml")));
        assert_eq!(checked.code, code, "{checked:?}");
        assert!(code == 0 || checked.stderr.contains("[database] signers"), "{checked:?}");
    }
}

#[test]
fn whoever_is_forgotten_is_gone_and_the_signature_is_needed_for_it() {
    let keys = Keys::made();
    keys.trust_the_workstation();
    let database = keys.at("people.db");
    let signing = keys.secret("signing.key").display().to_string();
    let device = keys.at("device.key.pub").display().to_string();
    let built = keys.build(&database, &["--sign", &signing, "--encrypt-to", &device]);
    assert_eq!(built.code, 0, "{built:?}");
    let shown = database.display().to_string();
    let without_key = keys.tool(&["forget", "Barack Obama", "--db", &shown]);
    assert_eq!(without_key.code, 2, "{without_key:?}");
    assert!(without_key.stderr.contains("--sign"), "{without_key:?}");
    let before = fs::metadata(&database).unwrap().len();
    let forgotten = keys.tool(&["forget", "Barack Obama", "--db", &shown, "--sign", &signing, "--json"]);
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    let receipt = forgotten.json();
    assert_eq!((&receipt["erased"]["encodings"], &receipt["people_left"]), (&1.into(), &1.into()), "{receipt:#}");
    assert!(!receipt["elsewhere"].as_array().unwrap().is_empty(), "{receipt:#}");
    assert!(fs::metadata(&database).unwrap().len() < before);
    let denied = keys.at_the_door(&database);
    assert_eq!((denied.code, &denied.json_lines().pop().unwrap()["reason"]), (1, &Value::from("not_known")));
    assert_eq!(keys.tool(&["forget", "Barack Obama", "--db", &shown, "--sign", &signing]).code, 1);
}
