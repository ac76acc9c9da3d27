use super::codec;
use super::sections::{AUDIENCE, DOOR_HOURS, HOURS, SectionWriter, Sections, WITHOUT_FACE};
use crate::card::{CardFormat, CardHash, CardKey, CardNumber};
use crate::gallery::*;
use crate::matching::noise::Noise;
use crate::matching::person_distance;
use crate::pass::{AcceptedPasses, PassId, RevokedPass};
use crate::schedule::{Calendar, DoorHours, DoorUse, Period, Schedule, Schedules, Weekdays};
use crate::seal::{Fingerprint, PassKey};
use alloc::string::String;
use alloc::vec;
use kernels::dots_of_rows;
use proptest::prelude::*;

pub(super) const KEY: CardKey = CardKey([0x4b; 32]);

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn person(number: u8, text: &str, encodings: Vec<NewEncoding>) -> NewPerson {
    NewPerson { id: PersonId([number; 16]), name: name(text), details: Details::default(), encodings }
}

fn encodings(noise: &mut Noise, dimensions: usize, count: usize) -> Vec<NewEncoding> {
    let made = |index| NewEncoding {
        encoding: noise.encoding(dimensions),
        photo: PhotoDigest([9; 8]),
        made_at: 1_700_000_000,
        is_plain: index % 2 == 0,
    };
    (0..count).map(made).collect()
}

/// Three people with two, one and three encodings of 5 numbers, everything used.
pub(super) fn small() -> GalleryBuilder {
    let mut noise = Noise(1);
    let mut builder = GalleryBuilder::new(7, ModelHash([0xab; 32]), 5).unwrap();
    builder.set_audience(Audience::units([unit(1), unit(2)]).unwrap());
    builder.set_gate(Some(GateDigest([0xcd; 32])));
    builder.set_card_key(KEY).unwrap();
    let calibration = Calibration { fpir: 0.001, people: 3 };
    builder.set_threshold(1.05, Some(calibration)).unwrap();
    builder.set_grey_threshold(GreyThreshold { threshold: 1.03, calibration }).unwrap();
    let mut kian = person(1, "Kian", encodings(&mut noise, 5, 2));
    kian.details = Details {
        note: "night\nshift".into(),
        groups: vec!["cleaners".into(), "Nacht".into()],
        mode: Mode::CardAndFace,
        valid_from: Some(-1),
        valid_until: Some(i64::MAX),
        cards: vec![CardHash { format: CardFormat(1), hash: [3; 16] }],
    };
    builder.add_person(kian).unwrap();
    builder.add_person(person(2, "Younes", encodings(&mut noise, 5, 1))).unwrap();
    builder.add_person(person(3, "Zoë", encodings(&mut noise, 5, 3))).unwrap();
    builder.add_look_alikes(&PersonId([3; 16]), &PersonId([1; 16]), 0.9).unwrap();
    let schedules = Schedules::new(vec![night(&["cleaners"], &[]), of_zoe()]).unwrap();
    builder.set_schedules(schedules.with_doors(door_hours()).unwrap()).unwrap();
    builder.set_passes(passes());
    builder
}

pub(super) fn unit(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 10])
}

fn passes() -> AcceptedPasses {
    let revoked = |number| RevokedPass { id: PassId([number; 6]), until_minute: 30_000_000 };
    let issuers = [1, 2].map(|number| PassKey::from_random(&[number; 32]).issuer());
    AcceptedPasses::new(issuers.to_vec(), vec![revoked(0x61), revoked(0x62)]).unwrap()
}

fn night(groups: &[&str], people: &[PersonId]) -> Schedule {
    Schedule {
        name: "night".into(),
        groups: groups.iter().map(|&group| group.into()).collect(),
        people: people.to_vec(),
        calendar: nights(),
        after_first_of: Some("Nacht".into()),
    }
}

fn nights() -> Calendar {
    Calendar::of(vec![Period { weekdays: Weekdays::ALL, from_minute: 22 * 60, until_minute: 6 * 60 }])
}

