//! Visitor passes, from the workstation to a door that opens, or not: every picture is shown to the real program.

use super::super::encoder_tool::{build, encoder_tool, made};
use super::{at_the_door, edge_agent};
use image::imageops::{FilterType, overlay, resize};
use image::{GrayImage, Luma, RgbImage};
use jiff::{Timestamp, ToSpan};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// Joe Biden is the host: for him the card is not enough.
const PEOPLE: &str = "name,mode,cards\nJoe Biden,card-and-face,4711\n";

/// An office with a pass key, and two units.
struct Office {
    folder: TempDir,
    now: Timestamp,
}

impl Office {
    fn new() -> Self {
        let office = Self { folder: tempfile::tempdir().unwrap(), now: Timestamp::now() };
        let photo = fs::read(photos().join("enrol/Joe Biden/blue_room.jpg")).unwrap();
        made::put(&office.at("people"), "Joe Biden/1.jpg", &photo);
        made::put(&office.at("people"), "people.csv", PEOPLE.as_bytes());
        for key in ["keys", "other keys"] {
            let made = said(encoder_tool(["pass", "keygen", "--json", "--dir"]).arg(office.at(key)));
            assert_eq!(made.code, 0, "{made:?}");
        }
        for unit in ["one", "two"] {
            fs::create_dir(office.at(unit)).unwrap();
            office.configure(unit, "passes = true");
            let made = said(edge_agent(["keygen", "--config"]).arg(office.at(unit).join("config.toml")));
            assert_eq!(made.code, 0, "{made:?}");
        }
        office
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, unit: &str, door: &str) {
        let folder = self.at(unit).display().to_string();
        let text = format!(
            "[door]\nlock = \"scripted\"\n{door}\n[camera]\nsource = \"rpicam\"\n[database]\nidentity = \"{folder}/device.key\"\n\
             [audit]\npath = \"{folder}/log\"\nkey = \"{folder}/audit.key\"\n[unit]\ngroups = [\"office\"]\n"
        );
        fs::write(self.at(unit).join("config.toml"), text).unwrap();
    }

    /// The time this number of minutes from now.
    fn time(&self, minutes: i64) -> String {
        (self.now + minutes.minutes()).to_string()
    }

    /// Issues a pass for an hour from now. Returns what it says, and its id.
    fn issue(&self, name: &str, options: &[&str]) -> (String, String) {
        let door = self.at("one/device.key.pub");
        let has_door = options.contains(&"--door");
        let mut tool = encoder_tool(["pass", "issue", "--json", "--name", name, "--photos"]);
        tool.arg(self.at("people")).arg("-o").arg(self.at("pass.png")).args(["--to", &self.time(60)]).args(options);
        if !has_door {
            tool.arg("--door").arg(door);
        }
        if !options.contains(&"--key") {
            tool.arg("--key").arg(self.at("keys/pass.key"));
        }
        let issued = said(&mut tool).json();
        (issued["text"].as_str().unwrap().to_owned(), issued["id"].as_str().unwrap().to_owned())
    }

    fn build(&self) -> Said {
        let built = build(&self.at("people"), &self.at("people.db"), &[]);
        assert_eq!(built.code, 0, "{built:?}");
        built
    }

    /// The last frame of the approach of a visitor who shows this code.
    fn show(&self, unit: &str, code: &str, options: &[&str]) -> Value {
        let frame = self.at("frame.png");
        visitor_with(code).save(&frame).unwrap();
        let mut command = edge_agent(["simulate", "--json", "--config"]);
        command.arg(self.at(unit).join("config.toml")).arg("--db").arg(self.at("people.db"));
        command.arg("--memory").arg(self.at(unit).join("memory.json")).arg("--audit").arg(self.at(unit).join("log"));
        command.arg("--frames").arg(frame).args(options);
        if !options.contains(&"--start") {
            command.args(["--start", &self.time(1)]);
        }
        said(&mut command).json_lines().pop().unwrap()
    }

    fn log(&self, unit: &str) -> String {
        fs::read_to_string(self.at(unit).join("log")).unwrap()
    }
}

/// A stranger, and beside the face a code of 240 pixels with its border.
pub(super) fn visitor_with(code: &str) -> RgbImage {
    let face = image::open(at_the_door("eileen_collins.jpg")).unwrap().to_rgb8();
    let height = 640 * face.height() / face.width();
    let face = resize(&face, 640, height, FilterType::Triangle);
    let mut frame = RgbImage::from_pixel(1280, 720.max(height), image::Rgb([120, 120, 120]));
    overlay(&mut frame, &face, 0, 0);
    let picture = image::DynamicImage::ImageLuma8(qr_code(code)).to_rgb8();
    overlay(&mut frame, &resize(&picture, 240, 240, FilterType::Triangle), 900, 240);
    frame
}

