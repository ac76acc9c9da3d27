//! Databases as offices have them: in the open, signed, or signed and sealed. Whatever is done with a database is done in
//! each of these forms.

use super::keys::Keys;
use super::running::configuration_with;
use super::{at_the_door, edge_agent};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{photos, said};

/// A workstation whose databases have one form, and a unit that takes them.
pub(super) struct Office {
    pub(super) form: &'static str,
    keys: Keys,
}

impl Office {
    /// One for each form.
    pub(super) fn of_each_form() -> [Self; 3] {
        ["plain", "signed", "sealed"].map(|form| Self { form, keys: Keys::made() })
    }

    fn options(&self) -> Vec<String> {
        let shown = |path: PathBuf| path.display().to_string();
        let sign = ["--sign".to_owned(), shown(self.keys.secret("signing.key"))];
        let seal = ["--encrypt-to".to_owned(), shown(self.keys.at("device.key.pub"))];
        match self.form {
            "plain" => Vec::new(),
            "signed" => sign.into(),
            _ => [sign, seal].concat(),
        }
    }

    /// With what is needed to change a database.
    pub(super) fn change(&self, arguments: &[&str]) -> tests::Said {
        let sign = self.options().into_iter().take(2).collect::<Vec<_>>();
        self.keys.tool(&arguments.iter().copied().chain(sign.iter().map(String::as_str)).collect::<Vec<_>>())
    }

    /// With what is needed to read one: the keys that are there.
    pub(super) fn ask(&self, arguments: &[&str]) -> tests::Said {
        self.keys.tool(arguments)
    }

    /// Those of `photos/enrol`, for a group of doors.
    pub(super) fn build(&self, database: &Path) {
        self.build_from(&photos().join("enrol"), database, &["--for", "office"]);
    }

    fn build_from(&self, people: &Path, database: &Path, doors: &[&str]) {
        let options = self.options();
        let options: Vec<&str> = options.iter().map(String::as_str).chain(doors.iter().copied()).collect();
        let built = self.keys.build_from(people, database, &options);
        assert_eq!(built.code, 0, "{}: {built:?}", self.form);
    }

    /// A younger database than `people.db` in the folder: the stranger is enrolled, and nobody else.
    pub(super) fn of_the_stranger(&self, folder: &Path) -> Vec<u8> {
        let (people, database) = (folder.join("people"), folder.join("stranger.db"));
        fs::create_dir_all(people.join("Eileen Collins")).unwrap();
        fs::copy(at_the_door("eileen_collins.jpg"), people.join("Eileen Collins/one.jpg")).unwrap();
        fs::copy(folder.join("people.db"), &database).unwrap();
        // Who it is for, it has from the one that it replaces.
        self.build_from(&people, &database, &[]);
        fs::read(database).unwrap()
    }

    /// A unit that trusts the office, with a database of its own.
    pub(super) fn unit(&self, camera: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("people.db");
        self.build(&database);
        let config = configuration_with(folder.path(), &database, camera);
        let trusted = match self.form {
            "plain" => String::new(),
            _ => format!("signers = [{:?}]\n", self.keys.secret("signing.key.pub")),
        };
        let ours = format!(
            "[unit]\ngroups = [\"office\"]\n[database]\nidentity = {:?}\n{trusted}",
            self.keys.at("device.key")
        );
        let text = fs::read_to_string(&config).unwrap().replacen("[database]\n", &ours, 1);
        fs::write(config, text).unwrap();
        folder
    }
}

/// Each command that is given a database, and each that rewrites one: it keeps its form and its doors.
#[test]
fn every_command_accepts_every_form_and_preserves_it() {
    for office in Office::of_each_form() {
        let form = office.form;
        let folder = office.unit("source = \"files\"\nfiles = \"/nowhere\"");
        let database = folder.path().join("people.db").display().to_string();
        let config = folder.path().join("config.toml");
        let outside = || {
            let head = office.ask(&["list", "--head", "--json", &database]).json();
            (head["audience"].clone(), head["signed_by"].clone(), head["sealed_for"].as_array().map(Vec::len))
        };
        let before = outside();
        let group = serde_json::json!({ "doors": "group", "group": "office" });
        assert_eq!((&before.0, before.1.is_null()), (&group, form == "plain"), "{form}");
        assert_eq!(before.2, Some(if form == "sealed" { 2 } else { 0 }), "{form}");

        let obama = at_the_door("barack_obama_speaking.jpg").display().to_string();
        for (asked, code) in [
            (&["list", &database][..], 0),
            (&["identify", &obama, "--db", &database], 0),
            (&["verify", &obama, "--db", &database, "--identity", "Barack Obama"], 0),
            (&["calibrate", "--db", &database], 0),
        ] {
            let answered = office.ask(asked);
            assert_eq!(answered.code, code, "{form}: {answered:?}");
        }
        let checked = said(edge_agent(["check", "--config"]).arg(&config));
        assert_eq!(checked.code, 0, "{form}: {checked:?}");
        let mut simulate = edge_agent(["simulate", "--db", &database, "--frames", &obama, "--config"]);
        assert_eq!(said(simulate.arg(&config)).code, 0, "{form}");
        let mut replayed = edge_agent(["audit", "show", "--names", &database, "--config"]);
        let replayed = said(replayed.arg(&config));
        assert!(!replayed.stderr.contains("people database"), "{form}: {replayed:?}");
        let id = office.ask(&["list", "--json", &database]).json()["people"][0]["id"].as_str().unwrap().to_owned();
        fs::write(folder.path().join("audit.jsonl"), "").unwrap();
        let looked_into = said(edge_agent(["forget", &id, "--json", "--config"]).arg(&config));
        let receipt = looked_into.json();
        assert_eq!(receipt["still_in"].as_array().map(Vec::len), Some(1), "{form}: {looked_into:?}");
        assert_eq!(receipt["not_looked_into"].as_array().map(Vec::len), Some(0), "{form}: {looked_into:?}");

        for changed in [&["calibrate", "--db", &database, "--write"][..], &["forget", "Joe Biden", "--db", &database]] {
            let answered = office.change(changed);
            assert_eq!(answered.code, 0, "{form}: {answered:?}");
            assert_eq!(outside(), before, "{form}: {changed:?}");
            assert_eq!(said(edge_agent(["check", "--config"]).arg(&config)).code, 0, "{form}: {changed:?}");
        }
        office.of_the_stranger(folder.path());
        let rebuilt = folder.path().join("stranger.db").display().to_string();
        let head = office.ask(&["list", "--head", "--json", &rebuilt]).json();
        assert_eq!(head["audience"], group, "{form}");
    }
}
