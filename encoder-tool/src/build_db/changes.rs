//! Compares a new database with the one that it replaces. No I/O.

use super::roster::Member;
use serde::Serialize;
use shared::card::CardNumber;
use shared::gallery::{Details, Gallery, Mode, Person, PersonName, PhotoDigest};
use shared::schedule::{Schedule, Schedules};
use std::collections::{BTreeSet, HashMap};

/// The new database may remove up to this many people, or up to this share of all, without `--allow-removals`: a user
/// who builds from half of the folders would lock out the other half.
const REMOVED_WITHOUT_ASKING: usize = 2;
const SHARE_REMOVED_WITHOUT_ASKING: f64 = 0.1;

/// The changes, with people's names in the order of the databases.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Changes {
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
    /// People who had a face and are now enrolled with a card only, though their mode is not `card`.
    pub(crate) without_face: Vec<String>,
    pub(crate) changed: Vec<Changed>,
    /// Names of schedules that were added, removed or changed.
    pub(crate) schedules: Vec<String>,
    /// Whether the replaced database was made with another model, so that every encoding is new.
    pub(crate) other_model: bool,
    /// Whether it is for other doors than the replaced database.
    pub(crate) other_doors: bool,
    /// Whether visitor passes are accepted from other keys than in the replaced database.
    pub(crate) other_pass_keys: bool,
    /// Number of people in the replaced database.
    #[serde(skip)]
    before: usize,
}

/// A person in both databases, with changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Changed {
    pub(crate) name: String,
    /// `name`, `photos`, `groups`, `mode`, `validity`, `cards`, `hours`, `look_alike` or `note`.
    pub(crate) what: Vec<&'static str>,
}

impl Changes {
    /// Compares two databases. `cards` are the card numbers of the people in `next`, which itself contains only hashes.
    pub(super) fn between(previous: &Gallery, next: &Gallery, cards: &HashMap<PersonName, Vec<CardNumber>>) -> Self {
        let mut changes = Self {
            schedules: changed_schedules(previous, next),
            other_model: previous.header().model != next.header().model,
            other_doors: previous.audience() != next.audience(),
            other_pass_keys: previous.passes().issuers() != next.passes().issuers(),
            before: previous.people().len(),
            ..Self::default()
        };
        for (index, person) in next.people().iter().enumerate() {
            let name = person.name.to_string();
            let Some(before) = previous.person_by_id(&person.id) else {
                changes.added.push(name);
                continue;
            };
            let had_face = !previous.people()[before].encodings.is_empty();
            if had_face && person.encodings.is_empty() && person.details.mode != Mode::Card {
                changes.without_face.push(name.clone());
            }
            let cards = cards.get(&person.name).map_or(&[][..], Vec::as_slice);
            let what = what_changed(Side { gallery: previous, index: before }, Side { gallery: next, index }, cards);
            if !what.is_empty() {
                changes.changed.push(Changed { name, what });
            }
        }
        let gone = previous.people().iter().filter(|person| next.person_by_id(&person.id).is_none());
        changes.removed = gone.map(|person| person.name.to_string()).collect();
        changes
    }

    /// Whether enough people are removed, or lose their face, to make a mistake likely. That people are withheld is no
    /// mistake.
    pub(super) fn removes_many(&self, withheld: &[Member]) -> bool {
        let is_withheld = |name: &&String| withheld.iter().any(|member| member.name.as_str() == name.as_str());
        let affected = self.removed.iter().filter(|name| !is_withheld(name)).count() + self.without_face.len();
        let share = affected as f64 / self.before.max(1) as f64;
        affected > REMOVED_WITHOUT_ASKING && share > SHARE_REMOVED_WITHOUT_ASKING
    }

