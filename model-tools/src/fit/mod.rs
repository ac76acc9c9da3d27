//! `model fit`: fits an encoder to photos of your own people, with the triplet loss.
//!
//! photos -> encodings (evaluate) -> people in three parts -> map (learn) -> judged on unseen people -> a network that
//! ends with the map.

mod judge;
mod loss;
mod map;
mod network;
mod triplet_descent;

use super::import::folder::BundleFiles;
use crate::NETWORK_FILE;
use crate::Sources;
use accuracy::calibration::non_mated;
use accuracy::calibration::{self, mated};
use accuracy::{Colours, Measuring};
use anyhow::{Context, Result, anyhow, ensure};
use judge::{FPIR, Judged, judged};
use loss::Images;
use map::{Map, Vectors};
use models::Recogniser;
use models::bundle::{
    self, Bundle, Bundles, Calibration, EncoderBundle, MANIFEST_FILE, Manifest, Network, NonMated, Provenance,
};
use serde::Serialize;
use shared::encoding::Encoding;
use std::collections::BTreeMap;
use std::path::PathBuf;
use terminal::{Answer, Help, Progress, ShowPath, Verbosity, counted, print, print_json};
use triplet_descent::{Labelled, Learnt, MOST_ROUNDS, learn};

/// Fewest people with two photos in each of the three parts: fewer are too few to learn from or to judge by.
const LEAST_PEOPLE: usize = 10;
/// The FMR of the new threshold, measured on people that the map was not learnt from.
const FMR: f64 = 0.001;

/// Fit an encoder to photos of your own people.
///
/// Learns a matrix that maps the encoder's numbers to fewer (FaceNet's 512 to 128). It starts from the principal axes
/// and minimises the triplet loss of FaceNet (Schroff et al. 2015, margin 0.2) over semi-hard triplets of
/// IMAGES/<person>/<photo>. Half of the people are for learning, a fifth decide when to stop, and the rest judge the
/// result: by the loss, the share of triplets that violate the margin, and FNIR at an FPIR of 0.01. If these are not
/// better than with the original encoder, nothing is written. The new bundle is an ordinary encoder bundle with its own
/// model hash.
///
/// Exit codes: 0 written, 1 no better and nothing written, 2 error.
#[derive(Debug, clap::Args)]
pub struct Fit {
    /// Folder of the encoder's bundle
    bundle: PathBuf,
    /// Folder with one folder per person: at least a hundred people with two photos or more, better many hundreds
    #[arg(long, value_name = "PEOPLE")]
    images: PathBuf,
    /// Folder for the new bundle
    #[arg(short, long, value_name = "BUNDLE")]
    output: PathBuf,
    /// How many numbers an encoding of the new encoder has, fewer than now
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(2..=511))]
    dimensions: u16,
    /// Seed of the random split of the people into three parts
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Neither use nor keep cached encodings
    #[arg(long)]
    no_cache: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result of a fit.
#[derive(Serialize)]
struct Report {
    bundle: String,
    written: bool,
    /// Number of people with two photos or more in each part.
    learnt_from: usize,
    stopped_by: usize,
    unseen: usize,
    rounds: usize,
    fpir: f64,
    /// Results on unseen people: with the original encoder, with its principal axes alone, and with the learnt map.
    before: Judged,
    start: Judged,
    after: Judged,
}

/// The people, split into three parts.
struct Parts {
    learnt_from: Labelled,
    held_out: Labelled,
    unseen: Labelled,
}

impl Fit {
    /// Learns and judges a map. Writes the bundle if the map is better.
    ///
    /// # Errors
    /// If the bundle is not an encoder with more numbers, the photos are too few, or the new bundle cannot be written.
    pub(crate) fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<Answer> {
        let source = self.source()?;
        let recogniser = Recogniser::new(&Bundles { encoder: source.clone(), ..Bundles::bundled()? })?;
        let parts = parts(&self.encodings(&recogniser, sources, verbosity)?, self.seed);
        let people = [&parts.learnt_from, &parts.held_out, &parts.unseen].map(with_two_photos);
        if people.iter().any(|people| *people < LEAST_PEOPLE) {
            let refused = anyhow!(
                "{} with two photos or more: too few to learn from",
                counted(people.iter().sum::<usize>(), "person")
            );
            return Err(refused).help("give photos of a hundred such people or more, with a folder for each");
        }
        let start = Map::principal_axes(&parts.learnt_from.vectors, usize::from(self.dimensions), self.seed);
        let progress = Progress::new("rounds", MOST_ROUNDS, verbosity.is_quiet());
        let Learnt { map, round } = learn(&start, &parts.learnt_from, &parts.held_out, || progress.one_more());
        progress.finish();
        let of = |map: &Map| judged(&Images::new(map, &parts.unseen.vectors).units, &parts.unseen.people);
        let (before, start, after) = (judged(&parts.unseen.vectors, &parts.unseen.people), of(&start), of(&map));
        let report = Report {
            bundle: self.output.shown().to_string(),
            written: after.is_better_than(&before),
            learnt_from: people[0],
            stopped_by: people[1],
            unseen: people[2],
            rounds: round,
            fpir: FPIR,
            before,
            start,
            after,
        };
        if report.written {
            self.write(&source, &map, &parts)?;
        }
        if self.json {
            print_json(&report)?
        } else {
            print(&in_words(&report))?
        }
        Ok(Answer::yes_if(report.written))
    }

