//! Times turns of the unit's loop with a stranger in view, at 1280 x 720: `loop_turn [--codes] PHOTO` prints the mean and the median
//! as one JSON object. With `--codes`, the database names a pass key, and the unit looks for QR codes in every turn; there are
//! none.

use edge_agent::audit_log::{AuditLog, Upkeep};
use edge_agent::camera::{CameraError, Captured, FrameSource};
use edge_agent::clock::SystemClock;
use edge_agent::door::{Latch, ScriptedDoor};
use edge_agent::passes::{CameraCodes, PassDesk};
use edge_agent::sight::Networks;
use edge_agent::unit::Unit;
use files::Memory;
use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};
use models::{Frame, Recogniser};
use policy::{Now, Policy, Rules};
use shared::gallery::GalleryBuilder;
use shared::pass::AcceptedPasses;
use shared::seal::PassKey;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const TURNS: usize = 200;

/// A camera that always gives the same picture.
struct Still(Frame);

impl FrameSource for Still {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(Captured::Frame(&self.0, None))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds its own flag.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let looks_for_codes = arguments.iter().any(|argument| argument == "--codes");
    let photo = arguments.iter().find(|argument| !argument.starts_with("--")).ok_or("give a photo")?;
    let mut camera = Still(frame(Path::new(photo))?);
    let mut unit = unit(looks_for_codes)?;
    let mut times: Vec<f64> = Vec::new();
    for turn in 0..TURNS + 1 {
        let started = Instant::now();
        let done = unit.turn(&mut camera)?;
        // In the first, the networks are planned.
        if turn > 0 {
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        assert_eq!(done.faces, 1, "the photo must show one face");
    }
    times.sort_by(f64::total_cmp);
    let (mean, median) = (times.iter().sum::<f64>() / TURNS as f64, times[TURNS / 2]);
    println!("{{\"turns\": {TURNS}, \"mean_ms\": {mean:.3}, \"median_ms\": {median:.3}}}");
    Ok(())
}

/// The photo, 640 pixels wide, in a corner of a grey frame.
fn frame(photo: &Path) -> Result<Frame, Box<dyn Error>> {
    let photo = image::open(photo)?.to_rgb8();
    let height = 640 * photo.height() / photo.width();
    let mut picture = RgbImage::from_pixel(1280, 720, Rgb([120, 120, 120]));
    overlay(&mut picture, &resize(&photo, 640, height, FilterType::Triangle), 0, 0);
    Ok(Frame::from_rgb(1280, 720, picture.into_raw())?)
}

fn unit(looks_for_codes: bool) -> Result<Unit, Box<dyn Error>> {
    let recogniser = Recogniser::bundled()?;
    let mut builder = GalleryBuilder::new(1, recogniser.model_hash(), recogniser.dimensions())?;
    if looks_for_codes {
        let key = PassKey::from_random(&[1; 32]).issuer();
        builder.set_passes(AcceptedPasses::new(vec![key], Vec::new()).unwrap_or_default());
    }
    let policy = Policy::new(Rules::new(recogniser.threshold()))?;
    let audit = AuditLog::open_in(Box::new(Memory::default()), "log", None, Upkeep::default(), &Now::new(0, 0))?;
    let latch = Latch::close(Box::new(ScriptedDoor::default()), 5_000)?;
    let clock = Arc::new(SystemClock::start());
    let mut unit = Unit::new(Box::new(Networks::new(recogniser, None)), builder.build(), policy, audit, latch, clock);
    if looks_for_codes {
        unit.set_passes(PassDesk::new(Box::new(CameraCodes::start()?), None, &[]));
    }
    Ok(unit)
}
