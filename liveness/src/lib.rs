//! Presence: what the pixels of several frames say about whether a person stands in front of the camera.
//!
//! Each module judges one kind of evidence and can only refuse. This crate has no camera, no pin, no clock and no file:
//! the caller plays the light, counts the frames and passes in what they show.
#![forbid(unsafe_code)]

pub mod lamp;
