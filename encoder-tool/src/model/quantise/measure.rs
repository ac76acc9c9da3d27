//! What a network in integers lost: its encodings beside those of the network in floats.

use anyhow::{Context, Result};
use models::bundle::EncoderBundle;
use models::encode::Encoder;
use models::onnx::{self, pb::ModelProto};
use models::Crop;
use rayon::prelude::*;
use shared::encoding::Encoding;
use std::sync::{Mutex, PoisonError};

/// Cosines between encodings of the same crops, -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alike {
    pub(super) mean: f64,
    pub(super) min: f64,
}

/// The encodings of crops by an encoder, on every core.
///
/// # Errors
/// If the network does not run.
pub(super) fn encodings(bundle: &EncoderBundle, crops: &[Crop], tell: impl Fn() + Sync) -> Result<Vec<Encoding>> {
    // An encoder may change threads but not be looked at by two.
    let template = Mutex::new(Encoder::new(bundle)?);
    let own = || template.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let encode = |encoder: &mut Encoder, crop: &Crop| {
        let encoding = encoder.encode(crop);
        tell();
        encoding
    };
    let encoded: Result<Vec<Encoding>, _> = crops.par_iter().map_init(own, encode).collect();
    encoded.context("the network does not run")
}

/// How alike the encodings of another network in the same bundle are.
///
/// # Errors
/// If the network does not run.
pub(super) fn alike(
    bundle: &EncoderBundle,
    network: ModelProto,
    crops: &[Crop],
    exact: &[Encoding],
    tell: impl Fn() + Sync,
) -> Result<Alike> {
    let other = EncoderBundle { network: onnx::encode(network).into(), ..bundle.clone() };
    let found = encodings(&other, crops, tell)?;
    let cosines: Vec<f64> = exact.iter().zip(&found).map(|(a, b)| cosine(a, b)).collect();
    let min = cosines.iter().copied().fold(1.0, f64::min);
    Ok(Alike { mean: cosines.iter().sum::<f64>() / cosines.len().max(1) as f64, min })
}

/// Of two encodings of unit length.
fn cosine(a: &Encoding, b: &Encoding) -> f64 {
    let products = a.numbers().iter().zip(b.numbers()).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum::<f64>().clamp(-1.0, 1.0)
}
