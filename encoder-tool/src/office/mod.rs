//! The folder of photos as an office changes it: people with their folders and their lines in `people.csv`.
//!
//! It is read anew for each change. `edit` makes the changes; `photos` adds people and photos; `people_file` and
//! `schedules_file` are the two rule files. Encodes nothing, and does not change a database: the next `build-db` does.

mod edit;
mod people_file;
mod photos;
mod schedules_file;

pub(crate) use edit::{Removed, forget};
pub(crate) use people_file::NO_BASIS_YET;
pub(crate) use photos::delete_unfinished;
pub(crate) use schedules_file::{SchedulesFile, Written, with_one_more};

use crate::build_db::people_csv::Listed;
use crate::build_db::roster::{self, Member};
use crate::photo_folders::{self, Folder, Photo, Scan};
use anyhow::anyhow;
use people_file::{LineIndex, PeopleFile};
use shared::gallery::{PersonId, PersonName};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use terminal::Help;

/// The folder, read once.
#[derive(Debug)]
pub(crate) struct Office {
    folder: PathBuf,
    people: Vec<OfficePerson>,
    table: PeopleFile,
}

/// A person of the folder.
#[derive(Debug)]
pub(crate) struct OfficePerson {
    pub(crate) name: PersonName,
    /// The id in `people.csv`.
    pub(crate) id: Option<PersonId>,
    pub(crate) photos: Vec<Photo>,
    /// The folder with the photos.
    folder: Option<PathBuf>,
    line: Option<LineIndex>,
}

impl Office {
    /// Reads it.
    ///
    /// # Errors
    /// If the folder or `people.csv` cannot be used; the message says what to correct.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let Scan { folders, near_misses, .. } = photo_folders::scan(folder)?;
        if let Some(near_miss) = near_misses.first() {
            return Err(anyhow!("{near_miss}")).help("rename it, or move it out of the folder");
        }
        let (table, listed) = PeopleFile::read(folder)?;
        let people = people(folder, folders, listed, &table)?;
        Ok(Self { folder: folder.to_owned(), people, table })
    }

    /// Everybody, ordered by name.
    pub(crate) fn people(&self) -> &[OfficePerson] {
        &self.people
    }

    /// What `people.csv` says about a person in this column; empty if nothing.
    pub(crate) fn field(&self, person: &OfficePerson, column: &str) -> &str {
        person.line.map_or("", |line| self.table.field(line, column))
    }

    /// The groups that have members.
    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        self.people.iter().flat_map(|person| edit::groups_in(self.field(person, "groups"))).collect()
    }

    /// Whether `people.csv` has this column.
    pub(crate) fn has_column(&self, column: &str) -> bool {
        self.table.has(column)
    }

    /// The person with this name, or one that is the same but for case and Unicode form.
    pub(crate) fn person_named(&self, name: &PersonName) -> Option<&OfficePerson> {
        let key = name.collision_key();
        self.people.iter().find(|person| person.name.collision_key() == key)
    }

    /// Names of the people's folders.
    fn folder_names(&self) -> Vec<&str> {
        self.people.iter().filter_map(|person| person.folder.as_deref()?.file_name()?.to_str()).collect()
    }
}

/// Whether this text is the person's name, but for case and Unicode form.
fn is_called(person: &PersonName, text: &str) -> bool {
    PersonName::parse(text).is_ok_and(|name| name.collision_key() == person.collision_key())
}

fn people(
    root: &Path,
    folders: Vec<Folder>,
    listed: Option<Listed>,
    table: &PeopleFile,
) -> anyhow::Result<Vec<OfficePerson>> {
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    let rows = listed.iter().flat_map(|listed| &listed.rows);
    let numbers: Vec<(PersonName, u64)> = rows.map(|row| (row.name.clone(), row.line)).collect();
    let members = roster::roster(&names, listed).help("correct people.csv or the folders")?;
    let mut folders: Vec<Option<Folder>> = folders.into_iter().map(Some).collect();
    let person = |member: Member| {
        let folder = member.folder.and_then(|at| folders.get_mut(at)?.take());
        let number = numbers.iter().find(|(name, _)| *name == member.name).map(|(_, number)| *number);
        OfficePerson {
            line: number.and_then(|number| table.line_numbered(number)),
            id: member.id,
            folder: folder.as_ref().map(|folder| root.join(&folder.name)),
            photos: folder.map_or_else(Vec::new, |folder| folder.photos),
            name: member.name,
        }
    };
    Ok(members.into_iter().map(person).collect())
}