    fn source(&self) -> Result<EncoderBundle> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            let refused = anyhow!("{} is not an encoder; only encoders are fitted", self.bundle.shown());
            return Err(refused).help("give the bundle of an encoder");
        };
        let (has, wanted) = (encoder.manifest.dimensions, usize::from(self.dimensions));
        if has <= wanted {
            let refused = anyhow!("encodings of {} have {has} numbers, not more than {wanted}", self.bundle.shown());
            return Err(refused).help("give an encoder with more numbers, or fewer --dimensions");
        }
        if self.output.join(MANIFEST_FILE).exists() {
            let refused = anyhow!("{} holds a bundle already", self.output.shown());
            return Err(refused).help("give another folder, or remove this one first");
        }
        Ok(encoder)
    }

    /// The encodings of each person.
    fn encodings(
        &self,
        recogniser: &Recogniser,
        sources: &Sources,
        verbosity: Verbosity,
    ) -> Result<BTreeMap<String, Vec<Encoding>>> {
        let photos = (sources.photos_in)(&self.images)?;
        let cache = (sources.cache_of)(!self.no_cache, recogniser)?;
        let (reader, quiet) = (&sources.reader, verbosity.is_quiet());
        let measuring = Measuring { recogniser, reader, cache: cache.as_ref(), quiet };
        let outcomes = measuring.measure(&photos, Colours::AsTaken);
        let mut by_person: BTreeMap<String, Vec<Encoding>> = BTreeMap::new();
        for (photo, outcome) in photos.into_iter().zip(outcomes) {
            if let Ok(Some(measured)) = outcome {
                by_person.entry(photo.person).or_default().push(measured.aligned);
            }
        }
        Ok(by_person)
    }

    fn write(&self, source: &EncoderBundle, map: &Map, parts: &Parts) -> Result<()> {
        let network = network::followed_by(&source.network, map)?;
        let mut manifest = source.manifest.clone();
        manifest.dimensions = map.outputs;
        manifest.network = Network { file: NETWORK_FILE.to_owned(), sha256: bundle::sha256(&network) };
        let people = with_two_photos(&parts.learnt_from);
        let Provenance { name, source: from, .. } = &source.manifest.provenance;
        manifest.provenance.name = format!("{name}, fitted to {}", counted(people, "person"));
        manifest.provenance.source =
            format!("{from}; network {} with a matrix learnt by model fit", source.manifest.network.sha256);
        let calibration = calibration(&Images::new(map, &parts.unseen.vectors).units, &parts.unseen.people)?;
        let calibration = Some(calibration.to_toml()?);
        let files = BundleFiles { network, manifest: Manifest::Encoder(manifest).to_toml()?, calibration };
        files.try_once().context("the fitted network does not run")?;
        files.require_told_apart().context("nothing was written")?;
        files.write(&self.output)
    }
}

/// Splits the people at random. People with one photo are included: they are negatives.
fn parts(by_person: &BTreeMap<String, Vec<Encoding>>, seed: u64) -> Parts {
    let mut people: Vec<&Vec<Encoding>> = by_person.values().collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut people);
    // Split people with two photos and people with one separately, so that each part has its share of both.
    people.sort_by_key(|encodings| encodings.len() < 2);
    let of = |wanted: fn(usize) -> bool| {
        let chosen = || people.iter().enumerate().filter(move |(index, _)| wanted(index % 10));
        let vectors = chosen().flat_map(|(_, encodings)| encodings.iter().map(Encoding::numbers));
        let length = people.iter().flat_map(|encodings| encodings.iter()).map(|first| first.numbers().len()).next();
        Labelled {
            vectors: Vectors::new(length.unwrap_or(1), vectors),
            people: chosen().flat_map(|(index, encodings)| encodings.iter().map(move |_| index)).collect(),
        }
    };
    Parts {
        learnt_from: of(|tenth| tenth < 5),
        held_out: of(|tenth| (5..7).contains(&tenth)),
        unseen: of(|tenth| tenth >= 7),
    }
}

