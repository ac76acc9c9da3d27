//! The names of people in the log, by id. Besides the database, only this file links ids to people. When a person is
//! erased here, their id is meaningless, and the hash chain is unchanged.
//!
//! The file is next to the log (`audit.jsonl.names`, mode 0600) and is updated when a database is loaded.

use anyhow::Context;
use files::{Folder, Storage, wait_for_folder};
use policy::Now;
use serde::{Deserialize, Serialize};
use shared::gallery::{Gallery, PersonId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::read::folder_and_name;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Names of people, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    people: BTreeMap<String, Named>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: String,
    /// Since when no database has this person, milliseconds since 1970, UTC; `None` while one has.
    gone_utc_ms: Option<i64>,
}

/// The name of the file with the names of a log.
pub(crate) fn names_name(log: &str) -> String {
    format!("{log}.names")
}

/// Updates the names file with the people of a loaded database. A failure is only logged; the log works without the
/// file.
pub(crate) fn update_beside(log: &Path, keep_days: u32, gallery: &Gallery, now: &Now) {
    let update = || {
        let (folder, log) = folder_and_name(log)?;
        // The lock prevents a lost update: `forget` may be erasing a name that was already read here.
        let _alone = wait_for_folder(folder)?;
        let mut storage = Folder::at(folder);
        let before = Names::read(&mut storage, log)?;
        let mut names = before.clone();
        names.update(gallery, now.utc_ms, keep_days);
        if names == before { Ok(()) } else { names.write(&mut storage, log) }
    };
    if let Err(error) = update() {
        tracing::warn!("{error:#}; `edge-agent audit show` may show people by their ids only");
    }
}

/// The file with the names beside a log.
pub(crate) fn beside(log: &Path) -> PathBuf {
    let mut path = log.as_os_str().to_owned();
    path.push(".names");
    path.into()
}

/// Erases the name of a person beside a log. `true` if there was one.
///
/// # Errors
/// If the file cannot be read or written, or another program holds it for too long.
pub(crate) fn forget_beside(log: &Path, person: &PersonId) -> anyhow::Result<bool> {
    let (folder, log) = folder_and_name(log)?;
    let _alone = wait_for_folder(folder)?;
    let mut storage = Folder::at(folder);
    let mut names = Names::read(&mut storage, log)?;
    let was_there = names.forget(person);
    if was_there {
        names.write(&mut storage, log)?;
    }
    Ok(was_there)
}

impl Names {
    /// The names of the people in a database.
    pub(crate) fn from_gallery(gallery: &Gallery) -> Self {
        let named = |name: &str| Named { name: name.to_owned(), gone_utc_ms: None };
        Self {
            people: gallery
                .people()
                .iter()
                .map(|person| (person.id.to_string(), named(person.name.as_str())))
                .collect(),
        }
    }

    /// Reads the names file of a log; empty if there is none.
    ///
    /// # Errors
    /// If the file cannot be read or parsed.
    pub(crate) fn beside(log: &Path) -> anyhow::Result<Self> {
        let (folder, name) = folder_and_name(log)?;
        Self::read(&mut Folder::at(folder), name)
    }

    pub(crate) fn read(storage: &mut dyn Storage, log: &str) -> anyhow::Result<Self> {
        let file = names_name(log);
        match storage.read(&file).with_context(|| format!("cannot read {file}"))? {
            None => Ok(Self::default()),
            Some(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{file} is not a map of names")),
        }
    }

    /// Replaces the file atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, storage: &mut dyn Storage, log: &str) -> anyhow::Result<()> {
        let file = names_name(log);
        let text = terminal::to_json(self)? + "\n";
        storage.replace(&file, text.as_bytes()).with_context(|| file.clone())
    }

