//! The data of the self-test: crops, and the encodings that the workstation computed when it made the bundle. The data
//! is stored in the bundle's folder as [`GOLDEN_FILE`] and is not part of the model hash. [`golden`](crate::self_test)
//! runs the test.

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// Name of the self-test file in an encoder bundle's folder: [`Golden`] in postcard.
pub const GOLDEN_FILE: &str = "golden.postcard";
/// The most crops of a self-test. More would make the start of a unit slow.
pub const MAX_SAMPLES: usize = 4;

/// Crops with their encodings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// Whether every number must be exactly equal.
    pub(crate) exact: bool,
    pub(crate) samples: Vec<GoldenSample>,
}

/// A crop with its encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GoldenSample {
    pub(crate) side: u32,
    /// RGB, row by row.
    pub(crate) pixels: Vec<u8>,
    pub(crate) encoding: Vec<f32>,
}

impl Golden {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ModelError::Description`] if the bytes are not a self-test file.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let wrong = |reason: String| ModelError::Description { path: GOLDEN_FILE.into(), reason };
        let (golden, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|error| wrong(error.to_string()))?;
        let is_crop = |sample: &GoldenSample| {
            let pixels = u64::from(sample.side).pow(2);
            pixels.checked_mul(3) == Some(sample.pixels.len() as u64)
        };
        if !rest.is_empty() || !(1..=MAX_SAMPLES).contains(&golden.samples.len()) || !golden.samples.iter().all(is_crop)
        {
            return Err(wrong(format!("it must contain 1 to {MAX_SAMPLES} square crops; copy the bundle again")));
        }
        Ok(golden)
    }

    /// Encodes the file.
    ///
    /// # Errors
    /// [`ModelError::Description`] if it cannot be encoded, which does not happen.
    pub fn encode(&self) -> Result<Vec<u8>, ModelError> {
        postcard::to_allocvec(self)
            .map_err(|error| ModelError::Description { path: GOLDEN_FILE.into(), reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let golden =
            Golden { exact: true, samples: vec![GoldenSample { side: 1, pixels: vec![1, 2, 3], encoding: vec![0.5] }] };
        let file = golden.encode().unwrap();
        assert_eq!(Golden::decode(&file).unwrap(), golden);
        for cut in 0..file.len() {
            assert!(Golden::decode(&file[..cut]).is_err(), "{cut}");
        }
        assert!(Golden::decode(&[&file[..], &[0]].concat()).is_err());
        // A regression found while writing a fuzz target: three times the square of this side overflows 64 bits.
        let huge = GoldenSample { side: u32::MAX, pixels: vec![], encoding: vec![] };
        assert!(Golden::decode(&Golden { exact: true, samples: vec![huge] }.encode().unwrap()).is_err());
        let none = Golden { exact: true, samples: vec![] };
        assert!(Golden::decode(&none.encode().unwrap()).is_err());
    }
}
