//! People in a file: faces, cards, modes, and who is refused or removed.

use super::sections::{AUDIENCE, DOOR_HOURS, HOURS, SectionWriter, Sections, WITHOUT_FACE};
use super::tests::{KEY, door_hours, encodings, name, night, of_zoe, person, small};
use crate::card::{CardFormat, CardHash, CardNumber};
use crate::gallery::*;
use crate::matching::noise::Noise;
use crate::schedule::{Schedule, Schedules};
use alloc::string::String;
use alloc::vec;
use kernels::dots_of_rows;

#[test]
fn every_notation_of_a_card_finds_its_holder() {
    let mut builder = small();
    let card = |text: &str| text.parse::<CardNumber>().unwrap();
    let mut vera = person(4, "Vera", encodings(&mut Noise(3), 5, 1));
    vera.details.cards = vec![KEY.hash(card("123:47726")), KEY.hash(card("0x12345678"))];
    builder.add_person(vera).unwrap();
    let read = Gallery::decode(&builder.encode().unwrap()).unwrap();
    for (text, holder) in
        [("0008108654", Some(3)), ("305419896", Some(3)), ("123:47727", None), ("4", None), ("3419896", None)]
    {
        assert_eq!(read.person_with_card(card(text)), holder, "{text}");
    }
    assert_eq!(builder.set_card_key(KEY), Err(Problem::SecondCardKey.into()));
    let without = GalleryBuilder::new(1, ModelHash([0; 32]), 5).unwrap().build();
    assert_eq!(without.person_with_card(card("1")), None);
}

/// Somebody who does not want to be recognised has a card, and no encoding.
#[test]
fn a_person_needs_a_face_or_a_card_that_fit_the_mode() {
    use Mode::{Card, CardAndFace, CardOrFace, Default, Face};
    let mut noise = Noise(4);
    for (mode, cards, faces, expected) in [
        (Card, 1, 0, None),
        (Default, 1, 0, None),
        (CardOrFace, 1, 0, None),
        (Face, 0, 1, None),
        (Card, 0, 0, Some("neither a face nor a card")),
        (Default, 0, 0, Some("neither a face nor a card")),
        (Face, 1, 0, Some("must show a face")),
        (CardAndFace, 1, 0, Some("must show a face")),
        (Card, 1, 1, Some("no face of this person may be stored")),
    ] {
        let mut builder = small();
        let mut added = person(9, "Wim", encodings(&mut noise, 5, faces));
        added.details.mode = mode;
        added.details.cards = (0..cards).map(|_| CardHash { format: CardFormat(1), hash: [9; 16] }).collect();
        let refused = builder.add_person(added).err().map(|error| std::format!("{error}"));
        match expected {
            Some(expected) => assert!(refused.as_ref().is_some_and(|why| why.contains(expected)), "{refused:?}"),
            None => {
                assert_eq!(refused, None, "{mode:?}");
                let file = builder.encode().unwrap();
                assert_eq!(Sections::parse(&file).unwrap().features & WITHOUT_FACE != 0, faces == 0);
                assert_eq!(Gallery::decode(&file).as_ref(), Ok(builder.gallery()));
            }
        }
    }
}

/// A reader that does not know of people without a face must say so, so they are a required feature.
#[test]
fn people_without_a_face_are_announced() {
    let mut builder = small();
    let mut wim = person(9, "Wim", Vec::new());
    wim.details.mode = Mode::Card;
    wim.details.cards = vec![CardHash { format: CardFormat(1), hash: [9; 16] }];
    builder.add_person(wim).unwrap();
    let with_features = |builder: &GalleryBuilder, features: u64| {
        let mut writer = SectionWriter::file(features | AUDIENCE | HOURS | DOOR_HOURS);
        let file = builder.encode().unwrap();
        for section in Sections::parse(&file).unwrap().iter() {
            let copied = |out: &mut Vec<u8>| {
                out.extend(section.contents);
                Ok(())
            };
            writer.section(section.tag, copied).unwrap();
        }
        Gallery::decode(&writer.finish())
    };
    assert!(with_features(&builder, WITHOUT_FACE).is_ok() && with_features(&small(), 0).is_ok());
    for (builder, features) in [(builder, 0), (small(), WITHOUT_FACE)] {
        let refused = with_features(&builder, features).unwrap_err();
        assert!(matches!(refused, GalleryError::Unsound { problem: Problem::PeopleWithoutFace, .. }), "{refused}");
    }
}

