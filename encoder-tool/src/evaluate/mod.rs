//! `evaluate`: measures how well encodings tell people apart, on pairs of photos.
//!
//! `accuracy` measures and computes; this module finds the photos and prints the results. Two baselines are measured
//! too: the pixels of the same crops (the gain from encodings) and the encodings of unaligned crops (the gain from
//! alignment).

mod identification;
mod names;
mod report;

pub(crate) use names::left_out;

use crate::args::Evaluate;
use crate::heif::photo_reader;
use crate::{photo_folders, user_folders};
use accuracy::pair_file::{self, PhotoName};
use accuracy::{Cache, Colours, Measuring, Outcome, Photo, Sample, Way, compare, mine, movement};
use anyhow::{Context, Result, anyhow, bail};
use files::Access;
use files::read_bounded;
use models::Recogniser;
use models::bundle::{Bundle, Bundles, EncoderBundle};
use report::{Findings, ModelFindings, WayFindings};
use std::fs;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print};

const MAX_PAIR_FILE_BYTES: u64 = 64 << 20;

/// Evaluates one or more encoders on the same pairs.
///
/// # Errors
/// If the pairs, the photos' folders or a model cannot be read, or the page cannot be written.
pub(crate) fn run(arguments: &Evaluate, verbosity: Verbosity) -> Result<Answer> {
    if let Some(page) = &arguments.html {
        files::require_replaceable(page)?;
    }
    if arguments.identification {
        return identification::run(arguments, verbosity);
    }
    let sample = sample_of(arguments)?;
    let encoders = encoders(&arguments.models)?;
    let (reader, quiet) = (photo_reader(), verbosity.is_quiet());
    let mut found: Vec<(Vec<Outcome>, ModelFindings)> = Vec::with_capacity(encoders.len());
    for (name, bundles) in encoders {
        verbosity.note(&format!("{name}: {}", counted(sample.photos.len(), "photo")));
        let recogniser = Recogniser::new(&bundles)?;
        let cache = open_cache(!arguments.no_cache, &recogniser)?;
        let measuring = Measuring { recogniser: &recogniser, reader: &reader, cache: cache.as_ref(), quiet };
        let outcomes = measuring.measure(&sample.photos, Colours::AsTaken);
        let pairs = compare(&sample, &outcomes, Way::Aligned);
        let aligned = WayFindings::new(pairs, arguments.failures_count);
        let movement = found.first().map(|(first_outcomes, first)| {
            let thresholds = [first.aligned.figures.threshold, aligned.figures.threshold];
            movement([first_outcomes, &outcomes], [&first.aligned.pairs, &aligned.pairs], thresholds)
        });
        let hash = recogniser.model_hash().to_string();
        found.push((outcomes, ModelFindings { name, hash, aligned, movement }));
    }
    let (mut outcomes, models): (Vec<Vec<Outcome>>, Vec<ModelFindings>) = found.into_iter().unzip();
    let outcomes = outcomes.swap_remove(0);
    let way = |way| WayFindings::new(compare(&sample, &outcomes, way), arguments.failures_count);
    let findings = Findings {
        unaligned: way(Way::Unaligned),
        pixels: way(Way::Pixels),
        triplets: arguments.triplets.then(|| mine(&sample.photos, &outcomes)),
        failures_count: arguments.failures_count,
        sample,
        outcomes,
        models,
    };
    if let Some(path) = &arguments.html {
        files::replace(path, Access::Private, report::page_of(&findings)?.as_bytes())?;
        verbosity.note(&format!("wrote the page {}", path.shown()));
    }
    match arguments.json {
        true => report::print_json_of(&findings, arguments.distances)?,
        false => print(&report::in_words(&findings))?,
    }
    Ok(Answer::Yes)
}

/// Opens the cache of one model; `None` if it is not wanted, or the user's cache folder is unknown.
///
/// # Errors
/// If the cache cannot be opened.
pub(crate) fn open_cache(is_wanted: bool, recogniser: &Recogniser) -> Result<Option<Cache>> {
    let Some(root) = user_folders::cache().filter(|_| is_wanted) else { return Ok(None) };
    Cache::open(&root, &recogniser.model_hash())
        .map(Some)
        .with_context(|| format!("cannot use the cache {}", root.shown()))
        .help("--no-cache works without a cache")
}

fn sample_of(arguments: &Evaluate) -> Result<Sample> {
    let Some(path) = &arguments.pairs else {
        let photos = photos_of_tree(&arguments.images)?;
        return Ok(Sample::from_photos(photos, arguments.most_pairs, arguments.seed));
    };
    let bytes = read_bounded(path, MAX_PAIR_FILE_BYTES)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is not text", path.shown()))?;
    let named = pair_file::parse(&text).with_context(|| path.shown().to_string())?;
    Sample::from_pairs(&named, |name| photo_path(&arguments.images, name))
}

/// Every photo of every person's folder, ordered by name.
pub(crate) fn photos_of_tree(root: &Path) -> Result<Vec<Photo>> {
    let mut photos = Vec::new();
    let where_to = "put photos into DIR/<person>/<photo>";
    let folders = photo_folders::scan(root).help(where_to)?.folders;
    photo_folders::require_photos(root, &folders).help(where_to)?;
    for folder in folders {
        photos.extend(folder.photos.into_iter().map(|photo| Photo { person: folder.name.clone(), path: photo.path }));
    }
    Ok(photos)
}

/// `Name/Name_0001.jpg`, as in the data set.
fn photo_path(images: &Path, name: &PhotoName) -> Result<PathBuf> {
    let PhotoName { person, number } = name;
    if person.contains(['/', '\\']) || person == ".." {
        bail!("{person:?} is not the name of a folder");
    }
    let stem = images.join(person).join(format!("{person}_{number:04}"));
    let found = ["jpg", "jpeg", "png", "webp"].iter().map(|end| stem.with_extension(end)).find(|path| path.is_file());
    found
        .with_context(|| format!("there is no {}.jpg", stem.shown()))
        .help("--images must contain a folder for each person in the pair file")
}

/// Every encoder with its name and networks. All share one detector.
fn encoders(folders: &[PathBuf]) -> Result<Vec<(String, Bundles)>> {
    let default = Bundles::bundled()?;
    let mut detector = None;
    let mut encoders: Vec<(String, EncoderBundle)> = Vec::new();
    for folder in folders {
        match Bundle::open(folder)? {
            Bundle::Detector(bundle) => {
                if detector.replace(bundle).is_some() {
                    bail!("{} is a second detector; give at most one", folder.shown());
                }
            }
            Bundle::Encoder(bundle) => encoders.push((name_of(folder), bundle)),
            Bundle::Pad(_) => {
                let refused = anyhow!("{} is a PAD network, which does not tell people apart", folder.shown());
                return Err(refused).help("measure it with evaluate-pad");
            }
        }
    }
    if encoders.is_empty() {
        encoders.push((format!("{} (bundled)", default.encoder.manifest.profile), default.encoder));
    }
    let detector = detector.unwrap_or(default.detector);
    let with_detector = |encoder| Bundles { detector: detector.clone(), encoder, pad: None };
    Ok(encoders.into_iter().map(|(name, encoder)| (name, with_detector(encoder))).collect())
}

fn name_of(folder: &Path) -> String {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    whole.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}
