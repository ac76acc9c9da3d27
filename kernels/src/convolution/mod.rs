//! Convolutions over pictures whose channels lie side by side.
//!
//! Every output pixel is a row of a matrix product whose left side is never built: the inner loop reads the window's
//! rows where they lie (a row of the window is one stretch of memory, as channels and neighbouring pixels are side by
//! side). What a window sees beyond the picture is put around a copy of it first. The idea of doing without im2col is
//! that of M. Dukhan, "The Indirect Convolution Algorithm" (2019), without its pointers, as the copy makes all windows
//! alike.

mod bytes;
mod floats;
mod panels;
mod surround;
mod tiles;

pub use bytes::{ByteConvolution, MOST_PRODUCTS};
pub use floats::FloatConvolution;

use crate::shape::{Extent, Window, product};
use std::ops::Range;

/// What a convolution is made from.
#[derive(Clone, Debug)]
pub struct Weights<'a, T> {
    /// Output channels, input channels, rows, columns (OIHW), as in ONNX.
    pub numbers: &'a [T],
    /// Output channels.
    pub outputs: usize,
    /// Input channels.
    pub inputs: usize,
    /// How the window moves.
    pub window: Window,
}

impl<T: Copy> Weights<'_, T> {
    /// The weights of some output channels for a place in a row of the window, `column * inputs + input`.
    fn of_outputs(&self, outputs: Range<usize>, row: usize, place: usize) -> impl Iterator<Item = T> {
        let [height, width] = self.window.size;
        let (column, input) = (place / self.inputs, place % self.inputs);
        let (one, within) = (self.inputs * height * width, (input * height + row) * width + column);
        self.numbers[outputs.start * one + within..].iter().step_by(one).take(outputs.len()).copied()
    }

    fn check(&self) {
        let [height, width] = self.window.size;
        assert_eq!(self.numbers.len(), product([self.outputs, self.inputs, height, width]), "weights of the window");
    }
}

/// Multiplications of a convolution over a picture of that size.
pub fn macs(window: &Window, extent: Extent, outputs: usize) -> usize {
    let [rows, columns] = window.output(extent.height, extent.width).unwrap_or_default();
    rows * columns * outputs * window.size[0] * window.size[1] * extent.channels
}
