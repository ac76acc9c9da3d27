//! Convolutions of bytes: products and sums are exact integers.
#![allow(unsafe_code, reason = "calls functions that are compiled for more instructions than the rest of the program")]

use super::Weights;
use super::panels::Panels;
use super::surround::surround;
use super::tiles::Job;
use crate::error::LayerError;
use crate::finish::{Finish, Outputs, WIDEST_BLOCK};
use crate::lanes::Lanes;
use crate::lanes::portable::PlainBytes;
use crate::level::{Instructions, Level};
use crate::shape::{Extent, Window};
use crate::threads::over_pixels;
use std::cell::Cell;

/// A convolution of bytes with 8-bit weights, ready to run.
///
/// A sum has at most 2^16 products of at most 255 * 127, so it fits into 32 bits; `new` checks this.
#[derive(Clone, Debug)]
pub struct ByteConvolution {
    level: Level,
    window: Window,
    inputs: usize,
    outputs: usize,
    zero: u8,
    panels: Panels<i8>,
    start: Vec<i32>,
    finish: Finish,
}

/// Largest number of products in a sum that cannot overflow.
pub const MOST_PRODUCTS: usize = 1 << 16;

thread_local! {
    /// The padded picture; its memory is reused.
    static SURROUNDED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// The padded picture in 16 bits.
    static WIDENED: Cell<Vec<i16>> = const { Cell::new(Vec::new()) };
}

