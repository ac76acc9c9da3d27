//! Whose ids are in the log: the only place beside the database that knows it. A person who is erased here is an id that
//! says nothing to anybody any more, and the chain stays whole.
//!
//! The file lies beside the log (`audit.jsonl.names`, mode 0600) and is brought up to date when a database is loaded.

use anyhow::Context;
use files::{Folder, Storage, wait_for_folder};
use policy::Now;
use serde::{Deserialize, Serialize};
use shared::gallery::{Gallery, PersonId};
use std::collections::BTreeMap;
use std::path::Path;

use super::read::folder_and_name;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// People by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    people: BTreeMap<String, Named>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: String,
    /// Since when no database has this person, milliseconds since 1970, UTC; `None` while one does.
    gone_utc_ms: Option<i64>,
}

/// Where the names of a log lie.
pub(crate) fn names_name(log: &str) -> String {
    format!("{log}.names")
}

/// A database was loaded: its people are known beside the log from now on. That they could not be written down is said;
/// the log is kept without.
pub(crate) fn take_in_beside(log: &Path, keep_days: u32, gallery: &Gallery, now: &Now) {
    let take_in = || {
        let (folder, log) = folder_and_name(log)?;
        // `forget` may be about to erase a name that was read here before.
        let _alone = wait_for_folder(folder)?;
        let mut storage = Folder::at(folder);
        let before = Names::read(&mut storage, log)?;
        let mut names = before.clone();
        names.take_in(gallery, now.utc_ms, keep_days);
        if names == before { Ok(()) } else { names.write(&mut storage, log) }
    };
    if let Err(error) = take_in() {
        tracing::warn!("{error:#}; `edge-agent audit show` may know people by their ids alone");
    }
}

impl Names {
    /// The people of a database.
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

    /// What is known beside this log; nothing, if there is no such file.
    ///
    /// # Errors
    /// If it cannot be read or understood.
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

    /// Rewrites the file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, storage: &mut dyn Storage, log: &str) -> anyhow::Result<()> {
        let file = names_name(log);
        let text = terminal::to_json(self)? + "\n";
        storage.replace(&file, text.as_bytes()).with_context(|| file.clone())
    }

    /// Takes in the people of a database that was loaded. A person who is in it no more is kept for this many days, as long as
    /// the log may have records of theirs, and then forgotten.
    pub(crate) fn take_in(&mut self, gallery: &Gallery, now_utc_ms: i64, keep_days: u32) {
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

    /// Somebody's name.
    pub(crate) fn name(&self, id: &PersonId) -> Option<&str> {
        self.people.get(&id.to_string()).map(|named| named.name.as_str())
    }

    /// Somebody's name, or the id where it is not known.
    pub(crate) fn name_or_id(&self, id: &str) -> String {
        self.people.get(id).map_or(id, |named| named.name.as_str()).to_owned()
    }

    #[cfg(test)]
    pub(crate) fn of_one(id: &str, name: &str) -> Self {
        let named = Named { name: name.to_owned(), gone_utc_ms: None };
        Self { people: BTreeMap::from([(id.to_owned(), named)]) }
    }

    /// All who are called so, or have this id.
    pub(crate) fn meant_by(&self, text: &str) -> Vec<PersonId> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return vec![id];
        }
        let wanted = shared::gallery::PersonName::parse(text).map(|name| name.collision_key());
        let is_meant = |name: &str| {
            let key = shared::gallery::PersonName::parse(name).map(|name| name.collision_key());
            key.is_ok() && key == wanted
        };
        let meant = self.people.iter().filter(|(_, named)| is_meant(&named.name));
        meant.filter_map(|(id, _)| id.parse().ok()).collect()
    }

    /// Erases a name; whether there was one.
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
    fn people_who_left_are_known_until_their_records_are_gone() {
        let (ada, ben) = (PersonId([1; 16]), PersonId([2; 16]));
        let mut names = Names::default();
        names.take_in(&database(&[(1, "Ada"), (2, "Ben")]), 0, 90);
        names.take_in(&database(&[(2, "Benjamin")]), DAY_MS, 90);
        assert_eq!((names.name(&ada), names.name(&ben)), (Some("Ada"), Some("Benjamin")));
        names.take_in(&database(&[(2, "Benjamin")]), 91 * DAY_MS, 90);
        assert_eq!(names.name(&ada), Some("Ada"));
        names.take_in(&database(&[(2, "Benjamin")]), 91 * DAY_MS + 1, 90);
        assert_eq!(names.name(&ada), None);
    }

    #[test]
    fn they_are_found_by_name_and_by_id_and_forgotten() {
        let mut storage = Memory::default();
        let mut names = Names::from_gallery(&database(&[(1, "Ada Müller"), (2, "Ben")]));
        let ada = PersonId([1; 16]);
        for text in ["ada mu\u{308}ller", " ADA MÜLLER ", &ada.to_string()] {
            assert_eq!(names.meant_by(text), [ada], "{text}");
        }
        assert!(names.meant_by("Ad").is_empty());
        assert!(names.forget(&ada) && !names.forget(&ada));
        names.write(&mut storage, "log").unwrap();
        let text = String::from_utf8(storage.read("log.names").unwrap().unwrap()).unwrap();
        assert!(text.contains("Ben") && !text.contains("Ada"), "{text}");
        assert_eq!(Names::read(&mut storage, "log").unwrap(), names);
    }
}
