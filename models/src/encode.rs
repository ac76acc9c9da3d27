//! Encodes an aligned crop.

use crate::bundle::{EncoderBundle, EncoderManifest, Input};
use crate::network::{Network, Runner, floats};
use crate::{Crop, ModelError};
use shared::encoding::{Encoded, Encoding};
use std::sync::Arc;
use tract_onnx::prelude::Tensor;

/// Version of the encoding. Increment it when the same bundle would give different numbers for the same crop; databases
/// made with the earlier version are then refused.
pub(crate) const METHOD: u32 = 1;

/// An encoder. Clones share the weights; use one clone for each thread.
#[derive(Clone)]
pub struct Encoder {
    manifest: Arc<EncoderManifest>,
    runner: Runner,
}

impl Encoder {
    /// Plans the bundle's network for one thread and runs it once on a grey crop.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be decoded, does not accept the manifest's crop, or does not give an
    /// encoding with the manifest's dimensions.
    pub fn new(bundle: &EncoderBundle) -> Result<Self, ModelError> {
        Self::on_threads(bundle, 1)
    }

    /// Like [`Encoder::new`], but runs the network on this many threads of the current rayon pool. The number of
    /// threads does not change the encodings.
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

    /// The encoder's manifest: input, crop and dimensions.
    pub fn manifest(&self) -> &EncoderManifest {
        &self.manifest
    }

    /// Encodes a crop. The encoding has unit length and the manifest's dimensions.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the crop has the wrong size, or the network's output is not an encoding.
    pub fn encode(&mut self, crop: &Crop) -> Result<Encoding, ModelError> {
        self.encode_with_length(crop).map(|encoded| encoded.encoding)
    }

    /// Encodes a crop, and returns the length of the network's output before it was scaled to unit length.
    ///
    /// # Errors
    /// As for [`Encoder::encode`].
    pub fn encode_with_length(&mut self, crop: &Crop) -> Result<Encoded, ModelError> {
        let side = self.manifest.crop.side();
        if crop.side() != side {
            return Err(ModelError::Inference(format!(
                "the crop has {} pixels a side, but the encoder needs {side}",
                crop.side()
            )));
        }
        let outputs = self.runner.run(self.input(crop)?)?;
        let [output] = outputs.as_slice() else {
            return Err(ModelError::Inference(format!("{} outputs, but an encoder has one", outputs.len())));
        };
        let numbers = floats(output)?;
        let dimensions = self.manifest.dimensions;
        if numbers.len() != dimensions {
            let found = numbers.len();
            return Err(ModelError::Inference(format!(
                "the output has {found} numbers, but the manifest specifies {dimensions}"
            )));
        }
        Encoded::from_network(numbers).map_err(|error| ModelError::Inference(error.to_string()))
    }

    fn input(&self, crop: &Crop) -> Result<Tensor, ModelError> {
        let side = crop.side() as usize;
        Tensor::from_shape(&[1, 3, side, side], &planes(&self.manifest.input, crop)).map_err(ModelError::from_tract)
    }
}

/// Converts a crop to the network's input: three planes, one after the other, row by row.
pub fn planes(input: &Input, crop: &Crop) -> Vec<f32> {
    let pixels = crop.pixels().as_chunks::<3>().0;
    let plane =
        |channel: usize| pixels.iter().map(move |pixel| (f32::from(pixel[channel]) - input.subtract) / input.divide);
    input.planes().into_iter().flat_map(plane).collect()
}
