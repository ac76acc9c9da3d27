//! `evaluate-pad`: measures how well a PAD network tells live faces from pictures of faces, on pictures of both.
//!
//! `accuracy::pad` assesses the pictures and computes the rates; this module finds the pictures, prints the results and
//! stores a threshold in the bundle on request.

mod findings;
mod json;
mod page;
mod pictures;
mod tree;
mod words;

use crate::args::EvaluatePad;
use crate::heif::photo_reader;
use accuracy::pad::{Measuring, approaches, chosen, non_responses, unseen};
use anyhow::{Context, Result, anyhow};
use files::Access;
use findings::Findings;
use models::bundle::{Bundle, Bundles, CALIBRATION_FILE, PadCalibration};
use models::detect::Detector;
use models::pad::Pad;
use pictures::{Pictures, pictures};
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print};

/// Evaluates the PAD network of a bundle.
///
/// # Errors
/// If no model is a PAD network, the pictures' folders or a model cannot be read, no picture has a usable face, or the page
/// or the threshold cannot be written.
pub(crate) fn run(arguments: &EvaluatePad, verbosity: Verbosity) -> Result<Answer> {
    if let Some(page) = &arguments.html {
        files::require_replaceable(page)?;
    }
    let bundles = Bundles::open(&arguments.models)?;
    let bundle = bundles.pad.context("no --model is the folder of a PAD network");
    let bundle = bundle.help("`encoder-tool model import FILE --profile minifasnet -o DIR` makes one")?;
    let Pictures { pictures, others } = pictures(&arguments.real, &arguments.attack)?;
    verbosity.note(&format!("{}: {}", bundle.manifest.provenance.name, counted(pictures.len(), "picture")));
    let reader = photo_reader();
    let (detector, pad) = (Detector::new(&bundles.detector)?, Pad::new(&bundle)?);
    let measuring = Measuring { detector, pad, reader: &reader, quiet: verbosity.is_quiet() };
    let outcomes = measuring.measure(&pictures);
    let (approaches, left_over) = approaches(&pictures, &outcomes, arguments.frames_of_one_approach);
    let bona_fide = approaches.iter().filter(|approach| approach.instrument.is_none()).count();
    if bona_fide == 0 || bona_fide == approaches.len() {
        let what = if bona_fide == 0 { &arguments.real } else { &arguments.attack };
        return Err(anyhow!("{}: no approach with a usable face", what.shown())).help(
            "the face and what surrounds it must be visible; an approach needs as many pictures as --frames-of-one-approach",
        );
    }
    let findings = Findings {
        bundle,
        frames: arguments.frames_of_one_approach,
        target: arguments.bpcer,
        non_responses: non_responses(&pictures, &outcomes),
        chosen: chosen(&approaches, arguments.bpcer),
        unseen: unseen(&approaches, arguments.bpcer),
        pictures,
        outcomes,
        others,
        approaches,
        left_over,
    };
    if let Some(path) = &arguments.html {
        let page = page::page_of(&findings, |path| measuring.crop(path))?;
        files::replace(path, Access::Private, page.as_bytes())?;
        verbosity.note(&format!("wrote the page {}", path.shown()));
    }
    let written = arguments.write_threshold.then(|| write_threshold(&findings, &arguments.models)).transpose()?;
    match arguments.json {
        true => json::print_json_of(&findings, written.is_some())?,
        false => print(&words::in_words(&findings, written.as_deref()))?,
    }
    Ok(Answer::Yes)
}

/// Stores the threshold that was chosen on these pictures in the bundle, and returns the file's path.
fn write_threshold(findings: &Findings, folders: &[PathBuf]) -> Result<PathBuf> {
    let chosen = findings.chosen.as_ref().context("no threshold has the requested BPCER");
    let chosen = chosen.help("give pictures of more people, or a higher --bpcer")?;
    let is_pad = |folder: &&PathBuf| matches!(Bundle::open(folder), Ok(Bundle::Pad(_)));
    let folder = folders.iter().find(is_pad).map_or(Path::new(""), PathBuf::as_path);
    let calibration = PadCalibration { threshold: chosen.rates.threshold, threshold_from: findings.origin_of(chosen) };
    let path = folder.join(CALIBRATION_FILE);
    files::replace(&path, Access::Public, calibration.to_toml()?.as_bytes())
        .help("make room, or copy the bundle elsewhere")?;
    Ok(path)
}
