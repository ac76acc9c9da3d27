//! Reproducible chance: everything that differs between two trials comes from here.

use std::f32::consts::TAU;

/// A random generator with a seed.
#[derive(Clone, Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The same seed gives the same trials.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// 64 uniformly distributed bits.
    pub fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Uniform from `least` to `most`.
    pub fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.0.f32()
    }

    /// From `least` to `most`, uniform in the logarithm; both must be positive.
    pub fn log_between(&mut self, least: f32, most: f32) -> f32 {
        self.between(least.ln(), most.ln()).exp()
    }

    /// A normally distributed number of mean 0 (Box and Muller 1958).
    pub fn normal(&mut self, deviation: f32) -> f32 {
        let (radius, angle) = (self.between(1e-7, 1.0), self.between(0.0, TAU));
        deviation * (-2.0 * radius.ln()).sqrt() * angle.cos()
    }

    /// True with this probability.
    pub fn happens(&mut self, probability: f32) -> bool {
        self.0.f32() < probability
    }

    /// -1 or 1.
    pub fn side(&mut self) -> f32 {
        if self.happens(0.5) { 1.0 } else { -1.0 }
    }

    /// A whole number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }
}
