//! `calibrate`: computes the threshold for a gallery at a given risk, and reports how it was derived.

use crate::args::Calibrate;
use crate::database_files;
use crate::evaluate::{open_cache, photos_of_tree};
use crate::heif::photo_reader;
use crate::protect::Protect;
use accuracy::calibration::{Distances, MAX_FMR, MeasuredPhotos, Risk, risk_at};
use accuracy::{AccuracyError, Measuring};
use anyhow::{Context, Result};
use files::Access;
use jiff::Timestamp;
use models::Recogniser;
use models::bundle::NonMated;
use serde::Serialize;
use shared::gallery::{Calibration, Gallery, GalleryBuilder, GreyThreshold};
use std::path::Path;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, percent, print, print_json};

#[derive(Serialize)]
struct Calibrated<'a> {
    #[serde(flatten)]
    risk: &'a Risk,
    /// The threshold for pictures without colour, at the same rate; `null` if it was not measured, or the database has
    /// none.
    threshold_grey: Option<f32>,
    /// The photos on which the non-mated distances were measured.
    source: &'a str,
    people: usize,
    pairs: u64,
    written: bool,
}

/// Computes the threshold, and stores it on request.
///
/// # Errors
/// If the database, the model or a folder of photos cannot be read, or the photos are too few.
pub(crate) fn run(arguments: &Calibrate, verbosity: Verbosity) -> Result<Answer> {
    let recogniser = Recogniser::load(&arguments.model.folders)?;
    let opened = database_files::read_for_model(&arguments.db, &recogniser.model_hash(), &arguments.keys)?;
    // Checks the keys before the long computation.
    let protect = arguments
        .write
        .then(|| {
            Protect::new(
                arguments.unlock.signing_key_of(arguments.sign.as_deref())?,
                &[],
                &arguments.keys,
                Some(&opened),
            )
        })
        .transpose()?;
    let gallery = opened.gallery;
    let distances = match &arguments.images {
        Some(images) => {
            let (cache, reader) = (open_cache(!arguments.no_cache, &recogniser)?, photo_reader());
            let quiet = verbosity.is_quiet();
            let measuring = Measuring { recogniser: &recogniser, reader: &reader, cache: cache.as_ref(), quiet };
            let measured = MeasuredPhotos::new(measuring, photos_of_tree(images)?, images);
            let grey = explained(measured.non_mated_in_grey(), images)?;
            Distances { non_mated_grey: Some(grey), ..explained(measured.distances(), images)? }
        }
        None => of_bundle(&recogniser)?,
    };
    let Distances { non_mated, non_mated_grey, mated } = &distances;
    let people = gallery.people().len();
    let risk = risk_at(arguments.fpir, people, non_mated, mated.as_ref());
    // A database without a grey threshold may have people enrolled from photos without colour.
    let non_mated_grey = non_mated_grey.as_ref().filter(|_| gallery.grey_threshold().is_some());
    let grey = non_mated_grey.map(|non_mated| risk_at(arguments.fpir, people, non_mated, None));
    if let Some(protect) = &protect {
        store(&arguments.db, gallery, [Some(&risk), grey.as_ref()], protect)?;
    }
    let threshold_grey = grey.map(|grey| grey.threshold);
    let NonMated { source, people, pairs, .. } = non_mated;
    match arguments.json {
        true => {
            let (people, pairs, written) = (*people, *pairs, arguments.write);
            print_json(&Calibrated { risk: &risk, threshold_grey, source, people, pairs, written })?
        }
        false => {
            print(&in_words(&risk, non_mated))?;
            grey.zip(non_mated_grey).map_or(Ok(()), |(grey, known)| print(&grey_in_words(&grey, known)))?;
            print(if arguments.write {
                "The threshold is stored in the database."
            } else {
                "The threshold is not stored; --write stores it."
            })?;
        }
    }
    Ok(Answer::Yes)
}

/// Adds the folder and a help text to an error.
///
/// # Errors
/// The given error.
fn explained<T>(found: Result<T, AccuracyError>, images: &Path) -> Result<T> {
    found
        .with_context(|| images.shown().to_string())
        .help("use photos of a hundred people or more, with one folder each")
}

/// The distances in the encoder's bundle.
///
/// # Errors
/// If the bundle has none.
fn of_bundle(recogniser: &Recogniser) -> Result<Distances> {
    let calibration = recogniser.calibration();
    let non_mated = calibration.non_mated.clone().context("the encoder's calibration.toml has no non-mated distances");
    let non_mated = non_mated.help("give photos of known people with --images, or run `encoder-tool model measure`")?;
    let (non_mated_grey, mated) = (calibration.non_mated_grey.clone(), calibration.mated.clone());
    Ok(Distances { non_mated, non_mated_grey, mated })
}

