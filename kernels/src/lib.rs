//! Optimised arithmetic of networks and matching: convolutions and pools of floats and of bytes, and dot products over
//! rows of encodings.
//!
//! Pictures are stored row by row, with all channels of a pixel side by side (NHWC, batch 1). Every layer is one
//! generic loop, compiled for several instruction sets. The best one is selected at run time ([`Level`]). All levels
//! give bit-identical results on every processor: integer sums are exact, and floats are added in the same order with
//! fused multiply-add.
//!
//! Shapes are checked when they are constructed ([`Extent`], [`Window`], [`Weights`]), and slices when they are passed.
//! A mismatch is a [`LayerError`]; nothing has been read or written then.
//!
//! This crate does not depend on networks, files or tract: `models` builds networks from these layers, and `shared`
//! defines distances. It contains all `unsafe` code of the project.

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

pub use bytes::Quantization;
pub use convolution::{ByteConvolution, FloatConvolution, Weights};
pub use error::LayerError;
pub use finish::{Activation, Finish, Outputs};
pub use largest::Largest;
pub use level::Level;
pub use rows::dots_of_rows;
pub use shape::{Extent, LONGEST_WINDOW, MOST_NUMBERS, Window};

#[cfg(test)]
mod tests;
