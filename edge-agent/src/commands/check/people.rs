//! Warnings about the people of a database: who cannot enter with this configuration, and when.

use crate::config::{Config, Contacts};
use policy::Enrolled;
use shared::gallery::Gallery;

/// Warns of people who cannot enter, of hours without a time zone, and of a lockdown switch that admits nobody.
pub(super) fn about_people(config: &Config, gallery: &Gallery) -> Vec<String> {
    let mut warnings = about_cards(config, gallery);
    warnings.extend(about_hours(config, gallery));
    warnings.extend(about_lockdown(&config.contacts, gallery));
    warnings
}

fn about_cards(config: &Config, gallery: &Gallery) -> Vec<String> {
    let rules = config.rules_with_threshold(1.0);
    let holders = (0..gallery.people().len()).filter_map(|person| Enrolled::in_gallery(gallery, person));
    let need = gallery
        .people()
        .iter()
        .zip(holders)
        .filter(|(person, holder)| person.encodings.is_empty() || !rules.is_face_enough(holder));
    let (with, without): (Vec<_>, Vec<_>) = need.partition(|(person, _)| !person.details.cards.is_empty());
    let mut warnings = Vec::new();
    if config.reader.is_none() && !(with.is_empty() && without.is_empty()) {
        let people = with.len() + without.len();
        warnings.push(format!(
            "{people} of the people must present a card, but no [reader] is configured: they cannot enter"
        ));
    }
    if !without.is_empty() {
        let people = without.len();
        warnings.push(format!("{people} of the people must present a card, but have none: they cannot enter"));
    }
    let faceless = gallery.people().iter().enumerate().filter(|(_, person)| person.encodings.is_empty());
    let holders = faceless.filter_map(|(index, _)| Enrolled::in_gallery(gallery, index));
    let shut_out = holders.filter(|holder| !rules.is_card_enough(holder)).count();
    if shut_out > 0 {
        warnings.push(format!(
            "{shut_out} of the people are enrolled without a face, but this door asks for one: they cannot enter. Give \
             them the mode \"card\" in people.csv, or set [policy] mode = \"card-or-face\""
        ));
    }
    let doubles =
        with.iter().chain(&without).filter(|(_, holder)| holder.has_look_alike && rules.look_alikes_need_card).count();
    if doubles > 0 {
        warnings.push(format!(
            "{doubles} of these need a card because they look like another enrolled person; enrol a card for them, or set \
             [policy] look-alikes"
        ));
    }
    warnings
}

/// Warns if the lockdown switch admits a group without members.
fn about_lockdown(contacts: &Contacts, gallery: &Gallery) -> Option<String> {
    let admitted = contacts.lockdown_admits.as_ref()?;
    let is_somebody_in_it = gallery.people().iter().any(|person| person.details.groups.contains(admitted));
    (!is_somebody_in_it)
        .then(|| format!("contacts.lockdown-admits is {admitted:?}, a group without members: the switch admits nobody"))
}

/// Warns if people or the door have hours, but no time zone is configured.
fn about_hours(config: &Config, gallery: &Gallery) -> Option<String> {
    if gallery.schedules().is_empty() || config.clock.zone.is_some() {
        return None;
    }
    let zone = config.clock.zone().ok()?;
    let name = zone.iana_name().unwrap_or("UTC, because this computer names none");
    Some(format!(
        "people or this door have hours, which are in this computer's time zone ({name}): set [clock] zone to the \
         intended one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::card::{CardKey, CardNumber};
    use shared::encoding::Encoding;
    use shared::gallery::{
        Details, GalleryBuilder, Mode, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
    };

    fn warned(text: &str, gallery: &Gallery) -> Vec<String> {
        about_people(&Config::parse(text).unwrap(), gallery)
    }

    /// Somebody of the staff who has a card and no face, and this mode.
    fn without_a_face(mode: Mode) -> Gallery {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        let key = CardKey([7; 32]);
        builder.set_card_key(key).unwrap();
        let cards = vec![key.hash(CardNumber::new(5).unwrap())];
        let details = Details { groups: vec!["staff".to_owned()], mode, cards, ..Details::default() };
        let (id, name) = (PersonId([1; 16]), PersonName::parse("Ada").unwrap());
        builder.add_person(NewPerson { id, name, details, encodings: Vec::new() }).unwrap();
        builder.build()
    }

    #[test]
    fn people_who_cannot_enter_give_a_warning() {
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nboard = \"pi-4\"\n";
        let reader = "[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\n";
        let (no_face, no_reader) = ("without a face, but this door asks for one", "no [reader] is configured");
        for (mode, reader, policy, expected) in [
            (Mode::Default, reader, "card-and-face", &[no_face][..]),
            (Mode::Default, reader, "card-or-face", &[]),
            (Mode::Card, reader, "card-and-face", &[]),
            (Mode::Card, "", "card-and-face", &[no_reader]),
            (Mode::Default, "", "card-and-face", &[no_reader, no_face]),
        ] {
            let text = format!("{lock}{reader}[policy]\nmode = \"{policy}\"\nface-alone = \"accepted\"\n");
            let found = warned(&text, &without_a_face(mode));
            let is_found = |expected: &&str| found.iter().any(|warning| warning.contains(expected));
            let unexpected = [no_face, no_reader].into_iter().filter(|about| !expected.contains(about));
            assert!(expected.iter().all(is_found), "{mode:?} {policy} {reader}: {found:?}");
            assert!(!unexpected.into_iter().any(|about| is_found(&about)), "{mode:?} {policy} {reader}: {found:?}");
        }
    }

    #[test]
    fn a_lockdown_switch_for_a_group_without_members_gives_a_warning() {
        for (group, expected) in [("staff", false), ("wardens", true)] {
            let text = format!("[contacts]\nlockdown-pin = 22\nlockdown-admits = \"{group}\"\n");
            let found = warned(&text, &without_a_face(Mode::Card));
            assert_eq!(found.iter().any(|warning| warning.contains("admits nobody")), expected, "{found:?}");
        }
    }

    #[test]
    fn people_who_cannot_enter_without_a_card_are_counted() {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        for (number, mode) in [(1, Mode::CardAndFace), (2, Mode::Face), (3, Mode::Default), (4, Mode::Face)] {
            let encoding = Encoding::from_network(&[1.0, 0.0]).unwrap();
            builder
                .add_person(NewPerson {
                    id: PersonId([number; 16]),
                    name: PersonName::parse(&number.to_string()).unwrap(),
                    details: Details { mode, ..Details::default() },
                    encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true }],
                })
                .unwrap();
        }
        builder.add_look_alikes(&PersonId([2; 16]), &PersonId([3; 16]), 0.8).unwrap();
        let gallery = builder.build();
        let counts = |text: &str| -> Vec<String> {
            let warnings = about_cards(&Config::parse(text).unwrap(), &gallery);
            warnings.iter().map(|warning| warning[..1].to_owned()).collect()
        };
        assert_eq!(counts("[policy]\nmode = \"face\"\n"), ["3", "3", "2"]);
        assert_eq!(counts("[policy]\nmode = \"face\"\nlook-alikes = \"as-others\"\n"), ["1", "1"]);
        assert_eq!(counts("[policy]\nlook-alikes = \"as-others\"\n"), ["2", "2"]);
        assert_eq!(counts("[policy]\nmode = \"card-and-face\"\nlook-alikes = \"as-others\"\n"), ["2", "2"]);
    }
}
