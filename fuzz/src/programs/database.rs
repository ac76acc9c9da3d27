//! People databases that were forged or changed.

use crate::Answer;
use crc::{CRC_32_ISO_HDLC, Crc};
use kernels::dots_of_rows;
use shared::encoding::Encoding;
use shared::gallery::{Gallery, GalleryBuilder};

/// The checksum at the end of a database file.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Parses the bytes as a database, once as they are and once with a correct checksum, as an attacker would write it.
///
/// A database that is accepted is written again as the same database. Its counts add up, every person is found by id
/// and by name, distances are numbers, and every person can be removed.
pub fn database(bytes: &[u8]) -> Answer {
    let _as_it_is = examined(bytes);
    let body = bytes.split_last_chunk::<4>().map_or(bytes, |(body, _)| body);
    let whole = [body, &CHECKSUM.checksum(body).to_le_bytes()].concat();
    examined(&whole)
}

fn examined(file: &[u8]) -> Answer {
    let gallery = match Gallery::decode(file) {
        Ok(gallery) => gallery,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Answer::Refused;
        }
    };
    agrees_with_itself(&gallery, file.len());
    is_written_as_it_was_read(&gallery);
    answers_probes(&gallery);
    can_be_emptied(gallery);
    Answer::Accepted
}

fn agrees_with_itself(gallery: &Gallery, length: usize) {
    let (header, people) = (gallery.header(), gallery.people());
    assert_eq!(header.people as usize, people.len());
    assert_eq!(header.encodings as usize, gallery.encoding_count());
    assert!(gallery.encoding_count() * usize::from(header.dimensions) <= length, "more rows than the file is long");
    let mut next = 0;
    for (index, person) in people.iter().enumerate() {
        assert_eq!(person.encodings.start, next);
        next = person.encodings.end;
        assert_eq!(gallery.encodings_of(index).count(), person.encodings.len());
        assert_eq!(gallery.person_by_id(&person.id), Some(index));
        assert_eq!(gallery.person_by_name(&person.name), Some(index));
    }
    assert_eq!(next, gallery.encoding_count());
}

fn is_written_as_it_was_read(gallery: &Gallery) {
    let written = match gallery.encode() {
        Ok(written) => written,
        // Every database that decodes can be encoded.
        Err(error) => panic!("a database that was read cannot be written: {error}"),
    };
    match Gallery::decode(&written) {
        Ok(again) => assert!(again == *gallery, "another database was written"),
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
}

fn answers_probes(gallery: &Gallery) {
    let dimensions = usize::from(gallery.header().dimensions);
    let numbers: Vec<f32> = (0..dimensions).map(|index| (index * 37 % 19) as f32 - 9.5).collect();
    let Ok(probe) = Encoding::from_network(&numbers) else { panic!("these numbers are an encoding") };
    let sound = |distance: f32| distance.is_finite() && (0.0..=2.0).contains(&distance);
    match gallery.nearest_two(&probe, dots_of_rows) {
        None => assert_eq!(gallery.encoding_count(), 0),
        Some(nearest) => {
            assert!(sound(nearest.best.distance), "{nearest:?}");
            assert_eq!(gallery.nearest(&probe, dots_of_rows), Some(nearest.best));
            assert_eq!(gallery.nearest_of(nearest.best.person, &probe, dots_of_rows), Some(nearest.best));
            assert_eq!(nearest.runner_up.is_some(), gallery.people().len() > 1);
            let other = nearest.runner_up.unwrap_or(nearest.best);
            assert!(sound(other.distance) && other.distance >= nearest.best.distance, "{nearest:?}");
        }
    }
}

fn can_be_emptied(gallery: Gallery) {
    let ids: Vec<_> = gallery.people().iter().map(|person| person.id).collect();
    let mut builder = GalleryBuilder::from_gallery(gallery, 1);
    for id in ids {
        assert!(builder.remove_person(&id));
    }
    let empty = builder.build();
    assert!(empty.people().is_empty() && empty.encoding_count() == 0 && empty.look_alikes().is_empty());
}
