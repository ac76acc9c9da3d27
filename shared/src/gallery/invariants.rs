//! The invariants of every people database, whether it is read or built.

use super::error::Problem;
use super::header::{GreyThreshold, Header};
use super::name::{PersonName, is_control};
use super::person::{Details, MAX_CARDS, MAX_ENCODINGS_OF_PERSON, MAX_NOTE_BYTES, Person};
use super::size::MAX_PEOPLE;
use crate::card::{CardHash, CardKey};
use crate::encoding::MAX_DIMENSIONS;
use crate::mode::Mode;
use crate::person_id::PersonId;
use crate::schedule::{MAX_GROUP_BYTES, MAX_GROUPS, Schedules};
use alloc::collections::BTreeSet;
use alloc::string::String;

pub(super) fn check_header(header: &Header) -> Result<(), Problem> {
    if header.people > MAX_PEOPLE {
        return Err(Problem::TooMany);
    }
    let dimensions = usize::from(header.dimensions);
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(Problem::Dimensions(dimensions));
    }
    header.threshold.map_or(Ok(()), check_threshold)?;
    match header.calibration {
        Some(made) if header.threshold.is_none() => Err(Problem::Calibration(made.fpir)),
        Some(made) => check_rate(made.fpir),
        None => Ok(()),
    }
}

pub(super) fn check_grey(grey: &GreyThreshold) -> Result<(), Problem> {
    check_threshold(grey.threshold)?;
    check_rate(grey.calibration.fpir)
}

fn check_threshold(threshold: f32) -> Result<(), Problem> {
    if threshold > 0.0 && threshold <= 2.0 { Ok(()) } else { Err(Problem::Threshold(threshold)) }
}

fn check_rate(fpir: f32) -> Result<(), Problem> {
    if fpir > 0.0 && fpir < 1.0 { Ok(()) } else { Err(Problem::Calibration(fpir)) }
}

pub(super) fn check_person(name: &PersonName, details: &Details, encodings: usize) -> Result<(), Problem> {
    let named = || String::from(name.as_str());
    if details.note.len() > MAX_NOTE_BYTES || details.note.chars().any(|c| c != '\n' && is_control(c)) {
        return Err(Problem::Note(named()));
    }
    let sound = |group: &String| (1..=MAX_GROUP_BYTES).contains(&group.len()) && !group.chars().any(is_control);
    if details.groups.len() > MAX_GROUPS || !details.groups.iter().all(sound) {
        return Err(Problem::Groups(named()));
    }
    if details.cards.len() > MAX_CARDS {
        return Err(Problem::TooManyCards(named()));
    }
    if let (Some(from), Some(until)) = (details.valid_from, details.valid_until)
        && from >= until
    {
        return Err(Problem::Validity(named()));
    }
    match (details.mode, encodings) {
        (_, 0) if details.cards.is_empty() => Err(Problem::NeitherFaceNorCard(named())),
        (Mode::Face | Mode::CardAndFace, 0) => Err(Problem::ModeWithoutFace(named())),
        (Mode::Card, 1..) => Err(Problem::FaceOfCardHolder(named())),
        (_, 0..=MAX_ENCODINGS_OF_PERSON) => Ok(()),
        (_, found) => Err(Problem::EncodingsOfPerson { name: named(), found }),
    }
}

/// Refuses a schedule that applies to nobody: it is probably misspelt, and would lift somebody's restrictions.
pub(super) fn check_schedules(schedules: &Schedules, people: &[Person]) -> Result<(), Problem> {
    let groups: BTreeSet<&String> = people.iter().flat_map(|person| &person.details.groups).collect();
    for schedule in schedules.iter() {
        let named = || schedule.name.clone();
        let stranger = schedule.people.iter().find(|id| !people.iter().any(|person| person.id == **id));
        if let Some(id) = stranger {
            return Err(Problem::ScheduleOfStranger { schedule: named(), id: *id });
        }
        let group = schedule.groups.iter().chain(&schedule.after_first_of).find(|group| !groups.contains(group));
        if let Some(group) = group {
            return Err(Problem::ScheduleOfNoGroup { schedule: named(), group: group.clone() });
        }
    }
    for hours in schedules.doors() {
        if let Some(group) = hours.after_first_of().filter(|group| !groups.contains(group)) {
            return Err(Problem::ScheduleOfNoGroup { schedule: hours.name.clone(), group: group.clone() });
        }
    }
    Ok(())
}

/// A card's hash is useless without its key.
pub(super) fn require_card_key(key: Option<&CardKey>, name: &PersonName, details: &Details) -> Result<(), Problem> {
    match key {
        None if !details.cards.is_empty() => Err(Problem::CardsWithoutKey(name.as_str().into())),
        _ => Ok(()),
    }
}

/// Values that must be unique to one person.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    ids: BTreeSet<PersonId>,
    names: BTreeSet<String>,
    cards: BTreeSet<CardHash>,
}

impl Taken {
    /// Reserves a person's values: all of them, or none and an error.
    pub(super) fn take(&mut self, id: PersonId, name: &PersonName, cards: &[CardHash]) -> Result<(), Problem> {
        let key = name.collision_key();
        if self.ids.contains(&id) {
            return Err(Problem::IdTaken(id));
        }
        if self.names.contains(&key) {
            return Err(Problem::NameTaken(name.as_str().into()));
        }
        for (index, card) in cards.iter().enumerate() {
            if self.cards.contains(card) || cards[..index].contains(card) {
                return Err(Problem::CardTaken(name.as_str().into()));
            }
        }
        self.ids.insert(id);
        self.names.insert(key);
        self.cards.extend(cards);
        Ok(())
    }

    pub(super) fn release(&mut self, id: &PersonId, name: &PersonName, cards: &[CardHash]) {
        self.ids.remove(id);
        self.names.remove(&name.collision_key());
        self.cards.retain(|card| !cards.contains(card));
    }
}
