//! Networks of other people.

use crate::Answer;
use encoder_tool::hostile_input::{SaidToBe, arrays_of_weights, network};

/// An ONNX file, said to be one thing or another by its first byte. It becomes a bundle that can be loaded, or is refused
/// with a reason. tract may panic over it, if that is caught.
pub fn onnx(bytes: &[u8]) -> Answer {
    let Some((first, file)) = bytes.split_first() else { return Answer::Refused };
    let said_to_be = [SaidToBe::Sface, SaidToBe::Arcface, SaidToBe::Yunet, SaidToBe::Nothing][usize::from(first % 4)];
    match network(file, said_to_be) {
        Ok(()) => Answer::Accepted,
        Err(error) => {
            assert!(!format!("{error:#}").is_empty());
            Answer::Refused
        }
    }
}

/// A file of weights: `.npy`, a zip of them, or `.safetensors`. Arrays have as many numbers as their shape promises.
pub fn weights(bytes: &[u8]) -> Answer {
    let arrays = arrays_of_weights(bytes);
    for [numbers, promised] in &arrays {
        assert_eq!(numbers, promised);
    }
    let _taken_for_facenet = network(bytes, SaidToBe::Nothing);
    if arrays.is_empty() { Answer::Refused } else { Answer::Accepted }
}
