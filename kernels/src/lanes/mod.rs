//! Register operations of a convolution's inner loop for each instruction set: a register of sums, a register of
//! weights, and one input in all lanes.
//!
//! The loop itself is generic ([`convolution`](crate::convolution)) and is compiled for each instruction set.

#![allow(unsafe_code, reason = "the caller guarantees the instructions")]

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
/// Only code that is compiled for, and runs on, a processor with the implementation's instructions may call the
/// functions.
pub(crate) trait Lanes {
    /// An input number, in the type that the inner loop reads.
    type Input: Copy + Default;
    /// A weight.
    type Weight: Copy + Default;
    /// A sum of products.
    type Sum: Copy + Default;
    /// A register of [`Self::WIDTH`] sums.
    type Sums: Copy;
    /// A register of weights: [`Self::STEP`] for each sum.
    type Weights: Copy;
    /// [`Self::STEP`] inputs in all lanes.
    type Inputs: Copy;

    /// Registers of floats, for the post-processing of the sums.
    type Floats: Vector;

    /// Number of sums in a register: neighbouring output channels.
    const WIDTH: usize;
    /// Number of inputs per step: neighbouring input channels.
    const STEP: usize;
    /// Largest number of registers of sums in a row of a tile: 4 if there are 32 registers, 2 if there are 16.
    const MOST_VECTORS: usize;
    /// Largest number of registers of sums in a tile, which leaves registers for weights and inputs.
    const MOST_REGISTERS: usize;

    /// Reads [`Self::WIDTH`] sums.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be read at `from`.
    unsafe fn load(from: *const Self::Sum) -> Self::Sums;

    /// Reads `WIDTH * STEP` weights.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be read at `from`.
    unsafe fn weights(from: *const Self::Weight) -> Self::Weights;

    /// Reads [`Self::STEP`] inputs into all lanes.
    ///
    /// # Safety
    /// As for the trait; as many numbers can be read at `from`.
    unsafe fn inputs(from: *const Self::Input) -> Self::Inputs;

    /// `sums + inputs * weights`, over the step's inputs.
    ///
    /// # Safety
    /// As for the trait.
    unsafe fn accumulate(sums: Self::Sums, inputs: Self::Inputs, weights: Self::Weights) -> Self::Sums;

    /// Converts sums to floats, `* scale + bias`, and passes each register on with the index of its first sum. Sums of
    /// floats have no scale and already include the bias.
    ///
    /// # Safety
    /// As for the trait; [`Self::WIDTH`] numbers can be read at `scale` and at `bias`.
    unsafe fn scaled(sums: Self::Sums, scale: *const f32, bias: *const f32, then: impl FnMut(usize, Self::Floats));
}