/// A door that asks for more at night, and one that is held open for the cleaners.
fn door_hours() -> Vec<DoorHours> {
    let hours = |name: &str, does, doors| DoorHours { name: name.into(), doors, does, calendar: nights() };
    let held_open = DoorUse::HeldOpen { after_first_of: "cleaners".into() };
    vec![
        hours("strict", DoorUse::Asks(Mode::CardAndFace), Vec::new()),
        hours("open", held_open, vec![DoorName::Unit(unit(2)), "gates".parse().unwrap()]),
    ]
}

fn of_zoe() -> Schedule {
    Schedule { name: "zoë".into(), after_first_of: None, ..night(&[], &[PersonId([3; 16])]) }
}

const TAGS: [Tag; 14] = [
    codec::HEAD,
    codec::DOORS,
    codec::GATE,
    codec::GREY,
    codec::PEOPLE,
    codec::ROWS,
    codec::ORIGINS,
    codec::TIMES,
    codec::PLAIN,
    codec::CARD_KEY,
    codec::SCHEDULES,
    codec::DOOR_MODES,
    codec::PASSES,
    codec::LOOK_ALIKES,
];

#[test]
fn what_is_written_is_read() {
    let built = small().build();
    let read = Gallery::decode(&built.encode().unwrap()).unwrap();
    assert_eq!(read, built);
    assert_eq!(read.header().sequence, 7);
    assert_eq!(read.header().threshold, Some(1.05));
    assert_eq!(read.grey_threshold().map(|grey| grey.threshold), Some(1.03));
    assert_eq!(read.encoding_count(), 6);
    assert_eq!(read.encodings_of(2).count(), 3);
    assert_eq!(read.encodings_of(3).count(), 0);
    let plain = |person| read.encodings_of(person).map(|encoding| encoding.is_plain).collect::<Vec<_>>();
    assert_eq!([0, 1, 2].map(plain), [vec![true, false], vec![true], vec![true, false, true]]);
    assert_eq!(read.people()[0].details.groups[1], "Nacht");
    assert_eq!(read.look_alikes(), [LookAlikes { one: 0, other: 2, distance: 0.9 }]);
    assert_eq!((read.has_look_alike(0), read.has_look_alike(1)), (true, false));
    let hours = |person| {
        let hours = read.hours_of(person);
        (hours.bound_by.iter().collect::<Vec<_>>(), hours.opens.iter().collect::<Vec<_>>())
    };
    assert_eq!([hours(0), hours(1), hours(2)], [(vec![0], vec![0]), (vec![], vec![]), (vec![1], vec![])]);
    assert_eq!(read.person_by_name(&name("YOUNES")), Some(1));
    assert_eq!(read.person_by_name(&name("nobody")), None);
    assert!(read.passes().is_revoked(PassId([0x62; 6])) && !read.passes().is_revoked(PassId([0x63; 6])));
}

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

#[test]
fn another_model_is_refused_with_both_hashes() {
    let gallery = small().build();
    assert_eq!(gallery.require_model(&ModelHash([0xab; 32])), Ok(()));
    let message = std::format!("{}", gallery.require_model(&ModelHash([0xcd; 32])).unwrap_err());
    assert!(message.contains(&"ab".repeat(32)) && message.contains(&"cd".repeat(32)), "{message}");
}

#[test]
fn every_cut_is_refused() {
    let file = small().encode().unwrap();
    for length in 0..file.len() {
        let error = Gallery::decode(&file[..length]).unwrap_err();
        let located = matches!(error, GalleryError::CutOff { .. } | GalleryError::Checksum { .. });
        assert!(located || length == 0, "{length}: {error}");
    }
}

