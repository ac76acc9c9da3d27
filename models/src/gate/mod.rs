//! Decides whether a face is recognisable enough to be compared with enrolled people. Enrolment, queries and the door
//! use the same gate.
//!
//! Encodings of faces that are upside down, covered or blurred are close together, even if they show different people:
//! two strangers in masks are nearer to each other than each is to their own unmasked face. Two rules prevent false
//! matches of such faces. Both use the *centred* encoding: the encoding minus the mean of many encodings, scaled to
//! unit length.
//!
//! - *The gate* is a threshold on a logistic regression over the centred encoding, the length of the network's output and
//!   the detector confidence. A face below it is hardly recognisable.
//! - *The background* is a set of typical encodings (*prototypes*) of such faces. A face that passes the gate matches a
//!   person only if it is nearer to the person than to every prototype. A *plain* face is as far above the gate as most
//!   faces are. If the person was enrolled from a face that is not plain, the probe must be nearer by the *clearance*, which
//!   decreases as the probe's margin above the gate increases.
//!
//! Matching does not use the gate: distances are those of the unchanged encodings. The workstation learns the gate from
//! photos (`encoder-tool model gate`); [`Gate::decode`] reads its file.

mod file;
#[cfg(test)]
mod tests;

pub use file::{GATE_FILE, GATE_VERSION, Learnt, MAX_GATE_BYTES, MAX_PROTOTYPES, Term, around};

use crate::ModelError;
use shared::encoding::{Encoded, Encoding};
use shared::gallery::{Gallery, GateDigest};
use std::sync::Arc;

/// A gate with checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    learnt: Learnt,
    /// Prototypes of unit length, `dimensions` numbers each.
    prototypes: Vec<f32>,
    digest: GateDigest,
}

impl Gate {
    /// The identity of the gate: the SHA-256 of its file.
    pub fn digest(&self) -> GateDigest {
        self.digest
    }

    /// The learnt parameters.
    pub fn learnt(&self) -> &Learnt {
        &self.learnt
    }

    /// Checks that the gate fits an encoder with this many dimensions.
    ///
    /// # Errors
    /// [`ModelError::Description`] with both numbers of dimensions if they differ.
    pub fn require_dimensions(&self, dimensions: usize) -> Result<(), ModelError> {
        let found = self.learnt.mean.len();
        if found == dimensions {
            return Ok(());
        }
        let reason = format!("it is for encodings of {found} numbers, but the encoder has {dimensions}");
        Err(ModelError::Description { path: GATE_FILE.into(), reason })
    }

    /// The margin of a face above the gate; below 0 the face is hardly recognisable. `confidence` is the detector
    /// confidence.
    pub fn margin(&self, encoded: &Encoded, confidence: f32) -> f32 {
        let Some(centred) = self.centred(encoded.encoding.numbers()) else { return f32::NEG_INFINITY };
        let Learnt { weights, length, confidence: of_confidence, constant, .. } = &self.learnt;
        dot(centred.numbers(), weights)
            + length.contribution(encoded.length)
            + of_confidence.contribution(confidence)
            + constant
    }

    /// The encoding minus the mean, scaled to unit length; `None` if the dimensions differ, or for the mean itself.
    pub fn centred(&self, numbers: &[f32]) -> Option<Encoding> {
        centred(numbers, &self.learnt.mean)
    }

    /// The cosine to the nearest prototype, -1 to 1; -1 if there are no prototypes.
    pub fn background(&self, centred: &Encoding) -> f32 {
        let each = self.prototypes.chunks(self.learnt.mean.len());
        each.map(|prototype| dot(centred.numbers(), prototype)).fold(-1.0, f32::max)
    }

    /// The clearance, in cosines, of a face with this margin: it must be nearer to a person than to the background by
    /// this much.
    fn clearance(&self, margin: f32) -> f32 {
        self.learnt.clearance * (1.0 - margin / self.learnt.plain_from).clamp(0.0, 1.0)
    }
}

/// The encoding minus the mean, scaled to unit length; `None` if the dimensions differ, or for the mean itself.
pub fn centred(numbers: &[f32], mean: &[f32]) -> Option<Encoding> {
    let apart: Vec<f32> = numbers.iter().zip(mean).map(|(number, mean)| number - mean).collect();
    (numbers.len() == mean.len()).then(|| Encoding::from_network(&apart).ok())?
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How recognisable a face is, as judged by the gate. Without a gate, every face is recognisable.
#[derive(Clone, Debug)]
pub struct Standing(Option<Judged>);

#[derive(Clone, Debug)]
struct Judged {
    gate: Arc<Gate>,
    /// `None` for a face below the gate.
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
    /// Whether the face is nearer to one enrolled encoding than to the background, by the clearance if there is one.
    fn is_clear_beside(&self, gate: &Gate, numbers: &[f32], is_plain: bool) -> bool {
        let Some(enrolled) = gate.centred(numbers) else { return false };
        let clearance = if is_plain { 0.0 } else { gate.clearance(self.margin) };
        dot(self.centred.numbers(), enrolled.numbers()) >= self.background + clearance
    }
}

impl Standing {
    /// Judges a face with the gate, if there is one.
    pub fn new(gate: Option<&Arc<Gate>>, encoded: &Encoded, confidence: f32) -> Self {
        Self(gate.map(|gate| {
            let margin = gate.margin(encoded, confidence);
            let centred = gate.centred(encoded.encoding.numbers()).filter(|_| margin >= 0.0);
            let above = centred.map(|centred| Above { background: gate.background(&centred), margin, centred });
            Judged { gate: Arc::clone(gate), above }
        }))
    }

    /// Whether the face may be compared with enrolled people; `None` without a gate.
    pub fn is_recognisable(&self) -> Option<bool> {
        self.0.as_ref().map(|judged| judged.above.is_some())
    }

    /// Whether the face may match a person of the gallery, given by index, if the L2 distance is small enough. The
    /// gallery's mark for plain faces is used only if its people were enrolled with the same gate.
    pub fn is_clear_of_background(&self, gallery: &Gallery, person: usize) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return true };
        let Some(above) = above else { return false };
        let is_of_this_gate = gallery.gate() == Some(gate.digest());
        gallery.encodings_of(person).any(|encoding| {
            let numbers: Vec<f32> = encoding.numbers.iter().map(|&z| f32::from(z) * encoding.scale).collect();
            above.is_clear_beside(gate, &numbers, encoding.is_plain && is_of_this_gate)
        })
    }

    /// Like [`Self::is_clear_of_background`], for one encoding of a face that [is plain](Self::is_plain) or not.
    pub fn is_clear_beside(&self, encoding: &Encoding, is_plain: bool) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return true };
        above.as_ref().is_some_and(|above| above.is_clear_beside(gate, encoding.numbers(), is_plain))
    }

    /// Whether the face is plain, like most faces; `false` without a gate.
    pub fn is_plain(&self) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return false };
        above.as_ref().is_some_and(|above| above.margin >= gate.learnt.plain_from)
    }

    /// Whether the encoding is too close to the background to be enrolled: it would match too many degraded faces of
    /// strangers. `false` without a gate.
    pub fn is_crowded(&self) -> bool {
        let Some(Judged { gate, above }) = &self.0 else { return false };
        above.as_ref().is_none_or(|above| above.background > gate.learnt.crowded)
    }
}
