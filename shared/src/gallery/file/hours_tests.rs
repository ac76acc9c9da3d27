//! Hours of people and doors in a file.

use super::codec;
use super::sections::{AUDIENCE, DOOR_HOURS, HOURS, SectionWriter, Sections};
use super::tests::{door_hours, night, small, unit};
use crate::gallery::*;
use crate::schedule::{DoorHours, DoorUse, Schedule, Schedules};
use alloc::vec;

/// A reader that ignored people's hours would let them in at all times, so hours are a required feature.
#[test]
fn hours_are_announced_by_a_required_feature() {
    for (section, own) in [(codec::SCHEDULES, HOURS), (codec::DOOR_MODES, DOOR_HOURS)] {
        hours_are_announced(section, own);
    }
}

fn hours_are_announced(section: Tag, own: u64) {
    let others = (HOURS | DOOR_HOURS) & !own;
    let contents = |tag: Tag, features: u64| {
        let mut writer = SectionWriter::file(features | others | AUDIENCE);
        let file = small().encode().unwrap();
        for section in Sections::parse(&file).unwrap().iter().filter(|section| section.tag != tag) {
            let copied = |out: &mut Vec<u8>| {
                out.extend(section.contents);
                Ok(())
            };
            writer.section(section.tag, copied).unwrap();
        }
        Gallery::decode(&writer.finish())
    };
    let none = Tag(*b"none");
    assert_eq!(contents(none, own).as_ref(), Ok(small().gallery()));
    let unannounced = contents(none, 0).unwrap_err();
    let GalleryError::Unsound { problem, .. } = unannounced else { panic!("{unannounced}") };
    assert_eq!(problem, Problem::Unannounced(section));
    assert!(contents(section, own).is_err());
    let without = contents(section, 0).unwrap();
    let left = (without.schedules().iter().count(), without.schedules().doors().len());
    assert_eq!(left, if own == HOURS { (0, 2) } else { (2, 0) });
}

#[test]
fn a_schedule_that_binds_nobody_is_refused() {
    let mut builder = small();
    let before = builder.gallery().clone();
    for (schedule, expected) in [
        (night(&["Cleaners"], &[]), "the group \"Cleaners\""),
        (night(&[], &[PersonId([9; 16])]), "0909"),
        (Schedule { after_first_of: Some("staff".into()), ..night(&["cleaners"], &[]) }, "the group \"staff\""),
    ] {
        let refused = builder.set_schedules(Schedules::new(vec![schedule]).unwrap()).unwrap_err();
        let message = std::format!("{refused}");
        assert!(message.contains(expected), "{message}");
        assert_eq!(builder.gallery(), &before);
    }
}

#[test]
fn a_door_that_nobody_can_open_for_everybody_is_refused() {
    let does = DoorUse::HeldOpen { after_first_of: "Cleaners".into() };
    let hours = DoorHours { does, ..door_hours().remove(1) };
    let refused = small().set_schedules(Schedules::NONE.with_doors(vec![hours]).unwrap()).unwrap_err();
    assert!(std::format!("{refused}").contains("the group \"Cleaners\""), "{refused}");
}

#[test]
fn a_unit_keeps_the_hours_of_its_own_door() {
    for (id, group, expected) in
        [(1, "office", &["strict"][..]), (2, "office", &["strict", "open"]), (1, "gates", &["strict", "open"])]
    {
        let gallery = small().build().at_door(Some(unit(id)), &[group.parse().unwrap()]);
        let kept: Vec<&str> = gallery.schedules().doors().iter().map(|hours| hours.name.as_str()).collect();
        assert_eq!(kept, expected, "unit {id}, group {group}");
        assert_eq!(gallery.schedules().iter().count(), 2);
    }
}
