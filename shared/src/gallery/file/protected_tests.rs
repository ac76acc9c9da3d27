//! Databases that are signed and sealed: who can read them, and that nothing in them can be changed.

use super::property_tests::arbitrary_gallery;
use super::tests::{KEY, small};
use super::{codec, protection};
use crate::gallery::*;
use crate::seal::{EnvelopeError, Identity, Recipient, SealRandomness, SigningKey};
use alloc::string::ToString;
use crc::{CRC_32_ISO_HDLC, Crc};
use proptest::prelude::*;

fn signing(number: u8) -> SigningKey {
    SigningKey::from_random(&[number; 32])
}

fn identity(number: u8) -> Identity {
    Identity::from_random(&[number; 32])
}

fn recipients(numbers: &[u8]) -> Vec<Recipient> {
    numbers.iter().map(|&number| identity(number).recipient()).collect()
}

/// Encodes a database, optionally signed and sealed.
fn written(gallery: &Gallery, signer: Option<u8>, sealed_for: &[u8]) -> Vec<u8> {
    let key = signer.map(signing);
    let recipients = recipients(sealed_for);
    let randomness = SealRandomness { ephemeral: [0x5e; 32], contents_key: [0xc0; 32] };
    let seal = (!recipients.is_empty()).then_some(SealFor { recipients: &recipients, randomness });
    gallery.encode_protected(&Protection { sign: key.as_ref(), seal }).unwrap()
}

/// Reads a file like a unit: requires this signer, and opens it with this key.
fn read(file: &[u8], signer: u8, key: u8) -> Result<Option<Gallery>, GalleryError> {
    let outside = DatabaseFile::parse(file)?;
    if outside.signer() != Some(signing(signer).signer()) {
        return Ok(None);
    }
    outside.open(&[identity(key)]).map(Some)
}

/// The checksum gives no protection: an attacker can correct it.
fn with_right_checksum(mut file: Vec<u8>) -> Vec<u8> {
    let Some(body) = file.len().checked_sub(4) else { return file };
    file.truncate(body);
    let checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&file);
    file.extend(checksum.to_le_bytes());
    file
}

#[test]
fn recipients_read_what_was_written() {
    let gallery = small().build();
    for signer in [None, Some(1)] {
        for sealed_for in [&[][..], &[2], &[2, 3, 4]] {
            let file = written(&gallery, signer, sealed_for);
            let outside = DatabaseFile::parse(&file).unwrap();
            assert_eq!(outside.signer(), signer.map(|number| signing(number).signer()));
            assert_eq!(outside.recipients(), recipients(sealed_for));
            assert_eq!(outside.header(), gallery.header(), "readable without a key");
            assert_eq!(outside.audience(), gallery.audience(), "readable without a key");
            assert_eq!(outside.is_sealed(), !sealed_for.is_empty());
            for &number in sealed_for {
                assert_eq!(outside.open(&[identity(9), identity(number)]).as_ref(), Ok(&gallery));
            }
            if sealed_for.is_empty() {
                assert_eq!(Gallery::decode(&file).as_ref(), Ok(&gallery));
            } else {
                assert!(matches!(Gallery::decode(&file), Err(GalleryError::Envelope(EnvelopeError::ForOthers { .. }))));
            }
        }
    }
}

#[test]
fn the_error_names_the_recipients() {
    let file = written(&small().build(), Some(1), &[2, 3]);
    let message = read(&file, 1, 4).unwrap_err().to_string();
    for number in 2..=4 {
        assert!(message.contains(&identity(number).recipient().fingerprint().to_string()), "{message}");
    }
}

#[test]
fn names_encodings_and_cards_are_not_in_a_sealed_file() {
    let gallery = small().build();
    let (open, sealed) = (written(&gallery, Some(1), &[]), written(&gallery, Some(1), &[2]));
    let holds = |file: &[u8], part: &[u8]| file.windows(part.len()).any(|window| window == part);
    let row: Vec<u8> = gallery.encodings_of(2).next().unwrap().numbers.iter().map(|&z| z as u8).collect();
    for part in [&b"Kian"[..], b"cleaners", &row, &KEY.0, &[3; 16]] {
        assert!(holds(&open, part) && !holds(&sealed, part), "{part:?}");
    }
}

