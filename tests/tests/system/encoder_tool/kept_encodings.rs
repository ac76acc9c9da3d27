//! `build-db` encodes a photo once: what it keeps changes no database, holds for nothing else, and can be erased.

use super::hardly_a_face::upside_down;
use super::{encoder_tool, made, names_in};
use serde_json::Value;
use shared::gallery::Gallery;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// Photos of two people, and a cache that is empty at first.
struct Office {
    folder: TempDir,
}

/// Of the photos of an office: those with a usable face, and those that can be examined.
const FACES: usize = 3;
const EXAMINED: usize = 4;

impl Office {
    fn new() -> Self {
        let enrol = photos().join("enrol");
        let of = |path: &str| fs::read(enrol.join(path)).unwrap();
        let folder = made::folder(&[
            ("people/Barack/1.jpg", &of("Barack Obama/blue_room.jpg")),
            ("people/Barack/2.jpg", &of("Barack Obama/official_portrait.jpg")),
            ("people/Joe/1.png", &upside_down()),
            ("people/Joe/2 wall.jpg", &fs::read(photos().join("door/wall.jpg")).unwrap()),
            ("people/Joe/3 text.jpg", b"Dear Joe,"),
        ]);
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tool(&self, arguments: &[&str]) -> Said {
        said(encoder_tool([]).args(arguments).current_dir(self.folder.path()).env("XDG_CACHE_HOME", self.at("cache")))
    }

    fn build(&self, database: &str, options: &[&str]) -> Value {
        let built = self.tool(&[&["build-db", "people", "-o", database, "--json"], options].concat());
        assert!(built.code < 2, "{built:?}");
        built.json()
    }

    /// How many photos a build encoded, and how many it knew.
    fn counts(&self, options: &[&str]) -> (usize, usize) {
        self.counts_into("people.db", options)
    }

    fn counts_into(&self, database: &str, options: &[&str]) -> (usize, usize) {
        let report = self.build(database, options);
        let [encoded, kept] = ["encoded", "kept"].map(|key| report[key].as_u64().unwrap() as usize);
        assert!(encoded + kept <= report["photos"].as_u64().unwrap() as usize, "{report}");
        (encoded, kept)
    }

    /// The files of all kinds and models in the cache.
    fn entries(&self) -> Vec<PathBuf> {
        let within = |folder: &Path| names_in(folder).into_iter().map(|name| folder.join(name)).collect::<Vec<_>>();
        let root = self.at("cache/encoder-tool");
        let kinds = if root.exists() { within(&root) } else { Vec::new() };
        kinds.iter().flat_map(|kind| within(kind)).flat_map(|model| within(&model)).collect()
    }
}

/// All that a database says about its people, except for times and random numbers.
fn contents(database: &Path) -> String {
    let gallery = Gallery::decode(&fs::read(database).unwrap()).unwrap();
    let header = gallery.header();
    let mut lines = vec![format!("{:?} {:?} {:?}", header.threshold, header.calibration, gallery.grey_threshold())];
    for (index, person) in gallery.people().iter().enumerate() {
        lines.push(format!("{} {:?}", person.name, person.details));
        let encodings = gallery.encodings_of(index);
        lines.extend(
            encodings.map(|it| format!("{:?} {:x} {} {}", it.numbers, it.scale.to_bits(), it.photo, it.is_plain)),
        );
    }
    lines.join("\n")
}

#[test]
fn a_second_build_encodes_nobody_and_makes_the_same_database() {
    let office = Office::new();
    let build = |name: &str, options: &[&str]| {
        let [database, page] = [format!("{name}.db"), format!("{name}.html")];
        let built = office.build(&database, &[&["--html", &page], options].concat());
        (built, contents(&office.at(&database)), fs::read_to_string(office.at(&page)).unwrap())
    };
    let mut built = [build("without", &["--no-cache"]), build("first", &[]), build("second", &[])];
    assert_eq!(office.entries().len(), EXAMINED);
    let counts = built.each_ref().map(|(report, ..)| (report["encoded"].as_u64(), report["kept"].as_u64()));
    assert_eq!(counts, [(Some(4), Some(0)), (Some(4), Some(0)), (Some(0), Some(4))]);
    for (report, ..) in &mut built {
        assert_eq!((&report["turned"][0]["degrees"], &report["encodings"]), (&180.into(), &FACES.into()), "{report}");
        ["seconds", "encoded", "kept"].into_iter().for_each(|key| drop(report.as_object_mut().unwrap().remove(key)));
    }
    let [without, first, second] = built;
    assert_eq!(first, without);
    assert_eq!(second, without);
    let verbose = office.tool(&["build-db", "people", "-o", "people.db", "-v"]);
    assert!(verbose.stderr.contains("photos: 0 encoded now, 4 by an earlier run"), "{verbose:?}");
}

#[test]
fn nothing_is_kept_if_asked_for() {
    let office = Office::new();
    for _ in 0..2 {
        assert_eq!(office.counts(&["--no-cache"]), (EXAMINED, 0));
    }
    assert!(!office.at("cache").exists());
}

#[test]
fn only_a_changed_photo_is_encoded_and_its_old_entry_is_erased() {
    let office = Office::new();
    assert_eq!(office.counts(&[]), (EXAMINED, 0));
    let before = office.entries();
    let mut changed = fs::read(office.at("people/Barack/1.jpg")).unwrap();
    changed.push(0);
    fs::write(office.at("people/Barack/1.jpg"), changed).unwrap();
    assert_eq!(office.counts(&[]), (1, EXAMINED - 1));
    let after = office.entries();
    let kept = before.iter().filter(|entry| after.contains(entry)).count();
    assert_eq!((after.len(), kept), (EXAMINED, EXAMINED - 1), "{before:?} {after:?}");

    fs::remove_dir_all(office.at("people/Barack")).unwrap();
    assert_eq!(office.counts(&["--allow-removals"]), (0, EXAMINED - 2));
    assert_eq!(office.entries().len(), EXAMINED - 2);
}

#[test]
fn a_damaged_entry_is_encoded_anew() {
    let office = Office::new();
    assert_eq!(office.counts(&[]), (EXAMINED, 0));
    let expected = contents(&office.at("people.db"));
    for (index, entry) in office.entries().iter().enumerate() {
        let mut bytes = fs::read(entry).unwrap();
        let at = bytes.len() * index / EXAMINED;
        bytes[at] ^= 0x40;
        fs::write(entry, bytes).unwrap();
    }
    assert_eq!(office.counts(&[]), (EXAMINED, 0));
    assert_eq!(contents(&office.at("people.db")), expected);
    assert_eq!(office.counts(&[]), (0, EXAMINED));
}

#[test]
fn other_networks_another_gate_and_another_limit_do_not_use_it() {
    let office = Office::new();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled");
    let gateless = office.at("gateless");
    fs::create_dir(&gateless).unwrap();
    for name in names_in(&bundled.join("sface-int8")).iter().filter(|name| *name != "gate.bin") {
        fs::copy(bundled.join("sface-int8").join(name), gateless.join(name)).unwrap();
    }
    let other = bundled.join("sface").display().to_string();
    assert_eq!(office.counts(&[]), (EXAMINED, 0));
    for [option, value] in [["--model", &other], ["--model", "gateless"], ["--minimum-face", "25"]] {
        let database = format!("{}.db", value.rsplit('/').next().unwrap());
        for expected in [(EXAMINED, 0), (0, EXAMINED)] {
            assert_eq!(office.counts_into(&database, &[option, value]), expected, "{option} {value}");
        }
    }
}

#[test]
fn forgetting_a_person_erases_what_is_kept_of_them() {
    let office = Office::new();
    assert_eq!(office.counts(&[]), (EXAMINED, 0));
    let forgotten = office.tool(&["forget", "Barack", "--db", "people.db", "--json"]);
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    let cached = forgotten.json()["erased"]["cached"].as_array().unwrap().len();
    assert_eq!((cached, office.entries().len()), (2, EXAMINED - 2));
    assert_eq!(office.counts(&[]), (2, EXAMINED - 2), "his photos are still there");
    assert_eq!(office.tool(&["cache", "clear"]).code, 0);
    assert!(office.entries().is_empty());
}

#[test]
fn nothing_is_kept_of_people_who_may_not_be_stored_or_enter_by_card_alone() {
    for people in
        ["name,basis,keep_until\nBarack,contract,2021-12-31\nJoe,contract,\n", "name,mode,cards\nBarack,card,99\n"]
    {
        let office = Office::new();
        assert_eq!(office.counts_into("first.db", &[]), (EXAMINED, 0));
        made::put(&office.at("people"), "people.csv", people.as_bytes());
        // Without a replaced database that would name the photos.
        assert_eq!(office.counts_into("second.db", &[]), (0, EXAMINED - 2), "{people}");
        assert_eq!(office.entries().len(), EXAMINED - 2, "{people}");
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_no_obstacle() {
    let office = Office::new();
    fs::write(office.at("cache"), "a file").unwrap();
    let built = office.tool(&["build-db", "people", "-o", "people.db"]);
    assert_eq!(built.code, 0, "{built:?}");
    assert!(built.stderr.contains("cannot use the cache") && built.stderr.contains("--no-cache"), "{built:?}");
}
