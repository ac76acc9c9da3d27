//! Presentation attack detection (PAD, ISO/IEC 30107): the probability that a face in one frame is live and not a picture
//! of a face. A network that a bundle brings (`kind = "pad"`) computes it; none is compiled in.
//!
//! A face that is too small or too near cannot be assessed ([`require_usable`]). One frame is little evidence: the policy
//! takes the mean of several.

mod usable;

pub use usable::{LEAST_SURROUNDINGS, SMALLEST_FACE, Unusable, require_usable};

use crate::bundle::{PadBundle, PadManifest};
use crate::encode::planes;
use crate::network::{Network, Runner, floats};
use crate::{Crop, Face, Frame, ModelError, align};
use std::sync::Arc;
use tract_onnx::prelude::Tensor;

/// A PAD network. Clones share the weights; use one clone for each thread.
#[derive(Clone)]
pub struct Pad {
    manifest: Arc<PadManifest>,
    threshold: f32,
    runner: Runner,
}

impl Pad {
    /// Plans the bundle's network for one thread and runs it once on a grey crop.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be decoded, does not accept the manifest's crop, or does not give one number
    /// for each of the manifest's classes.
    pub fn new(bundle: &PadBundle) -> Result<Self, ModelError> {
        Self::on_threads(bundle, 1)
    }

    /// Like [`Pad::new`], but runs the network on this many threads of the current rayon pool. The number of threads does
    /// not change the probabilities.
    ///
    /// # Errors
    /// As for [`Pad::new`].
    pub fn on_threads(bundle: &PadBundle, threads: usize) -> Result<Self, ModelError> {
        let side = bundle.manifest.crop.side() as usize;
        let runner = Network::decode(&bundle.network)?.plan(&[1, 3, side, side], threads)?;
        let manifest = Arc::new(bundle.manifest.clone());
        let mut pad = Self { manifest, threshold: bundle.calibration.threshold, runner };
        pad.assess_crop(&Crop::grey(bundle.manifest.crop.side()))?;
        Ok(pad)
    }

    /// The network's manifest: input, crop and classes.
    pub fn manifest(&self) -> &PadManifest {
        &self.manifest
    }

    /// The bundle's threshold, above 0 and below 1: a face is live if the mean of its probabilities is at least this.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The probability that a face in one frame is live, 0 to 1.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails or its output is not a number.
    pub fn assess(&mut self, frame: &Frame, face: &Face) -> Result<f32, ModelError> {
        let crop = self.crop(frame, face);
        self.assess_crop(&crop)
    }

    /// Cuts the crop of one face: the face with its surroundings, where the edge of a picture would be visible.
    pub fn crop(&self, frame: &Frame, face: &Face) -> Crop {
        align::align(frame, face, &self.manifest.crop)
    }

    /// Like [`Pad::assess`], for a crop.
    ///
    /// # Errors
    /// As for [`Pad::assess`], and if the crop has the wrong size.
    pub fn assess_crop(&mut self, crop: &Crop) -> Result<f32, ModelError> {
        let side = self.manifest.crop.side();
        if crop.side() != side {
            let found = crop.side();
            let wrong = format!("the crop has {found} pixels a side, but the PAD network needs {side}");
            return Err(ModelError::Inference(wrong));
        }
        let side = side as usize;
        let input = Tensor::from_shape(&[1, 3, side, side], &planes(&self.manifest.input, crop));
        let outputs = self.runner.run(input.map_err(ModelError::from_tract)?)?;
        let [output] = outputs.as_slice() else {
            return Err(ModelError::Inference(format!("{} outputs, but a PAD network has one", outputs.len())));
        };
        let (numbers, classes) = (floats(output)?, self.manifest.classes);
        if numbers.len() != classes {
            let found = numbers.len();
            let wrong = format!("the output has {found} numbers, but the manifest specifies {classes} classes");
            return Err(ModelError::Inference(wrong));
        }
        softmax(numbers, self.manifest.live_class)
    }
}

/// The probability of one class: `exp(x_class)` over the sum of `exp(x)` of all classes.
fn softmax(numbers: &[f32], class: usize) -> Result<f32, ModelError> {
    let wrong = || ModelError::Inference("the output of the PAD network is not a finite number".to_owned());
    let own = *numbers.get(class).ok_or_else(wrong)?;
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(wrong());
    }
    // Each term may be infinite, which gives a probability of 0.
    Ok(1.0 / numbers.iter().map(|number| (number - own).exp()).sum::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_by_hand() {
        for (numbers, class, expected) in [
            (&[0.0, 0.0][..], 0, Some(0.5)),
            (&[1.0, 1.0, 1.0], 2, Some(1.0 / 3.0)),
            (&[2.0_f32.ln(), 0.0, 0.0], 0, Some(0.5)),
            (&[500.0, -500.0], 0, Some(1.0)),
            (&[500.0, -500.0], 1, Some(0.0)),
            (&[f32::MAX, f32::MIN], 1, Some(0.0)),
            (&[0.0, f32::NAN], 0, None),
            (&[f32::INFINITY, 0.0], 0, None),
            (&[0.0, 0.0], 2, None),
        ] {
            let found = softmax(numbers, class).ok();
            let near = found.zip(expected).is_none_or(|(found, expected)| (found - expected).abs() < 1e-6);
            assert!(found.is_some() == expected.is_some() && near, "{numbers:?} {class}: {found:?}");
        }
    }

    #[test]
    fn a_bundle_without_a_usable_network_is_refused() {
        let refused = Pad::new(&PadBundle::sample()).err().unwrap().to_string();
        assert!(refused.contains("not an ONNX file"), "{refused}");
    }
}
