//! Builds a people database from members and encodings. No I/O except random numbers.

use super::encoded::FaceInPhoto;
use super::roster::Member;
use super::schedules_toml::{self, TimeRules};
use crate::calibrate::set_thresholds;
use crate::database_files;
use crate::portrait::Portrait;
use accuracy::calibration::Risk;
use anyhow::Context;
use models::Recogniser;
use models::gate::Gate;
use shared::card::CardKey;
use shared::gallery::{Details, Gallery, GalleryBuilder, NewEncoding, NewPerson, PersonId, PersonName};
use shared::pass::AcceptedPasses;
use std::collections::HashMap;

/// A person with an encoding or a card.
pub(crate) struct Enrolled {
    pub(crate) member: Member,
    pub(crate) photos: Vec<EnrolledPhoto>,
}

/// A photo that becomes an encoding of the database.
pub(crate) struct EnrolledPhoto {
    /// `person/photo`
    pub(crate) shown: String,
    pub(crate) new: NewEncoding,
    pub(crate) is_grey: bool,
    pub(crate) face: FaceInPhoto,
    /// The aligned face.
    pub(crate) portrait: Portrait,
}

/// Data taken over from the replaced database: its sequence number and people's ids.
#[derive(Debug, Default)]
pub(crate) struct Heritage {
    sequence: Option<u64>,
    ids: HashMap<String, PersonId>,
}

impl Heritage {
    /// Takes it from the replaced database, if there is one.
    pub(super) fn from_previous(previous: Option<&Gallery>) -> Self {
        let Some(previous) = previous else { return Self::default() };
        let ids = previous.people().iter().map(|person| (person.name.collision_key(), person.id));
        Self { sequence: Some(previous.header().sequence), ids: ids.collect() }
    }

    fn id_of(&self, name: &PersonName) -> Option<PersonId> {
        self.ids.get(&name.collision_key()).copied()
    }
}

/// Results that are computed from all encodings together.
pub(crate) struct Findings {
    /// The threshold and its calibration; `None` if the encoder's own applies.
    pub(crate) risk: Option<Risk>,
    /// The same for pictures without colour; `None` if the threshold in colour applies.
    pub(crate) grey: Option<Risk>,
    /// People by index, the lower first, and the L2 distance of their nearest photos.
    pub(crate) look_alikes: Vec<([usize; 2], f32)>,
}

/// Builds the database. Cards are hashed under a new key, so that no two databases have a hash in common. A person
/// keeps the id that `people.csv` or the previous database gives; others get a random one.
///
/// # Errors
/// If a limit of the format is exceeded, two people have the same id, or the system provides no random numbers.
pub(super) fn build(
    people: &[Enrolled],
    schedules: TimeRules,
    passes: AcceptedPasses,
    findings: &Findings,
    heritage: &Heritage,
    recogniser: &Recogniser,
    now: i64,
) -> anyhow::Result<Gallery> {
    let sequence = database_files::next_sequence(heritage.sequence, now);
    let mut builder = GalleryBuilder::new(sequence, recogniser.model_hash(), recogniser.dimensions())?;
    builder.set_gate(recogniser.gate().map(Gate::digest));
    let card_key = CardKey(random()?);
    if people.iter().any(|person| !person.member.cards.is_empty()) {
        builder.set_card_key(card_key)?;
    }
    for Enrolled { member, photos } in people {
        let cards = member.cards.iter().map(|card| card_key.hash(*card)).collect();
        let details = Details { cards, ..member.details.clone() };
        let id = match member.id.or_else(|| heritage.id_of(&member.name)) {
            Some(id) => id,
            None => PersonId(random()?),
        };
        let encodings = photos.iter().map(|photo| photo.new.clone()).collect();
        let person = NewPerson { id, name: member.name.clone(), details, encodings };
        builder.add_person(person).with_context(|| format!("cannot enrol {}", member.name))?;
    }
    set_thresholds(&mut builder, [findings.risk.as_ref(), findings.grey.as_ref()])?;
    let ids: Vec<PersonId> = builder.gallery().people().iter().map(|person| person.id).collect();
    for &([one, other], distance) in &findings.look_alikes {
        builder.add_look_alikes(&ids[one], &ids[other], distance)?;
    }
    set_schedules(&mut builder, schedules)?;
    builder.set_passes(passes);
    Ok(builder.build())
}

fn set_schedules(builder: &mut GalleryBuilder, rules: TimeRules) -> anyhow::Result<()> {
    let id_of = |name: &PersonName| {
        let gallery = builder.gallery();
        gallery.person_by_name(name).map(|index| gallery.people()[index].id)
    };
    let schedules = schedules_toml::with_ids(rules, id_of)?;
    builder.set_schedules(schedules).context("schedules.toml")
}

fn random<const BYTES: usize>() -> anyhow::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).context("cannot get random numbers from the system")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ() {
        assert_ne!(random::<16>().unwrap(), random::<16>().unwrap());
    }
}