fn qr_code(text: &str) -> GrayImage {
    let mut bits = Bits::new(Version::Normal(7));
    bits.push_alphanumeric_data(text.as_bytes()).unwrap();
    bits.push_terminator(EcLevel::M).unwrap();
    let code = QrCode::with_bits(bits, EcLevel::M).unwrap();
    let (width, colours) = (code.width() as u32, code.to_colors());
    GrayImage::from_fn((width + 8) * 8, (width + 8) * 8, |x, y| {
        let module = |at: u32| (at / 8).checked_sub(4).filter(|module| *module < width);
        let found = module(x).zip(module(y)).map(|(x, y)| colours[(y * width + x) as usize]);
        Luma([if found == Some(Color::Dark) { 0 } else { 255 }])
    })
}

fn answer(line: &Value) -> (&str, Option<&str>) {
    (line["decision"].as_str().unwrap(), line["reason"].as_str().or(line["credential"].as_str()))
}

#[test]
fn a_pass_opens_its_door_once_and_every_fault_has_its_reason() {
    let office = Office::new();
    let (good, id) = office.issue("Vera Visitor", &[]);
    let (revoked, revoked_id) = office.issue("Rita", &[]);
    let (elsewhere, _) = office.issue("Else", &["--door", "5f0c-8a71-0000-1111-2222"]);
    let (of_group, _) = office.issue("Gro", &["--door", "office", "--uses", "any"]);
    let said_so = said(encoder_tool(["pass", "revoke", &revoked_id, "--photos"]).arg(office.at("people")));
    assert_eq!(said_so.code, 0, "{said_so:?}");
    let built = office.build();
    assert!(built.stdout.contains("visitor passes: signed by") && built.stdout.contains("1 revoked"), "{built:?}");
    // Issued after the database was built, with a key that it does not name.
    let other_key = office.at("other keys/pass.key").display().to_string();
    let (by_another, _) = office.issue("Ann", &["--key", &other_key]);
    let flipped: String =
        good.char_indices().map(|(at, c)| if at == 40 { if c == '7' { '8' } else { '7' } } else { c }).collect();
    // A pass counts from the beginning of its minute, and an approach takes seconds.
    let (early, late) = (office.time(-2), office.time(61));

    for (unit, code, start, decision, why) in [
        ("one", &flipped, None, "deny", "pass_not_genuine"),
        ("one", &by_another, None, "deny", "pass_not_genuine"),
        ("one", &revoked, None, "deny", "pass_revoked"),
        ("one", &elsewhere, None, "deny", "pass_for_other_door"),
        ("one", &good, Some(&early), "deny", "pass_outside_hours"),
        ("one", &good, Some(&late), "deny", "pass_outside_hours"),
        ("two", &good, None, "deny", "pass_for_other_door"),
        ("one", &"HELLO".to_owned(), None, "deny", "card_needed"),
        ("one", &good, None, "grant", "pass"),
        // Each is a new process with the same memory: a restart.
        ("one", &good, None, "deny", "pass_used_up"),
        ("two", &good, None, "deny", "pass_for_other_door"),
        ("two", &of_group, None, "grant", "pass"),
        ("one", &of_group, None, "grant", "pass"),
        ("one", &of_group, None, "grant", "pass"),
    ] {
        let start = start.map_or_else(Vec::new, |start| vec!["--start", start]);
        let line = office.show(unit, code, &start);
        assert_eq!(answer(&line), (decision, Some(why)), "{unit}: {line}");
        assert_eq!(line["door"], if decision == "grant" { "unlocked" } else { "locked" }, "{line}");
    }
    let log = office.log("one");
    let granted = format!(r#""event":"pass_granted","pass":"{id}","host":null"#);
    assert_eq!(log.matches(&granted).count(), 1, "{log}");
    let used_up = log.lines().filter(|line| line.contains("pass_used_up") && line.contains(&id)).count();
    assert_eq!(used_up, 1, "one record for the whole approach: {log}");
    assert!(!log.contains("Vera") && !log.contains(&good), "{log}");
    let shown = said(edge_agent(["audit", "show", "--grants", "--log"]).arg(office.at("one/log")));
    assert!(shown.stdout.contains(&format!("LET IN a visitor with pass {id}")), "{shown:?}");
}

#[test]
fn a_pass_with_a_host_needs_the_hosts_card() {
    let office = Office::new();
    office.build();
    let database = office.at("people.db").display().to_string();
    let (code, _) = office.issue("Vera", &["--with-host", "joe biden", "--db", &database]);
    office.build();
    for (card, decision, why) in [
        (None, "deny", "host_needed"),
        (Some("--card=4712"), "deny", "host_needed"),
        (Some("--card=4711"), "grant", "pass"),
        (Some("--card=4711"), "deny", "pass_used_up"),
    ] {
        let line = office.show("one", &code, &Vec::from_iter(card));
        assert_eq!(answer(&line), (decision, Some(why)), "{card:?}: {line}");
    }
}

#[test]
fn a_door_that_accepts_no_passes_or_knows_no_key_does_not_look_for_codes() {
    let office = Office::new();
    office.build();
    let (code, _) = office.issue("Vera", &[]);
    let line = office.show("one", &code, &[]);
    assert_eq!(answer(&line), ("deny", Some("card_needed")), "the database names no key yet: {line}");
    let warned = |expected: bool| {
        let mut check = edge_agent(["check", "--json", "--config"]);
        check.arg(office.at("one/config.toml")).arg("--db").arg(office.at("people.db"));
        let warnings = said(&mut check).json()["warnings"].to_string();
        assert_eq!(warnings.contains("names no pass key"), expected, "{warnings}");
    };
    warned(true);
    office.build();
    warned(false);
    office.configure("one", "passes = false");
    let line = office.show("one", &code, &[]);
    assert_eq!(answer(&line), ("deny", Some("card_needed")), "{line}");
    office.configure("one", "passes = true");
    let line = office.show("one", &code, &[]);
    assert_eq!(answer(&line), ("grant", Some("pass")), "{line}");
}

/// The face is in the first frame only: then the phone hides it.
#[test]
fn the_code_is_read_while_the_phone_hides_the_face() {
    let office = Office::new();
    let (code, _) = office.issue("Vera", &[]);
    office.build();
    let frames = office.at("frames");
    fs::create_dir(&frames).unwrap();
    without(visitor_with(&code), CODE).save(frames.join("1.png")).unwrap();
    for number in 2..5 {
        without(visitor_with(&code), FACE).save(frames.join(format!("{number}.png"))).unwrap();
    }
    let mut command =
        edge_agent(["simulate", "--json", "--sequence", "--fps", "2", "--start", &office.time(1), "--config"]);
    command.arg(office.at("one/config.toml")).arg("--db").arg(office.at("people.db")).arg("--frames").arg(&frames);
    let decisions: Vec<Value> =
        said(&mut command).json_lines().into_iter().map(|line| line["decision"].clone()).collect();
    assert_eq!(decisions, ["deny", "grant", "deny", "deny"], "once, however long the code is shown");
}

/// Where the code and the face are in [`visitor_with`]: the left edge.
const CODE: i64 = 640;
const FACE: i64 = 0;

/// The picture without the half that begins at this column.
fn without(mut picture: RgbImage, left: i64) -> RgbImage {
    let grey = RgbImage::from_pixel(640, picture.height(), image::Rgb([120, 120, 120]));
    overlay(&mut picture, &grey, left, 0);
    picture
}

/// What `pass` says about its own files.
#[test]
fn passes_are_listed_revoked_and_forgotten() {
    let office = Office::new();
    let (_, id) = office.issue("Vera", &[]);
    let people = office.at("people");
    let tool = |arguments: &[&str]| said(encoder_tool(["pass"]).args(arguments).arg("--photos").arg(&people));
    let listed = tool(&["list", "--json"]).json();
    assert_eq!((&listed["passes"][0]["id"], &listed["passes"][0]["state"]), (&id.as_str().into(), &"valid".into()));
    assert_eq!(tool(&["revoke", "nobody"]).code, 1);
    assert_eq!(tool(&["revoke", "vera"]).code, 0);
    assert_eq!(tool(&["list", "--valid", "--json"]).json()["passes"], Value::Array(Vec::new()));
    let forgotten = tool(&["forget", "--ended-days-ago", "1", "--json"]);
    assert_eq!((forgotten.code, &forgotten.json()["erased"], &forgotten.json()["left"]), (0, &0.into(), &1.into()));
    assert!(office.at("people/passes.toml").is_file());
    for (options, expected) in [
        (&["--uses", "0"][..], "1 to 255"),
        (&["--door", "office"], "cannot count uses together"),
        (&["--door", "all", "--uses", "any"], "names its doors"),
        (&["--door", "5f0c-8a71-0000-1111-2222", "lab", "a-lab", "b-lab", "c-lab", "--uses", "any"], "1 to 4 doors"),
        (&["--door", "5f0c-8a71-0000-1111-2222", "6f0c-8a71-0000-1111-2222"], "cannot be counted"),
        (&["--door", "lab", "--uses", "any", "--from", "2099-01-01"], "and begin at 2099-01-01T00:00:00Z"),
        (&["--door", "lab", "--uses", "any", "--key", "/nowhere"], "/nowhere"),
        (&["--door", "lab", "--uses", "any", "--with-host", "Joe Biden"], "--db"),
    ] {
        let mut issue = encoder_tool(["pass", "issue", "--name", "Bo", "-o"]);
        issue.arg(office.at("bo.png")).args(["--to", &office.time(60), "--photos"]).arg(&people);
        if !options.contains(&"--door") {
            issue.arg("--door").arg(office.at("one/device.key.pub"));
        }
        if !options.contains(&"--key") {
            issue.arg("--key").arg(office.at("keys/pass.key"));
        }
        let refused = said(issue.args(options));
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(expected), "{options:?}: {refused:?}");
        assert!(!Path::new(&office.at("bo.png")).exists());
    }
}
