//! Registers of floats, for float convolutions, depthwise convolutions and the post-processing of every layer.

use super::Lanes;
use std::marker::PhantomData;

/// A register of 32-bit floats.
///
/// # Safety
/// Only code that is compiled for, and runs on, a processor with the implementation's instructions may call the
/// functions.
pub(crate) trait Vector: Copy {
    /// Number of floats, a divisor of 16.
    const WIDTH: usize;
    /// See [`Lanes::MOST_VECTORS`].
    const MOST_VECTORS: usize;
    /// See [`Lanes::MOST_REGISTERS`].
    const MOST_REGISTERS: usize;

    /// Reads [`Self::WIDTH`] floats.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be read at `from`.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes [`Self::WIDTH`] floats.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be written at `to`.
    unsafe fn store(self, to: *mut f32);

    /// Reads [`Self::WIDTH`] bytes.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be read at `from`.
    unsafe fn of_bytes(from: *const u8) -> Self;

    /// Adds `zero`, rounds to the nearest byte (ties to even) and writes the bytes, like
    /// [`Quantization`](crate::Quantization).
    ///
    /// # Safety
    /// As for the trait; [`Self::WIDTH`] bytes can be written at `to`.
    unsafe fn store_bytes(self, zero: u8, to: *mut u8);

    /// A register with the same number in all lanes.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn splat(number: f32) -> Self;

    /// `self + other`.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn plus(self, other: Self) -> Self;

    /// `self * other`.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn times(self, other: Self) -> Self;

    /// `self + a * b`, rounded once.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn fused(self, a: Self, b: Self) -> Self;

    /// The larger of the two in each lane; `self` if one is NaN.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn larger(self, other: Self) -> Self;

    /// Multiplies by `slope` the numbers that are not above zero.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn bent(self, slope: Self) -> Self;
}

/// The inner loop over floats.
pub(crate) struct FloatLanes<V>(PhantomData<V>);

// SAFETY, for every block below: the caller's guarantee is the one that the called function requires.
impl<V: Vector> Lanes for FloatLanes<V> {
    type Input = f32;
    type Weight = f32;
    type Sum = f32;
    type Sums = V;
    type Weights = V;
    type Inputs = V;
    type Floats = V;
    const WIDTH: usize = V::WIDTH;
    const STEP: usize = 1;
    const MOST_VECTORS: usize = V::MOST_VECTORS;
    const MOST_REGISTERS: usize = V::MOST_REGISTERS;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> V {
        unsafe { V::load(from) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const f32) -> V {
        unsafe { V::load(from) }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const f32) -> V {
        unsafe { V::splat(*from) }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: V, inputs: V, weights: V) -> V {
        unsafe { sums.fused(inputs, weights) }
    }

    #[inline(always)]
    unsafe fn scaled(sums: V, _: *const f32, _: *const f32, mut then: impl FnMut(usize, V)) {
        then(0, sums);
    }
}
