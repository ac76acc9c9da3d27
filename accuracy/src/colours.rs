//! Colour modes for measuring a photo.

/// Whether a photo is measured as taken, or as a camera without colour would have taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// In colour, if the photo has any.
    AsTaken,
    /// Converted to luma: a stand-in for infrared.
    Grey,
}
