//! The infrared camera beside the first one: whether it sees the same face at the same place. A screen is dark in
//! infrared.
//!
//! Responsible for the second camera and its networks: takes a frame that the emitter lights, finds the nearest face of
//! the first camera in it, and reports to the policy. Looks only when the policy asks. Not responsible for what a report
//! means for the door (`policy`), nor for the face's material: prints and masks reflect infrared too.

mod emitter;
mod lit;
mod place;
#[cfg(test)]
pub(crate) mod scripted;
mod source;

pub(crate) use lit::{LitFrames, Taken};
pub use place::Place;
pub(crate) use place::Spot;
pub use source::InfraredSource;

use models::{Face, ModelError, Recogniser};
use policy::{ObservedFace, Report, Signal};

/// The largest L2 distance between a face in the first picture and the same person in infrared.
///
/// Measured with SFace on stand-ins, because no real infrared pictures were available: photos of Labeled Faces in the
/// Wild in colour, compared with photos turned to grey. Of two different people, 1.4 % are within it (21 000 pairs, 95 %
/// interval 1.3 % to 1.6 %). Of one person photographed on two days, 0.3 % are beyond it (304 pairs, 0.01 % to 1.8 %).
/// `docs/infrared.md` has more; `testbed/src/bin/infrared-distances.rs` measures.
pub const SAME_PERSON: f32 = 1.2;

/// How far the face may be from its calibrated place, in widths of the expected face. If the lenses are 5 cm apart and a
/// face is 15 cm wide, a place calibrated at 0.6 m is off by 0.14 at 0.35 m and by 0.22 at 1 m. The rest is for a head
/// that moves between the two frames.
pub(crate) const TOLERANCE: f32 = 0.5;

/// How much larger or smaller than expected the face may be.
const SIZE_FACTOR: f32 = 1.5;

/// The infrared camera of a unit.
pub struct Infrared {
    frames: LitFrames,
    recogniser: Recogniser,
    place: Option<Place>,
    /// What the camera delivered for the current frame of the first camera.
    taken: Taken,
}

impl Infrared {
    /// Compares faces with these networks, which must be the same as those of the first camera. Without the calibrated
    /// `place`, it cannot tell anything.
    pub fn new(source: Box<dyn InfraredSource>, recogniser: Recogniser, place: Option<Place>) -> Self {
        Self { frames: LitFrames::new(source), recogniser, place, taken: Taken::Nothing }
    }

    /// Takes the infrared frame of this moment, if one is wanted. Call it as soon as the first camera's frame has arrived.
    pub(crate) fn take_frame(&mut self, is_wanted: bool) {
        if is_wanted {
            self.taken = self.frames.take();
        } else {
            self.frames.interrupt();
            self.taken = Taken::Nothing;
        }
    }

    /// Reports whether the frame that was taken shows this face, which the first camera sees in a frame of this width and
    /// height in pixels. `None` if no frame was taken.
    ///
    /// # Errors
    /// If a network fails.
    pub(crate) fn look(&mut self, face: &ObservedFace, size: (u32, u32)) -> Result<Option<Report>, ModelError> {
        let cannot_tell = |because| Ok(Some(Report::cannot_tell(Signal::Infrared, because)));
        let frame = match std::mem::replace(&mut self.taken, Taken::Nothing) {
            Taken::Nothing => return Ok(None),
            Taken::Lost => return cannot_tell("camera_lost"),
            Taken::Dark => return cannot_tell("dark"),
            Taken::Lit(frame) => frame,
        };
        let Some(place) = self.place else { return cannot_tell("not_calibrated") };
        let Some(encoding) = &face.encoding else { return cannot_tell("not_encoded") };
        let not_live = |because| Report::not_live(Signal::Infrared, because);
        let expected = place.expected(Spot::new(&face.bounds, size));
        let faces = self.recogniser.detect(&frame)?;
        let Some((found, spot)) = nearest_to(&expected, &faces, (frame.width(), frame.height())) else {
            return Ok(Some(not_live("no_face")));
        };
        let (offset, size) = (spot.offset_from(&expected), spot.size_to(&expected));
        let with_place = |report: Report| report.with("offset", offset).with("size", size);
        if offset > TOLERANCE || !(1.0 / SIZE_FACTOR..=SIZE_FACTOR).contains(&size) {
            return Ok(Some(with_place(not_live("elsewhere"))));
        }
        let crop = self.recogniser.align(&frame, found)?;
        let distance = self.recogniser.encode(&crop)?.l2_distance(encoding);
        let is_same = distance <= SAME_PERSON;
        let report = if is_same { Report::live(Signal::Infrared) } else { not_live("another_person") };
        Ok(Some(with_place(report).with("distance", distance)))
    }
}

/// The face nearest to the expected place.
fn nearest_to<'f>(expected: &Spot, faces: &'f [Face], size: (u32, u32)) -> Option<(&'f Face, Spot)> {
    let spots = faces.iter().map(|face| (face, Spot::new(&face.bounds, size)));
    spots.min_by(|(_, a), (_, b)| a.offset_from(expected).total_cmp(&b.offset_from(expected)))
}

#[cfg(test)]
mod tests;
