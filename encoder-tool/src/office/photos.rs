//! Adds people and photos to the folder, and removes a photo.

use super::edit::{Removed, digests_of, line_of, write};
use super::{Office, OfficePerson, SchedulesFile};
use crate::photo_folders::Photo;
use crate::rule_files::SCHEDULES_FILE;
use anyhow::{Context, bail};
use files::Access;
use jiff::ZonedDateTime;
use shared::gallery::PersonName;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use terminal::ShowPath;

/// How the name of a folder begins that is not complete.
const UNFINISHED: &str = ".enrolling-";
/// The name of the folder in it that becomes the person's.
const COMPLETE: &str = "photos";

impl Office {
    /// Adds a person with photos (JPEG), fields of `people.csv`, and the schedules with these names. Without photos, the
    /// person has only a line.
    ///
    /// # Errors
    /// If the name, a field or a schedule is refused, or a file cannot be written. Nothing has changed then.
    pub(crate) fn enrol(
        &self,
        name: &str,
        fields: &[(&str, &str)],
        schedules: &[&str],
        photos: &[&[u8]],
    ) -> anyhow::Result<PersonName> {
        let name = self.name_for(None, name)?;
        let mut table = self.table.clone();
        let line = table.add(name.as_str());
        self.set(&mut table, line, fields)?;
        let folder = if photos.is_empty() { None } else { Some(self.unfinished_folder(photos)?) };
        let mut folders = self.folder_names();
        folders.extend(folder.as_ref().map(|_| name.as_str()));
        let path = self.folder.join(SCHEDULES_FILE);
        let mut file = SchedulesFile::read(&path)?;
        let is_bound = file.add_person(&name, schedules)?;
        // In this order: a build in between is refused or leaves the person out, and none lets the person in without limits.
        if is_bound {
            file.require_sound(|named| *named == name || self.person_named(named).is_some())?;
            file.write_unchecked(&path)?;
        }
        let written = write(&table, &folders);
        let placed = written.and_then(|()| match folder {
            Some(folder) => self.put_into_place(&folder, &name),
            None => Ok(()),
        });
        let Err(refused) = placed else { return Ok(name) };
        // The line first: while there is one, the schedules limit what its cards open.
        self.table.write_back()?;
        if is_bound {
            file.write_back(&path)?;
        }
        Err(refused)
    }

    /// Adds photos (JPEG) of a person, and changes fields of the person's line.
    ///
    /// # Errors
    /// If a field is refused, or a file cannot be written. Nothing has changed then.
    pub(crate) fn add_photos(
        &self,
        person: &OfficePerson,
        fields: &[(&str, &str)],
        photos: &[&[u8]],
    ) -> anyhow::Result<()> {
        let mut folders = self.folder_names();
        let written = match &person.folder {
            Some(folder) => write_photos(folder, photos)?,
            None => {
                let name = self.name_for(Some(person), person.name.as_str())?;
                let folder = self.new_folder(&name, photos)?;
                folders.push(person.name.as_str());
                vec![folder]
            }
        };
        if fields.is_empty() {
            return Ok(());
        }
        let mut table = self.table.clone();
        let line = line_of(&mut table, person);
        let changed = self.set(&mut table, line, fields).and_then(|()| write(&table, &folders));
        if changed.is_err() {
            written.iter().try_for_each(delete_again)?;
        }
        changed
    }

    /// Deletes a photo, and what the cache holds of it. Of a link, the link is deleted.
    ///
    /// # Errors
    /// If it cannot be deleted.
    pub(crate) fn remove_photo(&self, photo: &Photo) -> anyhow::Result<Removed> {
        let photos = digests_of([photo.path.as_path()].into_iter());
        fs::remove_file(&photo.path).with_context(|| format!("cannot delete {}", photo.path.shown()))?;
        let mut removed = Removed { lines: Vec::new(), left: Vec::new(), photos };
        // After the photo: nobody can encode it again.
        removed.forget_photos();
        Ok(removed)
    }

