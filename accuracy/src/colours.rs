//! In which colours a photo is measured.

/// Whether a photo is measured as it was taken, or as a camera without colour would have taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// In colour, if the photo has any.
    AsTaken,
    /// Luma in their place: a stand-in for infrared.
    Grey,
}
