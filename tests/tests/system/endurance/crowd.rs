//! A people database of ten thousand; the photos show only two of them: the others' encodings are random.

use shared::encoding::Encoding;
use shared::gallery::{
    Details, Gallery, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
};
use std::fs;
use std::path::Path;

/// Enrols this many people beside those of a database, and writes it elsewhere.
pub(super) fn enlarge(database: &Path, people: usize, enlarged: &Path) {
    let gallery = Gallery::decode(&fs::read(database).unwrap()).unwrap();
    let (sequence, dimensions) = (gallery.header().sequence + 1, usize::from(gallery.header().dimensions));
    let enrolled = gallery.people().len();
    let mut random = fastrand::Rng::with_seed(1);
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    for number in enrolled..people {
        builder.add_person(somebody(number, dimensions, &mut random)).unwrap();
    }
    fs::write(enlarged, builder.encode().unwrap()).unwrap();
}

/// A database of people whose encodings are random.
pub(super) fn strangers(people: usize, sequence: u64, dimensions: usize) -> GalleryBuilder {
    let mut random = fastrand::Rng::with_seed(1);
    let mut builder = GalleryBuilder::new(sequence, ModelHash([7; 32]), dimensions).unwrap();
    for number in 0..people {
        builder.add_person(somebody(number, dimensions, &mut random)).unwrap();
    }
    builder
}

fn somebody(number: usize, dimensions: usize, random: &mut fastrand::Rng) -> NewPerson {
    let numbers: Vec<f32> = (0..dimensions).map(|_| random.f32() - 0.5).collect();
    let mut id = [0; 16];
    random.fill(&mut id);
    NewPerson {
        id: PersonId(id),
        name: PersonName::parse(&format!("Somebody {number:05}")).unwrap(),
        details: Details::default(),
        encodings: vec![NewEncoding {
            encoding: Encoding::from_network(&numbers).unwrap(),
            photo: PhotoDigest(random.u64(..).to_le_bytes()),
            made_at: 1_800_000_000,
            is_plain: true,
        }],
    }
}
