//! `model quantize`: converts a 32-bit float encoder to one that computes with 8-bit integers, and measures the loss.
//!
//! faces -> graph -> ranges of its values -> settings (which values are bytes, with which scales) -> the emitted
//! network, compared with the float network. Improvements are kept: clipped ranges, equalised channels, corrected
//! biases.

mod byte_steps;
mod calibration_faces;
mod correct;
mod emit;
mod equalise;
pub(crate) mod graph;
mod integers;
mod likeness;
mod pixels;
mod ranges;
mod rounding;
mod settings;
mod steps;
mod walk;
mod weight_bytes;

#[cfg(test)]
mod tests;

use super::import::folder::BundleFiles;
use crate::NETWORK_FILE;
use crate::Sources;
use anyhow::{Context, Result, anyhow, bail};
use calibration_faces::{Faces, faces};
use graph::Graph;
use likeness::Alike;
use models::Recogniser;
use models::bundle::{
    self, Bundle, Bundles, Calibration, EncoderBundle, MANIFEST_FILE, Manifest, Network, Quantization,
};
use models::onnx;
use serde::Serialize;
use std::path::PathBuf;
use steps::{Step, Steps, Variant};
use terminal::{Help, ShowPath, ShownPath, Verbosity, counted, print, print_json};

/// Operators that only quantised networks contain.
const INTEGER_OPERATORS: [&str; 5] = ["QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger", "QuantizeLinear"];
/// Fewest faces for meaningful ranges and cosines.
const FEW: usize = 64;

/// Convert an encoder's bundle to one that computes with 8-bit integers.
///
/// The faces of PHOTOS/<person>/<photo> determine the ranges of the network's values. A quarter of the people is held
/// out: on their faces, the encodings of both networks are compared. Every step is measured, and kept only if it brings
/// the new network closer to the old one.
#[derive(Debug, clap::Args)]
pub struct Quantize {
    /// Folder of the encoder's bundle
    bundle: PathBuf,
    /// Folder with one folder per person
    #[arg(long, value_name = "PHOTOS")]
    calibrate: PathBuf,
    /// Folder for the new bundle
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Use at most this many photos, selected evenly from all
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    photos: u32,
    /// Keep this convolution in floats, with a name from `model inspect`. May be repeated
    #[arg(long, value_name = "LAYER")]
    keep_float: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result of a quantisation.
#[derive(Serialize)]
struct Report<'r> {
    bundle: ShownPath,
    /// Number of faces for measuring ranges, and of faces of other people for measuring cosines.
    crops: usize,
    held_out_crops: usize,
    calibration_sha256: &'r str,
    steps: &'r [Step],
    cosine_mean: f64,
    cosine_min: f64,
    integer_convolutions: usize,
    float_convolutions: usize,
    network_bytes: usize,
    source_network_bytes: usize,
}

impl Quantize {
    /// Measures ranges, quantises, and writes the bundle.
    ///
    /// # Errors
    /// If the bundle is not a float encoder, the photos have too few faces, or the new bundle cannot be written.
    pub(crate) fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<()> {
        let source = self.source()?;
        let graph = graph_of(&source).with_context(|| self.bundle.shown().to_string())?;
        let kept = self.kept(&graph)?;
        let recogniser = Recogniser::new(&Bundles { encoder: source.clone(), ..Bundles::bundled()? })?;
        verbosity.note("faces of the photos");
        let faces = faces(&recogniser, &self.calibrate, self.photos as usize, sources, verbosity)?;
        if faces.calibrating.len() + faces.held_out.len() < FEW {
            let found = faces.calibrating.len() + faces.held_out.len();
            verbosity.note(&format!("only {}: the new network may not suit other people", counted(found, "face")));
        }
        let (input, graph) = pixels::of_whole_numbers(&source.manifest.input, &graph);
        let mut whole = source.clone();
        whole.manifest.input = input;
        let mut steps = Steps::new(&source, &whole, &faces, &kept, verbosity)?;
        let best = steps.take_all(&graph)?.context("no variant was measured")?;
        let network = onnx::encode(emit::emitted(&best.graph, &best.settings));
        let alike = steps.measured(network.clone())?;
        let files = bundle_files(&whole, network, alike, &faces)?;
        files.try_once().context("the quantised network does not run")?;
        files.write(&self.output)?;
        self.report(&source, &files, &steps.taken, &best, alike, &faces)
    }