#[test]
fn every_flipped_bit_and_every_extra_byte_is_refused() {
    let mut file = small().encode().unwrap();
    for bit in 0..8 * file.len() {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(Gallery::decode(&file).is_err(), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
    for byte in 0..=255 {
        let longer = [file.as_slice(), &[byte]].concat();
        assert!(Gallery::decode(&longer).is_err(), "{byte} appended");
    }
}

/// The file with one section changed by `change` (`None`: the whole file) and a correct checksum.
fn crafted(file: &[u8], tag: Tag, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let sections = Sections::parse(file).unwrap();
    let mut change = Some(change);
    let mut writer = SectionWriter::file(sections.features);
    for section in sections.iter() {
        writer
            .section(section.tag, |out| {
                let mut contents = section.contents.to_vec();
                if section.tag == tag
                    && let Some(change) = change.take()
                {
                    change(&mut contents);
                }
                out.extend(contents);
                Ok(())
            })
            .unwrap();
    }
    writer.finish()
}

fn with_header(change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let gallery = small().build();
    let mut header = gallery.header;
    change(&mut header);
    crafted(&gallery.encode().unwrap(), codec::HEAD, |contents| *contents = postcard::to_allocvec(&header).unwrap())
}

fn with_grey(change: impl FnOnce(&mut GreyThreshold)) -> Vec<u8> {
    let gallery = small().build();
    let mut grey = gallery.grey.unwrap();
    change(&mut grey);
    crafted(&gallery.encode().unwrap(), codec::GREY, |contents| *contents = postcard::to_allocvec(&grey).unwrap())
}

fn with_bytes(tag: Tag, from: &'static [u8], to: &'static [u8]) -> Vec<u8> {
    crafted(&small().encode().unwrap(), tag, |contents| {
        let at = contents.windows(from.len()).position(|window| window == from).unwrap();
        contents.splice(at..at + from.len(), to.iter().copied());
    })
}

#[test]
fn hostile_contents_with_a_correct_checksum_are_refused() {
    use codec::{CARD_KEY, LOOK_ALIKES, ORIGINS, PASSES, PEOPLE, PLAIN, ROWS, TIMES};
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (with_header(|h| h.dimensions = 0), "0 numbers in an encoding"),
        (with_header(|h| h.dimensions = 513), "513 numbers in an encoding"),
        (with_header(|h| h.dimensions = 4), "\"rows\" has 30 bytes, but 24 according to the header"),
        (with_header(|h| h.people = u32::MAX), "at most 100000 people"),
        (with_header(|h| h.people = 100_000), "\"peop\" has"),
        (with_header(|h| h.people = 4), "record of a person cannot be read"),
        (with_header(|h| h.people = 2), "bytes are left"),
        (with_header(|h| h.encodings = u32::MAX), "but 21474836475 according to the header"),
        (with_header(|h| h.encodings = 7), "\"rows\" has"),
        (with_header(|h| h.threshold = Some(f32::NAN)), "threshold NaN"),
        (with_header(|h| h.threshold = Some(-1.0)), "threshold -1"),
        (with_header(|h| h.threshold = Some(2.5)), "threshold 2.5"),
        (with_header(|h| h.threshold = None), "calibration"),
        (with_header(|h| h.calibration = Some(Calibration { fpir: f32::NAN, people: 1 })), "FPIR of NaN"),
        (with_grey(|grey| grey.threshold = f32::NAN), "threshold NaN"),
        (with_grey(|grey| grey.threshold = 0.0), "threshold 0"),
        (with_grey(|grey| grey.threshold = 2.5), "threshold 2.5"),
        (with_grey(|grey| grey.calibration.fpir = 1.0), "FPIR of 1"),
        (
            crafted(&small().encode().unwrap(), codec::GREY, |contents| contents.truncate(3)),
            "threshold for grey cannot be read",
        ),
        (crafted(&small().encode().unwrap(), codec::GREY, |contents| contents.push(0)), "1 bytes are left"),
        (with_bytes(PEOPLE, b"\x04Kian", b"\x04K\nan"), "control character U+000A"),
        (with_bytes(PEOPLE, b"\x04Kian", b"\x04\xffian"), "record of a person cannot be read"),
        (with_bytes(PEOPLE, b"\x04Kian", b"\x00"), "the name is empty"),
        (with_bytes(PEOPLE, b"\x04Kian", b"\x05Kian "), "white space around it"),
        (with_bytes(PEOPLE, b"\x04Zo\xc3\xab", b"\x05Zoe\xcc\x88"), "not in normal form C"),
        (with_bytes(PEOPLE, b"\x06Younes", b"\x04kIAN"), "the name of another person"),
        (with_bytes(PEOPLE, &[2; 16], &[1; 16]), "the id 0101"),
        (with_bytes(PEOPLE, b"\x06Younes\x01", b"\x06Younes\x00"), "neither a face nor a card"),
        (with_bytes(PEOPLE, b"\x06Younes\x01", b"\x06Younes\x02"), "the people have 7 encodings in total"),
        (with_bytes(PEOPLE, b"\x06Younes\x01", b"\x06Younes\xff\xff\xff\xff\x0f"), "4294967295 encodings"),
        (with_bytes(PEOPLE, b"night\n", b"night\r"), "the note"),
        (with_bytes(PEOPLE, b"\x02\x08cleaners", b"\x09\x08cleaners"), "record of a person cannot be read"),
        (with_bytes(PEOPLE, b"\x08cleaners", b"\x00"), "the groups"),
        (with_bytes(PEOPLE, b"Nacht", b"Na\x07ht"), "the groups"),
        (crafted(&small().encode().unwrap(), PEOPLE, |c| c.push(0)), "1 bytes are left"),
        (crafted(&small().encode().unwrap(), ROWS, |c| c.truncate(c.len() - 1)), "\"rows\" has 29 bytes"),
        (crafted(&small().encode().unwrap(), ROWS, |c| c[5..10].fill(0)), "the integers of encoding 1 are invalid"),
        (crafted(&small().encode().unwrap(), ROWS, |c| c[29] = 0x80), "the integers of encoding 5 are invalid"),
        (crafted(&small().encode().unwrap(), ORIGINS, Vec::clear), "\"from\" has 0 bytes"),
        (crafted(&small().encode().unwrap(), TIMES, |c| c[0] = 0), "times at which"),
        (crafted(&small().encode().unwrap(), TIMES, |c| c[0] = 7), "times at which"),
        (crafted(&small().encode().unwrap(), TIMES, |c| c[0] = 5), "times at which"),
        (crafted(&small().encode().unwrap(), PLAIN, Vec::clear), "\"plai\" has 0 bytes, but 1 according to the header"),
        (crafted(&small().encode().unwrap(), PLAIN, |c| c.push(0)), "\"plai\" has 2 bytes"),
        (crafted(&small().encode().unwrap(), PLAIN, |c| c[0] |= 0x40), "mark of a plain face"),
        (crafted(&small().encode().unwrap(), CARD_KEY, |c| c.truncate(31)), "key of the cards"),
        (crafted(&small().encode().unwrap(), CARD_KEY, |c| c.push(0)), "1 bytes are left"),
        (crafted(&small().encode().unwrap(), PASSES, |c| c[0] = 5), "record of passes cannot be read"),
        (crafted(&small().encode().unwrap(), PASSES, |c| c.push(0)), "1 bytes are left"),
        (crafted(&small().encode().unwrap(), PASSES, |c| *c = vec![0, 0]), "the pass keys or the revoked"),
        (crafted(&small().encode().unwrap(), PASSES, |c| c[1..33].fill(0)), "the pass keys or the revoked"),
        (crafted(&small().encode().unwrap(), PASSES, |c| c.copy_within(1..33, 33)), "the pass keys or the revoked"),
        (with_bytes(PASSES, &[0x61; 6], &[0x63; 6]), "the pass keys or the revoked"),
        (crafted(&small().encode().unwrap(), LOOK_ALIKES, |c| c[1] = 0), "look-alikes"),
        (crafted(&small().encode().unwrap(), LOOK_ALIKES, |c| c[1] = 3), "look-alikes"),
        (crafted(&small().encode().unwrap(), LOOK_ALIKES, |c| c[2..6].fill(0xff)), "look-alikes"),
        (crafted(&small().encode().unwrap(), LOOK_ALIKES, |c| c.truncate(c.len() - 1)), "look-alikes"),
    ];
    for (index, (file, expected)) in cases.iter().enumerate() {
        let error = Gallery::decode(file).expect_err(expected);
        let message = std::format!("{error}");
        assert!(message.starts_with("byte ") && message.contains(expected), "case {index}: {message}");
    }
}

#[test]
fn the_outside_of_a_file_is_checked_first() {
    let file = small().encode().unwrap();
    let changed = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        Gallery::decode(&file)
    };
    assert_eq!(changed(0, b'p'), Err(GalleryError::NotADatabase));
    assert_eq!(Gallery::decode(b"\xff\xd8\xff\xe0 a photo"), Err(GalleryError::NotADatabase));
    assert_eq!(Gallery::decode(b""), Err(GalleryError::NotADatabase));
    assert_eq!(changed(8, 2), Err(GalleryError::Version { supported: 1, found: 2 }));
    assert_eq!(changed(17, 0x80), Err(GalleryError::Features { unknown: 1 << 63 }));
    let end = file.len() - 4;
    assert!(matches!(changed(end - 1, 0xee), Err(GalleryError::Checksum { end: found, .. }) if found == end));
    assert!(matches!(changed(25, 0xff), Err(GalleryError::CutOff { byte: 18, what: "a section", .. })));
}

