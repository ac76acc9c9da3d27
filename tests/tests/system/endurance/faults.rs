//! The unit itself over five thousand frames through the networks, while everything around it fails at random.

use super::super::edge_agent::running::{RunningUnit, configuration_with, photos_of};
use super::super::encoder_tool::enrolled;
use super::memory::Resident;
use super::real_frames::{as_the_camera_sees, looked_at};
use fastrand::Rng;
use serde_json::Value;
use shared::gallery::{Gallery, GalleryBuilder};
use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use tests::{photos, program, said};

const FRAMES: u64 = 5_000;
const MOST_KB: u64 = 120_000;
const PAUSE: Duration = Duration::from_millis(700);

/// The seed says which faults come, and in which order; when they meet the unit is left to the computer.
#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn under_faults_of_every_device_nobody_else_is_let_in() {
    let seed = env::var("SOAK_SEED").map_or(1, |text| text.parse().unwrap());
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let (database, views) = (folder.path().join("people.db"), folder.path().join("views"));
    fs::copy(enrolled(), &database).unwrap();
    fs::create_dir(&views).unwrap();
    for photo in ["barack_obama_speaking.jpg", "eileen_collins.jpg", "wall.jpg"] {
        as_the_camera_sees(&photos().join("door").join(photo)).save(views.join(photo).with_extension("png")).unwrap();
    }
    // As many as a camera gives: a stranger who is judged a hundred times a second is soon locked out, and then everybody is.
    let camera = format!("{}\nframes-per-second = 30.0", photos_of(&views));
    configuration_with(folder.path(), &database, &camera);
    let mut unit = RunningUnit::start_configured(folder);
    let (mut frames, mut happened) = (0, [0_u64; 7]);
    while frames + looked_at(&unit.status("--json").json()) < FRAMES {
        let fault = random.usize(..happened.len());
        happened[fault] += 1;
        match fault {
            0 => lose_camera(&views),
            1 => damage_picture(&views, &mut random),
            2 => bring(&database, &newer(&database)),
            3 => bring(&database, &damaged(&database, &mut random)),
            4 => hold_socket(&unit),
            kind => {
                let status = unit.status("--json").json();
                frames += looked_at(&status);
                assert!(Resident::new(&unit.process().to_string()).now <= MOST_KB);
                if kind == 5 {
                    assert_eq!(unit.stop("-TERM"), 0);
                }
                assert!(!unit.stderr().contains("panicked"), "{}", unit.stderr());
                // What is left of it is killed, where it was not told to end.
                unit = RunningUnit::start_configured(unit.into_folder());
            }
        }
        thread::sleep(PAUSE);
    }
    assert_eq!(unit.stop("-TERM"), 0);
    let folder = unit.into_folder();
    let verified = said(
        Command::new(program("edge-agent"))
            .args(["audit", "verify", "--config"])
            .arg(folder.path().join("config.toml")),
    );
    assert_eq!(verified.code, 0, "{verified:?}");
    let log = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let granted = grants_in(&log, &database);
    println!(
        "{FRAMES} frames, {granted} let in; camera lost, picture damaged, database, damaged database, socket held,"
    );
    println!("stopped, killed: {happened:?}");
    assert!(granted > 10 && happened.iter().all(|count| *count > 0), "{granted} let in, {happened:?}");
}

/// How often somebody was let in: always the one who is enrolled and was shown.
fn grants_in(log: &str, database: &Path) -> usize {
    let gallery = Gallery::decode(&fs::read(database).unwrap()).unwrap();
    let shown = gallery.people().iter().find(|person| person.name.as_str() == "Barack Obama").unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let granted: Vec<Value> = records.filter(|record| record["event"] == "granted").collect();
    assert!(granted.iter().all(|record| record["person"] == shown.id.to_string()), "{granted:#?}");
    granted.len()
}

fn lose_camera(views: &Path) {
    let away = views.with_extension("away");
    fs::rename(views, &away).unwrap();
    thread::sleep(PAUSE);
    fs::rename(away, views).unwrap();
}

fn damage_picture(views: &Path, random: &mut Rng) {
    let picture = views.join("damaged.png");
    let bytes: Vec<u8> = (0..1000).map(|_| random.u8(..)).collect();
    fs::write(&picture, [b"\x89PNG\r\n\x1a\n".as_slice(), &bytes].concat()).unwrap();
    thread::sleep(PAUSE);
    fs::remove_file(picture).unwrap();
}

fn newer(database: &Path) -> Vec<u8> {
    let gallery = Gallery::decode(&fs::read(database).unwrap()).unwrap();
    let sequence = gallery.header().sequence + 1;
    GalleryBuilder::from_gallery(gallery, sequence).encode().unwrap()
}

fn damaged(database: &Path, random: &mut Rng) -> Vec<u8> {
    let mut bytes = newer(database);
    let at = random.usize(..bytes.len());
    bytes[at] ^= 0x10;
    bytes
}

fn bring(database: &Path, bytes: &[u8]) {
    let part = database.with_extension("db.incoming.part");
    fs::write(&part, bytes).unwrap();
    fs::rename(part, database.with_extension("db.incoming")).unwrap();
}

/// Askers who say nothing, or half of it.
fn hold_socket(unit: &RunningUnit) {
    let askers: Vec<UnixStream> = (0..20).filter_map(|_| UnixStream::connect(unit.file("status.sock")).ok()).collect();
    for mut asker in askers {
        asker.write_all(b"sta").ok();
    }
}
