//! The steps from floats to integers, each measured on held-out crops; what brought nothing is left out again.

use super::correct::corrected;
use super::equalise::equalised;
use super::faces::Faces;
use super::graph::Graph;
use super::measure::{Alike, encodings};
use super::ranges::Ranges;
use super::settings::{Rule, Settings};
use super::walk::{Batch, outputs, walk};
use crate::progress::Progress;
use anyhow::Result;
use models::Crop;
use models::bundle::EncoderBundle;
use models::encode::planes;
use rayon::prelude::*;
use serde::Serialize;
use shared::encoding::Encoding;
use std::collections::{HashMap, HashSet};
use terminal::Verbosity;

/// Crops that walk through the network together where only ranges are kept of them.
const TOGETHER: usize = 64;
/// Crops on which biases are corrected, all of them together: memory holds two values of each.
const CORRECTING: usize = 128;
/// How much ranges of values count against those of weights.
const EXPONENTS: [f64; 3] = [0.3, 0.5, 0.7];

/// What a step brought.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) cosine_mean: f64,
    pub(super) cosine_min: f64,
    /// Whether the result is built on it.
    pub(super) kept: bool,
}

/// A way to turn the network into integers.
#[derive(Clone)]
pub(super) struct Variant {
    pub(super) graph: Graph,
    pub(super) settings: Settings,
    pub(super) alike: Alike,
    rule: Rule,
}

/// Takes the steps, and says what each brought.
pub(super) struct Steps<'s> {
    kept_floats: &'s [String],
    verbosity: Verbosity,
    pictures: Vec<Vec<f32>>,
    held_out: Vec<Vec<f32>>,
    /// By the network in floats, of those that are held out.
    exact: Vec<Encoding>,
    best: Option<Variant>,
    pub(super) taken: Vec<Step>,
}

impl<'s> Steps<'s> {
    /// # Errors
    /// If the network in floats does not run.
    pub(super) fn new(
        bundle: &EncoderBundle,
        faces: &Faces,
        kept_floats: &'s [String],
        verbosity: Verbosity,
    ) -> Result<Self> {
        let pictures = |crops: &[Crop]| crops.iter().map(|crop| planes(&bundle.manifest.input, crop)).collect();
        let (calibrating, held_out) = (pictures(&faces.calibrating), pictures(&faces.held_out));
        let progress = Progress::of("faces", faces.held_out.len(), verbosity.is_quiet());
        let exact = encodings(bundle, &faces.held_out, || progress.one_more())?;
        progress.finish();
        Ok(Self { kept_floats, verbosity, pictures: calibrating, held_out, exact, best: None, taken: Vec::new() })
    }

    /// How alike the encodings of the finished network are, run as the program that opens the bundle will.
    ///
    /// # Errors
    /// If it does not run.
    pub(super) fn measured(&self, bundle: &EncoderBundle, faces: &Faces) -> Result<Alike> {
        let progress = Progress::of("faces", faces.held_out.len(), self.verbosity.is_quiet());
        let found = encodings(bundle, &faces.held_out, || progress.one_more())?;
        progress.finish();
        Ok(Alike::of(self.exact.iter().map(Encoding::numbers).zip(found.iter().map(Encoding::numbers))))
    }

    /// Takes all steps; the variant that is nearest to the network in floats.
    ///
    /// # Errors
    /// If a network does not run.
    pub(super) fn take_all(&mut self, graph: &Graph) -> Result<Option<Variant>> {
        let ranges = self.ranges(graph)?;
        self.scaled("ranges up to the largest number", graph, &ranges, Rule::Largest)?;
        self.scaled("ranges without one number in 10 000", graph, &ranges, Rule::Quantile)?;
        self.scaled("ranges of the least squared error", graph, &ranges, Rule::LeastError)?;
        let rule = self.best.as_ref().map_or(Rule::LeastError, |best| best.rule);
        for exponent in EXPONENTS {
            let equal = equalised(graph, &ranges, exponent);
            let ranges = self.ranges(&equal)?;
            self.scaled(&format!("channels equalised, exponent {exponent}"), &equal, &ranges, rule)?;
        }
        if let Some(best) = self.best.clone() {
            let count = self.pictures.len().min(CORRECTING);
            let progress = Progress::of("layers", best.graph.nodes.len(), self.verbosity.is_quiet());
            let graph = corrected(&best.graph, &best.settings, &self.pictures[..count], || progress.one_more())?;
            progress.finish();
            self.try_variant("biases corrected", graph, best.settings, best.rule)?;
        }
        Ok(self.best.take())
    }

    fn scaled(&mut self, step: &str, graph: &Graph, ranges: &HashMap<String, Ranges>, rule: Rule) -> Result<()> {
        let settings = Settings::choose(graph, ranges, rule, self.kept_floats);
        self.try_variant(step, graph.clone(), settings, rule)
    }

    fn try_variant(&mut self, step: &str, graph: Graph, settings: Settings, rule: Rule) -> Result<()> {
        let progress = Progress::of("faces", self.exact.len(), self.verbosity.is_quiet());
        let mut found = Vec::with_capacity(self.exact.len());
        for pictures in self.held_out.chunks(TOGETHER) {
            found.extend(outputs(&graph, Some(&settings), pictures)?);
            progress.more(pictures.len());
        }
        progress.finish();
        let alike = Alike::of(self.exact.iter().map(Encoding::numbers).zip(found.iter().map(Vec::as_slice)));
        let kept = self.best.as_ref().is_none_or(|best| alike.mean > best.alike.mean);
        self.verbosity.note(&format!("{step}: mean cosine {:.6}, least {:.6}", alike.mean, alike.min));
        self.taken.push(Step { step: step.to_owned(), cosine_mean: alike.mean, cosine_min: alike.min, kept });
        if kept {
            self.best = Some(Variant { graph, settings, alike, rule });
        }
        Ok(())
    }

    /// What is seen of every value; numbers of those that convolutions read.
    fn ranges(&self, graph: &Graph) -> Result<HashMap<String, Ranges>> {
        let read: HashSet<&String> = graph.convolutions().map(|(node, _)| &node.inputs[0]).collect();
        let mut ranges: HashMap<String, Ranges> = HashMap::new();
        let progress = Progress::of("faces", self.pictures.len(), self.verbosity.is_quiet());
        for pictures in self.pictures.chunks(TOGETHER) {
            walk(graph, None, pictures, |name, batch| {
                let seen = ranges.entry(name.to_owned()).or_default();
                if read.contains(&name.to_owned()) {
                    seen.merge(&seen_of(batch));
                } else {
                    seen.see(&[], batch.channels());
                }
            })?;
            progress.more(pictures.len());
        }
        progress.finish();
        Ok(ranges)
    }
}

fn seen_of(batch: &Batch) -> Ranges {
    let see = |mut seen: Ranges, numbers: &Vec<f32>| {
        seen.see(numbers, batch.channels());
        seen
    };
    let merge = |mut seen: Ranges, other: Ranges| {
        seen.merge(&other);
        seen
    };
    batch.crops.par_iter().fold(Ranges::default, see).reduce(Ranges::default, merge)
}
