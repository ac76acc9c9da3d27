//! The one place between the loop and the thread that sends: the newest frame replaces one that was not taken.

use super::Watched;
use fleet_messages::aim::AimEnd;
use models::Frame;
use policy::{ObservedFace, Policy, Reason};
use shared::face::FaceBox;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What the unit has seen in a frame, without anything about who it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sighting {
    /// The largest first, in pixels of the frame.
    pub(super) boxes: Vec<FaceBox>,
    /// What the unit measured of the largest face; `None` if it measured nothing.
    pub(super) largest: Option<Largest>,
    /// The smallest face that the unit judges, in pixels of its shorter side.
    pub(super) minimum_face: f32,
    /// The smallest sharpness, if the policy sets one.
    pub(super) minimum_sharpness: Option<f32>,
}

/// Measurements of the largest face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Largest {
    pub(super) brightness: Option<f32>,
    pub(super) sharpness: Option<f32>,
    /// Why the unit does not judge it.
    pub(super) problem: Option<Reason>,
}

/// The next thing to send.
pub(super) enum Next {
    Frame(Frame, Sighting),
    /// Nothing came in time.
    Nothing,
    End(AimEnd),
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    next: Option<(Frame, Sighting)>,
    /// The buffer of the last frame, to be filled again.
    spare: Vec<u8>,
    end: Option<AimEnd>,
    pictures: u64,
}

impl Sighting {
    pub(super) fn new(faces: &[ObservedFace], policy: &Policy, is_judged: bool) -> Self {
        let largest = faces.first().filter(|_| is_judged).map(|face| Largest {
            brightness: face.quality.brightness,
            sharpness: face.quality.sharpness,
            problem: policy.problem_of_picture(face),
        });
        let rules = policy.rules();
        Self {
            boxes: faces.iter().map(|face| face.bounds).collect(),
            largest,
            minimum_face: rules.minimum_face,
            minimum_sharpness: rules.minimum_sharpness,
        }
    }
}

impl Slot {
    /// Copies a frame. The copy is made without the lock.
    pub(super) fn put(&self, frame: &Frame, seen: Sighting) {
        let mut pixels = {
            let mut inside = self.inside();
            inside.next.take().map_or_else(|| std::mem::take(&mut inside.spare), |(frame, _)| frame.into_pixels())
        };
        pixels.clear();
        pixels.extend_from_slice(frame.pixels());
        // Always succeeds: the size is that of a frame.
        if let Ok(copy) = Frame::from_rgb(frame.width(), frame.height(), pixels) {
            self.inside().next = Some((copy, seen));
            self.changed.notify_all();
        }
    }

    /// Waits for the next frame until this time.
    pub(super) fn next(&self, until: Instant) -> Next {
        let wait = until.saturating_duration_since(Instant::now());
        let waits = |inside: &mut Inside| inside.next.is_none() && inside.end.is_none();
        let waited = self.changed.wait_timeout_while(self.inside(), wait, waits);
        let (mut inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (inside.end, inside.next.take()) {
            (Some(end), _) => Next::End(end),
            (None, Some((frame, seen))) => Next::Frame(frame, seen),
            (None, None) => Next::Nothing,
        }
    }

    /// Gives back the buffer of a frame that was sent, and counts it.
    pub(super) fn sent(&self, frame: Frame) {
        let mut inside = self.inside();
        inside.pictures += 1;
        inside.spare = frame.into_pixels();
    }

    /// Ends it for this reason, unless it has ended.
    pub(super) fn end(&self, why: AimEnd) -> Watched {
        let mut inside = self.inside();
        let end = *inside.end.get_or_insert(why);
        (inside.next, inside.spare) = (None, Vec::new());
        self.changed.notify_all();
        Watched { end, pictures: inside.pictures }
    }

    /// Why and after what it has ended.
    pub(super) fn ended(&self) -> Option<Watched> {
        let inside = self.inside();
        inside.end.map(|end| Watched { end, pictures: inside.pictures })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
