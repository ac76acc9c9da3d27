//! Networks of other people.

use crate::Answer;
use model_tools::fuzz_entry_points::{SaidToBe, arrays_of_weights, network};
use models::bundle::Golden;
use models::bundle::{Calibration, Manifest};
use models::gate::{Gate, around};

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

/// A text, self-test or gate of a bundle (of the gate what lies between its beginning and its checksum): which one is said by the first byte. What is read is written again as the same.
pub fn bundle(bytes: &[u8]) -> Answer {
    let Some((first, file)) = bytes.split_first() else { return Answer::Refused };
    let text = str::from_utf8(file).unwrap_or_default();
    let is_the_same = match first % 4 {
        0 => Golden::decode(file).map(|golden| {
            golden
                .encode()
                .and_then(|again| Golden::decode(&again))
                .map(|again| again.encode().ok() == golden.encode().ok())
        }),
        1 => Manifest::parse(text).map(|manifest| {
            manifest.to_toml().and_then(|again| Manifest::parse(&again)).map(|again| again == manifest)
        }),
        3 => Gate::decode(&around(file)).map(|gate| {
            gate.encode().and_then(|again| Gate::decode(&again)).map(|again| again.encode().ok() == gate.encode().ok())
        }),
        _ => Calibration::parse(text).map(|calibration| {
            calibration.to_toml().and_then(|again| Calibration::parse(&again)).map(|again| again == calibration)
        }),
    };
    match is_the_same {
        Ok(is_the_same) => {
            assert!(matches!(is_the_same, Ok(true)), "{is_the_same:?}");
            Answer::Accepted
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
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