#[test]
fn invalid_people_are_refused_and_change_nothing() {
    let mut noise = Noise(5);
    let mut builder = small();
    let before = builder.gallery().clone();
    let mut someone = |change: fn(&mut NewPerson)| {
        let mut someone = person(4, "Vera", encodings(&mut noise, 5, 1));
        change(&mut someone);
        someone
    };
    let cases: [(NewPerson, &str); 11] = [
        (someone(|p| p.id = PersonId([1; 16])), "the id 0101"),
        (someone(|p| p.name = name("kian")), "the name of another person"),
        (someone(|p| p.encodings.clear()), "neither a face nor a card"),
        (someone(|p| p.encodings = vec![p.encodings[0].clone(); 1001]), "1001 encodings"),
        (someone(|p| p.encodings[0].encoding = Noise(1).encoding(6)), "6 numbers, the database has 5"),
        (someone(|p| p.details.note = "x".repeat(513)), "the note"),
        (someone(|p| p.details.groups = vec!["x".repeat(33)]), "the groups"),
        (someone(|p| p.details.groups = vec![String::from("x"); 9]), "the groups"),
        (someone(|p| p.details.cards = vec![CardHash { format: CardFormat(1), hash: [3; 16] }]), "card"),
        (someone(|p| p.details.cards = vec![CardHash { format: CardFormat(2), hash: [3; 16] }; 2]), "card"),
        (someone(|p| (p.details.valid_from, p.details.valid_until) = (Some(5), Some(5))), "validity"),
    ];
    for (person, expected) in cases {
        let message = std::format!("{}", builder.add_person(person).unwrap_err());
        assert!(message.contains(expected), "{message}");
        assert_eq!(builder.gallery(), &before);
    }
    builder.add_person(someone(|_| ())).unwrap();
    assert!(GalleryBuilder::new(1, ModelHash([0; 32]), 0).is_err());
    assert!(GalleryBuilder::new(1, ModelHash([0; 32]), 513).is_err());
    assert!(builder.set_threshold(0.0, None).is_err());
    let grey = |threshold, fpir| GreyThreshold { threshold, calibration: Calibration { fpir, people: 3 } };
    for (threshold, fpir, is_sound) in [(1.0, 0.01, true), (0.0, 0.01, false), (1.0, 0.0, false), (1.0, 1.0, false)] {
        assert_eq!(builder.set_grey_threshold(grey(threshold, fpir)).is_ok(), is_sound, "{threshold} {fpir}");
    }
    assert!(builder.add_look_alikes(&PersonId([1; 16]), &PersonId([1; 16]), 0.1).is_err());
    assert!(builder.add_look_alikes(&PersonId([1; 16]), &PersonId([99; 16]), 0.1).is_err());
}

#[test]
fn a_removed_person_leaves_nothing_behind() {
    let kept = Gallery::decode(&small().encode().unwrap()).unwrap();
    let zoe: Vec<_> = kept.encodings_of(2).map(|encoding| encoding.numbers.to_vec()).collect();
    let mut builder = GalleryBuilder::from_gallery(kept, 8);
    builder.add_look_alikes(&PersonId([2; 16]), &PersonId([3; 16]), 0.8).unwrap();
    assert!(builder.remove_person(&PersonId([1; 16])));
    assert!(!builder.remove_person(&PersonId([1; 16])));
    let left = Gallery::decode(&builder.encode().unwrap()).unwrap();
    assert_eq!(&left, builder.gallery());
    assert_eq!((left.header().sequence, left.people().len(), left.encoding_count()), (8, 2, 4));
    assert_eq!(left.encodings_of(1).map(|encoding| encoding.numbers.to_vec()).collect::<Vec<_>>(), zoe);
    assert_eq!(left.look_alikes(), [LookAlikes { one: 0, other: 1, distance: 0.8 }]);
    let schedules = |people: Vec<Schedule>| Schedules::new(people).unwrap().with_doors(door_hours()).unwrap();
    assert_eq!(left.schedules(), &schedules(vec![night(&["cleaners"], &[]), of_zoe()]));
    let mut without_zoe = builder.clone();
    assert!(without_zoe.remove_person(&PersonId([3; 16])));
    assert_eq!(without_zoe.gallery().schedules(), &schedules(vec![night(&["cleaners"], &[])]));
    let probe = Noise(3).encoding(5);
    assert!(left.nearest(&probe, dots_of_rows).unwrap().person < 2);
    let again = person(1, "Kian", encodings(&mut Noise(9), 5, 1));
    builder.add_person(NewPerson { details: Details::default(), ..again }).unwrap();
}
