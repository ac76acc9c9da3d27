//! Networks and weights that outsiders hand to the workstation: entrances for fuzzing. What is done with them is what
//! `model import` does.

use crate::import::{self, Profile};

/// What a network is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidToBe {
    /// Nothing is said.
    Nothing,
    /// A detector.
    Yunet,
    /// An encoder that takes pixels as they are.
    Sface,
    /// An encoder that takes normalised pixels.
    Arcface,
}

/// Imports a network, in ONNX or as weights, without writing it.
///
/// # Errors
/// What `model import` says of it.
pub fn network(file: &[u8], said_to_be: SaidToBe) -> anyhow::Result<()> {
    let profile = match said_to_be {
        SaidToBe::Nothing => None,
        SaidToBe::Yunet => Some(Profile::Yunet),
        SaidToBe::Sface => Some(Profile::Sface),
        SaidToBe::Arcface => Some(Profile::Arcface),
    };
    import::try_import(file, profile)
}

/// Of each array in a file of weights (`.npy`, a zip of them, `.safetensors`): how many numbers it has, and how many its
/// shape promises. None, if it is no such file.
pub fn arrays_of_weights(file: &[u8]) -> Vec<[usize; 2]> {
    import::arrays_in(file)
}
