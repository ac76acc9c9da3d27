//! The middle of the picture: frame -> face -> aligned crop -> encoding.
//!
//! This crate holds the model bundles and is the only code that runs them. The door unit and the workstation both
//! call [`Recogniser`], so the same pixels become the same numbers on both sides. It knows no camera, no door and
//! no person's name.

pub mod align;
pub mod face;
pub mod frame;
pub mod recogniser;

pub use align::Crop;
pub use face::{Face, FaceBox, Point};
pub use frame::Frame;
pub use recogniser::{ModelError, Recogniser};
