//! Face recognition pipeline: frame -> face -> aligned crop -> encoding. Beside it, [`pad`]: is the face live?
//!
//! This crate contains the model bundles and is the only code that runs them. The door unit and the workstation both
//! call [`Recogniser`], so the same pixels give the same encoding on both. It does not depend on cameras, doors or
//! names of people.
#![forbid(unsafe_code)]

mod acquaintances;
pub mod align;
pub mod bundle;
pub mod detect;
pub mod encode;
mod error;
#[cfg(feature = "photo-files")]
mod every_core;
pub mod face;
pub mod frame;
pub mod gate;
mod identity;
mod letterbox;
pub mod network;
pub mod onnx;
pub mod pad;
pub mod photo;
mod photo_search;
pub mod planned;
pub mod quality;
pub mod quarter_turns;
pub mod recogniser;
pub mod self_test;
mod unpanicked;

pub use align::Crop;
pub use error::ModelError;
#[cfg(feature = "photo-files")]
pub use every_core::on_every_core;
pub use face::Face;
pub use frame::Frame;
pub use photo::{Photo, PhotoError};
pub use recogniser::Recogniser;
pub use shared::face::{FaceBox, Point};
