//! Fuzzing entry points for untrusted networks and weights. They process them as `model import` does.

use crate::import::{self, Profile};

/// The kind of network that the user claims a file to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssumedProfile {
    /// No claim.
    Unspecified,
    /// A detector.
    Yunet,
    /// An encoder that takes pixels as they are.
    Sface,
    /// An encoder that takes normalised pixels.
    Arcface,
    /// A PAD network.
    Minifasnet,
}

/// Imports a network, in ONNX or as weights, without writing it.
///
/// # Errors
/// The error of `model import`.
pub fn network(file: &[u8], assumed: AssumedProfile) -> anyhow::Result<()> {
    let profile = match assumed {
        AssumedProfile::Unspecified => None,
        AssumedProfile::Yunet => Some(Profile::Yunet),
        AssumedProfile::Sface => Some(Profile::Sface),
        AssumedProfile::Arcface => Some(Profile::Arcface),
        AssumedProfile::Minifasnet => Some(Profile::Minifasnet),
    };
    import::try_import(file, profile)
}

/// For each array in a file of weights (`.npy`, a zip of them, `.safetensors`): how many numbers it has, and how many
/// its shape implies. Empty if it is not such a file.
pub fn arrays_of_weights(file: &[u8]) -> Vec<[usize; 2]> {
    import::arrays_in(file)
}
