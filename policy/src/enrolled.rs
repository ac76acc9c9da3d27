//! Enrolled people as the policy sees them: their permissions, and how near a face is to them.

use super::tried::CardIssue;
use serde::{Deserialize, Serialize};
use shared::card::CardNumber;
use shared::encoding::Encoding;
use shared::gallery::{Gallery, Mode, Nearest, Person, PersonId};
use shared::matching::DotsOfRows;
use shared::schedule::{Hours, ScheduleSet};

/// The group of whose members further signals may be required: see
/// [`LivenessRules::required_of_marked`](crate::LivenessRules::required_of_marked).
pub const CHALLENGED_GROUP: &str = "challenge";

/// An enrolled person and their permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolled {
    /// Who.
    pub person: PersonId,
    /// What the person must show.
    pub mode: Mode,
    /// First second at which the person may enter, Unix time.
    pub valid_from: Option<i64>,
    /// First second at which the person may no longer enter, Unix time.
    pub valid_until: Option<i64>,
    /// The schedules that restrict the person, and those that their entry opens.
    pub hours: Hours,
    /// Whether another enrolled person looks too similar for the face alone to distinguish the two.
    pub has_look_alike: bool,
    /// Whether the person is in the group [`CHALLENGED_GROUP`].
    pub is_challenged: bool,
    /// Which of the person's cards was presented; the default if none was.
    pub card: CardIssue,
}

impl Enrolled {
    /// A person without individual rules.
    pub const fn new(person: PersonId) -> Self {
        Self {
            person,
            mode: Mode::Default,
            valid_from: None,
            valid_until: None,
            hours: Hours { bound_by: ScheduleSet::NONE, opens: ScheduleSet::NONE, holds_open: ScheduleSet::NONE },
            has_look_alike: false,
            is_challenged: false,
            card: CardIssue { database: 0, tag: 0 },
        }
    }

    /// The person at this index of a gallery's people; `None` if there is none.
    pub fn in_gallery(gallery: &Gallery, index: usize) -> Option<Self> {
        let Person { id, details, .. } = gallery.people().get(index)?;
        Some(Self {
            mode: details.mode,
            valid_from: details.valid_from,
            valid_until: details.valid_until,
            hours: gallery.hours_of(index),
            has_look_alike: gallery.has_look_alike(index),
            is_challenged: details.groups.iter().any(|group| group == CHALLENGED_GROUP),
            ..Self::new(*id)
        })
    }

    /// The holder of a card; `None` if the gallery does not contain it.
    pub fn with_card(gallery: &Gallery, card: CardNumber) -> Option<Self> {
        let holder = Self::in_gallery(gallery, gallery.person_with_card(card)?)?;
        let card = CardIssue { database: gallery.header().sequence, tag: card.tag(&holder.person) };
        Some(Self { card, ..holder })
    }
}

/// An enrolled person and the distance of a face to them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Who.
    pub person: PersonId,
    /// L2 distance.
    pub distance: f32,
}

impl Neighbour {
    /// The nearest person; `None` if the distance is not finite.
    pub(super) fn nearest_of(found: &Resemblance) -> Option<Self> {
        Self { person: found.best.person, distance: found.distance }.if_finite()
    }

    /// The nearest other person; `None` if there is none, or the distance is not finite.
    pub(super) fn runner_up_of(found: &Resemblance) -> Option<Self> {
        found.runner_up?.if_finite()
    }

    fn if_finite(self) -> Option<Self> {
        self.distance.is_finite().then_some(self)
    }
}

/// The enrolled person that a face resembles most, and the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Resemblance {
    /// The nearest person.
    pub best: Enrolled,
    /// L2 distance from the face to the nearest person.
    pub distance: f32,
    /// Whether the face is nearer to the person than to barely recognisable faces, by the gate's margin.
    pub is_clear: bool,
    /// The nearest other person; `None` if nobody else is enrolled.
    pub runner_up: Option<Neighbour>,
}

impl Resemblance {
    /// A resemblance to this person at this L2 distance, with nobody else enrolled.
    pub const fn new(best: Enrolled, distance: f32) -> Self {
        Self { best, distance, is_clear: true, runner_up: None }
    }

    /// Adds another person at this L2 distance.
    #[must_use]
    pub const fn beside(self, person: PersonId, distance: f32) -> Self {
        Self { runner_up: Some(Neighbour { person, distance }), ..self }
    }

    /// Looks up the people that [`Gallery::nearest_two`] found in the same gallery; `None` if it is another gallery.
    pub fn from_nearest(gallery: &Gallery, nearest: &Nearest) -> Option<Self> {
        let best = Self::new(Enrolled::in_gallery(gallery, nearest.best.person)?, nearest.best.distance);
        Some(match &nearest.runner_up {
            Some(other) => best.beside(gallery.people().get(other.person)?.id, other.distance),
            None => best,
        })
    }
}

/// How a face compares with the holder of the presented card, and with everybody else.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Claimed {
    /// The holder of the card.
    pub person: PersonId,
    /// L2 distance from the face to the person.
    pub distance: f32,
    /// The nearest other person who is not a recorded look-alike of the holder; `None` if there is none.
    pub other: Option<Neighbour>,
    /// See [`Resemblance::is_clear`].
    pub is_clear: bool,
}

impl Claimed {
    /// A comparison with the holder at this distance, with nobody else enrolled.
    pub const fn new(person: PersonId, distance: f32) -> Self {
        Self { person, distance, other: None, is_clear: true }
    }

    /// Sets the nearest other person.
    #[must_use]
    pub const fn beside(self, other: Neighbour) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Compares a face with all people of a gallery; `None` if the claimed person is not one of them.
    pub fn compare(gallery: &Gallery, person: PersonId, encoding: &Encoding, dots_of_rows: DotsOfRows) -> Option<Self> {
        let holder = gallery.person_by_id(&person)?;
        let distance = gallery.nearest_of(holder, encoding, dots_of_rows)?.distance;
        let is_other = |other: usize| other != holder && !gallery.are_look_alikes(other, holder);
        let other = gallery.nearest_where(encoding, dots_of_rows, is_other);
        let other = other.and_then(|found| Some((gallery.people().get(found.person)?.id, found.distance)));
        let other = other.map(|(person, distance)| Neighbour { person, distance });
        Some(Self { person, distance, other, is_clear: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::{GalleryBuilder, Match, ModelHash};

    #[test]
    fn a_match_of_another_gallery_resembles_nobody() {
        let gallery = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build();
        assert_eq!(gallery.nearest_two(&Encoding::from_network(&[1.0, 0.0]).unwrap(), kernels::dots_of_rows), None);
        let elsewhere = Match { person: 0, encoding: 0, distance: 0.1 };
        let nearest = Nearest { best: elsewhere, runner_up: Some(elsewhere) };
        assert_eq!(Resemblance::from_nearest(&gallery, &nearest), None);
    }
}
