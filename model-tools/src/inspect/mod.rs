//! `model inspect`: lists the layers of a bundle's network, their number formats and their costs.

mod node_costs;

use anyhow::{Context, Result};
use models::bundle::{Bundle, Manifest};
use models::onnx;
use node_costs::{Layer, Precision, Totals, layers, totals};
use serde::Serialize;
use std::path::PathBuf;
use terminal::{ShowPath, columns, percent, print, print_json, wrapped};

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
            Bundle::Pad(bundle) => (Manifest::Pad(bundle.manifest), bundle.network),
        };
        let (kind, profile, side) = match &manifest {
            Manifest::Detector(_) => ("detector", "yunet", DETECTOR_SIDE),
            Manifest::Encoder(encoder) => ("encoder", encoder.profile.as_str(), encoder.crop.side() as usize),
            Manifest::Pad(pad) => ("pad", pad.profile.as_str(), pad.crop.side() as usize),
        };
        let input = [1, 3, side, side];
        let layers = onnx::decode(&network).map_err(Into::into).and_then(|model| layers(model, &input));
        let layers = layers.with_context(|| self.bundle.shown().to_string())?;
        let totals = totals(&layers, &input);
        let inspected = Inspected { kind, profile, input, layers: &layers, totals, network_bytes: network.len() };
        if self.json { print_json(&inspected) } else { print(&in_words(&inspected, columns())) }
    }
}

/// The columns beside the layer's name. `output` leaves out the batch, which is 1.
const HEADINGS: [&str; 7] = ["operator", "kernel", "output", "type", "MACs", "weights", "bytes"];
/// The least width of the names. A table with wider cells exceeds the terminal.
const NARROWEST_NAME: usize = 12;

/// A table whose names are shortened to fit the terminal, followed by the totals.
fn in_words(inspected: &Inspected<'_>, terminal_columns: usize) -> String {
    let rows: Vec<[String; 7]> = inspected.layers.iter().map(cells).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.chain([HEADINGS[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let left = terminal_columns.saturating_sub(widths.iter().map(|width| width + 1).sum()).max(NARROWEST_NAME);
    let longest = inspected.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0).max(5);
    let name_width = longest.min(left);
    let line = |name: &str, cells: [&str; 7]| {
        let mut line = format!("{:name_width$}", shortened(name, name_width));
        for (column, (cell, width)) in cells.into_iter().zip(widths).enumerate() {
            match column {
                0 | 3 => line.push_str(&format!(" {cell:width$}")),
                _ => line.push_str(&format!(" {cell:>width$}")),
            }
        }
        line
    };
    let mut lines = vec![line("layer", HEADINGS)];
    lines.extend(
        inspected.layers.iter().zip(&rows).map(|(layer, row)| line(&layer.name, row.each_ref().map(String::as_str))),
    );
    let Totals { macs, int8_macs, weights, peak_activation_bytes } = inspected.totals;
    let totals = format!(
        "{macs} MACs, {} of them in int8; {weights} weights; {} bytes on disk; about {peak_activation_bytes} bytes of values at a time",
        percent(int8_macs as f64 / macs.max(1) as f64),
        inspected.network_bytes
    );
    lines.push(wrapped(&totals, terminal_columns, 2));
    lines.join("\n")
}

fn cells(layer: &Layer) -> [String; 7] {
    let by = |lengths: &[usize]| lengths.iter().map(usize::to_string).collect::<Vec<String>>().join("x");
    let precision = match layer.precision {
        Precision::Float => "f32",
        Precision::Int8 => "int8",
    };
    [
        layer.operator.clone(),
        layer.kernel.as_deref().map_or(String::new(), by),
        by(layer.output.strip_prefix(&[1]).unwrap_or(&layer.output)),
        precision.to_owned(),
        layer.macs.to_string(),
        layer.weights.to_string(),
        layer.bytes.to_string(),
    ]
}

/// The end of a name that is too long: names of layers differ at their ends.
fn shortened(name: &str, width: usize) -> String {
    let excess = name.chars().count().saturating_sub(width);
    match excess {
        0 => name.to_owned(),
        _ => format!("…{}", name.chars().skip(excess + 1).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_name_is_kept() {
        for (name, width, expected) in [
            ("conv_1", 12, "conv_1"),
            ("conv_1", 6, "conv_1"),
            ("Block17_1/Branch_1/Conv2d_0b_1x7", 12, "…nv2d_0b_1x7"),
        ] {
            assert_eq!(shortened(name, width), expected);
        }
    }
}
