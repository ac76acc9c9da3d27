//! Networks from other sources.

use crate::Answer;
use model_tools::fuzz_entry_points::{AssumedProfile, arrays_of_weights, network};
use models::bundle::{Calibration, Golden, Manifest, PadCalibration};
use models::gate::{Gate, around};

/// Imports an ONNX file; the first byte chooses its kind. It becomes a bundle that can be loaded, or is refused with a
/// reason. tract may panic if the panic is caught.
pub fn onnx(bytes: &[u8]) -> Answer {
    let Some((first, file)) = bytes.split_first() else { return Answer::Refused };
    let assumed = match first % 5 {
        0 => AssumedProfile::Sface,
        1 => AssumedProfile::Arcface,
        2 => AssumedProfile::Yunet,
        3 => AssumedProfile::Unspecified,
        _ => AssumedProfile::Minifasnet,
    };
    match network(file, assumed) {
        Ok(()) => Answer::Accepted,
        Err(error) => {
            assert!(!format!("{error:#}").is_empty());
            Answer::Refused
        }
    }
}

/// Parses a text, self-test or gate of a bundle; the first byte chooses which. For a gate, the bytes are the part
/// between its header and its checksum. Whatever is accepted is written again as the same bytes.
pub fn bundle(bytes: &[u8]) -> Answer {
    let Some((first, file)) = bytes.split_first() else { return Answer::Refused };
    let text = str::from_utf8(file).unwrap_or_default();
    let is_the_same = match first % 5 {
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
        4 => PadCalibration::parse(text).map(|calibration| {
            calibration.to_toml().and_then(|again| PadCalibration::parse(&again)).map(|again| again == calibration)
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

/// Parses a file of weights: `.npy`, a zip of them, or `.safetensors`. Every array has as many numbers as its shape
/// says.
pub fn weights(bytes: &[u8]) -> Answer {
    let arrays = arrays_of_weights(bytes);
    for [numbers, promised] in &arrays {
        assert_eq!(numbers, promised);
    }
    let _taken_for_facenet = network(bytes, AssumedProfile::Unspecified);
    if arrays.is_empty() { Answer::Refused } else { Answer::Accepted }
}
