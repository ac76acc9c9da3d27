//! The register operations of a convolution's inner loop for each instruction set: a register of sums, a register of
//! weights, one input in all lanes.
//!
//! The loop itself is generic ([`convolution`](crate::convolution)) and is compiled for each instruction set.

#![allow(unsafe_code, reason = "the instructions are the caller's to have")]

#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;
mod vector;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use vector::{FloatLanes, Vector};

/// Register operations on sums of products.
///
/// # Safety
/// The functions are called only by code that is compiled for, and runs on, a processor with the instructions that the
/// implementation names.
pub(crate) trait Lanes {
    /// An activation, as the inner loop reads it.
    type Input: Copy + Default;
    /// A weight.
    type Weight: Copy + Default;
    /// A sum of products.
    type Sum: Copy + Default;
    /// A register of [`Self::WIDTH`] sums.
    type Sums: Copy;
    /// A register of weights: [`Self::STEP`] for each of the sums.
    type Weights: Copy;
    /// [`Self::STEP`] inputs in all lanes.
    type Inputs: Copy;

    /// Registers of floats, for what is done to the sums.
    type Floats: Vector;

    /// Sums in a register: neighbouring output channels.
    const WIDTH: usize;
    /// Inputs that are consumed at a time: neighbouring input channels.
    const STEP: usize;
    /// How many registers of sums a row of a tile may have: 4 where there are 32 registers, 2 where there are 16.
    const MOST_VECTORS: usize;
    /// How many registers of sums a tile may have, so that weights and inputs find room beside them.
    const MOST_REGISTERS: usize;

    /// Reads [`Self::WIDTH`] sums.
    ///
    /// # Safety
    /// As for the trait; this many numbers can be read at `from`.
    unsafe fn load(from: *const Self::Sum) -> Self::Sums;

    /// Reads `WIDTH * STEP` weights.
    ///
    /// # Safety
    /// As for the trait; this many numbers can be read at `from`.
    unsafe fn weights(from: *const Self::Weight) -> Self::Weights;

    /// Reads [`Self::STEP`] inputs into all lanes.
    ///
    /// # Safety
    /// As for the trait; this many numbers can be read at `from`.
    unsafe fn inputs(from: *const Self::Input) -> Self::Inputs;

    /// `sums + inputs * weights`, over the step's inputs.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn accumulate(sums: Self::Sums, inputs: Self::Inputs, weights: Self::Weights) -> Self::Sums;

    /// Sums as floats, `* scale + bias`, and which of the register's sums is the first of them. Sums of floats have
    /// begun with their bias and have no scale.
    ///
    /// # Safety
    /// As for the trait; [`Self::WIDTH`] numbers can be read at `scale` and at `bias`.
    unsafe fn scaled(sums: Self::Sums, scale: *const f32, bias: *const f32, then: impl FnMut(usize, Self::Floats));
}
