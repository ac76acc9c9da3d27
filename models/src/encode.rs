//! Aligned crop to encoding.

use crate::bundle::{EncoderBundle, EncoderManifest, Input};
use crate::network::{Network, Runner, floats};
use crate::{Crop, ModelError};
use shared::encoding::{Encoded, Encoding};
use std::sync::Arc;
use tract_onnx::prelude::Tensor;

/// Raised whenever the same bundle would make other numbers of the same crop: databases made before are then refused.
pub(crate) const METHOD: u32 = 1;

/// An encoder. Clones share the weights; each thread has its own.
#[derive(Clone)]
pub struct Encoder {
    manifest: Arc<EncoderManifest>,
    runner: Runner,
}

impl Encoder {
    /// Plans the bundle's network for one thread and tries it once, on a grey crop.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be read, does not take the manifest's crop, or gives no encoding of the
    /// manifest's dimensions.
    pub fn new(bundle: &EncoderBundle) -> Result<Self, ModelError> {
        Self::on_threads(bundle, 1)
    }

    /// The same for this many threads of the current rayon pool. The numbers do not depend on how many there are.
    ///
    /// # Errors
    /// As for [`Encoder::new`].
    pub fn on_threads(bundle: &EncoderBundle, threads: usize) -> Result<Self, ModelError> {
        let side = bundle.manifest.crop.side() as usize;
        let runner = Network::decode(&bundle.network)?.plan(&[1, 3, side, side], threads)?;
        let mut encoder = Self { manifest: Arc::new(bundle.manifest.clone()), runner };
        encoder.encode(&Crop::grey(bundle.manifest.crop.side()))?;
        Ok(encoder)
    }

    /// What the encoder takes and gives.
    pub fn manifest(&self) -> &EncoderManifest {
        &self.manifest
    }

    /// The encoding of a crop: unit length, as many numbers as the manifest says.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the crop has another size than the network takes, or the network's answer is not
    /// an encoding.
    pub fn encode(&mut self, crop: &Crop) -> Result<Encoding, ModelError> {
        self.encode_with_length(crop).map(|encoded| encoded.encoding)
    }

    /// The encoding of a crop, and how long the network's output was before it was scaled.
    ///
    /// # Errors
    /// As for [`Encoder::encode`].
    pub fn encode_with_length(&mut self, crop: &Crop) -> Result<Encoded, ModelError> {
        let side = self.manifest.crop.side();
        if crop.side() != side {
            return Err(ModelError::Inference(format!("a crop of {} pixels, the encoder takes {side}", crop.side())));
        }
        let outputs = self.runner.run(self.input(crop)?)?;
        let [output] = outputs.as_slice() else {
            return Err(ModelError::Inference(format!("{} outputs where an encoder has one", outputs.len())));
        };
        let numbers = floats(output)?;
        let dimensions = self.manifest.dimensions;
        if numbers.len() != dimensions {
            let found = numbers.len();
            return Err(ModelError::Inference(format!("{found} numbers, the manifest promises {dimensions}")));
        }
        Encoded::from_network(numbers).map_err(|error| ModelError::Inference(error.to_string()))
    }

    fn input(&self, crop: &Crop) -> Result<Tensor, ModelError> {
        let side = crop.side() as usize;
        Tensor::from_shape(&[1, 3, side, side], &planes(&self.manifest.input, crop)).map_err(ModelError::from_tract)
    }
}

/// The numbers that a network takes of a crop: three planes, one after the other, row by row.
pub fn planes(input: &Input, crop: &Crop) -> Vec<f32> {
    let pixels = crop.pixels().as_chunks::<3>().0;
    let plane =
        |channel: usize| pixels.iter().map(move |pixel| (f32::from(pixel[channel]) - input.subtract) / input.divide);
    input.planes().into_iter().flat_map(plane).collect()
}