#[test]
fn an_unknown_section_is_skipped_and_a_second_or_missing_one_refused() {
    let built = small().build();
    let file = built.encode().unwrap();
    let appended = |out: &mut Vec<u8>, contents: &[u8]| {
        out.extend(contents);
        Ok(())
    };
    let rewritten = |extra: Option<[u8; 4]>, left_out: Option<Tag>| {
        let mut writer = SectionWriter::file(HOURS | DOOR_HOURS | AUDIENCE);
        for section in Sections::parse(&file).unwrap().iter().filter(|section| Some(section.tag) != left_out) {
            writer.section(section.tag, |out| appended(out, section.contents)).unwrap();
        }
        if let Some(tag) = extra {
            writer.section(Tag(tag), |out| appended(out, b"later")).unwrap();
        }
        Gallery::decode(&writer.finish())
    };
    assert_eq!(rewritten(Some(*b"new!"), None).as_ref(), Ok(&built));
    for tag in TAGS {
        let twice = rewritten(Some(tag.0), None);
        assert!(
            matches!(twice, Err(GalleryError::Unsound { problem: Problem::SecondSection(found), .. }) if found == tag)
        );
        let without = rewritten(None, Some(tag));
        match without {
            Ok(gallery) => match tag {
                codec::GATE => assert_eq!(gallery.gate(), None),
                codec::GREY => assert_eq!(gallery.grey_threshold(), None),
                codec::PASSES => assert!(gallery.passes().is_empty()),
                // Without the marks no face is known to be plain, and the stricter rule applies to all.
                codec::PLAIN => assert!(gallery.encodings_of(0).all(|encoding| !encoding.is_plain)),
                _ => assert!(tag == codec::LOOK_ALIKES && gallery.look_alikes().is_empty()),
            },
            Err(GalleryError::Unsound { problem: Problem::CardsWithoutKey(_), .. }) => assert!(tag == codec::CARD_KEY),
            Err(GalleryError::Unsound { problem, .. }) => assert_eq!(problem, Problem::MissingSection(tag)),
            Err(other) => panic!("{other}"),
        }
    }
}

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

