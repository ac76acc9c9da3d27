//! Observations by the networks: detect, align, encode, find the nearest people.

use super::{Seen, Sight};
use crate::loop_turn::Timings;
use kernels::dots_of_rows;
use models::pad::{self, Pad};
use models::{Crop, Face, Frame, ModelError, Recogniser, quality};
use policy::{Attention, Claimed, ObservedFace, Quality, Resemblance};
use shared::gallery::{Gallery, PersonId};
use std::sync::Arc;
use std::time::Instant;

/// The networks of a model, and a PAD network if there is one.
pub struct Networks {
    recogniser: Recogniser,
    pad: Option<Pad>,
    /// Whether the PAD network has failed and was reported.
    has_pad_failed: bool,
}

impl Networks {
    /// Galleries passed to [`look`](Sight::look) must be made with the same model.
    pub fn new(recogniser: Recogniser, pad: Option<Pad>) -> Self {
        Self { recogniser, pad, has_pad_failed: false }
    }

    /// The PAD network's output for a face; `None` if there is no network, it failed, or the face is too small or too near
    /// for it. The policy then learns that the network cannot tell.
    fn bona_fide(&mut self, frame: &Frame, face: &Face, timings: &mut Timings) -> Option<f32> {
        let pad = self.pad.as_mut()?;
        pad::require_usable(frame, face).ok()?;
        let assessed = timed(&mut timings.pad_ms, || pad.assess(frame, face));
        let failed = assessed.is_err();
        if let Err(error) = &assessed
            && !self.has_pad_failed
        {
            tracing::error!("the PAD network failed: {error}");
        }
        self.has_pad_failed = failed;
        assessed.ok()
    }

    /// Compares a face with everybody, and with the holder of a presented card, and assesses whether it is
    /// recognisable.
    fn recognise(
        &mut self,
        seen: &mut ObservedFace,
        (frame, face): (&Frame, &Face),
        (gallery, claimed): (&Gallery, Option<PersonId>),
        timings: &mut Timings,
    ) -> Result<(), ModelError> {
        let crop = timed(&mut timings.align_ms, || self.recogniser.align(frame, face))?;
        let (encoding, standing) = timed(&mut timings.encode_ms, || self.recogniser.encode_face(face, &crop))?;
        let (nearest, claimed) = timed(&mut timings.match_ms, || {
            let to_claimed = claimed.and_then(|person| Claimed::compare(gallery, person, &encoding, dots_of_rows));
            (gallery.nearest_two(&encoding, dots_of_rows), to_claimed)
        });
        let is_clear_of = |person| standing.is_clear_of_background(gallery, person);
        seen.quality.recognisable = standing.is_recognisable();
        seen.resembles = nearest.and_then(|nearest| {
            let mut found = Resemblance::from_nearest(gallery, &nearest)?;
            found.is_clear = is_clear_of(nearest.best.person);
            Some(found)
        });
        seen.claimed = claimed.and_then(|mut claimed: Claimed| {
            claimed.is_clear = is_clear_of(gallery.person_by_id(&claimed.person)?);
            Some(claimed)
        });
        seen.encoding = Some(Arc::new(encoding));
        Ok(())
    }
}

impl Sight for Networks {
    fn look(&mut self, frame: &Frame, gallery: &Gallery, attention: Attention) -> Result<Seen, ModelError> {
        let mut timings = Timings::default();
        let found = timed(&mut timings.detect_ms, || self.recogniser.detect(frame))?;
        let mut faces = Vec::with_capacity(found.len());
        for (index, face) in found.iter().enumerate() {
            let mut seen = ObservedFace::new(face.bounds);
            seen.landmarks = Some(face.landmarks);
            if index < attention.faces {
                let crop = timed(&mut timings.align_ms, || self.recogniser.glance(frame, face));
                seen.quality = measured(&crop);
                if attention.network && index == 0 {
                    seen.bona_fide = self.bona_fide(frame, face, &mut timings);
                }
                if attention.must_be_encoded(&seen) {
                    self.recognise(&mut seen, (frame, face), (gallery, attention.claimed), &mut timings)?;
                }
            }
            faces.push(seen);
        }
        Ok(Seen { faces, timings })
    }
}

fn measured(crop: &Crop) -> Quality {
    let (sharpness, brightness) = (quality::sharpness(crop), quality::brightness(crop));
    Quality { sharpness: Some(sharpness), brightness: Some(brightness), ..Quality::default() }
}

/// Adds the time that the work takes, in milliseconds.
fn timed<T>(total_ms: &mut Option<f64>, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *total_ms = Some(total_ms.unwrap_or(0.0) + started.elapsed().as_secs_f64() * 1e3);
    done
}