    /// Makes a person's folder with all photos, or none.
    fn new_folder(&self, name: &PersonName, photos: &[&[u8]]) -> anyhow::Result<PathBuf> {
        self.put_into_place(&self.unfinished_folder(photos)?, name)?;
        Ok(self.folder.join(name.as_str()))
    }

    /// A hidden folder with the photos, so that nobody takes it for a person's before it is complete.
    fn unfinished_folder(&self, photos: &[&[u8]]) -> anyhow::Result<TempDir> {
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.folder);
        let unfinished = unfinished.with_context(|| format!("cannot make a folder in {}", self.folder.shown()))?;
        let complete = unfinished.path().join(COMPLETE);
        DirBuilder::new().mode(0o700).create(&complete)?;
        write_photos(&complete, photos)?;
        Ok(unfinished)
    }

    fn put_into_place(&self, unfinished: &TempDir, name: &PersonName) -> anyhow::Result<()> {
        let folder = self.folder.join(name.as_str());
        if fs::symlink_metadata(&folder).is_ok() {
            bail!("{} is there already", folder.shown());
        }
        fs::rename(unfinished.path().join(COMPLETE), &folder).with_context(|| format!("cannot make {}", folder.shown()))
    }
}

/// Deletes what an enrolment left that was interrupted: photos of somebody who is not enrolled.
///
/// # Errors
/// If it cannot be deleted.
pub(crate) fn delete_unfinished(root: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(root).with_context(|| format!("cannot read {}", root.shown()))? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) && entry.file_type()?.is_dir() {
            delete_again(&entry.path())?;
        }
    }
    Ok(())
}

/// Deletes a photo or a folder that was just written.
fn delete_again(path: &PathBuf) -> anyhow::Result<()> {
    let deleted = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    deleted.with_context(|| format!("cannot delete {}", path.shown()))
}

