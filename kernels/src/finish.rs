//! Post-processing of the sums of a convolution before they are stored: scale, bias, residual, activation,
//! quantisation.
//!
//! All layers use the same function. Multiplication and addition are separate (not fused), as in the networks' own
//! arithmetic; every processor gives the same numbers.
#![allow(unsafe_code, reason = "vector loads and stores; the length of every slice is checked first")]

use crate::aligned::Aligned;
use crate::bytes::Quantization;
use crate::error::LayerError;
use crate::lanes::Vector;
use crate::shape::{Extent, MOST_NUMBERS, Window};

/// Blocks of output channels begin at a multiple of this. No register has more lanes.
pub(crate) const CHUNK: usize = 16;
/// Largest number of output channels that are computed together.
pub(crate) const WIDEST_BLOCK: usize = 64;

/// How the sum of each output channel becomes a number: `activation(sum * scale + bias + residual)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    channels: usize,
    scale: Aligned<f32>,
    bias: Aligned<f32>,
    negative: Negative<Aligned<f32>>,
}

/// The effect of an activation on numbers below zero.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Negative<S> {
    Kept,
    Zero,
    /// Multiplied by the channel's slope, as is zero.
    Bent(S),
}

/// An activation, the last operation on a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// No activation.
    None,
    /// ReLU: a number below zero becomes zero.
    Relu,
    /// PReLU: a number below zero is multiplied by the channel's slope.
    PRelu(Vec<f32>),
}

/// Output slices, pixel by pixel with all channels side by side. At least one of the two is present.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// Output as floats.
    pub floats: Option<&'a mut [f32]>,
    /// Output as bytes.
    pub bytes: Option<(&'a mut [u8], Quantization)>,
}

/// Where the numbers of a pixel begin.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Index in the outputs.
    pub(crate) output: usize,
    /// Index in the residual.
    pub(crate) residual: usize,
    /// Number of channels of the pixel.
    pub(crate) channels: usize,
}

impl<'a> Outputs<'a> {
    /// Outputs of floats only.
    pub fn of_floats(floats: &'a mut [f32]) -> Self {
        Self { floats: Some(floats), bytes: None }
    }
}

impl Outputs<'_> {
    /// Checks the lengths of the picture, the residual and these slices, and returns the extent of the output. The
    /// layer has `inputs` input channels and `channels` output channels.
    pub(crate) fn require_fit<T>(
        &self,
        window: &Window,
        [inputs, channels]: [usize; 2],
        (picture, extent): (&[T], Extent),
        residual: Option<&[f32]>,
    ) -> Result<Extent, LayerError> {
        LayerError::require_channels(extent.channels, inputs)?;
        LayerError::require_numbers("the picture", picture.len(), extent.numbers())?;
        let output = window.output(extent, channels)?;
        let lengths = [
            ("the output's floats", self.floats.as_ref().map(|floats| floats.len())),
            ("the output's bytes", self.bytes.as_ref().map(|(bytes, _)| bytes.len())),
            ("the residual", residual.map(<[f32]>::len)),
        ];
        let mut given = lengths.into_iter().filter_map(|(of, length)| Some((of, length?)));
        given.try_for_each(|(of, length)| LayerError::require_numbers(of, length, output.numbers()))?;
        Ok(output)
    }
}

impl Finish {
    /// `scale`, `bias` and the activation's slopes have one number for each output channel.
    ///
    /// # Errors
    /// [`LayerError`] if there are no channels, or not as many numbers of each kind.
    pub fn new(scale: &[f32], bias: &[f32], activation: &Activation) -> Result<Self, LayerError> {
        let channels = scale.len();
        LayerError::require_length("output channels", channels, MOST_NUMBERS)?;
        LayerError::require_numbers("offsets", bias.len(), channels)?;
        let negative = match activation {
            Activation::None => Negative::Kept,
            Activation::Relu => Negative::Zero,
            Activation::PRelu(slope) => {
                LayerError::require_numbers("slopes", slope.len(), channels)?;
                Negative::Bent(padded(slope))
            }
        };
        Ok(Self { channels, scale: padded(scale), bias: padded(bias), negative })
    }

    /// Applies only the activation, for sums that already include the bias.
    pub(crate) fn of_sums(channels: usize, activation: &Activation) -> Result<Self, LayerError> {
        Self::new(&vec![1.0; channels], &vec![0.0; channels], activation)
    }

    /// The number of output channels.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// The destination of `width` channels from `first` on, for neighbouring pixels. `None` if the layer has fewer
    /// channels.
    ///
    /// # Panics
    /// If a slice is too short.
    #[inline(always)]
    pub(crate) fn whole(
        &self,
        [first, width]: [usize; 2],
        pixels: usize,
        place: Place,
        residual: Option<&[f32]>,
        outputs: &mut Outputs<'_>,
    ) -> Option<Whole> {
        let channels = place.channels;
        if first + width > channels {
            return None;
        }
        let length = if pixels > 0 { (pixels - 1) * channels + width } else { 0 };
        let of_channels = |all: &[f32]| all[first..][..width].as_ptr();
        let steps_to = |(bytes, quantization): &mut (&mut [u8], Quantization)| {
            (bytes[place.output + first..][..length].as_mut_ptr(), *quantization)
        };
        Some(Whole {
            channels,
            negative: match &self.negative {
                Negative::Kept => Negative::Kept,
                Negative::Zero => Negative::Zero,
                Negative::Bent(slope) => Negative::Bent(of_channels(slope)),
            },
            residual: residual.map(|residual| residual[place.residual + first..][..length].as_ptr()),
            floats: outputs.floats.as_deref_mut().map(|all| all[place.output + first..][..length].as_mut_ptr()),
            bytes: outputs.bytes.as_mut().map(steps_to),
        })
    }

