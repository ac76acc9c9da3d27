//! Who walks past the camera: people who are enrolled, strangers, and photos of both.

use super::people::{AT_MOST, card_of, id_of, number_of};
use fastrand::Rng;
use policy::{Claimed, Enrolled, ObservedFace, Resemblance, Side};
use shared::card::CardNumber;
use shared::encoding::Encoding;
use shared::face::{FaceBox, Point};
use shared::gallery::{Gallery, PersonId};
use std::sync::Arc;

/// How far across the face a nose is seen when the head is turned, and how many frames it takes to turn it.
const TURNED: f32 = 0.35;
const FRAMES_TO_TURN: f32 = 5.0;
/// A person who is asked to do something takes this many frames to understand it.
const FRAMES_TO_UNDERSTAND: u32 = 6;
/// A person who holds up a photo stays for at least this many frames, more than a challenge lasts.
const FRAMES_WITH_PHOTO: u32 = 80;

/// Who is before the camera for a while: some faces, of people by number or of strangers.
#[derive(Debug, Clone, Default)]
pub(super) struct Passers {
    pub(super) faces: Vec<Passer>,
    frames_left: u32,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passer {
    /// `None` is a stranger.
    pub(super) number: Option<u8>,
    /// Somebody holds up a photo of them, which turns no head.
    pub(super) is_photo: bool,
    pub(super) bounds: FaceBox,
    asked: Option<Side>,
    frames_asked: u32,
    sharpness: f32,
}

impl Passers {
    /// Those of the next frame.
    pub(super) fn next(&mut self, random: &mut Rng) -> &[Passer] {
        if self.frames_left == 0 {
            let was_empty = self.faces.is_empty();
            let stays_long = random.u8(..5) == 0;
            self.frames_left = if was_empty && !stays_long { random.u32(1..60) } else { random.u32(1..200) };
            let count = if was_empty { 1 + usize::from(random.u8(..8) == 0) } else { 0 };
            self.faces = (0..count).map(|_| somebody(random)).collect();
            if self.faces.iter().any(|passer| passer.is_photo) {
                self.frames_left += FRAMES_WITH_PHOTO;
            }
        }
        self.frames_left -= 1;
        for passer in &mut self.faces {
            passer.frames_asked += u32::from(passer.asked.is_some());
            passer.sharpness = 100.0 + 10.0 * random.f32();
        }
        &self.faces
    }

    /// The nearest of them is asked to turn their head, or is not any more.
    pub(super) fn ask(&mut self, side: Option<Side>) {
        let nearest = self.faces.iter_mut().max_by(|a, b| a.side().total_cmp(&b.side()));
        if let Some(passer) = nearest.filter(|passer| passer.asked != side) {
            (passer.asked, passer.frames_asked) = (side, 0);
        }
    }

    /// The person who is there shows their card, or that of somebody else.
    pub(super) fn card(&self, random: &mut Rng) -> CardNumber {
        let own = self.faces.first().and_then(|passer| passer.number);
        match random.u8(..10) {
            0 => CardNumber::new(random.u64(5_000..6_000)).unwrap(),
            1 => card_of(random.u8(..AT_MOST)),
            _ => card_of(own.unwrap_or_else(|| random.u8(..AT_MOST))),
        }
    }
}

fn somebody(random: &mut Rng) -> Passer {
    let side = 30.0 + 100.0 * random.f32();
    let bounds = FaceBox { x: 1000.0 * random.f32(), y: 500.0 * random.f32(), width: side, height: side };
    let number = (random.u8(..8) > 0).then(|| random.u8(..AT_MOST));
    let is_photo = random.u8(..5) == 0;
    Passer { number, is_photo, bounds, asked: None, frames_asked: 0, sharpness: 100.0 }
}

/// What a person, or a stranger, looks like: two numbers, far enough apart for faces one after the other.
fn looks(number: Option<u8>) -> Encoding {
    let angle = number.map_or(0.0, |number| 2.4 * f32::from(number % 3 + 1));
    Encoding::from_network(&[angle.cos(), angle.sin()]).unwrap()
}

impl Passer {
    /// The face as networks and a gallery would see it: of somebody enrolled near to them, of everybody else far from all.
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
        face.encoding = Some(Arc::new(looks(self.number)));
        face.landmarks = Some(self.landmarks());
        face.quality.sharpness = Some(self.sharpness);
        face
    }

    /// How far the nose has moved across the face, above 0 towards the person's left.
    pub(super) fn turn(&self) -> f32 {
        let side = match self.asked.filter(|_| !self.is_photo) {
            Some(Side::Left) => 1.0,
            Some(Side::Right) => -1.0,
            None => 0.0,
        };
        let frames = self.frames_asked.saturating_sub(FRAMES_TO_UNDERSTAND) as f32;
        side * TURNED * (frames / FRAMES_TO_TURN).min(1.0)
    }

    fn landmarks(&self) -> [Point; 5] {
        let FaceBox { x, y, width, height } = self.bounds;
        let at = |across: f32, down: f32| Point { x: x + across * width, y: y + down * height };
        let nose = 0.25 + 0.5 * (0.5 + self.turn());
        [at(0.25, 0.25), at(0.75, 0.25), at(nose, 0.5), at(0.25, 0.75), at(0.75, 0.75)]
    }

    pub(super) fn side(&self) -> f32 {
        self.bounds.width
    }
}
