//! Any gallery is read as it was written, and any file is refused or is a valid gallery.

use super::tests::{TAGS, crafted, small};
use crate::card::{CardFormat, CardHash, CardKey};
use crate::gallery::*;
use crate::matching::noise::Noise;
use crate::seal::Fingerprint;
use alloc::vec;
use kernels::dots_of_rows;
use proptest::prelude::*;

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
