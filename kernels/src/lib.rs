//! The arithmetic of networks and of matching, as fast as the processor allows: convolutions and pools of floats and of
//! bytes, and dot products over rows of encodings.
//!
//! Pictures lie in memory row by row, pixel by pixel, all channels of a pixel side by side (NHWC, batch 1). Every layer
//! is one plain loop that is compiled for several kinds of instructions, of which the best is chosen at run time
//! ([`Level`]); all give the same numbers, bit by bit, on every processor: integer sums are exact, and floats are added
//! up in the same order with fused multiply-add everywhere.
//!
//! Shapes are checked where they are made ([`Extent`], [`Window`], [`Weights`]) and slices where they are handed over:
//! what does not fit is a [`LayerError`], and nothing has been read or written then.
//!
//! This crate knows no network, no file and no tract: `models` makes networks of these layers, and `shared` defines
//! what a distance is. All `unsafe` code of the project is here.

mod aligned;
mod bytes;
pub mod chain;
pub mod convolution;
pub mod depthwise;
mod error;
mod finish;
mod lanes;
mod largest;
mod level;
pub mod pool;
mod rows;
mod shape;
mod threads;

pub use bytes::Quantisation;
pub use convolution::{ByteConvolution, FloatConvolution, Weights};
pub use error::LayerError;
pub use finish::{Activation, Finish, Outputs};
pub use largest::Largest;
pub use level::Level;
pub use rows::dots_of_rows;
pub use shape::{Extent, LONGEST_WINDOW, MOST_NUMBERS, Window};

#[cfg(test)]
mod tests;