/// Counts people with two vectors or more. The vectors of a person must be adjacent.
fn with_two_photos(labelled: &Labelled) -> usize {
    labelled.people.chunk_by(|a, b| a == b).filter(|photos| photos.len() >= 2).count()
}

/// Measures the calibration on people that the map was not learnt from.
fn calibration(units: &Vectors, people: &[usize]) -> Result<Calibration> {
    const SOURCE: &str = "people of model fit's --images that it had not seen";
    let encodings: Vec<Encoding> = (0..units.count())
        .map(|index| Encoding::from_network(units.at(index)))
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow!("a fitted encoding: {error}"))?;
    let numbers: Vec<usize> = people
        .chunk_by(|a, b| a == b)
        .enumerate()
        .flat_map(|(number, photos)| photos.iter().map(move |_| number))
        .collect();
    let labelled: Vec<calibration::Labelled<'_>> = (numbers.into_iter().zip(&encodings))
        .map(|(person, encoding)| calibration::Labelled { person, encoding })
        .collect();
    let non_mated = non_mated(&labelled, SOURCE).context("too few pairs for a threshold")?;
    let threshold = threshold_of(&non_mated)?;
    let threshold_from = format!("FMR {FMR} on {} of {SOURCE}", counted(non_mated.pairs, "comparison"));
    let (mated, non_mated) = (mated(&labelled), Some(non_mated));
    Ok(Calibration { threshold, threshold_from, mated, non_mated, non_mated_grey: None })
}

/// The distance of the largest measured rate that is not above [`FMR`].
fn threshold_of(non_mated: &NonMated) -> Result<f32> {
    let row = non_mated.quantiles.iter().find(|row| row.rate <= FMR * 1.001);
    let threshold = row.map(|row| row.distance).context("too few pairs for a threshold")?;
    ensure!(threshold > 0.0 && threshold < 2.0, "a threshold of {threshold} does not tell people apart");
    Ok(threshold)
}

fn in_words(report: &Report) -> String {
    let Report { learnt_from, stopped_by, unseen, rounds, before, start, after, bundle, .. } = report;
    let end = match report.written {
        true => format!("{bundle}: written. Enrol again with it (--model), and measure it on more people if you can"),
        false => "no better than the original encoder on unseen people: nothing was written".to_owned(),
    };
    [
        format!(
            "learnt from {} with two photos or more in {}, stopped by {stopped_by} others; judged on {unseen}, all unseen:",
            counted(*learnt_from, "person"),
            counted(*rounds, "round"),
        ),
        format!("{:28} {:>12} {:>12} {:>22}", "", "mean loss", "violations", format!("FNIR at FPIR {FPIR}")),
        format!("{:28} {}", "original encoder", before.in_words()),
        format!("{:28} {}", "principal axes alone", start.in_words()),
        format!("{:28} {}", "fitted", after.in_words()),
        end,
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_in_one_part_each_with_all_their_photos() {
        let photo = |person: usize| Encoding::from_network(&[1.0, person as f32]).unwrap();
        let photos = |person: usize| (0..=person % 3).map(|_| photo(person)).collect();
        let by_person: BTreeMap<String, Vec<Encoding>> =
            (0..100).map(|person| (format!("{person:03}"), photos(person))).collect();
        let Parts { learnt_from, held_out, unseen } = parts(&by_person, 1);
        let all = [&learnt_from, &held_out, &unseen];
        let mut people: Vec<usize> =
            all.iter().flat_map(|part| part.people.chunk_by(|a, b| a == b).map(|own| own[0])).collect();
        assert_eq!(people.len(), 100);
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), 100, "nobody is in two parts");
        let counts: Vec<usize> = all.into_iter().map(with_two_photos).collect();
        assert_eq!(counts.iter().sum::<usize>(), 66);
        assert!(counts[0] >= 30 && counts[1] >= 12 && counts[2] >= 18, "{counts:?}");
        assert_ne!(parts(&by_person, 2).unseen, unseen);
    }
}
