//! The size limit of a people database, the same for both programs.

use super::error::GalleryError;
use crate::encoding::MAX_DIMENSIONS;

/// The most people that a unit is built for.
pub const MAX_PEOPLE: u32 = 100_000;

/// Photo and scale of an encoding, and when it was made.
const BYTES_AROUND_AN_ENCODING: u64 = 8 + 2 + 15;
/// Id, name, and details of an ordinary length.
const BYTES_OF_A_PERSON: u64 = 134;

/// The most bytes of a people database: [`MAX_PEOPLE`] with one encoding of [`MAX_DIMENSIONS`] numbers each, or 10 000
/// people with ten such encodings each and more than a kilobyte to spare for the details of each: 67.1 MB.
pub const MAX_DATABASE_BYTES: u64 =
    MAX_PEOPLE as u64 * (MAX_DIMENSIONS as u64 + BYTES_AROUND_AN_ENCODING + BYTES_OF_A_PERSON);

/// Refuses a database that is too large for any unit.
///
/// # Errors
/// [`GalleryError::TooLarge`] if it has more than [`MAX_DATABASE_BYTES`].
pub fn require_size(bytes: u64) -> Result<(), GalleryError> {
    match bytes > MAX_DATABASE_BYTES {
        true => Err(GalleryError::TooLarge { bytes }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use crate::gallery::{
        DatabaseFile, Details, Gallery, GalleryBuilder, MAX_ENCODINGS_OF_PERSON, ModelHash, NewEncoding, NewPerson,
        PersonId, PersonName, PhotoDigest, Problem,
    };
    use std::format;
    use std::vec;

    fn gallery_of(people: u32, encodings: usize, dimensions: usize) -> Result<Gallery, GalleryError> {
        let encoding = Encoding::from_network(&vec![1.0; dimensions]).unwrap();
        let encoding = NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true };
        let mut builder = GalleryBuilder::new(1, ModelHash([1; 32]), dimensions).unwrap();
        for number in 0..people {
            builder.add_person(NewPerson {
                id: PersonId(u128::from(number).to_le_bytes()),
                name: PersonName::parse(&format!("Person {number}")).unwrap(),
                details: Details::default(),
                encodings: vec![encoding.clone(); encodings],
            })?;
        }
        Ok(builder.build())
    }

    #[test]
    fn oversized_galleries_are_neither_written_nor_read() {
        let most = MAX_DATABASE_BYTES as usize;
        assert_eq!(require_size(MAX_DATABASE_BYTES), Ok(()));
        let junk = vec![0; most + 1];
        let refused = DatabaseFile::parse(&junk).map(drop).unwrap_err();
        assert_eq!(refused, GalleryError::TooLarge { bytes: MAX_DATABASE_BYTES + 1 });

        let people = MAX_DATABASE_BYTES as u32 / (MAX_ENCODINGS_OF_PERSON * MAX_DIMENSIONS) as u32;
        let large = gallery_of(people, MAX_ENCODINGS_OF_PERSON, MAX_DIMENSIONS).unwrap();
        assert!(matches!(large.encode(), Err(GalleryError::TooLarge { .. })));
    }

    #[test]
    fn the_largest_gallery_is_accepted_and_one_more_person_is_refused() {
        let file = gallery_of(MAX_PEOPLE, 1, 128).unwrap().encode().unwrap();
        assert_eq!(Gallery::decode(&file).unwrap().people().len(), MAX_PEOPLE as usize);
        assert!(matches!(gallery_of(MAX_PEOPLE + 1, 1, 1), Err(GalleryError::Refused(Problem::TooMany))));
    }
}