    /// Adds the people of a loaded database. A person who is no longer in it is kept for `keep_days`, as long as the
    /// log may have their records, and then removed.
    pub(crate) fn update(&mut self, gallery: &Gallery, now_utc_ms: i64, keep_days: u32) {
        let current = Self::from_gallery(gallery);
        let keep_ms = i64::from(keep_days) * DAY_MS;
        self.people.retain(|id, named| {
            if current.people.contains_key(id) {
                return true;
            }
            let gone = *named.gone_utc_ms.get_or_insert(now_utc_ms);
            now_utc_ms.saturating_sub(gone) <= keep_ms
        });
        self.people.extend(current.people);
    }

    /// The name of a person.
    pub(crate) fn name(&self, id: &PersonId) -> Option<&str> {
        self.people.get(&id.to_string()).map(|named| named.name.as_str())
    }

    /// The name of a person, or the id if the name is not known.
    pub(crate) fn name_or_id(&self, id: &str) -> String {
        self.people.get(id).map_or(id, |named| named.name.as_str()).to_owned()
    }

    #[cfg(test)]
    pub(crate) fn of_one(id: &str, name: &str) -> Self {
        let named = Named { name: name.to_owned(), gone_utc_ms: None };
        Self { people: BTreeMap::from([(id.to_owned(), named)]) }
    }

    /// All people with this name or this id.
    pub(crate) fn find(&self, text: &str) -> Vec<PersonId> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return vec![id];
        }
        let wanted = shared::gallery::PersonName::parse(text).map(|name| name.collision_key());
        let matches = |name: &str| {
            let key = shared::gallery::PersonName::parse(name).map(|name| name.collision_key());
            key.is_ok() && key == wanted
        };
        let found = self.people.iter().filter(|(_, named)| matches(&named.name));
        found.filter_map(|(id, _)| id.parse().ok()).collect()
    }

    /// Erases a name. `true` if there was one.
    pub(crate) fn forget(&mut self, id: &PersonId) -> bool {
        self.people.remove(&id.to_string()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Memory;
    use shared::encoding::Encoding;
    use shared::gallery::{Details, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonName, PhotoDigest};

    fn database(people: &[(u8, &str)]) -> Gallery {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        for &(id, name) in people {
            let encoding = Encoding::from_network(&[1.0, f32::from(id)]).unwrap();
            let encodings = vec![NewEncoding { encoding, photo: PhotoDigest([id; 8]), made_at: 0, is_plain: true }];
            let name = PersonName::parse(name).unwrap();
            builder
                .add_person(NewPerson { id: PersonId([id; 16]), name, details: Details::default(), encodings })
                .unwrap();
        }
        builder.build()
    }

    #[test]
    fn names_are_kept_as_long_as_records() {
        let (ada, ben) = (PersonId([1; 16]), PersonId([2; 16]));
        let mut names = Names::default();
        names.update(&database(&[(1, "Ada"), (2, "Ben")]), 0, 90);
        names.update(&database(&[(2, "Benjamin")]), DAY_MS, 90);
        assert_eq!((names.name(&ada), names.name(&ben)), (Some("Ada"), Some("Benjamin")));
        names.update(&database(&[(2, "Benjamin")]), 91 * DAY_MS, 90);
        assert_eq!(names.name(&ada), Some("Ada"));
        names.update(&database(&[(2, "Benjamin")]), 91 * DAY_MS + 1, 90);
        assert_eq!(names.name(&ada), None);
    }

    #[test]
    fn people_are_found_by_name_and_by_id_and_forgotten() {
        let mut storage = Memory::default();
        let mut names = Names::from_gallery(&database(&[(1, "Ada Müller"), (2, "Ben")]));
        let ada = PersonId([1; 16]);
        for text in ["ada mu\u{308}ller", " ADA MÜLLER ", &ada.to_string()] {
            assert_eq!(names.find(text), [ada], "{text}");
        }
        assert!(names.find("Ad").is_empty());
        assert!(names.forget(&ada) && !names.forget(&ada));
        names.write(&mut storage, "log").unwrap();
        let text = String::from_utf8(storage.read("log.names").unwrap().unwrap()).unwrap();
        assert!(text.contains("Ben") && !text.contains("Ada"), "{text}");
        assert_eq!(Names::read(&mut storage, "log").unwrap(), names);
    }
}
