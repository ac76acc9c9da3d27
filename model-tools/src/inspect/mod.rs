//! `model inspect`: lists the layers of a bundle's network, their number formats and their costs.

mod node_costs;

use anyhow::{Context, Result};
use models::bundle::{Bundle, Manifest};
use models::onnx;
use node_costs::{Layer, Precision, Totals, layers, totals};
use serde::Serialize;
use std::path::PathBuf;
use terminal::{ShowPath, percent, print, print_json};

/// Side of the image for which a detector is inspected.
const DETECTOR_SIDE: usize = 320;

/// Show the layers of a bundle's network.
///
/// MACs are multiply-accumulate operations. Bytes are those of a layer's constants in the file. The memory is an
/// estimate: the peak size of all values that are still needed, if every operator of the file ran by itself. Detectors
/// are inspected for an image of 320x320.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// Folder of the bundle
    bundle: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Inspected<'i> {
    kind: &'static str,
    profile: &'i str,
    input: [usize; 4],
    layers: &'i [Layer],
    #[serde(flatten)]
    totals: Totals,
    network_bytes: usize,
}

impl Inspect {
    /// Reads the bundle and prints its layers.
    ///
    /// # Errors
    /// If the folder is not a bundle, or its network does not fit its manifest.
    pub(crate) fn run(&self) -> Result<()> {
        let (manifest, network) = match Bundle::open(&self.bundle)? {
            Bundle::Detector(bundle) => (Manifest::Detector(bundle.manifest), bundle.network),
            Bundle::Encoder(bundle) => (Manifest::Encoder(bundle.manifest), bundle.network),
        };
        let (kind, profile, side) = match &manifest {
            Manifest::Detector(_) => ("detector", "yunet", DETECTOR_SIDE),
            Manifest::Encoder(encoder) => ("encoder", encoder.profile.as_str(), encoder.crop.side() as usize),
        };
        let input = [1, 3, side, side];
        let layers = onnx::decode(&network).map_err(Into::into).and_then(|model| layers(model, &input));
        let layers = layers.with_context(|| self.bundle.shown().to_string())?;
        let totals = totals(&layers, &input);
        let inspected = Inspected { kind, profile, input, layers: &layers, totals, network_bytes: network.len() };
        if self.json { print_json(&inspected) } else { print(&in_words(&inspected)) }
    }
}

fn in_words(inspected: &Inspected<'_>) -> String {
    let widest = inspected.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0).max(5);
    let mut lines = vec![format!(
        "{:widest$}  {:16} {:>7} {:>18} {:9} {:>13} {:>11} {:>11}",
        "layer", "operator", "kernel", "output", "precision", "MACs", "weights", "bytes"
    )];
    for layer in inspected.layers {
        let by = |lengths: &[usize]| lengths.iter().map(usize::to_string).collect::<Vec<String>>().join("x");
        let kernel = layer.kernel.as_deref().map_or(String::new(), by);
        let precision = match layer.precision {
            Precision::Float => "float",
            Precision::Int8 => "int8",
        };
        lines.push(format!(
            "{:widest$}  {:16} {kernel:>7} {:>18} {precision:9} {:>13} {:>11} {:>11}",
            layer.name,
            layer.operator,
            by(&layer.output),
            layer.macs,
            layer.weights,
            layer.bytes
        ));
    }
    let Totals { macs, int8_macs, weights, peak_activation_bytes } = inspected.totals;
    lines.push(format!(
        "{macs} MACs, {} of them in int8; {weights} weights; {} bytes on disk; about {peak_activation_bytes} bytes of values at a time",
        percent(int8_macs as f64 / macs.max(1) as f64),
        inspected.network_bytes
    ));
    lines.join("\n")
}
