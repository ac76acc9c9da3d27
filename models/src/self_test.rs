//! The self-test: encodes the stored crops ([`Golden`]) and compares the encodings with those of the workstation. If a
//! fault of the processor, the memory or the software changes the encodings, the device cannot recognise the people
//! that the workstation enrolled.
//!
//! The self-test runs the networks. The stored crops are data of a bundle.

use crate::bundle::{Golden, GoldenSample};
use crate::encode::Encoder;
use crate::recogniser::Recogniser;
use crate::{Crop, ModelError};

/// The smallest cosine between the stored encoding and that of the device that passes, for networks that compute with
/// floats. Networks quantised by this project give the same numbers on every device.
pub const LEAST_COSINE: f64 = 0.99999;

/// The result of a self-test that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// The encodings are those of the workstation.
    Passed,
    /// The bundle has no test crops.
    NothingStored,
}

/// Why the self-test failed. The device must not recognise anybody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoldenError {
    /// The encoder does not run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The networks do not tell people apart: the bundle's normalisation, crop or threshold does not fit the network.
    #[error(
        "it does not tell people apart: two photos of one person are {same:.2} apart, two different people {different:.2}, \
         with a threshold of {threshold:.2}"
    )]
    NotToldApart {
        /// L2 distance of two photos of one person, 0 to 2.
        same: f32,
        /// The smallest L2 distance of two different people, 0 to 2.
        different: f32,
        /// The encoder's own threshold, an L2 distance.
        threshold: f32,
    },
    /// The encoding differs from the workstation's.
    #[error("the encoding of crop {crop} has cosine {cosine:.7} to the workstation's encoding; {wanted} is required")]
    Differs {
        /// Index of the crop, from 0.
        crop: usize,
        /// Cosine between the two encodings, -1 to 1.
        cosine: f64,
        /// The requirement, in words.
        wanted: &'static str,
    },
}

impl Golden {
    /// Encodes the crops and stores the encodings. For a quantised encoder, the test requires exactly equal numbers.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the encoder does not accept a crop.
    pub fn new(encoder: &mut Encoder, crops: &[Crop]) -> Result<Self, ModelError> {
        let exact = encoder.manifest().quantization.is_some();
        let mut sample = |crop: &Crop| {
            let encoding = encoder.encode(crop)?.numbers().to_vec();
            Ok(GoldenSample { side: crop.side(), pixels: crop.pixels().to_vec(), encoding })
        };
        Ok(Self { exact, samples: crops.iter().map(&mut sample).collect::<Result<_, ModelError>>()? })
    }

    /// Encodes the crops and compares the encodings with the stored ones.
    ///
    /// # Errors
    /// [`GoldenError`] for the first crop whose encoding differs.
    pub fn check(&self, encoder: &mut Encoder) -> Result<(), GoldenError> {
        for (crop, sample) in self.samples.iter().enumerate() {
            let pixels = Crop::from_rgb(sample.side, sample.pixels.clone())
                .ok_or_else(|| ModelError::Inference("a stored crop is not square".to_owned()))?;
            let encoding = encoder.encode(&pixels)?;
            let cosine = cosine(encoding.numbers(), &sample.encoding);
            let (is_same, wanted) = match self.exact {
                true => (encoding.numbers() == sample.encoding, "equality of every number"),
                false => (cosine >= LEAST_COSINE, "at least 0.99999"),
            };
            if !is_same {
                return Err(GoldenError::Differs { crop, cosine, wanted });
            }
        }
        Ok(())
    }
}

impl Recogniser {
    /// Runs the self-test: the networks must tell people apart, and this computer must reproduce the workstation's
    /// encodings of the crops in the bundle.
    ///
    /// # Errors
    /// [`GoldenError`] if the test fails. Nobody must be recognised then.
    pub fn self_test(&mut self) -> Result<Tested, GoldenError> {
        self.require_told_apart()?;
        let Some(golden) = &self.golden else { return Ok(Tested::NothingStored) };
        golden.check(&mut self.encoder)?;
        Ok(Tested::Passed)
    }
}

/// The cosine of two vectors; -1 if their lengths differ.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = (product(a, a) * product(b, b)).sqrt();
    if a.len() == b.len() && lengths > 0.0 { product(a, b) / lengths } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Bundles, Quantization};

    fn encoder(quantized: bool) -> Encoder {
        let mut bundle = Bundles::bundled().unwrap().encoder;
        bundle.manifest.quantization = quantized.then(Quantization::sample);
        Encoder::new(&bundle).unwrap()
    }

    #[test]
    fn the_bundled_encoder_passes_its_own_test() {
        let bundle = Bundles::bundled().unwrap().encoder;
        bundle.golden.unwrap().check(&mut encoder(false)).unwrap();
    }

    #[test]
    fn another_number_is_found() {
        let crop = Crop::grey(112);
        for quantized in [false, true] {
            let mut encoder = encoder(quantized);
            let golden = Golden::new(&mut encoder, std::slice::from_ref(&crop)).unwrap();
            golden.check(&mut encoder).unwrap();
            let changed = |by: f32| {
                let mut golden = golden.clone();
                golden.samples[0].encoding[3] += by;
                golden.check(&mut encoder.clone())
            };
            assert!(matches!(changed(0.05), Err(GoldenError::Differs { crop: 0, .. })));
            assert_eq!(changed(1e-4).is_err(), quantized, "a quantised network must give equal numbers");
            let mut shorter = golden.clone();
            shorter.samples[0].encoding.pop();
            assert!(shorter.check(&mut encoder).is_err());
            let mut not_finite = golden;
            not_finite.samples[0].encoding[0] = f32::NAN;
            assert!(not_finite.check(&mut encoder).is_err());
        }
    }
}
