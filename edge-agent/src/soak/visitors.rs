//! Visitors in front of the camera: enrolled people, strangers, and photos of both.

use super::people::{AT_MOST, card_of, id_of, number_of};
use fastrand::Rng;
use policy::{Claimed, Enrolled, ObservedFace, Resemblance, Side};
use shared::card::CardNumber;
use shared::encoding::Encoding;
use shared::face::{FaceBox, Point};
use shared::gallery::{Gallery, PersonId};
use std::sync::Arc;

/// How far the nose moves across the face when the head is fully turned, and how many frames that takes.
const FULL_YAW: f32 = 0.35;
const FRAMES_TO_TURN: f32 = 5.0;
/// Frames until somebody who is asked to turn begins to.
const FRAMES_TO_UNDERSTAND: u32 = 6;
/// Somebody who holds up a photo stays for at least this many frames, longer than a challenge.
const FRAMES_WITH_PHOTO: u32 = 80;

/// The faces in front of the camera for a while.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitors {
    pub(super) faces: Vec<Visitor>,
    frames_left: u32,
}

/// A visitor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visitor {
    /// The number of an enrolled person; `None` for a stranger.
    pub(super) number: Option<u8>,
    /// Whether it is a photo, which cannot turn its head.
    pub(super) is_photo: bool,
    pub(super) bounds: FaceBox,
    asked: Option<Side>,
    frames_asked: u32,
    sharpness: f32,
}

impl Visitors {
    /// The visitors in the next frame.
    pub(super) fn next(&mut self, random: &mut Rng) -> &[Visitor] {
        if self.frames_left == 0 {
            let was_empty = self.faces.is_empty();
            let stays_long = random.u8(..5) == 0;
            self.frames_left = if was_empty && !stays_long { random.u32(1..60) } else { random.u32(1..200) };
            let count = if was_empty { 1 + usize::from(random.u8(..8) == 0) } else { 0 };
            self.faces = (0..count).map(|_| visitor(random)).collect();
            if self.faces.iter().any(|visitor| visitor.is_photo) {
                self.frames_left += FRAMES_WITH_PHOTO;
            }
        }
        self.frames_left -= 1;
        for visitor in &mut self.faces {
            visitor.frames_asked += u32::from(visitor.asked.is_some());
            visitor.sharpness = 100.0 + 10.0 * random.f32();
        }
        &self.faces
    }

    /// Asks the nearest visitor to turn their head, or no longer asks.
    pub(super) fn ask(&mut self, side: Option<Side>) {
        let nearest = self.faces.iter_mut().max_by(|a, b| a.side().total_cmp(&b.side()));
        if let Some(visitor) = nearest.filter(|visitor| visitor.asked != side) {
            (visitor.asked, visitor.frames_asked) = (side, 0);
        }
    }

    /// The card that is shown: mostly the visitor's own, or somebody else's, or one that is not enrolled.
    pub(super) fn card(&self, random: &mut Rng) -> CardNumber {
        let own = self.faces.first().and_then(|visitor| visitor.number);
        match random.u8(..10) {
            0 => CardNumber::new(random.u64(5_000..6_000)).unwrap(),
            1 => card_of(random.u8(..AT_MOST)),
            _ => card_of(own.unwrap_or_else(|| random.u8(..AT_MOST))),
        }
    }
}

fn visitor(random: &mut Rng) -> Visitor {
    let side = 30.0 + 100.0 * random.f32();
    let bounds = FaceBox { x: 1000.0 * random.f32(), y: 500.0 * random.f32(), width: side, height: side };
    let number = (random.u8(..8) > 0).then(|| random.u8(..AT_MOST));
    let is_photo = random.u8(..5) == 0;
    Visitor { number, is_photo, bounds, asked: None, frames_asked: 0, sharpness: 100.0 }
}

/// The encoding of a person, or of a stranger: far enough apart to tell consecutive visitors apart.
fn encoding(number: Option<u8>) -> Encoding {
    let angle = number.map_or(0.0, |number| 2.4 * f32::from(number % 3 + 1));
    Encoding::from_network(&[angle.cos(), angle.sin()]).unwrap()
}

impl Visitor {
    /// The face as the networks and the gallery would see it: near an enrolled person, or far from everybody.
    pub(super) fn observed(&self, gallery: &Gallery, claimed: Option<PersonId>, noise: f32) -> ObservedFace {
        let enrolled = self.number.and_then(|number| gallery.person_by_id(&id_of(number)));
        let near = enrolled.unwrap_or(0);
        let distance = if enrolled.is_some() { 0.5 } else { 1.2 } + noise;
        let other = usize::from(near == 0);
        let resembles = Enrolled::in_gallery(gallery, near).map(|best| Resemblance::new(best, distance));
        let resembles = resembles.map(|found| match gallery.people().get(other) {
            Some(other) => found.beside(other.id, 1.3),
            None => found,
        });
        let claimed = claimed.map(|person| match self.number == Some(number_of(person)) {
            true => Claimed::new(person, 0.5 + noise),
            false => Claimed::new(person, 1.25),
        });
        let mut face = ObservedFace::new(self.bounds);
        (face.resembles, face.claimed) = (resembles, claimed);
        face.encoding = Some(Arc::new(encoding(self.number)));
        face.landmarks = Some(self.landmarks());
        face.quality.sharpness = Some(self.sharpness);
        face
    }

    /// How far the nose has moved across the face, positive towards the person's left.
    pub(super) fn yaw(&self) -> f32 {
        let side = match self.asked.filter(|_| !self.is_photo) {
            Some(Side::Left) => 1.0,
            Some(Side::Right) => -1.0,
            None => 0.0,
        };
        let frames = self.frames_asked.saturating_sub(FRAMES_TO_UNDERSTAND) as f32;
        side * FULL_YAW * (frames / FRAMES_TO_TURN).min(1.0)
    }

    fn landmarks(&self) -> [Point; 5] {
        let FaceBox { x, y, width, height } = self.bounds;
        let at = |across: f32, down: f32| Point { x: x + across * width, y: y + down * height };
        let nose = 0.25 + 0.5 * (0.5 + self.yaw());
        [at(0.25, 0.25), at(0.75, 0.25), at(nose, 0.5), at(0.25, 0.75), at(0.75, 0.75)]
    }

    pub(super) fn side(&self) -> f32 {
        self.bounds.width
    }
}
