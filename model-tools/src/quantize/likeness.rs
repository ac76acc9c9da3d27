//! Compares the encodings of a quantised network with those of the float network.

use anyhow::{Context, Result};
use models::Crop;
use models::bundle::EncoderBundle;
use models::encode::Encoder;
use rayon::prelude::*;
use shared::encoding::Encoding;
use std::sync::{Mutex, PoisonError};

/// Cosines between encodings of the same crops, -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alike {
    pub(super) mean: f64,
    pub(super) min: f64,
}

/// Encodes crops on all cores.
///
/// # Errors
/// If the network does not run.
pub(super) fn encodings(bundle: &EncoderBundle, crops: &[Crop], tell: impl Fn() + Sync) -> Result<Vec<Encoding>> {
    // An encoder can be sent to another thread, but not shared.
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

impl Alike {
    /// Rank for comparisons: higher is better. The worst face counts as much as the mean over all faces.
    pub(super) fn rank(self) -> f64 {
        self.mean + self.min
    }

    /// Computes the cosines of pairs of vectors, of any length except zero.
    pub(super) fn from_pairs<'v>(pairs: impl Iterator<Item = (&'v [f32], &'v [f32])>) -> Self {
        let cosines: Vec<f64> = pairs.map(|(a, b)| cosine(a, b)).collect();
        let min = cosines.iter().copied().fold(1.0, f64::min);
        Self { mean: cosines.iter().sum::<f64>() / cosines.len().max(1) as f64, min }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = (product(a, a) * product(b, b)).sqrt();
    if lengths > 0.0 { (product(a, b) / lengths).clamp(-1.0, 1.0) } else { 0.0 }
}