/// Without the signing key, nobody can turn the database of one door into that of another.
#[test]
fn an_audience_cannot_be_removed_replaced_or_added() {
    let gallery = small().build();
    let written_for = |audience: Option<Audience>, signer, sealed_for: &[u8]| {
        let mut gallery = gallery.clone();
        gallery.audience = audience;
        written(&gallery, signer, sealed_for)
    };
    let section = |file: &[u8]| {
        let head = file.windows(4).position(|tag| tag == b"door").unwrap();
        head..head + 8 + usize::from(file[head + 4])
    };
    let without_bit = |mut file: Vec<u8>| {
        file[10] &= !8;
        file
    };
    let all = written_for(Some(Audience::AllDoors), None, &[]);
    for (signer, sealed_for) in [(Some(1), &[][..]), (Some(1), &[2]), (None, &[2])] {
        let file = written(&gallery, signer, sealed_for);
        let doors = section(&file);
        let taken_off = without_bit([&file[..doors.start], &file[doors.end..]].concat());
        let exchanged = [&file[..doors.start], &all[section(&all)], &file[doors.end..]].concat();
        let mut added = written_for(None, signer, sealed_for);
        added[10] |= 8;
        added.splice(doors.start..doors.start, all[section(&all)].iter().copied());
        for changed in [taken_off, exchanged, added, without_bit(file.clone())] {
            let changed = with_right_checksum(changed);
            let outside = DatabaseFile::parse(&changed);
            let opened = outside.and_then(|outside| outside.open(&[identity(2)]));
            assert!(opened.is_err(), "signed by {signer:?}, sealed for {sealed_for:?}");
        }
    }
}

/// An older program would ignore an audience without its feature, and a missing section would allow every door.
#[test]
fn an_audience_and_its_feature_go_together() {
    let file = written(&small().build(), None, &[]);
    let problem = |file: Vec<u8>| match DatabaseFile::parse(&with_right_checksum(file)) {
        Err(GalleryError::Unsound { problem, .. }) => Some(problem),
        _ => None,
    };
    let mut unannounced = file.clone();
    unannounced[10] &= !8;
    assert_eq!(problem(unannounced), Some(Problem::Unannounced(Tag(*b"door"))));
    let mut gallery = small().build();
    gallery.audience = None;
    let mut missing = written(&gallery, None, &[]);
    missing[10] |= 8;
    assert_eq!(problem(missing), Some(Problem::MissingSection(Tag(*b"door"))));
    let mut unordered = file.clone();
    let ids = file.windows(20).position(|bytes| bytes[..10] == [1; 10] && bytes[10..] == [2; 10]).unwrap();
    unordered[ids..ids + 10].fill(2);
    assert_eq!(problem(unordered), Some(Problem::UnitOrder));
}

/// What sealing and signing cost in bytes.
#[test]
fn a_file_grows_by_a_few_bytes() {
    let gallery = small().build();
    let length = |signer, sealed_for: &[u8]| written(&gallery, signer, sealed_for).len();
    let plain = length(None, &[]);
    assert_eq!(length(Some(1), &[]), plain + 8 + 32 + 64);
    assert_eq!(length(None, &[2]), plain + 8 + 32 + 80 + 8 + 16);
    assert_eq!(length(Some(1), &[2, 3]), plain + 104 + 144 + 80);
}

#[test]
fn a_signature_of_another_or_of_another_file_is_refused() {
    let gallery = small().build();
    let file = written(&gallery, Some(1), &[2]);
    assert_eq!(read(&file, 1, 2), Ok(Some(gallery.clone())));
    assert_eq!(read(&file, 7, 2), Ok(None), "by somebody else");
    assert_eq!(read(&written(&gallery, None, &[2]), 1, 2), Ok(None), "by nobody");
    // The signature of one database under another, which has a higher sequence number.
    let later = GalleryBuilder::from_gallery(gallery.clone(), 8).build();
    let later = written(&later, Some(7), &[2]);
    let moved = [&later[..later.len() - 100], &file[file.len() - 100..]].concat();
    let refused = read(&with_right_checksum(moved), 1, 2);
    assert_eq!(refused, Err(GalleryError::Signature { signer: signing(1).signer().fingerprint() }));
}

/// A file without its signature is an unsigned file.
#[test]
fn a_removed_signature_is_noticed() {
    let gallery = small().build();
    for sealed_for in [&[][..], &[2]] {
        let file = written(&gallery, Some(1), sealed_for);
        let signature = file.len() - 4 - 104;
        let bit_taken_off = |mut file: Vec<u8>| {
            file[10] &= !1;
            with_right_checksum(file)
        };
        let section_taken_off = |mut file: Vec<u8>| {
            file.drain(signature..signature + 104);
            with_right_checksum(file)
        };
        let problem = |file: &[u8]| match DatabaseFile::parse(file) {
            Err(GalleryError::Unsound { problem, .. }) => Some(problem),
            _ => None,
        };
        assert_eq!(problem(&bit_taken_off(file.clone())), Some(Problem::Unannounced(Tag(*b"sign"))));
        assert_eq!(problem(&section_taken_off(file.clone())), Some(Problem::NoSignature));
        let both = section_taken_off(bit_taken_off(file.clone()));
        // The bit is part of what was sealed.
        assert_eq!(read(&both, 1, 2), Ok(None));
        assert_eq!(DatabaseFile::parse(&both).unwrap().open(&[identity(2)]).is_ok(), sealed_for.is_empty());
        // Bytes after the signature are not signed.
        let mut behind = file.clone();
        behind.splice(file.len() - 4..file.len() - 4, *b"more\0\0\0\0");
        assert_eq!(problem(&with_right_checksum(behind)), Some(Problem::NoSignature));
    }
}

