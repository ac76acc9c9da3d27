//! Encodings of faces of many people, plain and degraded. Half of the people are for learning, the others for the
//! trial.

use super::degrade::Kind;
use crate::Sources;
use accuracy::Photo;
use accuracy::foremost;
use anyhow::{Context, Result};
use fastrand::Rng;
use models::photo::PhotoReader;
use models::{Frame, Recogniser, on_every_core};
use sha2::{Digest, Sha256};
use shared::encoding::Encoded;
use std::collections::BTreeSet;
use terminal::{Progress, ShowPath, Verbosity, on_one_line};

/// The half of the people that a person belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Learnt,
    HeldOut,
}

/// A face as the networks see it.
#[derive(Clone)]
pub(super) struct Seen {
    /// Number of the person, in the order of their names.
    pub(super) person: usize,
    /// How the face was degraded; `None` for a plain face.
    pub(super) kind: Option<Kind>,
    pub(super) encoded: Encoded,
    pub(super) confidence: f32,
}

/// One photo, and how to degrade it.
struct Task {
    person: usize,
    photo: Photo,
    kinds: Vec<Kind>,
}

/// The half that a person belongs to. It depends only on the name, so a person is never in both, in whatever folder.
pub(super) fn side_of(name: &str) -> Side {
    if Sha256::digest(name)[0].is_multiple_of(2) { Side::Learnt } else { Side::HeldOut }
}

/// The people of these photos, in the order of their names, each name once.
pub(super) fn people(mut photos: Vec<Photo>, left_out: &BTreeSet<String>, side: Side) -> Vec<Vec<Photo>> {
    photos.retain(|photo| side_of(&photo.person) == side && !left_out.contains(&photo.person));
    photos.sort_by(|a, b| (&a.person, &a.path).cmp(&(&b.person, &b.path)));
    photos.chunk_by(|a, b| a.person == b.person).map(<[Photo]>::to_vec).collect()
}

/// Encodes up to `most_plain` photos of each person as they are. Degrades the first photo in all of the kinds `always`,
/// and in `some` of the others, which vary from person to person.
pub(super) fn see(
    recogniser: &Recogniser,
    people: &[Vec<Photo>],
    most_plain: usize,
    (always, some): (&[Kind], usize),
    sources: &Sources,
    verbosity: Verbosity,
) -> Vec<Seen> {
    let mut tasks = Vec::new();
    for (person, photos) in people.iter().enumerate() {
        for (index, photo) in photos.iter().take(most_plain).enumerate() {
            let kinds = if index == 0 { kinds_of(person, always, some) } else { Vec::new() };
            tasks.push(Task { person, photo: photo.clone(), kinds });
        }
    }
    let reader = &sources.reader;
    let progress = Progress::new("photos", tasks.len(), verbosity.is_quiet());
    let seen = on_every_core(recogniser, &tasks, |recogniser, task| {
        let seen = see_one(recogniser, task, reader);
        progress.one_more();
        seen
    });
    progress.finish();
    let passed_over = |error: &anyhow::Error| tracing::warn!("photo skipped: {}", on_one_line(error));
    seen.into_iter().filter_map(|seen| seen.inspect_err(passed_over).ok()).flatten().collect()
}

fn kinds_of(person: usize, always: &[Kind], some: usize) -> Vec<Kind> {
    let others: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !always.contains(kind)).collect();
    let chosen = others.iter().cycle().skip(person * some % others.len().max(1)).take(some.min(others.len()));
    always.iter().chain(chosen).copied().collect()
}

fn see_one(recogniser: &mut Recogniser, task: &Task, reader: &PhotoReader) -> Result<Vec<Seen>> {
    let Task { person, photo, kinds } = task;
    let read = reader.read(&photo.path)?;
    let faces = recogniser.detect(&read.frame).with_context(|| photo.path.shown())?;
    let Some(face) = foremost(&faces, &read.frame) else { return Ok(Vec::new()) };
    let mut seen: Vec<Seen> = encoded(recogniser, &read.frame, *person, None)?.into_iter().collect();
    for &kind in kinds {
        let digest = u64::from_le_bytes(read.digest.0);
        let mut random = Rng::with_seed(digest ^ kind as u64);
        if let Some(frame) = kind.degrade(&read.frame, face, &mut random) {
            seen.extend(encoded(recogniser, &frame, *person, Some(kind))?);
        }
    }
    Ok(seen)
}

/// Encodes the foremost face of a photo, if the detector finds one.
fn encoded(recogniser: &mut Recogniser, frame: &Frame, person: usize, kind: Option<Kind>) -> Result<Option<Seen>> {
    let faces = recogniser.detect(frame)?;
    let Some(face) = foremost(&faces, frame) else { return Ok(None) };
    let crop = recogniser.align(frame, face)?;
    let encoded = recogniser.encode_with_length(&crop)?;
    Ok(Some(Seen { person, kind, encoded, confidence: face.confidence }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_other_kinds_rotate_over_people() {
        let always = [Kind::Bar, Kind::Mask];
        let of: Vec<Vec<Kind>> = (0..11).map(|person| kinds_of(person, &always, 3)).collect();
        assert!(of.iter().all(|kinds| kinds[..2] == always && kinds.len() == 5));
        for kind in Kind::ALL {
            let count = of.iter().flatten().filter(|of| **of == kind).count();
            assert_eq!(count, if always.contains(&kind) { 11 } else { 3 }, "{kind:?}");
        }
        assert_eq!(kinds_of(5, &Kind::ALL, 2), Kind::ALL);
    }

    #[test]
    fn nobody_is_on_both_sides() {
        let names: Vec<String> = (0..40).map(|number| format!("person {number}")).collect();
        let photo = |person: &String| Photo { person: person.clone(), path: PathBuf::from(person).join("1.jpg") };
        let twice = || names.iter().chain(&names).map(photo).collect();
        let on = |side| people(twice(), &BTreeSet::from([names[0].clone()]), side);
        let (learnt, held_out) = (on(Side::Learnt), on(Side::HeldOut));
        assert_eq!(learnt.len() + held_out.len(), 39);
        assert!(learnt.len() > 5 && held_out.len() > 5);
        let names = |people: &[Vec<Photo>]| people.iter().map(|photos| photos[0].person.clone()).collect::<Vec<_>>();
        assert!(names(&learnt).iter().all(|name| !names(&held_out).contains(name)));
    }
}