#[test]
fn the_nearest_is_found_among_all_and_of_one() {
    let mut noise = Noise(11);
    let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 128).unwrap();
    assert_eq!(builder.gallery().nearest(&noise.encoding(128), dots_of_rows), None);
    let enrolled: Vec<_> = (0..20).map(|_| encodings(&mut noise, 128, 3)).collect();
    for (number, encodings) in enrolled.iter().enumerate() {
        builder.add_person(person(number as u8, &std::format!("p{number}"), encodings.clone())).unwrap();
    }
    let gallery = builder.build();
    for (number, encodings) in enrolled.iter().enumerate() {
        let probe = &encodings[1].encoding;
        let best = gallery.nearest(probe, dots_of_rows).unwrap();
        assert_eq!((best.person, best.encoding), (number, 3 * number + 1));
        let distances = encodings.iter().map(|enrolled| enrolled.encoding.l2_distance(probe));
        assert!((best.distance - person_distance(distances).unwrap()).abs() < 0.01);
        let two = gallery.nearest_two(probe, dots_of_rows).unwrap();
        assert_eq!(two.best, best);
        assert_ne!(two.runner_up.unwrap().person, number);
        assert_eq!(gallery.nearest_of(number, probe, dots_of_rows), Some(best));
        let other = gallery.nearest_of((number + 1) % 20, probe, dots_of_rows).unwrap();
        assert_eq!(other.person, (number + 1) % 20);
        assert!(other.distance >= two.runner_up.unwrap().distance);
    }
    assert_eq!(gallery.nearest_of(20, &enrolled[0][0].encoding, dots_of_rows), None);
    assert_eq!(gallery.nearest(&noise.encoding(127), dots_of_rows), None);
    for (index, encoding) in gallery.encodings_of(4).enumerate() {
        let restored = encoding.numbers.iter().map(|&z| f32::from(z) * encoding.scale);
        let distance: f32 =
            restored.zip(enrolled[4][index].encoding.numbers()).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
        assert!(distance < 0.02, "{distance}");
    }
}