    fn source(&self) -> Result<EncoderBundle> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            let refused = anyhow!("{} is not an encoder; only encoders are quantised", self.bundle.shown());
            return Err(refused).help("give the bundle of an encoder");
        };
        if self.output.join(MANIFEST_FILE).exists() {
            let refused = anyhow!("{} holds a bundle already", self.output.shown());
            return Err(refused).help("give another folder, or remove this one first");
        }
        Ok(encoder)
    }

    /// The outputs of the convolutions that stay in floats.
    fn kept(&self, graph: &Graph) -> Result<Vec<String>> {
        let output = |wanted: &String| {
            let named = graph.convolutions().find(|(node, layer)| layer.name == *wanted || node.output == *wanted);
            let refused = || anyhow!("--keep-float {wanted}: the network has no convolution of that name");
            named.map(|(node, _)| node.output.clone()).ok_or_else(refused)
        };
        let kept: Result<Vec<String>> = self.keep_float.iter().map(output).collect();
        kept.help("`encoder-tool model inspect` prints the names")
    }

    fn report(
        &self,
        source: &EncoderBundle,
        files: &BundleFiles,
        steps: &[Step],
        best: &Variant,
        alike: Alike,
        faces: &Faces,
    ) -> Result<()> {
        let all = best.graph.convolutions().count();
        let integers = best.graph.convolutions().filter(|(node, _)| best.settings.integers.has(node)).count();
        let report = Report {
            bundle: self.output.shown(),
            crops: faces.calibrating.len(),
            held_out_crops: faces.held_out.len(),
            calibration_sha256: &faces.digest,
            steps,
            cosine_mean: alike.mean,
            cosine_min: alike.min,
            integer_convolutions: integers,
            float_convolutions: all - integers,
            network_bytes: files.network.len(),
            source_network_bytes: source.network.len(),
        };
        if self.json { print_json(&report) } else { print(&in_words(&report)) }
    }
}

/// # Errors
/// If the network cannot be quantised.
fn graph_of(source: &EncoderBundle) -> Result<Graph> {
    let model = onnx::decode(&source.network)?;
    let nodes = model.graph.iter().flat_map(|graph| &graph.node);
    let already = nodes.map(|node| node.op_type.as_str()).find(|op| INTEGER_OPERATORS.contains(op));
    if source.manifest.quantization.is_some() || already.is_some() {
        let refused = anyhow!("the network computes with integers already ({})", already.unwrap_or("by its manifest"));
        return Err(refused).help("quantise the float bundle that it was made from");
    }
    let side = source.manifest.crop.side() as usize;
    let graph = graph::read(model, [1, 3, side, side])?;
    if graph.convolutions().next().is_none() {
        bail!("the network has no convolution");
    }
    Ok(graph)
}

fn bundle_files(source: &EncoderBundle, network: Vec<u8>, alike: Alike, faces: &Faces) -> Result<BundleFiles> {
    let quantization = Quantization {
        source_sha256: source.manifest.network.sha256.clone(),
        calibration_sha256: faces.digest.clone(),
        crops: faces.calibrating.len(),
        held_out_crops: faces.held_out.len(),
        cosine_mean: alike.mean,
        cosine_min: alike.min,
    };
    let described = Network { file: NETWORK_FILE.to_owned(), sha256: bundle::sha256(&network) };
    let mut manifest = source.manifest.clone();
    manifest.network = described;
    manifest.quantization = Some(quantization);
    let calibration = carried_over(&source.calibration).to_toml()?;
    Ok(BundleFiles { network, manifest: Manifest::Encoder(manifest).to_toml()?, calibration: Some(calibration) })
}

/// The calibration of the float network, with a note that it was measured with that network.
fn carried_over(source: &Calibration) -> Calibration {
    const WITH_FLOATS: &str = "measured with the network in floats, before it was quantised";
    let mut carried = source.clone();
    carried.threshold_from = format!("{}; {WITH_FLOATS}", source.threshold_from);
    for non_mated in [&mut carried.non_mated, &mut carried.non_mated_grey].into_iter().flatten() {
        non_mated.source = format!("{}; {WITH_FLOATS}", non_mated.source);
    }
    carried
}

fn in_words(report: &Report<'_>) -> String {
    let mut lines = vec![format!("{:40} {:>12} {:>12}", "cosine to the float network", "mean", "least")];
    for step in report.steps {
        let kept = if step.kept { "" } else { "  (left out)" };
        lines.push(format!("{:40} {:>12.6} {:>12.6}{kept}", step.step, step.cosine_mean, step.cosine_min));
    }
    let (integers, floats) = (report.integer_convolutions, report.float_convolutions);
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    lines.push(format!(
        "{}: {integers} convolutions in integers, {floats} in floats, {:.1} MB (was {:.1} MB), cosine {:.6} on {} held-out faces",
        report.bundle,
        megabytes(report.network_bytes),
        megabytes(report.source_network_bytes),
        report.cosine_mean,
        report.held_out_crops,
    ));
    lines.join("\n")
}
