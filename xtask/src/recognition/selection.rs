//! Selects who is enrolled, which photo is held back, and who is a stranger.

use crate::workspace::sorted_entries;
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};

/// The number of enrolled people.
pub(super) const ENROLLED: usize = 60;
/// The number of strangers.
pub(super) const STRANGERS: usize = 200;
/// The minimum number of photos of an enrolled person, including the one held back.
const PHOTOS_TO_ENROL: usize = 3;

/// A person with at least one photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    /// Sorted by name, at least one.
    photos: Vec<PathBuf>,
}

/// The people of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// The first [`ENROLLED`] people by name with enough photos.
    pub(super) enrolled: Vec<Person>,
    /// The first [`STRANGERS`] of all others.
    pub(super) strangers: Vec<Person>,
}

impl Person {
    fn new(name: String, photos: Vec<PathBuf>) -> Option<Self> {
        (!photos.is_empty()).then_some(Self { name, photos })
    }

    pub(super) fn first_photo(&self) -> &PathBuf {
        &self.photos[0]
    }

    pub(super) fn held_back_photo(&self) -> &PathBuf {
        &self.photos[self.photos.len() - 1]
    }

    /// All photos except the one held back.
    pub(super) fn enrolled_photos(&self) -> &[PathBuf] {
        &self.photos[..self.photos.len() - 1]
    }
}

impl Selection {
    /// # Errors
    /// If there are too few people.
    pub(super) fn require_enough(&self) -> Result<()> {
        let (enrolled, strangers) = (self.enrolled.len(), self.strangers.len());
        ensure!(
            enrolled == ENROLLED,
            "{enrolled} people have at least {PHOTOS_TO_ENROL} photos, but {ENROLLED} are needed"
        );
        ensure!(strangers == STRANGERS, "{strangers} other people, but {STRANGERS} are needed");
        Ok(())
    }
}

/// All people with a folder in `images`, sorted by name. Folders without a photo are skipped.
///
/// # Errors
/// If a folder cannot be read.
pub(super) fn people_in(images: &Path) -> Result<Vec<Person>> {
    let mut people = Vec::new();
    for folder in sorted_entries(images)?.into_iter().filter(|entry| entry.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        people.extend(Person::new(name, sorted_entries(&folder)?));
    }
    Ok(people)
}

/// Selects from people sorted by name.
pub(super) fn select(people: Vec<Person>) -> Selection {
    let mut selection = Selection { enrolled: Vec::new(), strangers: Vec::new() };
    for person in people {
        let is_enrolled = person.photos.len() >= PHOTOS_TO_ENROL && selection.enrolled.len() < ENROLLED;
        if is_enrolled { &mut selection.enrolled } else { &mut selection.strangers }.push(person);
    }
    selection.strangers.truncate(STRANGERS);
    selection
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn person(name: usize, photos: usize) -> Person {
        let photos = (0..photos).map(|photo| PathBuf::from(format!("{name}/{photo}.jpg"))).collect();
        Person::new(name.to_string(), photos).unwrap()
    }

    fn names(people: &[Person]) -> Vec<usize> {
        people.iter().map(|person| person.name.parse().unwrap()).collect()
    }

    #[test]
    fn people_with_three_photos_are_enrolled_and_all_others_are_strangers() {
        let selection = select(vec![person(0, 2), person(1, 3), person(2, 1), person(3, 7)]);
        assert_eq!(names(&selection.enrolled), [1, 3]);
        assert_eq!(names(&selection.strangers), [0, 2]);
        assert!(selection.require_enough().is_err());
    }

    #[test]
    fn after_sixty_somebody_with_many_photos_is_a_stranger_too() {
        let selection = select((0..300).map(|name| person(name, 3)).collect());
        assert_eq!(names(&selection.enrolled), (0..60).collect::<Vec<_>>());
        assert_eq!(names(&selection.strangers), (60..260).collect::<Vec<_>>());
        assert!(selection.require_enough().is_ok());
    }

    #[test]
    fn the_last_photo_is_held_back() {
        let person = person(1, 3);
        assert_eq!(person.held_back_photo(), Path::new("1/2.jpg"));
        assert_eq!(person.enrolled_photos(), [Path::new("1/0.jpg"), Path::new("1/1.jpg")]);
        assert_eq!(person.first_photo(), Path::new("1/0.jpg"));
    }

    #[test]
    fn people_and_photos_are_found_by_name() {
        let images = tempfile::tempdir().unwrap();
        for photo in ["b/2.jpg", "b/1.jpg", "a/1.jpg"] {
            fs::create_dir_all(images.path().join(photo).parent().unwrap()).unwrap();
            fs::write(images.path().join(photo), "").unwrap();
        }
        fs::create_dir(images.path().join("empty")).unwrap();
        fs::write(images.path().join("pairs.txt"), "").unwrap();
        let expected: Vec<Person> = [("a", vec!["a/1.jpg"]), ("b", vec!["b/1.jpg", "b/2.jpg"])]
            .into_iter()
            .map(|(name, photos)| {
                Person::new(name.to_owned(), photos.iter().map(|photo| images.path().join(photo)).collect()).unwrap()
            })
            .collect();
        assert_eq!(people_in(images.path()).unwrap(), expected);
    }
}
