use super::codec;
use super::sections::{AUDIENCE, DOOR_HOURS, HOURS, SectionWriter, Sections};
use crate::card::{CardFormat, CardHash, CardKey};
use crate::gallery::*;
use crate::matching::noise::Noise;
use crate::matching::person_distance;
use crate::pass::{AcceptedPasses, PassId, RevokedPass};
use crate::schedule::{Calendar, DoorHours, DoorUse, Period, Schedule, Schedules, Weekdays};
use crate::seal::{Fingerprint, PassKey};
use alloc::vec;
use kernels::dots_of_rows;

pub(super) const KEY: CardKey = CardKey([0x4b; 32]);

pub(super) fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub(super) fn person(number: u8, text: &str, encodings: Vec<NewEncoding>) -> NewPerson {
    NewPerson { id: PersonId([number; 16]), name: name(text), details: Details::default(), encodings }
}

pub(super) fn encodings(noise: &mut Noise, dimensions: usize, count: usize) -> Vec<NewEncoding> {
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

pub(super) fn night(groups: &[&str], people: &[PersonId]) -> Schedule {
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
pub(super) fn door_hours() -> Vec<DoorHours> {
    let hours = |name: &str, does, doors| DoorHours { name: name.into(), doors, does, calendar: nights() };
    let held_open = DoorUse::HeldOpen { after_first_of: "cleaners".into() };
    vec![
        hours("strict", DoorUse::Asks(Mode::CardAndFace), Vec::new()),
        hours("open", held_open, vec![DoorName::Unit(unit(2)), "gates".parse().unwrap()]),
    ]
}

pub(super) fn of_zoe() -> Schedule {
    Schedule { name: "zoë".into(), after_first_of: None, ..night(&[], &[PersonId([3; 16])]) }
}

pub(super) const TAGS: [Tag; 14] = [
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
pub(super) fn crafted(file: &[u8], tag: Tag, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
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
