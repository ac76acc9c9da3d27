//! The steps from floats to integers. Each is measured on held-out crops, and dropped if it does not improve the
//! result.

use super::calibration_faces::Faces;
use super::correct::corrected;
use super::emit;
use super::equalise::equalised;
use super::graph::Graph;
use super::likeness::{Alike, encodings};
use super::pixels;
use super::ranges::Ranges;
use super::settings::{Rule, Settings};
use super::walk::{Batch, walk};
use anyhow::Result;
use models::Crop;
use models::bundle::EncoderBundle;
use models::encode::planes;
use models::onnx;
use rayon::prelude::*;
use serde::Serialize;
use shared::encoding::Encoding;
use std::collections::{HashMap, HashSet};
use terminal::{Progress, Verbosity};

/// Crops per batch when only ranges are measured.
const TOGETHER: usize = 64;
/// Crops for bias correction, all in one batch: two values of each are in memory.
const CORRECTING: usize = 128;
/// Exponents of equalisation to try.
const EXPONENTS: [f64; 3] = [0.3, 0.5, 0.7];

/// The effect of a step.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) cosine_mean: f64,
    pub(super) cosine_min: f64,
    /// True if the result includes this step.
    pub(super) kept: bool,
}

/// A candidate for the quantised network.
#[derive(Clone)]
pub(super) struct Variant {
    pub(super) graph: Graph,
    pub(super) settings: Settings,
    pub(super) alike: Alike,
}

/// Runs the steps and records the effect of each.
pub(super) struct Steps<'s> {
    kept_floats: &'s [String],
    verbosity: Verbosity,
    pictures: Vec<Vec<f32>>,
    bundle: &'s EncoderBundle,
    held_out: &'s [Crop],
    /// Encodings of the held-out crops by the float network.
    exact: Vec<Encoding>,
    best: Option<Variant>,
    pub(super) taken: Vec<Step>,
}

impl<'s> Steps<'s> {
    /// `source` computes the reference encodings. `bundle` is the same encoder with pixels as `graph` takes them.
    ///
    /// # Errors
    /// If the float network does not run.
    pub(super) fn new(
        source: &EncoderBundle,
        bundle: &'s EncoderBundle,
        faces: &'s Faces,
        kept_floats: &'s [String],
        verbosity: Verbosity,
    ) -> Result<Self> {
        let pictures = faces.calibrating.iter().map(|crop| planes(&bundle.manifest.input, crop)).collect();
        let held_out = &faces.held_out;
        let progress = Progress::new("faces", held_out.len(), verbosity.is_quiet());
        let exact = encodings(source, held_out, || progress.one_more())?;
        progress.finish();
        Ok(Self { kept_floats, verbosity, pictures, bundle, held_out, exact, best: None, taken: Vec::new() })
    }

    /// Similarity of the encodings of a finished network, run as by the program that opens the bundle.
    ///
    /// # Errors
    /// If it does not run.
    pub(super) fn measured(&self, network: Vec<u8>) -> Result<Alike> {
        let bundle = EncoderBundle { network: network.into(), ..self.bundle.clone() };
        let progress = Progress::new("faces", self.held_out.len(), self.verbosity.is_quiet());
        let found = encodings(&bundle, self.held_out, || progress.one_more())?;
        progress.finish();
        Ok(Alike::from_pairs(self.exact.iter().map(Encoding::numbers).zip(found.iter().map(Encoding::numbers))))
    }

    /// Runs all steps. Returns the variant that is closest to the float network.
    ///
    /// # Errors
    /// If a network does not run.
    pub(super) fn take_all(&mut self, graph: &Graph) -> Result<Option<Variant>> {
        let ranges = self.ranges(graph)?;
        self.scaled("ranges up to the largest number", graph, &ranges, Rule::Largest)?;
        self.scaled("ranges without one number in 10 000", graph, &ranges, Rule::Quantile)?;
        for exponent in EXPONENTS {
            let (equal, ranges) = equalised(graph, &ranges, exponent);
            let step = |how: &str| format!("equalised, exponent {exponent}; {how}");
            self.scaled(&step("without one in 10 000"), &equal, &ranges, Rule::Quantile)?;
            self.scaled(&step("least error"), &equal, &ranges, Rule::LeastError)?;
        }
        if let Some(best) = self.best.clone() {
            let count = self.pictures.len().min(CORRECTING);
            let progress = Progress::new("layers", best.graph.nodes.len(), self.verbosity.is_quiet());
            let graph = corrected(&best.graph, &best.settings, &self.pictures[..count], || progress.one_more())?;
            progress.finish();
            self.try_variant("biases corrected", graph, best.settings)?;
        }
        Ok(self.best.take())
    }

    fn scaled(&mut self, step: &str, graph: &Graph, ranges: &HashMap<String, Ranges>, rule: Rule) -> Result<()> {
        let mut settings = Settings::choose(graph, ranges, rule, self.kept_floats);
        let of_pixels = pixels::steps(&self.bundle.manifest.input);
        if let Some((group, steps)) = settings.integers.group(&graph.input).zip(of_pixels) {
            settings.steps[group] = steps;
        }
        self.try_variant(step, graph.clone(), settings)
    }

    fn try_variant(&mut self, step: &str, graph: Graph, settings: Settings) -> Result<()> {
        let alike = self.measured(onnx::encode(emit::emitted(&graph, &settings)))?;
        let kept = self.best.as_ref().is_none_or(|best| alike.rank() > best.alike.rank());
        self.verbosity.note(&format!("{step}: mean cosine {:.6}, least {:.6}", alike.mean, alike.min));
        self.taken.push(Step { step: step.to_owned(), cosine_mean: alike.mean, cosine_min: alike.min, kept });
        if kept {
            self.best = Some(Variant { graph, settings, alike });
        }
        Ok(())
    }

    /// Ranges of every value. Numbers are counted only for values that convolutions read.
    fn ranges(&self, graph: &Graph) -> Result<HashMap<String, Ranges>> {
        let read: HashSet<&String> = graph.convolutions().map(|(node, _)| &node.inputs[0]).collect();
        let mut ranges: HashMap<String, Ranges> = HashMap::new();
        let progress = Progress::new("faces", self.pictures.len(), self.verbosity.is_quiet());
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
