//! `model import`: turns a third-party network into a bundle.
//!
//! The graph is rewritten into an equivalent form that tract runs fastest. 8-bit weights stay 8-bit in the file and are
//! widened when the bundle is loaded. Before anything is written, the outputs of the rewritten network are compared
//! with those of the original, and with what the profile promises.

mod arrays;
mod comparison;
mod encoder_input;
mod facenet;
pub(super) mod folder;
mod input_image;
mod options;
mod pad;
mod profile;
mod rewrite;
mod source;

#[cfg(test)]
mod tests;

use crate::NETWORK_FILE;
use crate::confined::{Limits, MEMORY_MIB, SECONDS};
use crate::onnx_parts::{dims, floats_value};
use anyhow::{Context, Result, anyhow};
use arrays::Arrays;
use comparison::Trial;
use files::Access;
use folder::BundleFiles;
use input_image::{Layout, Picture};
use models::bundle::{self, EncoderManifest, Input, Manifest, Network};
use models::onnx;
use models::onnx::pb::type_proto::Value as Type;
use models::onnx::pb::{ModelProto, ValueInfoProto};
use models::planned::extents;
use options::Options;
pub(crate) use profile::Profile;
use rewrite::{Normalisation, Takes};
use shared::encoding::MAX_DIMENSIONS;
use source::Source;
use std::path::PathBuf;
use std::time::Duration;
use terminal::{Help, ShowPath, Verbosity};

/// Turn a network into a bundle.
///
/// SOURCE is an ONNX file: YuNet, a PAD network of the MiniFASNet family, or any encoder, with its profile or with the
/// options that describe its input.
/// Or it is the weights of FaceNet's Inception-ResNet-v1: a folder or zip of .npy files with Keras names, or
/// facenet-pytorch's state dict as .safetensors.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The ONNX file, or FaceNet's weights
    source: PathBuf,
    /// Folder for the new bundle
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Also write the network for other runtimes, with widened weights and the shape of each output
    #[arg(long, value_name = "FILE")]
    onnx_out: Option<PathBuf>,
    /// Memory limit of the import, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY_MIB, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    /// Time limit of the import, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    #[command(flatten)]
    options: Options,
}

impl Import {
    /// The limits of the import.
    pub(super) fn limits(&self) -> Limits {
        let time = Some(Duration::from_secs(self.time_limit));
        Limits { work: "the import", memory_mib: self.memory_limit, time }
    }

    /// Reads the source and writes the bundle.
    ///
    /// # Errors
    /// If a file cannot be read or written, does not contain the described network, or the network does not tell people
    /// apart.
    pub(crate) fn run(&self, verbosity: Verbosity) -> Result<()> {
        let source = Source::read(&self.source)?;
        verbosity.note(&format!("{}: read; comparing the original with the rewritten network", source.name()));
        let bundle = bundle_of(&source, &self.options)?;
        let judged = bundle.require_told_apart().with_context(|| format!("{}: nothing was written", source.name()));
        judged.help(
            "describe the input that the network was trained with by --channels, --subtract, --divide and --crop, or by its --profile; and give its --threshold",
        )?;
        if let Some(path) = &self.onnx_out {
            let whole = with_shapes(widened(source.network().clone())?, bundle.picture(source.network())?)?;
            files::replace(path, Access::Public, &onnx::encode(whole))?;
        }
        bundle.write(&self.output)?;
        verbosity.note(&format!("{}: {}", self.output.shown(), bundle.in_words()?));
        Ok(())
    }
}

/// Turns a network into a bundle.
fn bundle_of(source: &Source, options: &Options) -> Result<BundleFiles> {
    match options.profile(source)? {
        Some(Profile::Yunet) => detector_of(source),
        Some(Profile::Minifasnet) => pad::bundle_of(source),
        profile => encoder_of(source, profile, options),
    }
}

fn detector_of(source: &Source) -> Result<BundleFiles> {
    let (rewritten, lifted) = rewrite::rewritten(source.network().clone(), Takes::Frames);
    let network = onnx::encode(rewritten.clone());
    let manifest = profile::yunet_manifest(described(&network), lifted, source).to_toml()?;
    let files = BundleFiles { network, manifest, calibration: None };
    require_promise(files.try_once(), source, Profile::Yunet.promise())?;
    let original = source.network().clone();
    let trial =
        Trial { original, rewritten, lifted, layout: Layout::Nchw, size: [96, 128], before: Normalisation::NONE };
    trial.outputs().with_context(|| format!("{} cannot be imported", source.name()))?;
    Ok(files)
}

