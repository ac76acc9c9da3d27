//! What happens to the sums of a convolution before they are stored: scale, bias, residual, activation, quantisation.
//!
//! One function for all layers. Multiplication and addition stay apart (no fused step), as in the networks' own
//! arithmetic; every processor gives the same numbers.
#![allow(unsafe_code, reason = "registers of floats; every slice's length is looked at")]

use crate::bytes::Quantisation;
use crate::lanes::Vector;
use crate::shape::Extent;

/// Blocks of output channels begin at a multiple of this; no register holds more numbers.
pub(crate) const CHUNK: usize = 16;
/// So many output channels are worked on together at most.
pub(crate) const WIDEST_BLOCK: usize = 64;

/// How the sum of each output channel becomes a number: `activation(sum * scale + bias + residual)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    scale: Vec<f32>,
    bias: Vec<f32>,
    slope: Option<Vec<f32>>,
}

/// What is done to a number last.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// Below zero becomes zero.
    Relu,
    /// Below zero is multiplied by the channel's slope.
    PRelu(Vec<f32>),
}

/// Where numbers go: pixel by pixel, all channels side by side; at least one of the two.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// As floats.
    pub floats: Option<&'a mut [f32]>,
    /// As bytes.
    pub bytes: Option<(&'a mut [u8], Quantisation)>,
}

/// Where the numbers of one pixel begin.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// In the outputs.
    pub(crate) output: usize,
    /// In the residual.
    pub(crate) residual: usize,
    /// How many there are.
    pub(crate) channels: usize,
}

/// A sum of products, of floats or of integers.
pub(crate) trait Sum: Copy + Default {
    /// Sums in a register, `* scale + bias`. Sums of floats have begun with their bias and have no scale.
    ///
    /// # Safety
    /// As for [`Vector`]; a register full can be read at each of the three.
    unsafe fn scaled<V: Vector>(sums: *const Self, scale: *const f32, bias: *const f32) -> V;
}

impl Sum for f32 {
    #[inline(always)]
    unsafe fn scaled<V: Vector>(sums: *const f32, _: *const f32, _: *const f32) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(sums) }
    }
}

impl Sum for i32 {
    #[inline(always)]
    unsafe fn scaled<V: Vector>(sums: *const i32, scale: *const f32, bias: *const f32) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::of_integers(sums).times(V::load(scale)).plus(V::load(bias)) }
    }
}

impl Outputs<'_> {
    /// There is a place for every number of the output, and a residual for it.
    pub(crate) fn require(&self, output: Extent, residual: Option<&[f32]>) {
        let numbers = output.numbers();
        let fits = |length: Option<usize>| length.is_none_or(|length| length == numbers);
        let fit = fits(self.floats.as_ref().map(|floats| floats.len()))
            && fits(self.bytes.as_ref().map(|(bytes, _)| bytes.len()))
            && fits(residual.map(<[f32]>::len));
        assert!(fit, "the outputs and the residual have {numbers} numbers");
    }
}

impl Finish {
    /// `scale`, `bias` and the activation's slopes have one number for each output channel.
    pub fn new(scale: &[f32], bias: &[f32], activation: &Activation) -> Self {
        let slope = match activation {
            Activation::None => None,
            Activation::Relu => Some(vec![0.0; scale.len()]),
            Activation::PRelu(slope) => Some(slope.clone()),
        };
        Self { scale: padded(scale), bias: padded(bias), slope: slope.as_deref().map(padded) }
    }

    /// Finishes the sums of one pixel, of the channels from `first` on, a multiple of [`CHUNK`].
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(crate) unsafe fn pixel<V: Vector, S: Sum>(
        &self,
        sums: &[S],
        first: usize,
        place: Place,
        residual: Option<&[f32]>,
        outputs: &mut Outputs<'_>,
    ) {
        for (index, sums) in sums.chunks_exact(V::WIDTH).enumerate() {
            let at = first + index * V::WIDTH;
            assert!(at + V::WIDTH <= self.scale.len(), "channels beyond the last block");
            // SAFETY: the caller's promise; a register full of sums and of numbers for channels is there.
            unsafe {
                let values = S::scaled(sums.as_ptr(), self.scale.as_ptr().add(at), self.bias.as_ptr().add(at));
                self.values::<V>(values, at, place, residual, outputs);
            }
        }
    }

    /// The same for a register of channels from `at` on that have been scaled.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(crate) unsafe fn values<V: Vector>(
        &self,
        mut values: V,
        at: usize,
        place: Place,
        residual: Option<&[f32]>,
        outputs: &mut Outputs<'_>,
    ) {
        let count = place.channels.saturating_sub(at).min(V::WIDTH);
        if count == 0 {
            return;
        }
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(residual) = residual {
                values = values.plus(load_some(&residual[place.residual + at..][..count]));
            }
            if let Some(slope) = &self.slope {
                values = values.bent(load_some(&slope[at..]));
            }
            if let Some(floats) = outputs.floats.as_deref_mut() {
                store_some(values, &mut floats[place.output + at..][..count]);
            }
            if let Some((bytes, quantisation)) = &mut outputs.bytes {
                let steps = values.times(V::splat(quantisation.steps()));
                store_some_bytes(steps, quantisation.zero(), &mut bytes[place.output + at..][..count]);
            }
        }
    }

    /// The scales and biases of a register of channels from `at` on.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(crate) unsafe fn of_channels<V: Vector>(&self, at: usize) -> [V; 2] {
        // SAFETY: the caller's promise.
        unsafe { [&self.scale, &self.bias].map(|all| load_some(all.get(at..).unwrap_or_default())) }
    }
}

/// Numbers from a slice that may be shorter than a register.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
pub(crate) unsafe fn load_some<V: Vector>(from: &[f32]) -> V {
    // SAFETY: the caller's promise; there are as many numbers as a register has.
    unsafe {
        if from.len() >= V::WIDTH {
            return V::load(from.as_ptr());
        }
        let mut whole = [0.0; CHUNK];
        whole.iter_mut().zip(from).for_each(|(place, number)| *place = *number);
        V::load(whole.as_ptr())
    }
}

/// Writes into a slice that may be shorter than a register.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn store_some<V: Vector>(values: V, into: &mut [f32]) {
    // SAFETY: the caller's promise; there is as much room as a register needs.
    unsafe {
        if into.len() >= V::WIDTH {
            return values.store(into.as_mut_ptr());
        }
        let mut whole = [0.0; CHUNK];
        values.store(whole.as_mut_ptr());
        into.iter_mut().zip(whole).for_each(|(place, number)| *place = number);
    }
}

/// The same for bytes.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn store_some_bytes<V: Vector>(steps: V, zero: u8, into: &mut [u8]) {
    // SAFETY: the caller's promise; there is as much room as a register needs.
    unsafe {
        if into.len() >= V::WIDTH {
            return steps.store_bytes(zero, into.as_mut_ptr());
        }
        let mut whole = [0; CHUNK];
        steps.store_bytes(zero, whole.as_mut_ptr());
        into.iter_mut().zip(whole).for_each(|(place, byte)| *place = byte);
    }
}

/// Numbers for channels, filled up with zeros to the end of the widest block.
pub(crate) fn padded(numbers: &[f32]) -> Vec<f32> {
    let mut padded = numbers.to_vec();
    padded.resize(numbers.len().next_multiple_of(WIDEST_BLOCK), 0.0);
    padded
}
