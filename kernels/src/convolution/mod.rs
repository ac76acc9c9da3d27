//! Convolutions of pictures with their channels side by side.
//!
//! A convolution is a matrix product whose left matrix (im2col) is not built: the inner loop reads the rows of the
//! window in place. Each of them is contiguous, because channels and neighbouring pixels are side by side. Padding is
//! added to a copy of the picture first. Source: M. Dukhan, "The Indirect Convolution Algorithm" (2019), but without
//! its pointers, because with the padded copy all windows have the same layout.

mod bytes;
mod floats;
mod panels;
mod surround;
mod tiles;

pub use bytes::{ByteConvolution, MOST_PRODUCTS};
pub use floats::FloatConvolution;

use crate::error::LayerError;
use crate::shape::{Extent, MOST_NUMBERS, Window, product};
use std::ops::Range;

/// The weights of a convolution.
#[derive(Clone, Debug)]
pub struct Weights<'a, T> {
    pub(crate) numbers: &'a [T],
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    pub(crate) window: Window,
}

impl<'a, T> Weights<'a, T> {
    /// Output channels, input channels, rows, columns (OIHW), as in ONNX.
    ///
    /// # Errors
    /// [`LayerError::Length`] if there are no channels, or more weights than [`MOST_NUMBERS`]; [`LayerError::Numbers`]
    /// if the number of weights does not fit the channels and the window.
    pub fn new(numbers: &'a [T], outputs: usize, inputs: usize, window: Window) -> Result<Self, LayerError> {
        for (of, length) in [("output channels", outputs), ("input channels", inputs), ("weights", numbers.len())] {
            LayerError::require_length(of, length, MOST_NUMBERS)?;
        }
        LayerError::require_numbers("weights", numbers.len(), product([outputs, inputs, window.places()]))?;
        Ok(Self { numbers, outputs, inputs, window })
    }

    /// Makes the weights of a depthwise convolution: a window for each channel, one after the other.
    ///
    /// # Errors
    /// As for [`Weights::new`].
    pub fn depthwise(numbers: &'a [T], channels: usize, window: Window) -> Result<Self, LayerError> {
        Self::new(numbers, channels, 1, window)
    }

    /// The number of products in the sum of one output number.
    fn products(&self) -> usize {
        self.inputs * self.window.places()
    }
}

impl<T: Copy> Weights<'_, T> {
    /// The weights of some output channels for a position in a row of the window, `column * inputs + input`.
    fn of_outputs(&self, outputs: Range<usize>, row: usize, place: usize) -> impl Iterator<Item = T> {
        let [height, width] = self.window.size;
        let (column, input) = (place / self.inputs, place % self.inputs);
        let (one, within) = (self.inputs * height * width, (input * height + row) * width + column);
        self.numbers[outputs.start * one + within..].iter().step_by(one).take(outputs.len()).copied()
    }
}

/// The number of multiplications of a convolution of a picture of this size. It saturates, and is 0 if the window does
/// not fit.
pub fn macs(window: &Window, extent: Extent, outputs: usize) -> usize {
    let output = window.output(extent, outputs).map_or(0, |output| output.numbers());
    product([output, window.places(), extent.channels])
}