    /// `removed 3 of 10: Ann, Bo, Cy`, or `removed the faces of 2 of 10: Dee, Eve`, or both.
    pub(super) fn removed_in_words(&self) -> String {
        let said = |what: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what} {} of {}: {}", names.len(), self.before, names.join(", ")))
        };
        let parts = [said("removed", &self.removed), said("removed the faces of", &self.without_face)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// One line for each kind of change; empty if nothing changed.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.added.is_empty() {
            lines.push(format!("added {}: {}", self.added.len(), self.added.join(", ")));
        }
        if !self.removed.is_empty() || !self.without_face.is_empty() {
            lines.push(self.removed_in_words());
        }
        if !self.changed.is_empty() {
            let each = self.changed.iter().map(|Changed { name, what }| {
                let what: Vec<String> = what.iter().map(|what| what.replace('_', "-")).collect();
                format!("{name} ({})", what.join(", "))
            });
            lines.push(format!("changed {}: {}", self.changed.len(), each.collect::<Vec<_>>().join(", ")));
        }
        if !self.schedules.is_empty() {
            lines.push(format!("schedules added, removed or changed: {}", self.schedules.join(", ")));
        }
        if self.other_model {
            lines.push("made with another model: every encoding is new".to_owned());
        }
        if self.other_doors {
            lines.push("for other doors than the replaced database".to_owned());
        }
        if self.other_pass_keys {
            lines.push("visitor passes: other keys than in the replaced database".to_owned());
        }
        lines
    }
}

/// A person in a database.
#[derive(Clone, Copy)]
struct Side<'a> {
    gallery: &'a Gallery,
    index: usize,
}

impl<'a> Side<'a> {
    fn person(self) -> &'a Person {
        &self.gallery.people()[self.index]
    }

    fn photos(self) -> BTreeSet<PhotoDigest> {
        self.gallery.encodings_of(self.index).map(|encoding| encoding.photo).collect()
    }

    fn hours(self) -> BTreeSet<&'a str> {
        let schedules: Vec<&Schedule> = self.gallery.schedules().iter().collect();
        let bound_by = self.gallery.hours_of(self.index).bound_by;
        bound_by.iter().filter_map(|at| schedules.get(at).map(|schedule| schedule.name.as_str())).collect()
    }
}

fn what_changed(before: Side<'_>, after: Side<'_>, cards: &[CardNumber]) -> Vec<&'static str> {
    let (old, new) = (before.person(), after.person());
    let (was, is): (&Details, &Details) = (&old.details, &new.details);
    let groups = |details: &Details| details.groups.iter().cloned().collect::<BTreeSet<String>>();
    let same_cards = was.cards.len() == is.cards.len()
        && cards.iter().all(|card| before.gallery.person_with_card(*card) == Some(before.index));
    [
        ("name", old.name != new.name),
        ("photos", before.photos() != after.photos()),
        ("groups", groups(was) != groups(is)),
        ("mode", was.mode != is.mode),
        ("validity", (was.valid_from, was.valid_until) != (is.valid_from, is.valid_until)),
        ("cards", !same_cards),
        ("hours", before.hours() != after.hours()),
        ("look_alike", before.gallery.has_look_alike(before.index) != after.gallery.has_look_alike(after.index)),
        ("note", was.note != is.note),
    ]
    .into_iter()
    .filter_map(|(what, changed)| changed.then_some(what))
    .collect()
}