/// Writes photos under names that are not there yet: the time, and a number. Returns their paths.
fn write_photos(folder: &Path, photos: &[&[u8]]) -> anyhow::Result<Vec<PathBuf>> {
    let time = ZonedDateTime::now().strftime("%Y-%m-%d %H.%M.%S").to_string();
    let mut written = Vec::new();
    let mut number = 0;
    for photo in photos {
        let path = loop {
            number += 1;
            let path = folder.join(format!("{time} {number:02}.jpg"));
            if fs::symlink_metadata(&path).is_err() {
                break path;
            }
        };
        if let Err(error) = files::replace(&path, Access::Private, photo) {
            written.iter().for_each(|path: &PathBuf| fs::remove_file(path).unwrap_or_default());
            return Err(error.into());
        }
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHOTOS: [&[u8]; 2] = [b"one", b"two"];

    fn entries(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_person_has_a_line_and_the_photos() {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::read(folder.path()).unwrap();
        office.enrol("Ada", &[("groups", "staff"), ("basis", "consent 2026-11-29")], &[], &PHOTOS).unwrap();
        let table = fs::read_to_string(folder.path().join("people.csv")).unwrap();
        assert_eq!(table, "name,groups,basis\nAda,staff,consent 2026-11-29\n");
        assert_eq!(entries(folder.path()), ["Ada", "people.csv"]);
        let office = Office::read(folder.path()).unwrap();
        let [ada] = office.people() else { panic!("{:?}", office.people()) };
        assert_eq!((ada.photos.len(), office.field(ada, "groups")), (2, "staff"));
        office.add_photos(ada, &[("informed_on", "2026-11-29")], &PHOTOS[..1]).unwrap();
        let office = Office::read(folder.path()).unwrap();
        assert_eq!(office.people()[0].photos.len(), 3, "no photo replaced another");
        office.remove_photo(&office.people()[0].photos[0]).unwrap();
        assert_eq!(Office::read(folder.path()).unwrap().people()[0].photos.len(), 2);
    }

    #[test]
    fn a_card_holder_needs_no_photo_and_can_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::read(folder.path()).unwrap();
        office.enrol("Bo", &[("mode", "card"), ("cards", "4711")], &[], &[]).unwrap();
        assert_eq!(entries(folder.path()), ["people.csv"]);
        let office = Office::read(folder.path()).unwrap();
        office.add_photos(&office.people()[0], &[], &PHOTOS).unwrap();
        assert_eq!(entries(&folder.path().join("Bo")).len(), 2);
    }

    /// Regression test: consent was recorded, and the photos were refused.
    #[test]
    fn a_field_and_the_photos_are_stored_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        Office::read(folder.path()).unwrap().enrol("Ada", &[], &[], &PHOTOS[..1]).unwrap();
        let office = Office::read(folder.path()).unwrap();
        let table = fs::read_to_string(folder.path().join("people.csv")).unwrap();
        office.add_photos(&office.people()[0], &[("informed_on", "yesterday")], &PHOTOS).unwrap_err();
        assert_eq!(entries(&folder.path().join("Ada")).len(), 1);
        assert_eq!(fs::read_to_string(folder.path().join("people.csv")).unwrap(), table);
    }

    #[test]
    fn what_an_interrupted_enrolment_left_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".enrolling-a1/photos")).unwrap();
        fs::write(folder.path().join(".enrolling-a1/photos/1.jpg"), b"one").unwrap();
        fs::create_dir(folder.path().join(".other")).unwrap();
        delete_unfinished(folder.path()).unwrap();
        assert_eq!(entries(folder.path()), [".other"]);
    }

    #[test]
    fn who_is_refused_leaves_nothing() {
        for (name, fields, expected) in [
            ("ada", &[][..], "Ada is there already"),
            ("../Bo", &[], "cannot be the name of a folder"),
            ("Bo", &[("mode", "sesame")], "nothing was changed"),
            ("Bo", &[("cards", "1")], "nothing was changed"),
            ("", &[], ""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            Office::read(folder.path()).unwrap().enrol("Ada", &[("cards", "1")], &[], &PHOTOS).unwrap();
            let office = Office::read(folder.path()).unwrap();
            let refused = office.enrol(name, fields, &[], &PHOTOS).unwrap_err();
            let refused = format!("{refused:#}");
            assert!(refused.contains(expected), "{name:?}: {refused}");
            assert_eq!(entries(folder.path()), ["Ada", "people.csv"]);
        }
    }

    #[test]
    fn somebody_new_is_bound_from_the_start() {
        let schedules = "[[schedule]]\nname = \"s\"\npeople = [\"Cy\"]\nhours = [\"9:00-10:00\"] # early\n";
        let at = || {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("people.csv"), "name,mode,cards\nCy,card,1\n").unwrap();
            fs::write(folder.path().join("schedules.toml"), schedules).unwrap();
            folder
        };
        let text = |folder: &tempfile::TempDir| fs::read_to_string(folder.path().join("schedules.toml")).unwrap();
        let folder = at();
        Office::read(folder.path()).unwrap().enrol("Ada", &[], &["s"], &PHOTOS).unwrap();
        assert_eq!(text(&folder), schedules.replace("\"Cy\"", "\"Cy\", \"Ada\""));
        let folder = at();
        for (fields, schedule, expected) in
            [(&[][..], "t", "no schedule called \"t\""), (&[("mode", "card"), ("cards", "1")], "s", "card in common")]
        {
            let office = Office::read(folder.path()).unwrap();
            let refused = office.enrol("Ada", fields, &[schedule], &PHOTOS).unwrap_err();
            let refused = format!("{refused:#}");
            assert!(refused.contains(expected), "{refused}");
            assert_eq!(text(&folder), schedules);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no folder is left");
        }
    }
}