    /// The scale and the bias of each channel from `first` on, at least `width` of them.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline(always)]
    pub(crate) fn scaling(&self, [first, width]: [usize; 2]) -> [*const f32; 2] {
        [&self.scale, &self.bias].map(|all| all[first..][..width].as_ptr())
    }

    /// Finishes a register of scaled numbers of one pixel, channels `at` and on, and stores those that exist.
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
        // SAFETY: guaranteed by the caller.
        unsafe {
            if let Some(residual) = residual {
                values = values.plus(load_some(&residual[place.residual + at..][..count]));
            }
            values = match &self.negative {
                Negative::Kept => values,
                Negative::Zero => values.larger(V::splat(0.0)),
                Negative::Bent(slope) => values.bent(load_some(&slope[at..])),
            };
            if let Some(floats) = outputs.floats.as_deref_mut() {
                store_some(values, &mut floats[place.output + at..][..count]);
            }
            if let Some((bytes, quantization)) = &mut outputs.bytes {
                let steps = values.times(V::splat(quantization.steps()));
                store_some_bytes(steps, quantization.zero(), &mut bytes[place.output + at..][..count]);
            }
        }
    }

    /// Loads the scales and biases of a register of channels from `at` on.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(crate) unsafe fn of_channels<V: Vector>(&self, at: usize) -> [V; 2] {
        // SAFETY: guaranteed by the caller.
        unsafe { [&self.scale, &self.bias].map(|all| load_some(all.get(at..).unwrap_or_default())) }
    }
}

/// The destination of pixels in full registers. All pointers are already checked against their slices.
#[derive(Clone, Copy)]
pub(crate) struct Whole {
    channels: usize,
    negative: Negative<*const f32>,
    residual: Option<*const f32>,
    floats: Option<*mut f32>,
    bytes: Option<(*mut u8, Quantization)>,
}

impl Whole {
    /// Whether there is no residual and no output of bytes.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.residual.is_none() && self.bytes.is_none()
    }

    /// Finishes a register of channels from `at` on, relative to the first channel of this destination. `PLAIN` is
    /// [`Self::is_plain`], or `false`.
    ///
    /// # Safety
    /// As for [`Vector`]; the pixel and the channels belong to this destination.
    #[inline(always)]
    pub(crate) unsafe fn put<V: Vector, const PLAIN: bool>(&self, pixel: usize, at: usize, mut values: V) {
        // Wrapping arithmetic is enough: the place is within the slices.
        let place = pixel.wrapping_mul(self.channels).wrapping_add(at);
        // SAFETY: guaranteed by the caller.
        unsafe {
            if !PLAIN && let Some(residual) = self.residual {
                values = values.plus(V::load(residual.add(place)));
            }
            values = match self.negative {
                Negative::Kept => values,
                Negative::Zero => values.larger(V::splat(0.0)),
                Negative::Bent(slope) => values.bent(V::load(slope.add(at))),
            };
            if let Some(floats) = self.floats {
                values.store(floats.add(place));
            }
            if !PLAIN && let Some((bytes, quantization)) = self.bytes {
                values.times(V::splat(quantization.steps())).store_bytes(quantization.zero(), bytes.add(place));
            }
        }
    }
}

/// Loads a register from a slice that may be shorter.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
pub(crate) unsafe fn load_some<V: Vector>(from: &[f32]) -> V {
    // SAFETY: guaranteed by the caller; the array has a register's numbers.
    unsafe {
        if from.len() >= V::WIDTH {
            return V::load(from.as_ptr());
        }
        let mut whole = [0.0; CHUNK];
        whole.iter_mut().zip(from).for_each(|(place, number)| *place = *number);
        V::load(whole.as_ptr())
    }
}

/// Stores a register into a slice that may be shorter.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn store_some<V: Vector>(values: V, into: &mut [f32]) {
    // SAFETY: guaranteed by the caller; the array has room for a register.
    unsafe {
        if into.len() >= V::WIDTH {
            return values.store(into.as_mut_ptr());
        }
        let mut whole = [0.0; CHUNK];
        values.store(whole.as_mut_ptr());
        into.iter_mut().zip(whole).for_each(|(place, number)| *place = number);
    }
}

/// Stores a register as bytes into a slice that may be shorter.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn store_some_bytes<V: Vector>(steps: V, zero: u8, into: &mut [u8]) {
    // SAFETY: guaranteed by the caller; the array has room for a register.
    unsafe {
        if into.len() >= V::WIDTH {
            return steps.store_bytes(zero, into.as_mut_ptr());
        }
        let mut whole = [0; CHUNK];
        steps.store_bytes(zero, whole.as_mut_ptr());
        into.iter_mut().zip(whole).for_each(|(place, byte)| *place = byte);
    }
}

/// Pads numbers of channels with zeros to the end of the widest block.
pub(crate) fn padded(numbers: &[f32]) -> Aligned<f32> {
    let mut padded = Aligned::new(numbers.len().next_multiple_of(WIDEST_BLOCK));
    padded[..numbers.len()].copy_from_slice(numbers);
    padded
}
