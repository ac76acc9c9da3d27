//! The networks and the gallery: detect, align, encode, nearest.

use super::Sight;
use crate::unit::Timings;
use models::{Crop, Face, Frame, ModelError, Recogniser, quality};
use shared::gallery::{Gallery, PersonId};
use shared::policy::{Bounds, Claimed, Landmark, ObservedFace, Policy, Quality, Resemblance, SeveralFaces};
use std::sync::Arc;
use std::time::Instant;

/// The networks and the gallery together.
pub struct Networks {
    recogniser: Recogniser,
    gallery: Arc<Gallery>,
}

impl Networks {
    /// The gallery must have been made with the recogniser's model.
    pub fn new(recogniser: Recogniser, gallery: Arc<Gallery>) -> Self {
        Self { recogniser, gallery }
    }

    /// Compares a face with everybody, and with the one that a card claims to be there.
    fn recognise(
        &mut self,
        seen: &mut ObservedFace,
        crop: &Crop,
        claimed: Option<PersonId>,
        timings: &mut Timings,
    ) -> Result<(), ModelError> {
        let encoding = timed(&mut timings.encode_ms, || self.recogniser.encode(crop))?;
        let gallery = &self.gallery;
        let (nearest, claimed) = timed(&mut timings.match_ms, || {
            let of_claimed = claimed.and_then(|person| Claimed::of(gallery, person, &encoding));
            (gallery.nearest_two(&encoding), of_claimed)
        });
        seen.resembles = nearest.and_then(|nearest| Resemblance::of(gallery, &nearest));
        seen.claimed = claimed;
        seen.encoding = Some(Arc::new(encoding));
        Ok(())
    }
}

impl Sight for Networks {
    /// Not encoded are faces that the policy finds too poor, and the smaller ones where only the largest is judged.
    fn look(&mut self, frame: &Frame, policy: &Policy, timings: &mut Timings) -> Result<Vec<ObservedFace>, ModelError> {
        let faces = timed(&mut timings.detect_ms, || self.recogniser.detect(frame))?;
        let judged = match policy.rules().several_faces {
            SeveralFaces::AllKnown => faces.len(),
            _ => 1,
        };
        let mut observed = Vec::with_capacity(faces.len());
        for (index, face) in faces.iter().enumerate() {
            let mut seen = ObservedFace::new(bounds(face));
            seen.landmarks = Some(face.landmarks.map(|point| Landmark { x: point.x, y: point.y }));
            if index < judged {
                let crop = timed(&mut timings.align_ms, || self.recogniser.align(frame, face));
                seen.quality = measured(&crop);
                if policy.must_be_encoded(&seen) {
                    self.recognise(&mut seen, &crop, policy.claimed(), timings)?;
                }
            }
            observed.push(seen);
        }
        Ok(observed)
    }

    fn know(&mut self, gallery: &Arc<Gallery>) {
        self.gallery = Arc::clone(gallery);
    }
}

fn bounds(face: &Face) -> Bounds {
    let models::FaceBox { x, y, width, height } = face.bounds;
    Bounds { x, y, width, height }
}

fn measured(crop: &Crop) -> Quality {
    Quality { sharpness: Some(quality::sharpness(crop)), brightness: Some(quality::brightness(crop)) }
}

/// Adds the milliseconds that the work took.
fn timed<T>(total_ms: &mut Option<f64>, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *total_ms = Some(total_ms.unwrap_or(0.0) + started.elapsed().as_secs_f64() * 1e3);
    done
}
