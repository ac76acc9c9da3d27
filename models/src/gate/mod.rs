//! Whether a face is recognisable enough to be compared with anybody: enrolment, questions and the door ask the same gate.
//!
//! Encodings of faces that are upside down, covered or blurred lie close together, although they are of different people: two strangers in
//! masks resemble each other more than either resembles themselves without one. Two rules keep them apart, both on the
//! *centred* encoding, which is the encoding less the mean of many, at unit length:
//!
//! - *The gate* is a line through a logistic regression: of the centred encoding, the length of the network's output and
//!   the detector's confidence. What lies below it is hardly a face.
//! - *The background* is a set of typical encodings (*prototypes*) of such faces. A face that passes the gate is taken for a
//!   person only if it is nearer to them than to every prototype. Where the person was enrolled from a face that is not
//!   *plain*, that is, not as far above the gate as most faces are, it must be nearer by the *clearance*: the less, the farther
//!   the face itself lies above the gate.
//!
//! Matching knows nothing of this: distances are those of the encodings as they are. What is learnt from which photos is
//! for the workstation (`encoder-tool model gate`), the file's format for [`Gate::decode`].

mod file;
#[cfg(test)]
mod tests;

pub use file::{GATE_FILE, GATE_VERSION, Learnt, MAX_GATE_BYTES, MAX_PROTOTYPES, Term, around};

use crate::ModelError;
use shared::encoding::{Encoded, Encoding};
use shared::gallery::{Gallery, GateDigest};
use std::sync::Arc;

/// What was learnt of faces that are hardly recognisable, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    learnt: Learnt,
    /// Of unit length, `dimensions` numbers each.
    prototypes: Vec<f32>,
    digest: GateDigest,
}

impl Gate {
    /// Which gate it is: the SHA-256 of its file.
    pub fn digest(&self) -> GateDigest {
        self.digest
    }

    /// What it was made of.
    pub fn learnt(&self) -> &Learnt {
        &self.learnt
    }

    /// Refuses an encoder that gives other numbers.
    ///
    /// # Errors
    /// [`ModelError::Description`] with both.
    pub fn require_dimensions(&self, dimensions: usize) -> Result<(), ModelError> {
        let found = self.learnt.mean.len();
        if found == dimensions {
            return Ok(());
        }
        let reason = format!("it is for encodings of {found} numbers, the encoder gives {dimensions}");
        Err(ModelError::Description { path: GATE_FILE.into(), reason })
    }

    /// How far a face lies above the gate; below 0 it is hardly a face. `confidence` is the detector's.
    pub fn margin(&self, encoded: &Encoded, confidence: f32) -> f32 {
        let Some(centred) = self.centred(encoded.encoding.numbers()) else { return f32::NEG_INFINITY };
        let Learnt { weights, length, confidence: of_confidence, constant, .. } = &self.learnt;
        dot(centred.numbers(), weights) + length.of(encoded.length) + of_confidence.of(confidence) + constant
    }

    /// The encoding less the mean, at unit length; `None` of other dimensions, or of the mean itself.
    pub fn centred(&self, numbers: &[f32]) -> Option<Encoding> {
        centred(numbers, &self.learnt.mean)
    }

    /// The cosine to the nearest prototype, -1 to 1; -1 without any.
    pub fn background(&self, centred: &Encoding) -> f32 {
        let each = self.prototypes.chunks(self.learnt.mean.len());
        each.map(|prototype| dot(centred.numbers(), prototype)).fold(-1.0, f32::max)
    }

    /// By how much, in cosines, a face must be nearer to a person than to the background if the plainer of the two is this far
    /// above the gate.
    fn clearance(&self, margin: f32) -> f32 {
        self.learnt.clearance * (1.0 - margin / self.learnt.plain_from).clamp(0.0, 1.0)
    }
}

/// The encoding less the mean, at unit length; `None` of other dimensions, or of the mean itself.
pub fn centred(numbers: &[f32], mean: &[f32]) -> Option<Encoding> {
    let apart: Vec<f32> = numbers.iter().zip(mean).map(|(number, mean)| number - mean).collect();
    (numbers.len() == mean.len()).then(|| Encoding::from_network(&apart).ok())?
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How recognisable one face is. Without a gate every face is.
#[derive(Clone, Debug)]
pub struct Standing(Option<Judged>);

#[derive(Clone, Debug)]
struct Judged {
    gate: Arc<Gate>,
    /// `None` of a face below the gate.
    above: Option<Above>,
}

#[derive(Clone, Debug)]
struct Above {
    centred: Encoding,
    margin: f32,
    /// The cosine to the nearest prototype.
    background: f32,
}

impl Above {
    /// Whether the face is near enough to one of a person's encodings.
    fn is_clear_beside(&self, gate: &Gate, numbers: &[f32], is_plain: bool) -> bool {
        let Some(enrolled) = gate.centred(numbers) else { return false };
        let clearance = if is_plain { 0.0 } else { gate.clearance(self.margin) };
        dot(self.centred.numbers(), enrolled.numbers()) >= self.background + clearance
    }
}

impl Standing {
    /// Asks the gate, if there is one.
    pub fn of(gate: Option<&Arc<Gate>>, encoded: &Encoded, confidence: f32) -> Self {
        Self(gate.map(|gate| {
            let margin = gate.margin(encoded, confidence);
            let centred = gate.centred(encoded.encoding.numbers()).filter(|_| margin >= 0.0);
            let above = centred.map(|centred| Above { background: gate.background(&centred), margin, centred });
            Judged { gate: Arc::clone(gate), above }
        }))
    }

    /// Whether the face may be compared with anybody; `None` without a gate.
    pub fn is_recognisable(&self) -> Option<bool> {
        self.0.as_ref().map(|judged| judged.above.is_some())
    }

    /// Whether the face may be taken for a person of the gallery, by index, if they are near enough. Which faces are plain is
    /// believed only of people who were enrolled with the same gate.
    pub fn is_clear_of_background(&self, gallery: &Gallery, person: usize) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return true };
        let Some(above) = above else { return false };
        let is_of_this_gate = gallery.gate() == Some(gate.digest());
        gallery.encodings_of(person).any(|encoding| {
            let numbers: Vec<f32> = encoding.numbers.iter().map(|&z| f32::from(z) * encoding.scale).collect();
            above.is_clear_beside(gate, &numbers, encoding.is_plain && is_of_this_gate)
        })
    }

    /// The same for a person with one known encoding, of a face that [is plain](Self::is_plain) or not.
    pub fn is_clear_beside(&self, encoding: &Encoding, is_plain: bool) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return true };
        above.as_ref().is_some_and(|above| above.is_clear_beside(gate, encoding.numbers(), is_plain))
    }

    /// Whether the face is as plain as most faces are; not without a gate.
    pub fn is_plain(&self) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return false };
        above.as_ref().is_some_and(|above| above.margin >= gate.learnt.plain_from)
    }

    /// Whether the encoding, once enrolled, would match more degraded faces of strangers than it may.
    pub fn is_crowded(&self) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return false };
        above.as_ref().is_none_or(|above| above.background > gate.learnt.crowded)
    }
}
