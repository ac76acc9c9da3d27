//! Times the way from decoded pixels to an encoding on one thread: `photo_to_encoding [--model=DIR] IMAGE...` prints
//! the medians over all photos as one JSON object. It skips photos without a face, and the first photo of each size,
//! during which the network is planned.

use models::bundle::Bundles;
use models::photo::Photo;
use models::{Frame, Recogniser};
use std::collections::HashSet;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const STAGES: [&str; 4] = ["detect", "align", "encode", "whole"];

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<PathBuf> =
        std::env::args().filter_map(|argument| argument.strip_prefix("--model=").map(PathBuf::from)).collect();
    let mut recogniser = Recogniser::new(&Bundles::open(&folders)?)?;
    let mut planned = HashSet::new();
    let mut times: [Vec<Duration>; STAGES.len()] = Default::default();
    // Cargo adds its own flag.
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        let frame =
            Photo::open(&std::fs::read(&path)?).and_then(Photo::decode).map_err(|error| format!("{path}: {error}"))?;
        if planned.insert((frame.width(), frame.height())) {
            encode(&mut recogniser, &frame)?;
        }
        if let Some(photo) = encode(&mut recogniser, &frame)? {
            times.iter_mut().zip(photo).for_each(|(times, time)| times.push(time));
        }
    }
    let mut fields = vec![format!("\"photos\": {}", times[0].len())];
    for (stage, mut times) in STAGES.iter().zip(times) {
        times.sort();
        let milliseconds = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
        fields.push(format!("\"{stage}_median_ms\": {:.3}", milliseconds(times.get(times.len() / 2))));
        fields.push(format!("\"{stage}_min_ms\": {:.3}", milliseconds(times.first())));
    }
    println!("{{{}}}", fields.join(", "));
    Ok(())
}

/// Measures each stage for the largest face; `None` without a face.
fn encode(recogniser: &mut Recogniser, frame: &Frame) -> Result<Option<[Duration; STAGES.len()]>, Box<dyn Error>> {
    let started = Instant::now();
    let faces = recogniser.detect(frame)?;
    let detected = started.elapsed();
    let Some(face) = faces.first() else { return Ok(None) };
    let crop = recogniser.align(frame, face)?;
    let aligned = started.elapsed();
    std::hint::black_box(recogniser.encode(&crop)?);
    let encoded = started.elapsed();
    Ok(Some([detected, aligned - detected, encoded - aligned, encoded]))
}