fn encoder_of(source: &Source, profile: Option<Profile>, options: &Options) -> Result<BundleFiles> {
    let promise = profile.map_or("an encoder", Profile::promise);
    let named = || source.name().to_owned();
    let Picture { layout, side } = Picture::new(source.network(), options.layout()).with_context(named)?;
    let taken = options.taken(profile, side).with_context(named)?;
    let side = taken.crop.side();
    let (rewritten, lifted) = rewrite::rewritten(source.network().clone(), Takes::Crops { layout, side });
    let before = taken.before(lifted).with_context(named)?;
    let network = onnx::encode(rewritten.clone());
    let original = source.network().clone();
    let trial = Trial { original, rewritten, lifted, layout, size: [side as usize; 2], before };
    let outputs = trial.outputs().with_context(|| format!("{} cannot be imported", source.name()))?;
    let dimensions = require_promise(dimensions_of(&outputs, profile), source, promise)?;
    let Normalisation { subtract, divide } = before.then(lifted);
    let manifest = Manifest::Encoder(EncoderManifest {
        profile: profile.map_or("custom", Profile::name).to_owned(),
        dimensions,
        network: described(&network),
        input: Input { channels: taken.channels, subtract, divide },
        crop: taken.crop,
        provenance: profile::provenance(profile, source),
        quantization: None,
    });
    let calibration = profile::calibration(profile, source, options.threshold());
    let files = BundleFiles { network, manifest: manifest.to_toml()?, calibration: Some(calibration.to_toml()?) };
    require_promise(files.try_once(), source, promise)?;
    Ok(files)
}

/// How many numbers an encoding has.
fn dimensions_of(outputs: &[Vec<f32>], profile: Option<Profile>) -> Result<usize> {
    let [output] = outputs else { return Err(anyhow!("{} outputs where an encoder has one", outputs.len())) };
    let found = output.len();
    let promised = profile.and_then(Profile::dimensions);
    match promised.map_or((1..=MAX_DIMENSIONS).contains(&found), |promised| promised == found) {
        true => Ok(found),
        false => Err(anyhow!(
            "its encodings have {found} numbers, expected {}",
            promised.map_or(format!("1 to {MAX_DIMENSIONS}"), |promised| promised.to_string())
        )),
    }
}

fn described(network: &[u8]) -> Network {
    Network { file: NETWORK_FILE.to_owned(), sha256: bundle::sha256(network) }
}

fn require_promise<T>(kept: Result<T>, source: &Source, promise: &str) -> Result<T> {
    kept.with_context(|| format!("{} is not {promise}", source.name()))
        .help("give the --profile of this file, or describe the network's input by options")
}

/// Tries to import a file, as a network of that profile, into a bundle that can be loaded.
///
/// # Errors
/// The reason why the file cannot be imported.
pub(crate) fn try_import(file: &[u8], profile: Option<Profile>) -> Result<()> {
    let source = Source::from_file("network".to_owned(), file)?;
    bundle_of(&source, &Options::of_profile(profile)).map(drop)
}

/// For each array of weights in a file: how many numbers it has, and how many its shape implies. Empty for other files.
pub(crate) fn arrays_in(file: &[u8]) -> Vec<[usize; 2]> {
    let files = [Arrays::in_npy(file), Arrays::in_zip(file), Arrays::in_safetensors(file, |_| true)];
    let arrays = files.into_iter().flatten().flat_map(|arrays| arrays.by_name.into_values());
    arrays.map(|array| [array.values.len(), array.dims.iter().product()]).collect()
}

/// The network with its weights widened.
fn widened(mut model: ModelProto) -> Result<ModelProto> {
    if let Some(graph) = model.graph.as_mut() {
        onnx::widen_weights(graph)?;
    }
    Ok(model)
}

/// The network with the dimensions of its input and of every output filled in for an image of that shape, where they
/// are open: readers such as OpenCV require them.
fn with_shapes(mut model: ModelProto, picture: [usize; 4]) -> Result<ModelProto> {
    let made = extents(model.clone(), &picture)?;
    let Some(graph) = model.graph.as_mut() else { return Ok(model) };
    for input in graph.input.iter_mut().filter(|input| !has_shape(input)) {
        *input = floats_value(&input.name, &dims(&picture));
    }
    for output in &mut graph.output {
        if let Some(extent) = made.get(&output.name).filter(|_| !has_shape(output)) {
            *output = floats_value(&output.name, &dims(&extent.shape));
        }
    }
    Ok(model)
}

fn has_shape(value: &ValueInfoProto) -> bool {
    let declared = value.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    matches!(declared, Some(Type::TensorType(tensor)) if tensor.shape.is_some())
}

/// Parses the manifest as the program that opens the bundle does.
fn parsed(text: &str) -> Result<Manifest> {
    Ok(Manifest::parse(text)?)
}
