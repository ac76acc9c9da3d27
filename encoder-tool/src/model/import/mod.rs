//! `model import`: an ONNX file to a bundle.
//!
//! The graph is rewritten into the form that tract runs best and that computes the same; 8-bit weights stay 8-bit and
//! are widened when the bundle is loaded. Before anything is written, the rewritten network has to give what the
//! original gives, and what its profile promises.

pub(super) mod folder;
mod profile;
mod rewrite;
mod source;
mod trial;

#[cfg(test)]
mod tests;

pub(crate) use profile::Profile;

use crate::atomic_file;
use crate::model::NETWORK_FILE;
use anyhow::{Context, Result};
use folder::BundleFiles;
use models::bundle::{self, Manifest, Network};
use models::onnx::{self, pb::ModelProto};
use source::Source;
use std::path::PathBuf;
use terminal::Help;

/// Turn an ONNX file into a bundle.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The ONNX file
    file: PathBuf,
    /// Which network it is
    #[arg(long)]
    profile: Profile,
    /// The folder to make the bundle in
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Also write the network with its weights widened and nothing else changed, for other runtimes
    #[arg(long, value_name = "FILE")]
    onnx_out: Option<PathBuf>,
}

impl Import {
    /// Reads the file, writes the bundle.
    ///
    /// # Errors
    /// If a file cannot be read or written, or holds no network of that profile.
    pub(crate) fn run(&self) -> Result<()> {
        let source = Source::read(&self.file)?;
        let bundle = bundle_of(&source, self.profile)?;
        if let Some(path) = &self.onnx_out {
            let widened = onnx::encode(widened(source.decode()?)?);
            atomic_file::replace_public(path, &widened)?;
        }
        bundle.write(&self.output)
    }
}

/// The bundle that an ONNX file becomes.
fn bundle_of(source: &Source, profile: Profile) -> Result<BundleFiles> {
    let original = source.decode()?;
    let (rewritten, normalisation) = rewrite::rewritten(original.clone(), profile == Profile::Yunet);
    let network = onnx::encode(rewritten.clone());
    let described = Network { file: NETWORK_FILE.to_owned(), sha256: bundle::sha256(&network) };
    let manifest = profile.manifest(described, normalisation, source).to_toml()?;
    let calibration = profile.calibration(source).map(|calibration| calibration.to_toml()).transpose()?;
    let files = BundleFiles { network, manifest, calibration };
    files
        .try_once()
        .with_context(|| format!("{} is not {}", source.name(), profile.promise()))
        .help("give the file and the --profile that belong together")?;
    let shape = profile.input_shape();
    trial::require_same(original, rewritten, normalisation, shape)
        .with_context(|| format!("{} cannot be imported", source.name()))?;
    Ok(files)
}

/// The network with its weights widened.
fn widened(mut model: ModelProto) -> Result<ModelProto> {
    if let Some(graph) = model.graph.as_mut() {
        onnx::widen_weights(graph)?;
    }
    Ok(model)
}

/// The manifest's text, as whoever opens the bundle will read it.
fn parsed(text: &str) -> Result<Manifest> {
    Ok(Manifest::parse(text)?)
}