/// An older program knows no required features; it must report that instead of a missing section.
#[test]
fn an_older_program_would_refuse_it_by_its_features() {
    let gallery = small().build();
    let (hours, audience, door_hours) = (4, 8, 32);
    for (signer, sealed_for, features) in [(None, &[][..], 0), (Some(1), &[], 1), (None, &[2], 2), (Some(1), &[2], 3)] {
        let features = features | hours | audience | door_hours;
        assert_eq!(written(&gallery, signer, sealed_for)[10..18], u64::to_le_bytes(features));
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    let gallery = small().build();
    for (signer, sealed_for) in [(Some(1), &[][..]), (Some(1), &[2, 3]), (None, &[2])] {
        let file = written(&gallery, signer, sealed_for);
        let accepted = |file: &[u8]| match signer {
            Some(signer) => read(file, signer, 2).is_ok_and(|gallery| gallery.is_some()),
            None => DatabaseFile::parse(file).and_then(|outside| outside.open(&[identity(2)])).is_ok(),
        };
        assert!(accepted(&file));
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 0x10;
            assert!(!accepted(&flipped), "byte {at}");
            let repaired = with_right_checksum(flipped);
            assert!(!accepted(&repaired) || repaired == file, "byte {at}, checksum corrected");
            assert!(!accepted(&file[..at]), "cut at {at}");
            assert!(!accepted(&with_right_checksum(file[..at].to_vec())), "cut at {at}, checksum corrected");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_gallery_signed_and_sealed_is_read_as_written(gallery in arbitrary_gallery(), others in 0..5_u8) {
        let sealed_for: Vec<u8> = (2..3 + others).collect();
        let file = written(&gallery, Some(1), &sealed_for);
        prop_assert_eq!(read(&file, 1, 2 + others), Ok(Some(gallery)));
    }

    /// Changed, inserted and removed bytes, with a corrected checksum.
    #[test]
    fn any_change_of_a_signed_file_is_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
        is_sealed in any::<bool>(),
    ) {
        let file = written(&small().build(), Some(1), if is_sealed { &[2] } else { &[] });
        let mut edited = file.clone();
        for (at, byte, kind) in &edits {
            let index = at.index(edited.len());
            match kind {
                0 => edited.insert(index, *byte),
                1 => drop(edited.remove(index)),
                _ => edited[index] = *byte,
            }
        }
        let edited = with_right_checksum(edited);
        if edited != file {
            prop_assert!(!read(&edited, 1, 2).is_ok_and(|gallery| gallery.is_some()));
        }
    }

    /// Arbitrary contents with a valid signature and seal are refused or decode to a valid gallery.
    #[test]
    fn crafted_records_with_a_valid_seal_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let sealed = protection::seal_of_edited(&small().build(), &recipients(&[2]), |records| {
            edits.iter().for_each(|(at, byte)| records[at.index(records.len())] = *byte);
        });
        if let Ok(gallery) = DatabaseFile::parse(&sealed).and_then(|outside| outside.open(&[identity(2)])) {
            prop_assert_eq!(Gallery::decode(&gallery.encode().unwrap()), Ok(gallery));
        }
    }
}

/// A regression: the seal covers the body and what precedes it, and a looser threshold for pictures without colour that
/// was added after it was accepted.
#[test]
fn a_section_after_the_body_is_refused() {
    for signer in [None, Some(1)] {
        let file = written(&small().build(), signer, &[2]);
        let mut longer = file[..file.len() - 4].to_vec();
        for tag in [codec::GREY, codec::GATE, codec::HEAD, Tag(*b"new!")] {
            longer.extend(tag.0);
            longer.extend(0_u32.to_le_bytes());
            let refused = DatabaseFile::parse(&with_right_checksum([&longer[..], &[0; 4]].concat())).unwrap_err();
            longer.truncate(file.len() - 4);
            match refused {
                GalleryError::Unsound { problem: Problem::BehindTheBody(found), .. } => {
                    assert_eq!((found, signer), (tag, None));
                }
                GalleryError::Unsound { problem: Problem::NoSignature, .. } => assert_eq!(signer, Some(1)),
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_second_section_of_the_seal_is_refused() {
    let file = written(&small().build(), None, &[2]);
    let tagged = |tag: &[u8]| {
        let mut file = file.clone();
        file.splice(file.len() - 4..file.len() - 4, [tag, &[0; 4]].concat());
        DatabaseFile::parse(&with_right_checksum(file)).map(drop)
    };
    for tag in [b"seal", b"body"] {
        assert!(matches!(tagged(tag), Err(GalleryError::Unsound { problem: Problem::SecondSection(_), .. })));
    }
}