/// Names of the schedules, and of the hours of doors, that differ between the two.
fn changed_schedules(previous: &Gallery, next: &Gallery) -> Vec<String> {
    let (before, after) = (previous.schedules(), next.schedules());
    let of_people: BTreeSet<&String> = before.iter().chain(after.iter()).map(|schedule| &schedule.name).collect();
    let schedule = |all: &'_ Schedules, name: &String| all.iter().find(|one| one.name == *name).cloned();
    let of_people = of_people.into_iter().filter(|name| schedule(before, name) != schedule(after, name));
    let of_doors: BTreeSet<&String> = before.doors().iter().chain(after.doors()).map(|hours| &hours.name).collect();
    let hours = |all: &'_ Schedules, name: &String| all.doors().iter().find(|one| one.name == *name).cloned();
    let of_doors = of_doors.into_iter().filter(|name| hours(before, name) != hours(after, name));
    of_people.chain(of_doors).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::card::CardKey;
    use shared::encoding::Encoding;
    use shared::gallery::{GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId};
    use shared::schedule::{Calendar, Period, Weekdays};

    struct Of {
        id: u8,
        name: &'static str,
        /// 0 for somebody without a face.
        photo: u8,
        details: Details,
        cards: &'static [u64],
    }

    const NOBODY_YET: fn(u8, &'static str) -> Of =
        |id, name| Of { id, name, photo: id, details: Details::default(), cards: &[] };

    fn number(card: u64) -> CardNumber {
        CardNumber::new(card).unwrap()
    }

    fn gallery(key: u8, people: &[Of], office: Option<u16>) -> (Gallery, HashMap<PersonName, Vec<CardNumber>>) {
        let mut builder = GalleryBuilder::new(1, ModelHash([1; 32]), 2).unwrap();
        let key = CardKey([key; 32]);
        builder.set_card_key(key).unwrap();
        let mut numbers = HashMap::new();
        for person in people {
            let name = PersonName::parse(person.name).unwrap();
            let cards: Vec<CardNumber> = person.cards.iter().map(|card| number(*card)).collect();
            let details =
                Details { cards: cards.iter().map(|card| key.hash(*card)).collect(), ..person.details.clone() };
            let encoding = Encoding::from_network(&[1.0, f32::from(person.id)]).unwrap();
            let face = NewEncoding { encoding, photo: PhotoDigest([person.photo; 8]), made_at: 0, is_plain: true };
            let encodings = if person.photo == 0 { Vec::new() } else { vec![face] };
            numbers.insert(name.clone(), cards);
            builder.add_person(NewPerson { id: PersonId([person.id; 16]), name, details, encodings }).unwrap();
        }
        let schedule = office.map(|until_minute| Schedule {
            name: "office".to_owned(),
            groups: vec!["staff".to_owned()],
            people: Vec::new(),
            calendar: Calendar::of(vec![Period { weekdays: Weekdays::ALL, from_minute: 360, until_minute }]),
            after_first_of: None,
        });
        builder.set_schedules(Schedules::new(schedule.into_iter().collect()).unwrap()).unwrap();
        (builder.build(), numbers)
    }

    fn staff() -> Details {
        Details { groups: vec!["staff".to_owned()], ..Details::default() }
    }

    #[test]
    fn every_change_for_a_person_is_reported() {
        let limited = Details { mode: Mode::CardAndFace, valid_until: Some(9), note: "x".to_owned(), ..staff() };
        let before = [
            Of { details: limited, cards: &[5], ..NOBODY_YET(1, "Ann") },
            Of { details: staff(), cards: &[6, 7], ..NOBODY_YET(2, "Bo") },
            NOBODY_YET(3, "Cy"),
            NOBODY_YET(4, "Dee"),
        ];
        let after = [
            NOBODY_YET(1, "Ann"),
            Of { details: staff(), cards: &[7, 6], ..NOBODY_YET(2, "Bo") },
            Of { photo: 9, cards: &[8], details: staff(), ..NOBODY_YET(3, "Cyrus") },
            NOBODY_YET(5, "Eve"),
        ];
        let ((previous, _), (next, numbers)) = (gallery(1, &before, Some(1200)), gallery(2, &after, Some(1260)));
        let changes = Changes::between(&previous, &next, &numbers);
        let expected = [
            "added 1: Eve",
            "removed 1 of 4: Dee",
            "changed 2: Ann (groups, mode, validity, cards, hours, note), Cyrus (name, photos, groups, cards, hours)",
            "schedules added, removed or changed: office",
        ];
        assert_eq!(changes.in_words(), expected);
        let (same, numbers) = gallery(3, &before, Some(1200));
        assert_eq!(Changes::between(&previous, &same, &numbers).in_words(), [""; 0]);
    }

    /// If a folder of photos is missing, a person with a card stays in the database, and is recognised no more.
    #[test]
    fn people_who_lose_their_face_count_as_removed() {
        let with_card =
            |photo, mode| Of { photo, cards: &[5], details: Details { mode, ..staff() }, ..NOBODY_YET(1, "Ann") };
        for (mode, expected) in [
            (Mode::Default, &["removed the faces of 1 of 1: Ann", "changed 1: Ann (photos)"][..]),
            (Mode::Card, &["changed 1: Ann (photos, mode)"]),
        ] {
            let (previous, _) = gallery(1, &[with_card(1, Mode::Default)], Some(1200));
            let (next, numbers) = gallery(2, &[with_card(0, mode)], Some(1200));
            assert_eq!(Changes::between(&previous, &next, &numbers).in_words(), expected);
        }
    }

    #[test]
    fn only_many_removals_need_permission() {
        for (before, removed, many) in [
            (0, 0, false),
            (2, 2, false),
            (3, 3, true),
            (29, 3, true),
            (30, 3, false),
            (31, 4, true),
            (1000, 100, false),
        ] {
            let removed = vec![String::new(); removed];
            assert_eq!(
                Changes { before, removed: removed.clone(), ..Changes::default() }.removes_many(&[]),
                many,
                "{before}"
            );
            assert_eq!(
                Changes { before, without_face: removed, ..Changes::default() }.removes_many(&[]),
                many,
                "{before}"
            );
        }
    }
}