fn store(path: &Path, gallery: Gallery, risks: [Option<&Risk>; 2], protect: &Protect) -> Result<()> {
    let sequence = database_files::next_sequence(Some(gallery.header().sequence), Timestamp::now().as_second());
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    set_thresholds(&mut builder, risks)?;
    files::replace(path, Access::Private, &protect.encode(builder.gallery())?)
        .help("make room, or copy the database elsewhere")
}

/// Stores thresholds and risks in a database: in colour, and without colour if known.
pub(crate) fn set_thresholds(builder: &mut GalleryBuilder, [colour, grey]: [Option<&Risk>; 2]) -> Result<()> {
    let made_for = |risk: &Risk| {
        let people = u32::try_from(risk.enrolled).unwrap_or(u32::MAX);
        Calibration { fpir: risk.fpir as f32, people }
    };
    if let Some(risk) = colour {
        builder.set_threshold(risk.threshold, Some(made_for(risk)))?;
    }
    if let Some(risk) = grey {
        builder.set_grey_threshold(GreyThreshold { threshold: risk.threshold, calibration: made_for(risk) })?;
    }
    Ok(())
}

/// One paragraph about the threshold without colour.
pub(crate) fn grey_in_words(risk: &Risk, non_mated: &NonMated) -> String {
    format!(
        "Without colour, as a camera sees at night, the threshold is {:.3} for the same rate ({}). It was measured on photos \
         converted to grey, not on infrared pictures.",
        risk.threshold, non_mated.source
    )
}

/// One paragraph: the threshold, its derivation, and what it means for the door.
pub(crate) fn in_words(risk: &Risk, non_mated: &NonMated) -> String {
    let Risk { threshold, enrolled, fmr, strangers, .. } = risk;
    let NonMated { source, people, pairs, .. } = non_mated;
    let mut text = format!(
        "Threshold {threshold:.3}: compared with {}, a stranger is named at a rate (FPIR) of {}; a trial with {} would find \
         between {} and {} (95 % interval). Compared with one person, a stranger is a false match at a rate (FMR) of \
         {fmr:.1e}. This follows from {} of a stranger with one of {} ({source}), FPIR being 1 - (1 - FMR)^N.",
        counted(*enrolled, "enrolled person"),
        percent(risk.fpir),
        counted(*strangers, "stranger"),
        percent(risk.fpir_low),
        percent(risk.fpir_high),
        counted(*pairs, "comparison"),
        counted(*people, "person"),
    );
    if *fmr >= MAX_FMR {
        text += " For so few people, a looser threshold would reach this rate; it is kept at a value where one comparison \
                 with a claimed person is safe too.";
    }
    if risk.extrapolated {
        text += " Fewer than three of these comparisons would be below such a threshold: it is extrapolated from the \
                 distribution of the nearest hundredth, so treat it as an estimate.";
    }
    if let (Some(fnir), Some(high), Some(pairs)) = (risk.fnir, risk.fnir_high, risk.mated_pairs) {
        text += &format!(
            " By one photo against one enrolled photo, {} of those enrolled would not be named (FNIR; up to {} by the 95 % \
             interval of {}); with several enrolled photos it is fewer.",
            percent(fnir),
            percent(high),
            counted(pairs, "mated pair"),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::bundle::{Mated, Quantile};

    /// `--fpir 1e-5` promised a stranger "between 0.00 % and 0.04 %", and "1 enrolled encodings".
    #[test]
    fn a_rate_of_zero_is_shown_with_its_upper_bound_and_trials() {
        let row = |rate: f64, distance| Quantile { rate, distance, low: rate / 2.0, high: rate * 2.0 };
        let quantiles = vec![row(1e-2, 1.3), row(1e-3, 1.2), row(1e-4, 1.1), row(1e-5, 1.0)];
        let non_mated = NonMated {
            source: "a sample".to_owned(),
            people: 100,
            pairs: 3_000_000,
            quantiles,
            format: NonMated::FORMAT,
        };
        let mated = Mated { pairs: 300, farther: vec![(0.1, 0.5), (0.0, 0.9)] };
        for (fpir, of_one_in) in [(1e-5, "0.0010 %"), (1e-3, "0.010 %")] {
            let words = in_words(&risk_at(fpir, 1, &non_mated, Some(&mated)), &non_mated);
            for expected in [
                "compared with 1 enrolled person, ",
                &format!("(FPIR) of {of_one_in}; a trial with 100 strangers would find between 0 % and 0."),
                "0 % of those enrolled would not be named (FNIR; up to 1.2 % by the 95 % interval of 300 mated pairs)",
            ] {
                assert!(words.contains(expected), "{words}\nhas no {expected:?}");
            }
            assert!(!words.contains("0.00 %"), "{words}");
        }
    }
}
