//! The file format of a gate. The file is stored beside the encoder's manifest and is not part of the model hash.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `FACEGATE` |
//! | 2 | version, little-endian |
//! | … | postcard: [`Learnt`] |
//! | 32 | SHA-256 of all bytes before: the checksum, and the identity of the gate |

use super::Gate;
use crate::ModelError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::encoding::MAX_DIMENSIONS;
use shared::gallery::{GateDigest, ModelHash};

/// Name of the gate file in an encoder bundle's folder.
pub const GATE_FILE: &str = "gate.bin";
/// The version of the format.
pub const GATE_VERSION: u16 = 1;
/// The largest number of prototypes of a background.
pub const MAX_PROTOTYPES: usize = 1024;
/// The largest file that is read: more than [`MAX_PROTOTYPES`] of [`MAX_DIMENSIONS`] bytes.
pub const MAX_GATE_BYTES: u64 = 1 << 20;

const MAGIC: &[u8; 8] = b"FACEGATE";
const PREAMBLE: usize = 8 + 2;
const CHECKSUM: usize = 32;
const MAX_SOURCE_BYTES: usize = 1024;

/// The learnt parameters of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    /// The networks that the gate was learnt with. With other networks it may not work.
    pub learnt_with: ModelHash,
    /// The photos that the gate was learnt from.
    pub learnt_from: String,
    /// Mean encoding of plain photos.
    pub mean: Vec<f32>,
    /// Weights of the centred encoding's numbers in the margin.
    pub weights: Vec<f32>,
    /// Contribution of the length of the network's output.
    pub length: Term,
    /// Contribution of the detector confidence.
    pub confidence: Term,
    /// Constant term of the margin.
    pub constant: f32,
    /// The clearance of a face at the gate: the cosine (of centred encodings) to the person must exceed the cosine to
    /// the background by this much; 0 to 2.
    pub clearance: f32,
    /// The smallest margin of a plain face, above 0. From the gate to this margin, the clearance falls linearly to 0.
    pub plain_from: f32,
    /// The largest cosine to the nearest prototype at which a photo can be enrolled, -1 to 1.
    pub crowded: f32,
    /// Typical centred encodings of degraded faces, one row after the other. Only their direction matters.
    pub prototypes: Vec<i8>,
}

/// The contribution of one measured value to a margin: its distance from the mean in spreads, times a weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Mean of plain photos.
    pub mean: f32,
    /// Their standard deviation, above 0.
    pub spread: f32,
    /// Weight per spread.
    pub weight: f32,
}

impl Term {
    pub(super) fn contribution(&self, value: f32) -> f32 {
        (value - self.mean) / self.spread * self.weight
    }

    fn is_sound(&self) -> bool {
        [self.mean, self.spread, self.weight].iter().all(|number| number.is_finite()) && self.spread > 0.0
    }
}

impl Gate {
    /// Makes a gate from learnt parameters.
    ///
    /// # Errors
    /// [`ModelError::Description`] if numbers are missing or out of range.
    pub fn new(learnt: Learnt) -> Result<Self, ModelError> {
        let file = encode(&learnt)?;
        Self::decode(&file)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`ModelError::Description`] if the file is truncated, damaged, of another version, or invalid.
    pub fn decode(file: &[u8]) -> Result<Self, ModelError> {
        let (body, checksum) = file.split_last_chunk::<CHECKSUM>().ok_or_else(cut_off)?;
        let (preamble, contents) = body.split_first_chunk::<PREAMBLE>().ok_or_else(cut_off)?;
        let [magic @ .., v0, v1] = preamble;
        if magic != MAGIC {
            return Err(wrong("it is not a gate file: it does not start with `FACEGATE`"));
        }
        let version = u16::from_le_bytes([*v0, *v1]);
        if version != GATE_VERSION {
            return Err(wrong(format!("it has version {version}, but this program reads version {GATE_VERSION}")));
        }
        if Sha256::digest(body).as_slice() != checksum {
            return Err(wrong("its checksum is wrong: copy the bundle again"));
        }
        let (learnt, rest): (Learnt, _) =
            postcard::take_from_bytes(contents).map_err(|error| wrong(error.to_string()))?;
        if !rest.is_empty() {
            return Err(wrong(format!("it has {} extra bytes at the end", rest.len())));
        }
        check(&learnt).map_err(wrong)?;
        let prototypes = learnt.prototypes.chunks(learnt.mean.len()).flat_map(of_unit_length).collect();
        Ok(Self { learnt, prototypes, digest: GateDigest(*checksum) })
    }

    /// Encodes the file.
    ///
    /// # Errors
    /// [`ModelError::Description`] if it cannot be encoded, which does not happen.
    pub fn encode(&self) -> Result<Vec<u8>, ModelError> {
        encode(&self.learnt)
    }
}

fn encode(learnt: &Learnt) -> Result<Vec<u8>, ModelError> {
    let contents = postcard::to_allocvec(learnt).map_err(|error| wrong(error.to_string()))?;
    Ok(around(&contents))
}

/// Adds the header and the checksum to any contents.
pub fn around(contents: &[u8]) -> Vec<u8> {
    let mut file = [&MAGIC[..], &GATE_VERSION.to_le_bytes(), contents].concat();
    file.extend(Sha256::digest(&file));
    file
}

fn check(learnt: &Learnt) -> Result<(), String> {
    let Learnt { learnt_from, mean, weights, length, confidence, constant, prototypes, .. } = learnt;
    let dimensions = mean.len();
    let finite = mean.iter().chain(weights).chain([constant]).all(|number| number.is_finite());
    let rows = prototypes.chunks(dimensions.max(1));
    let rules = [
        ((1..=MAX_DIMENSIONS).contains(&dimensions), "the mean must have 1 to 512 numbers"),
        (weights.len() == dimensions, "there must be as many weights as numbers of the mean"),
        (finite, "every number must be finite"),
        (length.is_sound() && confidence.is_sound(), "a spread must be above 0"),
        ((0.0..=2.0).contains(&learnt.clearance), "the clearance must be 0 to 2"),
        (learnt.plain_from.is_finite() && learnt.plain_from > 0.0, "the margin of plain faces must be above 0"),
        ((-1.0..=1.0).contains(&learnt.crowded), "the limit for enrolment must be -1 to 1"),
        (prototypes.len().is_multiple_of(dimensions.max(1)), "a prototype is cut off"),
        (rows.len() <= MAX_PROTOTYPES, "there are too many prototypes"),
        (rows.clone().all(|row| row.iter().any(|&number| number != 0)), "a prototype has no direction"),
        (learnt_from.len() <= MAX_SOURCE_BYTES, "the description of the photos is too long"),
    ];
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, rule)| Err((*rule).to_owned()))
}

fn of_unit_length(row: &[i8]) -> impl Iterator<Item = f32> + '_ {
    let squares: i32 = row.iter().map(|&number| i32::from(number) * i32::from(number)).sum();
    let length = f64::from(squares).sqrt();
    row.iter().map(move |&number| (f64::from(number) / length) as f32)
}

fn cut_off() -> ModelError {
    wrong("it is cut off: copy the bundle again")
}

fn wrong(reason: impl Into<String>) -> ModelError {
    ModelError::Description { path: GATE_FILE.into(), reason: reason.into() }
}
