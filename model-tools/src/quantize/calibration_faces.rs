//! Faces for measuring ranges, and faces of other people for measuring the result.

use crate::Sources;
use accuracy::Photo;
use accuracy::foremost;
use anyhow::{Context, Result, ensure};
use models::photo::PhotoReader;
use models::{Crop, Recogniser, on_every_core};
use sha2::{Digest, Sha256};
use std::path::Path;
use terminal::{Help, Progress, ShowPath, Verbosity, on_one_line};

/// One of this many people with a face is held out.
const HELD_OUT_EVERY: usize = 4;

/// Crops of the foremost faces of photos.
pub(super) struct Faces {
    pub(super) calibrating: Vec<Crop>,
    pub(super) held_out: Vec<Crop>,
    /// SHA-256 over the digests of the calibrating photos, in ascending order.
    pub(super) digest: String,
}

struct Found {
    person: String,
    digest: [u8; 8],
    crop: Crop,
}

/// Crops the faces of at most `most` photos, selected evenly from all.
///
/// # Errors
/// If the folder cannot be read, or fewer than two people have a face.
pub(super) fn faces(
    recogniser: &Recogniser,
    folder: &Path,
    most: usize,
    sources: &Sources,
    verbosity: Verbosity,
) -> Result<Faces> {
    let photos = evenly((sources.photos_in)(folder)?, most);
    let reader = &sources.reader;
    let progress = Progress::new("photos", photos.len(), verbosity.is_quiet());
    let found = on_every_core(recogniser, &photos, |recogniser, photo: &Photo| {
        let found = face(recogniser, photo, reader);
        progress.one_more();
        found
    });
    progress.finish();
    let mut with_face = Vec::new();
    for result in found {
        match result {
            Ok(found) => with_face.extend(found),
            Err(error) => tracing::warn!("photo skipped: {}", on_one_line(&error)),
        }
    }
    shared_out(with_face)
        .with_context(|| format!("{}: {} photos", folder.shown(), photos.len()))
        .help("give photos of many people, a folder for each; a few hundred are enough")
}

fn face(recogniser: &mut Recogniser, photo: &Photo, reader: &PhotoReader) -> Result<Option<Found>> {
    let read = reader.read(&photo.path)?;
    let faces = recogniser.detect(&read.frame).with_context(|| photo.path.shown())?;
    let Some(face) = foremost(&faces, &read.frame) else { return Ok(None) };
    let crop = recogniser.align(&read.frame, face).with_context(|| photo.path.shown())?;
    Ok(Some(Found { person: photo.person.clone(), digest: read.digest.0, crop }))
}

/// Selects at most `most` items, evenly spaced.
fn evenly<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let count = items.len();
    let wanted = |index: usize| most >= count || index * most / count != (index + 1) * most / count;
    items.into_iter().enumerate().filter(|&(index, _)| wanted(index)).map(|(_, item)| item).collect()
}

fn shared_out(found: Vec<Found>) -> Result<Faces> {
    let (mut calibrating, mut held_out, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    let (mut person, mut people) = (None, 0);
    for face in found {
        if person.as_ref() != Some(&face.person) {
            people += 1;
            person = Some(face.person);
        }
        if people % HELD_OUT_EVERY == 2 {
            held_out.push(face.crop);
        } else {
            digests.push(face.digest);
            calibrating.push(face.crop);
        }
    }
    ensure!(people >= 2, "{}", if people == 0 { "no face found" } else { "faces of only one person found" });
    digests.sort_unstable();
    let digest = Sha256::digest(digests.concat()).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Faces { calibrating, held_out, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(person: &str, digest: u8) -> Found {
        let crop = Crop::from_rgb(2, vec![digest; 12]).unwrap();
        Found { person: person.to_owned(), digest: [digest; 8], crop }
    }

    #[test]
    fn a_selection_is_even_and_no_larger_than_asked_for() {
        for (count, most, chosen) in
            [(10, 3, vec![3, 6, 9]), (3, 10, vec![0, 1, 2]), (4, 2, vec![1, 3]), (0, 5, vec![]), (5, 0, vec![])]
        {
            assert_eq!(evenly((0..count).collect(), most), chosen, "{most} of {count}");
        }
    }

    #[test]
    fn nobody_is_on_both_sides_and_the_order_of_photos_does_not_matter() {
        let faces = shared_out(vec![found("a", 3), found("a", 1), found("b", 2), found("c", 4)]).unwrap();
        let pixels = |crops: &[Crop]| crops.iter().map(|crop| crop.pixels()[0]).collect::<Vec<_>>();
        assert_eq!((pixels(&faces.calibrating), pixels(&faces.held_out)), (vec![3, 1, 4], vec![2]));
        let others = shared_out(vec![found("c", 4), found("b", 9), found("a", 1), found("a", 3)]).unwrap();
        assert_eq!(others.digest, faces.digest);
        assert!(shared_out(vec![found("a", 1)]).is_err() && shared_out(vec![]).is_err());
    }
}
