//! Convolutions of 32-bit floats.
#![allow(unsafe_code, reason = "calls functions that are compiled for more instructions than the rest of the program")]

use super::Weights;
use super::panels::Panels;
use super::surround::surround;
use super::tiles::Job;
use crate::aligned::Aligned;
use crate::error::LayerError;
use crate::finish::{Activation, Finish, Outputs, padded};
use crate::lanes::portable::PlainFloats;
use crate::lanes::{FloatLanes, Lanes};
use crate::level::{Instructions, Level};
use crate::shape::{Extent, Window};
use crate::threads::over_pixels;
use std::cell::Cell;

/// A convolution of floats with its bias and activation, ready to run.
#[derive(Clone, Debug)]
pub struct FloatConvolution {
    level: Level,
    window: Window,
    inputs: usize,
    outputs: usize,
    panels: Panels<f32>,
    bias: Aligned<f32>,
    finish: Finish,
}

thread_local! {
    /// The padded picture; its memory is reused.
    static SURROUNDED: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

impl FloatConvolution {
    /// Packs the weights for a level. `bias` has a number for each output channel.
    ///
    /// # Errors
    /// [`LayerError::Numbers`] if there is not one bias, and one slope of the activation, for each output channel.
    pub fn new(
        level: Level,
        weights: &Weights<'_, f32>,
        bias: &[f32],
        activation: &Activation,
    ) -> Result<Self, LayerError> {
        LayerError::require_numbers("biases", bias.len(), weights.outputs)?;
        let finish = Finish::of_sums(weights.outputs, activation)?;
        let panels = match level.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => Panels::pack::<FloatLanes<x86::__m256>>(weights),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx512Vnni => Panels::pack::<FloatLanes<x86::__m512>>(weights),
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon | Instructions::NeonDot => Panels::pack::<FloatLanes<neon::float32x4_t>>(weights),
            Instructions::Portable => Panels::pack::<FloatLanes<PlainFloats>>(weights),
        };
        let Weights { outputs, inputs, window, .. } = *weights;
        Ok(Self { level, window, inputs, outputs, panels, bias: padded(bias), finish })
    }

    /// The output extent for a picture of this extent.
    ///
    /// # Errors
    /// [`LayerError`] if the number of channels differs, the window does not fit, or the output would be too large.
    pub fn output(&self, extent: Extent) -> Result<Extent, LayerError> {
        LayerError::require_channels(extent.channels, self.inputs)?;
        self.window.output(extent, self.outputs)
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Convolves a picture, on this many threads of the current pool. `residual` has a number for each output number
    /// and is added before the activation.
    ///
    /// # Errors
    /// As for [`FloatConvolution::output`], and [`LayerError::Numbers`] if a slice does not have as many numbers as its
    /// extent.
    pub fn run(
        &self,
        picture: &[f32],
        extent: Extent,
        residual: Option<&[f32]>,
        outputs: Outputs<'_>,
        threads: usize,
    ) -> Result<(), LayerError> {
        self.within(&self.window, picture, extent, residual, outputs, threads)
    }

    /// Convolves a picture with a window of the same size and stride, but with different padding.
    pub(crate) fn run_within(
        &self,
        window: &Window,
        picture: &[f32],
        extent: Extent,
        outputs: Outputs<'_>,
    ) -> Result<(), LayerError> {
        self.within(window, picture, extent, None, outputs, 1)
    }

    fn within(
        &self,
        window: &Window,
        picture: &[f32],
        extent: Extent,
        residual: Option<&[f32]>,
        outputs: Outputs<'_>,
        threads: usize,
    ) -> Result<(), LayerError> {
        let output = outputs.require_fit(window, [self.inputs, self.outputs], (picture, extent), residual)?;
        if !window.is_padded() {
            self.over(picture, extent, output, residual, outputs, threads);
            return Ok(());
        }
        let mut surrounded = SURROUNDED.take();
        let padded = surround(picture, extent, window, (0.0, 0), |number| number, &mut surrounded);
        self.over(&surrounded, padded, output, residual, outputs, threads);
        SURROUNDED.set(surrounded);
        Ok(())
    }

    /// Runs the convolution. All windows must lie within the input, and the slices must be checked.
    fn over(
        &self,
        input: &[f32],
        extent: Extent,
        output: Extent,
        residual: Option<&[f32]>,
        outputs: Outputs<'_>,
        threads: usize,
    ) {
        over_pixels(threads, output, outputs, |first, count, outputs| match self.level.0 {
            // SAFETY, for all of these: a level exists only if the processor supports its instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe {
                x86::avx2(&self.job(input, extent, output, residual), first, count, outputs);
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx512Vnni => unsafe {
                x86::avx512(&self.job(input, extent, output, residual), first, count, outputs);
            },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon | Instructions::NeonDot => unsafe {
                neon::neon(&self.job(input, extent, output, residual), first, count, outputs);
            },
            Instructions::Portable => unsafe {
                self.job::<FloatLanes<PlainFloats>>(input, extent, output, residual).run(first, count, outputs);
            },
        });
    }

    fn job<'a, L: Lanes<Input = f32, Weight = f32, Sum = f32>>(
        &'a self,
        input: &'a [f32],
        extent: Extent,
        output: Extent,
        residual: Option<&'a [f32]>,
    ) -> Job<'a, L> {
        let Self { panels, bias, finish, window, .. } = self;
        Job { panels, start: bias, finish, input, extent, window, output, residual }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Job, Outputs};
    use crate::lanes::FloatLanes;
    pub(super) use std::arch::x86_64::{__m256, __m512};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2(job: &Job<'_, FloatLanes<__m256>>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn avx512(job: &Job<'_, FloatLanes<__m512>>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Job, Outputs};
    use crate::lanes::FloatLanes;
    pub(super) use std::arch::aarch64::float32x4_t;

    #[target_feature(enable = "neon")]
    pub(super) fn neon(job: &Job<'_, FloatLanes<float32x4_t>>, first: usize, count: usize, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run(first, count, outputs) };
    }
}
