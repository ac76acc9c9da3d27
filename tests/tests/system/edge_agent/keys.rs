//! Databases that are signed and sealed: from `keygen` on both sides to a unit that takes them, or not.

use super::super::encoder_tool::{encoder_tool, made};
use super::{at_the_door, edge_agent};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// A workstation and a unit with keys of their own.
pub(super) struct Keys {
    folder: TempDir,
}

impl Keys {
    pub(super) fn made() -> Self {
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

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In `~/.config/encoder-tool`.
    pub(super) fn secret(&self, name: &str) -> PathBuf {
        self.at("home/.config/encoder-tool").join(name)
    }

    fn configure(&self, database: &str) {
        let identity = self.at("device.key");
        let door = if database.contains("[door]") { "" } else { "[door]\nlock = \"scripted\"\n" };
        let log = self.at("audit").display().to_string();
        let around = format!(
            "[camera]\nsource = \"rpicam\"\n[audit]\npath = \"{log}.jsonl\"\nkey = \"{log}.key\"\n[policy]\nmode = \"face\"\n"
        );
        let text = format!("[database]\nidentity = \"{}\"\n{database}\n{door}{around}", identity.display());
        fs::write(self.at("config.toml"), text).unwrap();
    }

    fn trust_the_workstation(&self) {
        self.configure(&format!("signers = [\"{}\"]\n", self.secret("signing.key.pub").display()));
    }

    pub(super) fn tool(&self, arguments: &[&str]) -> Said {
        let mut tool = encoder_tool([]);
        tool.args(arguments).env("HOME", self.at("home")).env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
        said(&mut tool)
    }

    /// A database of the two who are enrolled.
    fn build(&self, database: &Path, options: &[&str]) -> Said {
        self.build_from(&self.at("people"), database, options)
    }

    pub(super) fn build_from(&self, people: &Path, database: &Path, options: &[&str]) -> Said {
        let database = database.display().to_string();
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
fn a_unit_refuses_databases_of_untrusted_signers() {
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
    let by_a_thief = build("thief.db", &["--sign", other.to_str().unwrap(), "--for", "all"]);
    let signed = build("signed.db", &["--sign", signing.to_str().unwrap(), "--for", "all"]);
    let changed = keys.at("changed.db");
    let mut bytes = fs::read(&signed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&changed, bytes).unwrap();
    let for_another = build(
        "another.db",
        &["--sign", signing.to_str().unwrap(), "--encrypt-to", thief.at("device.key.pub").to_str().unwrap()],
    );
    let sealed_for_another = build(
        "sealed.db",
        &[
            "--sign",
            signing.to_str().unwrap(),
            "--encrypt-to",
            thief.at("device.key.pub").to_str().unwrap(),
            "--for",
            "all",
        ],
    );
    for (database, expected) in [
        (&unsigned, "it is not signed"),
        (&by_a_thief, "only databases signed by"),
        (&changed, "changed.db"),
        (&for_another, "it is for the unit"),
        (&sealed_for_another, "sealed for"),
    ] {
        let refused = keys.at_the_door(database);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(expected) && refused.stderr.contains("help:"), "{expected}: {refused:?}");
    }
    assert_eq!(keys.at_the_door(&signed).code, 0);
}

#[test]
fn a_unit_with_a_lock_requires_a_signer_or_an_explicit_waiver() {
    let keys = Keys::made();
    let database = keys.at("people.db");
    assert_eq!(keys.build(&database, &["--for", "all"]).code, 0);
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
fn forgetting_a_person_removes_them_and_needs_the_signing_key() {
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

/// One door's signed database, copied to another one, opened it: both trust the same workstation.
#[test]
fn a_database_signed_for_one_door_opens_no_other() {
    let keys = Keys::made();
    let other_door = said(edge_agent(["keygen", "--json", "--config"]).arg({
        let path = keys.at("other.toml");
        fs::write(&path, format!("[database]\nidentity = {:?}\n", keys.at("other.key"))).unwrap();
        path
    }));
    let [own, other] = [keys.at("device.key.pub"), keys.at("other.key.pub")].map(|path| path.display().to_string());
    let id = |public: &str| fs::read_to_string(public).unwrap().lines().nth(2).unwrap().replace("fingerprint ", "");
    assert_eq!(other_door.json()["fingerprint"].as_str(), Some(id(&other).as_str()), "keygen tells what --for takes");
    let signing = keys.secret("signing.key").display().to_string();
    let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nboard = \"pi-4\"\n";
    let signers = format!("signers = [{:?}]\n", keys.secret("signing.key.pub"));
    let check = |database: &Path, unit: &str| {
        keys.configure(&format!("{signers}{lock}[unit]\n{unit}"));
        said(edge_agent(["check", "--db"]).arg(database).arg("--config").arg(keys.at("config.toml")))
    };
    let in_office = "groups = [\"lab\", \"office\"]\n";
    for (index, (options, unit, refusal)) in [
        (&["--for", &id(&own)][..], "", None),
        (&["--for", &own, &other], "", None),
        (&["--for", "office"], in_office, None),
        (&["--for", "all"], "", None),
        (&["--encrypt-to", &own], "", None),
        (&["--for", &other], "", Some("it is for the unit")),
        (&["--for", &id(&other)], in_office, Some("it is for the unit")),
        (&["--encrypt-to", &other], "", Some("it is for the unit")),
        (&["--for", "cellar"], in_office, Some("the group cellar")),
        (&["--for", "office"], "", Some("belongs to no group")),
    ]
    .into_iter()
    .enumerate()
    {
        let database = keys.at(&format!("{index}.db"));
        let built = keys.build(&database, &[&["--sign", &signing], options].concat());
        assert_eq!(built.code, 0, "{built:?}");
        let checked = check(&database, unit);
        assert_eq!(checked.code, if refusal.is_some() { 2 } else { 0 }, "{options:?}: {checked:?}");
        let said_so =
            refusal.is_none_or(|part| checked.stderr.contains(part) && checked.stderr.contains("build-db --for"));
        assert!(said_so, "{options:?}: {checked:?}");
    }
    let nowhere = keys.build(&keys.at("nowhere.db"), &["--sign", &signing]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("--for"), "{nowhere:?}");
    let unnamed = keys.at("unnamed.db");
    assert_eq!(keys.build(&unnamed, &[]).code, 0);
    keys.configure(&format!("unsigned = \"accepted\"\n{lock}"));
    let refused = said(edge_agent(["check", "--db"]).arg(&unnamed).arg("--config").arg(keys.at("config.toml")));
    assert!(refused.code == 2 && refused.stderr.contains("build-db --for"), "{refused:?}");
    assert!(refused.stderr.contains(&id(&own)), "it says what to type: {refused:?}");
}

#[test]
fn a_thousand_units_share_a_database_and_more_need_a_group() {
    let keys = Keys::made();
    let signing = keys.secret("signing.key").display().to_string();
    let ids: Vec<String> = (0..1025).map(|number| format!("0000-0000-0000-0000-{number:04}")).collect();
    let database = keys.at("people.db");
    let build = |count: usize| {
        let units = ids[..count].iter().map(String::as_str);
        keys.build(&database, &["--sign", &signing, "--for"].into_iter().chain(units).collect::<Vec<_>>())
    };
    assert_eq!(build(1024).code, 0);
    let listed = keys.tool(&["list", "--head", "--json", database.to_str().unwrap()]).json();
    assert_eq!(listed["audience"]["units"].as_array().map(Vec::len), Some(1024), "{listed:#}");
    let refused = build(1025);
    assert!(refused.code == 2 && refused.stderr.contains("1 to 1024 units"), "{refused:?}");
}