#[test]
fn an_encoding_takes_at_most_the_promised_space() {
    let mut noise = Noise(13);
    for (dimensions, of_person) in [(128, 3), (512, 3), (128, 2)] {
        let mut builder = GalleryBuilder::new(1_700_000_000, ModelHash([1; 32]), dimensions).unwrap();
        for number in 0..1000_u32 {
            let mut new = person(0, &std::format!("Person {number:05}"), encodings(&mut noise, dimensions, of_person));
            new.id.0[..4].copy_from_slice(&number.to_le_bytes());
            new.encodings.iter_mut().for_each(|encoding| encoding.made_at += i64::from(number / 100));
            builder.add_person(new).unwrap();
        }
        let file = builder.encode().unwrap();
        let each = file.len() as f64 / (1000 * of_person) as f64;
        std::println!("{dimensions} numbers, {of_person} encodings each: {each:.2} bytes an encoding");
        assert!(each <= (dimensions + 22) as f64 || of_person < 3, "{each}");
    }
}

pub(super) fn arbitrary_gallery() -> impl Strategy<Value = Gallery> {
    let details = (
        "[a-zé \n]{0,40}",
        prop::collection::vec("[a-z]{1,32}", 0..=8),
        prop::sample::select(vec![Mode::Default, Mode::Face, Mode::CardAndFace, Mode::CardOrFace, Mode::Card]),
        prop::option::of(any::<i32>()),
        prop::option::of(any::<i32>()),
        0..=8_usize,
    );
    let people = prop::collection::vec(("\\PC{1,30}", details, prop::collection::vec(any::<u32>(), 0..4)), 0..12);
    let threshold = || prop::option::of(0.01..2.0_f32);
    let header = (any::<u64>(), any::<[u8; 32]>(), 1..=512_usize, threshold(), threshold());
    let audience = prop_oneof![
        Just(None),
        Just(Some(Audience::AllDoors)),
        "[g-z][a-z0-9-]{0,31}".prop_filter_map("all", |name| name.parse().ok().map(Audience::Group).map(Some)),
        prop::collection::vec(any::<[u8; 10]>(), 1..=MAX_UNITS)
            .prop_map(|ids| Audience::units(ids.into_iter().map(Fingerprint::from_bytes)).ok()),
    ];
    (header, audience, people, any::<u64>()).prop_map(
        |((sequence, model, dimensions, threshold, grey), audience, people, seed)| {
            let mut noise = Noise(seed);
            let mut builder = GalleryBuilder::new(sequence, ModelHash(model), dimensions).unwrap();
            builder.set_card_key(CardKey(model)).unwrap();
            audience.into_iter().for_each(|audience| builder.set_audience(audience));
            if let Some(threshold) = threshold {
                builder.set_threshold(threshold, None).unwrap();
            }
            if let Some(threshold) = grey {
                let calibration = Calibration { fpir: threshold / 4.0, people: dimensions as u32 };
                builder.set_grey_threshold(GreyThreshold { threshold, calibration }).unwrap();
            }
            for (index, (text, (note, groups, mode, from, until, cards), times)) in people.into_iter().enumerate() {
                let Ok(name) = PersonName::parse(&text) else { continue };
                let cards = (0..cards).map(|card| CardHash { format: CardFormat(card as u8), hash: [index as u8; 16] });
                let details = Details {
                    note,
                    groups,
                    mode,
                    valid_from: from.map(i64::from),
                    valid_until: until.map(i64::from),
                    cards: cards.collect(),
                };
                let encodings = times
                    .into_iter()
                    .map(|time| NewEncoding {
                        encoding: noise.encoding(dimensions),
                        photo: PhotoDigest(seed.to_le_bytes()),
                        made_at: i64::from(time),
                        is_plain: time % 3 == 0,
                    })
                    .collect();
                let mut id = [0; 16];
                id[0] = index as u8;
                // Refused if names collide or validity ends too early: the gallery is unchanged.
                let _ = builder.add_person(NewPerson { id: PersonId(id), name, details, encodings });
            }
            builder.build()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_gallery_is_read_as_written(gallery in arbitrary_gallery()) {
        let file = gallery.encode().unwrap();
        prop_assert_eq!(Gallery::decode(&file), Ok(gallery));
    }

    #[test]
    fn any_gallery_cut_anywhere_is_refused(gallery in arbitrary_gallery(), cut in any::<prop::sample::Index>()) {
        let file = gallery.encode().unwrap();
        prop_assert!(Gallery::decode(&file[..cut.index(file.len())]).is_err());
    }

    #[test]
    fn random_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..400), dressed in any::<bool>()) {
        if dressed {
            let start = b"PEOPLEDB\x01\0\0\0\0\0\0\0\0\0";
            bytes.splice(0..0, start.iter().copied());
        }
        prop_assert!(Gallery::decode(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Arbitrary contents with a correct checksum are refused or decode to a valid gallery, which can be written and
    /// searched.
    #[test]
    fn crafted_contents_never_panic(
        which in 0..TAGS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..5),
    ) {
        let file = crafted(&small().encode().unwrap(), TAGS[which], |contents| {
            for (at, byte, kind) in &edits {
                let index = at.index(contents.len() + 1);
                match kind {
                    0 => contents.insert(index, *byte),
                    1 if index < contents.len() => drop(contents.remove(index)),
                    _ if index < contents.len() => contents[index] = *byte,
                    _ => contents.push(*byte),
                }
            }
        });
        if let Ok(gallery) = Gallery::decode(&file) {
            prop_assert_eq!(Gallery::decode(&gallery.encode().unwrap()), Ok(gallery.clone()));
            let dimensions = usize::from(gallery.header().dimensions);
            let nearest = gallery.nearest_two(&Noise(1).encoding(dimensions), dots_of_rows);
            prop_assert!(nearest.is_none_or(|nearest| (0.0..=2.0).contains(&nearest.best.distance)));
        }
    }
}
