//! Reproducible encodings for tests, spread over the unit sphere.

use crate::encoding::Encoding;
use alloc::vec::Vec;

/// A reproducible stream of nearly normal numbers with mean 0 and variance 1 (sums of twelve uniform numbers).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn number(&mut self) -> f32 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1 << 24) as f32
        };
        (0..12).map(|_| uniform()).sum::<f32>() - 6.0
    }

    pub(crate) fn encoding(&mut self, dimensions: usize) -> Encoding {
        let raw: Vec<f32> = (0..dimensions).map(|_| self.number()).collect();
        Encoding::from_network(&raw).unwrap()
    }

    /// An encoding at about this distance.
    pub(crate) fn near(&mut self, encoding: &Encoding, distance: f32) -> Encoding {
        let step = distance / (encoding.dimensions() as f32).sqrt();
        let raw: Vec<f32> = encoding.numbers().iter().map(|&x| x + step * self.number()).collect();
        Encoding::from_network(&raw).unwrap()
    }
}
