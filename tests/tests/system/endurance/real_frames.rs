//! A unit with ten thousand people and a camera of 1280x720, over five thousand frames through the networks.

use super::super::edge_agent::running::{RunningUnit, configuration_with, photos_of};
use super::super::encoder_tool::enrolled;
use super::crowd;
use super::memory::Resident;
use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;
use tests::photos;

const PEOPLE: usize = 10_000;
const FRAMES: u64 = 5_000;
/// Before that, memory is still being taken for the first time.
const WARM: u64 = 300;
const EVERY: Duration = Duration::from_secs(5);
const MOST_KB: u64 = 90_000;
/// A page here and there is not growth: a unit that lost one number a frame would be seen.
const GROWTH_KB: u64 = 512;

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn memory_is_bounded_and_does_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let (database, views) = (folder.path().join("people.db"), folder.path().join("views"));
    crowd::enlarge(enrolled(), PEOPLE, &database);
    fs::create_dir(&views).unwrap();
    for photo in ["barack_obama_speaking.jpg", "eileen_collins.jpg", "wall.jpg"] {
        as_the_camera_sees(&photos().join("door").join(photo)).save(views.join(photo).with_extension("png")).unwrap();
    }
    let camera = format!("{}\nframes-per-second = 120.0", photos_of(&views));
    configuration_with(folder.path(), &database, &camera);
    let mut unit = RunningUnit::start_configured(folder);
    let process = unit.process().to_string();
    status_after(&unit, WARM);
    let warm = Resident::new(&process);
    let status = status_after(&unit, WARM + FRAMES);
    let end = Resident::new(&process);
    println!("{PEOPLE} people, {} frames of 1280x720", looked_at(&status));
    for stage in ["detect", "align", "encode", "match", "frame_to_decision"] {
        let latency = &status["latency_ms"][stage];
        println!(
            "  {stage}: p50 {:.1} ms, p99 {:.1} ms",
            latency["p50"].as_f64().unwrap(),
            latency["p99"].as_f64().unwrap()
        );
    }
    println!("  memory: {} kB after {WARM} frames, {} kB at the end, {} kB at most", warm.now, end.now, end.most);
    assert!(status["turns"]["granted"].as_u64() > Some(0), "{status:#}");
    assert_eq!(status["turns"]["failed"], 0, "{status:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    assert!(end.now <= MOST_KB, "{end:?}");
    assert!(end.now <= warm.now + GROWTH_KB, "{warm:?}, then {end:?}");
}

/// Asked seldom, as each request takes time from the unit.
fn status_after(unit: &RunningUnit, frames: u64) -> Value {
    let mut before = None;
    loop {
        let status = unit.status("--json").json();
        if looked_at(&status) >= frames {
            return status;
        }
        assert_ne!(before, Some(looked_at(&status)), "no frame for {EVERY:?}: {status:#}");
        before = Some(looked_at(&status));
        thread::sleep(EVERY);
    }
}

/// How many frames the detector has seen.
pub(super) fn looked_at(status: &Value) -> u64 {
    status["latency_ms"]["detect"]["count"].as_u64().unwrap_or(0)
}

/// The photo in the middle of a frame of 1280x720, as high as that.
pub(super) fn as_the_camera_sees(photo: &Path) -> RgbImage {
    let photo = image::open(photo).unwrap().to_rgb8();
    let width = photo.width() * 720 / photo.height();
    let mut frame = RgbImage::from_pixel(1280, 720, Rgb([90; 3]));
    overlay(&mut frame, &resize(&photo, width, 720, FilterType::Triangle), (1280 - i64::from(width)) / 2, 0);
    frame
}