impl ByteConvolution {
    /// Packs the weights for a level. `bias` has a number for each output channel, in units of the input scale times
    /// the weight scale; `zero` is the zero point of the picture.
    ///
    /// # Errors
    /// [`LayerError`] if there is not one bias and one channel of `finish` for each output channel, or a sum would have
    /// more than [`MOST_PRODUCTS`].
    pub fn new(
        level: Level,
        weights: &Weights<'_, i8>,
        bias: &[i32],
        zero: u8,
        finish: Finish,
    ) -> Result<Self, LayerError> {
        let (found, most) = (weights.products(), MOST_PRODUCTS);
        if found > most {
            return Err(LayerError::Products { found, most });
        }
        LayerError::require_numbers("biases", bias.len(), weights.outputs)?;
        LayerError::require_channels(finish.channels(), weights.outputs)?;
        let (panels, centred) = match level.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => (Panels::pack::<x86::Avx2Bytes>(weights), true),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => (Panels::pack::<x86::Avx512Bytes>(weights), true),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => (Panels::pack::<x86::VnniBytes>(weights), false),
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => (Panels::pack::<neon::NeonBytes>(weights), true),
            #[cfg(target_arch = "aarch64")]
            Instructions::NeonDot => (Panels::pack::<neon::DotBytes>(weights), false),
            Instructions::Portable => (Panels::pack::<PlainBytes>(weights), true),
        };
        let excess = if centred { 0 } else { level.excess(zero) };
        let start = starts(weights, bias, excess);
        let Weights { outputs, inputs, window, .. } = *weights;
        Ok(Self { level, window, inputs, outputs, zero, panels, start, finish })
    }

    /// The output extent for a picture of this extent.
    ///
    /// # Errors
    /// [`LayerError`] if the number of channels differs, the window does not fit, or the output would be too large.
    pub fn output(&self, extent: Extent) -> Result<Extent, LayerError> {
        LayerError::require_channels(extent.channels, self.inputs)?;
        self.window.output(extent, self.outputs)
    }

    /// Convolves a picture, on this many threads of the current pool. `residual` has a number for each output number
    /// and is added before the activation.
    ///
    /// # Errors
    /// As for [`ByteConvolution::output`], and [`LayerError::Numbers`] if a slice does not have as many numbers as its
    /// extent.
    pub fn run(
        &self,
        picture: &[u8],
        extent: Extent,
        residual: Option<&[f32]>,
        outputs: Outputs<'_>,
        threads: usize,
    ) -> Result<(), LayerError> {
        let output = outputs.require_fit(&self.window, [self.inputs, self.outputs], (picture, extent), residual)?;
        match self.level.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => self.widened(picture, extent, |input, extent| {
                // SAFETY, here and below: a level exists only if the processor supports its instructions.
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    x86::avx2(&self.job(input, extent, output, residual), first, count, outputs);
                });
            }),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => self.widened(picture, extent, |input, extent| {
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    x86::avx512(&self.job(input, extent, output, residual), first, count, outputs);
                });
            }),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => self.surrounded(picture, extent, |input, extent| {
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    x86::vnni(&self.job(input, extent, output, residual), first, count, outputs);
                });
            }),
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => self.widened(picture, extent, |input, extent| {
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    neon::neon(&self.job(input, extent, output, residual), first, count, outputs);
                });
            }),
            #[cfg(target_arch = "aarch64")]
            Instructions::NeonDot => self.surrounded(picture, extent, |input, extent| {
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    neon::dot(&self.job(input, extent, output, residual), first, count, outputs);
                });
            }),
            Instructions::Portable => self.widened(picture, extent, |input, extent| {
                over_pixels(threads, output, outputs, |first, count, outputs| unsafe {
                    self.job::<PlainBytes>(input, extent, output, residual).run(first, count, outputs);
                });
            }),
        }
        Ok(())
    }

    /// Extra numbers after the picture: a step of four that begins in the last row of a window may end after it.
    fn slack(&self) -> usize {
        const LONGEST_STEP: usize = 4;
        (self.window.size[1] * self.inputs).next_multiple_of(LONGEST_STEP) - self.window.size[1] * self.inputs
    }

    /// The unchanged bytes, with padding.
    fn surrounded(&self, picture: &[u8], extent: Extent, then: impl FnOnce(&[u8], Extent)) {
        if !self.window.is_padded() && self.slack() == 0 {
            return then(picture, extent);
        }
        let mut surrounded = SURROUNDED.take();
        let beyond = (self.zero, self.slack());
        let extent = surround(picture, extent, &self.window, beyond, |byte| byte, &mut surrounded);
        then(&surrounded, extent);
        SURROUNDED.set(surrounded);
    }

    /// The bytes minus the zero point, with padding.
    fn widened(&self, picture: &[u8], extent: Extent, then: impl FnOnce(&[i16], Extent)) {
        let mut widened = WIDENED.take();
        let zero = i16::from(self.zero);
        let steps = |byte| i16::from(byte) - zero;
        let extent = surround(picture, extent, &self.window, (0, self.slack()), steps, &mut widened);
        then(&widened, extent);
        WIDENED.set(widened);
    }

    fn job<'a, L: Lanes<Weight = i8, Sum = i32>>(
        &'a self,
        input: &'a [L::Input],
        extent: Extent,
        output: Extent,
        residual: Option<&'a [f32]>,
    ) -> Job<'a, L> {
        let Self { panels, start, finish, window, .. } = self;
        Job { panels, start, finish, input, extent, window, output, residual }
    }
}

/// The bias of each channel, corrected for the `excess` by which every input is too large.
fn starts(weights: &Weights<'_, i8>, bias: &[i32], excess: i32) -> Vec<i32> {
    let of_one = weights.numbers.len() / weights.outputs.max(1);
    let sums =
        weights.numbers.chunks(of_one.max(1)).map(|all| all.iter().map(|&weight| i32::from(weight)).sum::<i32>());
    let mut starts: Vec<i32> =
        bias.iter().zip(sums).map(|(bias, sum)| bias.wrapping_sub(excess.wrapping_mul(sum))).collect();
    starts.resize(starts.len().next_multiple_of(WIDEST_BLOCK), 0);
    starts
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Job, Outputs};
    pub(super) use crate::lanes::x86::{Avx2Bytes, Avx512Bytes, VnniBytes};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2(job: &Job<'_, Avx2Bytes>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn avx512(job: &Job<'_, Avx512Bytes>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    pub(super) fn vnni(job: &Job<'_, VnniBytes>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Job, Outputs};
    pub(super) use crate::lanes::neon::{DotBytes, NeonBytes};

    #[target_feature(enable = "neon")]
    pub(super) fn neon(job: &Job<'_, NeonBytes>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }

    #[target_feature(enable = "neon,dotprod")]
    pub(super) fn dot(job: &Job<'_, DotBytes>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }
}
