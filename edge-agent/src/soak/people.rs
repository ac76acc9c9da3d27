//! Who is enrolled in the soak's databases, and who walks past.

use fastrand::Rng;
use shared::card::{CardKey, CardNumber};
use shared::encoding::Encoding;
use shared::gallery::Gallery;
use shared::gallery::{
    Details, GalleryBuilder, Mode, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
};
use shared::policy::{Bounds, Candidate, Claimed, ObservedFace, Resemblance};
use shared::schedule::{Period, Schedule, Schedules, Weekdays};
use std::sync::Arc;

pub(super) const MODEL: ModelHash = ModelHash([1; 32]);
/// People are numbered; these are enrolled in every database, and in each one more or fewer of those who follow.
const ALWAYS: u8 = 12;
const AT_MOST: u8 = 20;
const CARD_KEY: CardKey = CardKey([7; 32]);
pub(super) const FROM_MINUTE: u16 = 6 * 60;
pub(super) const UNTIL_MINUTE: u16 = 22 * 60;

pub(super) fn id_of(number: u8) -> PersonId {
    PersonId([number + 1; 16])
}

pub(super) fn number_of(id: PersonId) -> u8 {
    id.0[0] - 1
}

/// By number: every third needs card and face, every fourth of the others either.
pub(super) fn mode_of(number: u8) -> Mode {
    match number {
        number if number % 3 == 0 => Mode::CardAndFace,
        number if number % 4 == 1 => Mode::CardOrFace,
        _ => Mode::Face,
    }
}

/// Whether hours bind them.
pub(super) fn has_hours(number: u8) -> bool {
    number % 5 == 2
}

pub(super) fn card_of(number: u8) -> CardNumber {
    CardNumber::new(1000 + u64::from(number)).unwrap()
}

/// How many people a database of this sequence number has.
pub(super) fn people_in(sequence: u64) -> u8 {
    ALWAYS + (sequence % u64::from(AT_MOST - ALWAYS + 1)) as u8
}

/// A database file.
pub(super) fn database(sequence: u64, model: ModelHash) -> Vec<u8> {
    let mut builder = GalleryBuilder::new(sequence, model, 2).unwrap();
    builder.set_card_key(CARD_KEY).unwrap();
    for number in 0..people_in(sequence) {
        let groups = if has_hours(number) { vec!["day".to_owned()] } else { Vec::new() };
        let (mode, cards) = (mode_of(number), vec![CARD_KEY.hash(card_of(number))]);
        let encoding = Encoding::from_network(&[1.0, f32::from(number)]).unwrap();
        builder
            .add_person(NewPerson {
                id: id_of(number),
                name: PersonName::parse(&format!("person {number}")).unwrap(),
                details: Details { groups, mode, cards, ..Details::default() },
                encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0 }],
            })
            .unwrap();
    }
    let hours = Period { weekdays: Weekdays::ALL, from_minute: FROM_MINUTE, until_minute: UNTIL_MINUTE };
    let day = Schedule {
        name: "day".to_owned(),
        groups: vec!["day".to_owned()],
        people: Vec::new(),
        periods: vec![hours],
        season: None,
        closed: Vec::new(),
        after_first_of: None,
    };
    builder.set_schedules(Schedules::new(vec![day]).unwrap()).unwrap();
    builder.encode().unwrap()
}

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
    bounds: Bounds,
}

impl Passers {
    /// Those of the next frame.
    pub(super) fn next(&mut self, random: &mut Rng) -> &[Passer] {
        if self.frames_left == 0 {
            let was_empty = self.faces.is_empty();
            self.frames_left = if was_empty { random.u32(1..60) } else { random.u32(1..200) };
            let count = if was_empty { 1 + usize::from(random.u8(..8) == 0) } else { 0 };
            self.faces = (0..count).map(|_| somebody(random)).collect();
        }
        self.frames_left -= 1;
        &self.faces
    }

    /// Whoever is there shows their card, or that of somebody else.
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
    let bounds = Bounds { x: 1000.0 * random.f32(), y: 500.0 * random.f32(), width: side, height: side };
    let number = (random.u8(..3) > 0).then(|| random.u8(..AT_MOST));
    Passer { number, bounds }
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
        let candidate = |person, distance| Candidate::of(gallery, person, distance);
        let resembles = candidate(near, distance).map(|best| Resemblance { best, runner_up: candidate(other, 1.3) });
        let claimed = claimed.map(|person| match self.number == Some(number_of(person)) {
            true => Claimed::new(person, 0.5 + noise),
            false => Claimed::new(person, 1.25),
        });
        let mut face = ObservedFace::new(self.bounds);
        (face.resembles, face.claimed) = (resembles, claimed);
        face.encoding = Some(Arc::new(looks(self.number)));
        face
    }

    pub(super) fn side(&self) -> f32 {
        self.bounds.width
    }
}
