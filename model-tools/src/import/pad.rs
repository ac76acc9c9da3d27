//! Imports a PAD network: one that takes the face with its surroundings and gives a number for each of three classes,
//! of which the first is a live face.

use super::comparison::Trial;
use super::folder::BundleFiles;
use super::input_image::{Layout, Picture};
use super::profile::{self, Profile};
use super::rewrite::{self, Normalisation};
use super::source::Source;
use super::{described, require_promise};
use anyhow::{Context, Result, anyhow, ensure};
use models::bundle::{ChannelOrder, CropGeometry, Input, Manifest, PadManifest};
use models::onnx;

/// The input of the known file, as its JavaScript cuts it. The pixels are not scaled. The order of the colours is that of
/// the network's family (minivision's Silent-Face-Anti-Spoofing, 2020). The package's own code gives it red first:
/// then it refuses 78 of the 200 real frames of NUAA (pad-dev), and none with blue first.
const CROP: CropGeometry = CropGeometry::BoxInFrame { side: SIDE, enlarge: 2.7 };
const CHANNELS: ChannelOrder = ChannelOrder::Bgr;
const SIDE: u32 = 128;
const CLASSES: usize = 3;
const LIVE_CLASS: usize = 0;

/// Turns a MiniFASNet into a bundle.
///
/// # Errors
/// If the network does not have the input and output of the profile, or does not run.
pub(super) fn bundle_of(source: &Source) -> Result<BundleFiles> {
    let promise = Profile::Minifasnet.promise();
    require_promise(require_input(source), source, promise)?;
    let (rewritten, lifted) = rewrite::rewritten_classifier(source.network().clone(), SIDE);
    let network = onnx::encode(rewritten.clone());
    let (original, before) = (source.network().clone(), Normalisation::NONE);
    let trial = Trial { original, rewritten, lifted, layout: Layout::Nchw, size: [SIDE as usize; 2], before };
    let outputs = trial.outputs().with_context(|| format!("{} cannot be imported", source.name()))?;
    require_promise(require_classes(&outputs), source, promise)?;
    let Normalisation { subtract, divide } = lifted;
    let manifest = Manifest::Pad(PadManifest {
        profile: Profile::Minifasnet.name().to_owned(),
        classes: CLASSES,
        live_class: LIVE_CLASS,
        network: described(&network),
        input: Input { channels: CHANNELS, subtract, divide },
        crop: CROP,
        provenance: profile::provenance(Some(Profile::Minifasnet), source),
        quantization: None,
    });
    let calibration = Some(profile::pad_calibration(source).to_toml()?);
    let files = BundleFiles { network, manifest: manifest.to_toml()?, calibration };
    require_promise(files.try_once(), source, promise)?;
    Ok(files)
}

fn require_input(source: &Source) -> Result<()> {
    let Picture { layout, side } = Picture::new(source.network(), None)?;
    ensure!(layout == Layout::Nchw, "its input is pixel by pixel (NHWC), expected planes (NCHW)");
    let found = side.filter(|&side| side != SIDE);
    found.map_or(Ok(()), |side| Err(anyhow!("its input has {side}x{side} pixels, expected {SIDE}x{SIDE}")))
}

fn require_classes(outputs: &[Vec<f32>]) -> Result<()> {
    let [output] = outputs else { return Err(anyhow!("{} outputs, expected one", outputs.len())) };
    ensure!(output.len() == CLASSES, "its output has {} numbers, expected {CLASSES}", output.len());
    Ok(())
}
