//! How a person is known, and what in the office is about them: the line of `people.csv`, the photos, the visitor passes.

use super::super::OfficeFiles;
use super::archive::Archive;
use crate::build_db::people_csv;
use crate::passes::passes_toml::Passes;
use serde_json::json;
use shared::gallery::{PersonId, PersonName};
use std::collections::BTreeSet;

/// The largest photo that is put into the archive, in bytes.
const MAX_PHOTO_BYTES: u64 = 256 << 20;

/// The person who asks.
pub(super) struct Person {
    pub(super) name: PersonName,
    /// `None` for somebody who was never enrolled, such as a visitor.
    pub(super) id: Option<PersonId>,
}

impl Person {
    fn is_called(&self, name: &str) -> bool {
        PersonName::parse(name).is_ok_and(|name| name.collision_key() == self.name.collision_key())
    }

    /// Whether the text is the person's id.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.id.is_some_and(|own| id.parse() == Ok(own))
    }

    /// Adds the line of `people.csv` and the photos; says how many photos.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn add_office(&self, office: &OfficeFiles, archive: &mut Archive) -> anyhow::Result<usize> {
        let listed = office.listed()?;
        let row_id = |row: &people_csv::Row| row.id.clone().unwrap_or_default();
        let row = listed.rows.iter().find(|row| self.is_called(row.name.as_str()) || self.has_id(&row_id(row)));
        if let (Some(row), Some(file)) = (row, &office.people_file) {
            archive.add("people.csv", people_csv::only_line(file, row.line)?);
        }
        let is_theirs = |folder: &str| self.is_called(folder) || row.is_some_and(|row| row_id(row) == folder);
        let mut photos = 0;
        for photo in office.folders.iter().filter(|folder| is_theirs(&folder.name)).flat_map(|folder| &folder.photos) {
            let content = files::read_bounded(&photo.path, MAX_PHOTO_BYTES)?;
            let file = photo.path.file_name().unwrap_or_default().to_string_lossy();
            archive.add(&format!("photos/{file}"), content);
            photos += 1;
        }
        Ok(photos)
    }

    /// Adds the passes of a visitor of this name and those that need the person's card, without names of other visitors
    /// and ids of other hosts. Says how many.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn add_passes(&self, passes: &Passes, archive: &mut Archive) -> anyhow::Result<usize> {
        let mut theirs = Vec::new();
        for pass in &passes.passes {
            let is_host = pass.host.as_deref().is_some_and(|host| self.has_id(host));
            if !is_host && !self.is_called(&pass.name) {
                continue;
            }
            let mut fields = serde_json::to_value(pass)?;
            if let Some(fields) = fields.as_object_mut() {
                fields.retain(|key, value| match key.as_str() {
                    "name" | "id" => self.is_called(&pass.name),
                    "host" => value.as_str().is_some_and(|host| self.has_id(host)),
                    _ => true,
                });
            }
            theirs.push(fields);
        }
        if !theirs.is_empty() {
            let all = json!({"passes": theirs});
            archive.add("passes.json", terminal::to_json(&all)?.into_bytes());
        }
        Ok(theirs.len())
    }

    /// The ids of the passes of a visitor of this name.
    pub(super) fn pass_ids(&self, passes: &Passes) -> BTreeSet<String> {
        let theirs = passes.passes.iter().filter(|pass| self.is_called(&pass.name));
        theirs.map(|pass| pass.id.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::OfficeFiles;
    use super::*;
    use crate::passes::passes_toml::tests::issued;
    use std::io::Read;

    fn contents(archive: &Archive) -> Vec<(String, String)> {
        let bytes = archive.with_first("README.txt", b"").unwrap();
        let mut unpacked = tar::Archive::new(bytes.as_slice());
        let files = unpacked.entries().unwrap().skip(1).map(|file| {
            let (mut file, mut content) = (file.unwrap(), String::new());
            file.read_to_string(&mut content).unwrap();
            (file.path().unwrap().to_str().unwrap().to_owned(), content)
        });
        files.collect()
    }

    #[test]
    fn the_photos_of_both_folders_of_a_person_are_there() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("Ada/a.jpg", "one"),
            ("ada l/a.jpg", "two"),
            ("Bo/a.jpg", "three"),
            ("people.csv", "id,name\nada l,Ada\n,Bo\n"),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let office = OfficeFiles::read(folder.path()).unwrap();
        let mut archive = Archive::default();
        let ada = Person { name: PersonName::parse("ADA").unwrap(), id: None };
        assert_eq!(ada.add_office(&office, &mut archive).unwrap(), 2);
        let expected = [("people.csv", "id,name\nada l,Ada\n"), ("photos/a.jpg", "one"), ("photos/a-2.jpg", "two")];
        let found = contents(&archive);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
        assert_eq!(found, expected);
    }

    /// Regression test: passes of the person, as a visitor or as a host, were left out.
    #[test]
    fn passes_of_a_visitor_and_of_a_host_are_there_without_the_other_one() {
        let (ada, bo) = (PersonId([0xad; 16]), PersonId([0xb0; 16]));
        let pass = |id: u8, name: &str, host: Option<PersonId>| {
            let mut pass = issued(id, name, "2027-01-31T17:00:00Z");
            pass.host = host.map(|host| host.to_string());
            pass
        };
        let mut passes = Passes::default();
        passes.passes = vec![pass(1, "ada", Some(bo)), pass(2, "Vera", Some(ada)), pass(3, "Vera", None)];
        let found = |name: &str, id| {
            let mut archive = Archive::default();
            let person = Person { name: PersonName::parse(name).unwrap(), id };
            let count = person.add_passes(&passes, &mut archive).unwrap();
            let ids: Vec<String> = person.pass_ids(&passes).into_iter().collect();
            (count, ids, contents(&archive).pop().map(|(_, content)| content).unwrap_or_default())
        };
        let (count, ids, content) = found("Ada", Some(ada));
        assert_eq!((count, ids), (2, vec!["010101010101".to_owned()]));
        assert!(content.starts_with("{\"schema\":1,\"passes\":[{"), "{content}");
        for (part, is_there) in [
            ("\"name\":\"ada\"", true),
            (&ada.to_string(), true),
            ("010101010101", true),
            ("Vera", false),
            (&bo.to_string(), false),
            ("020202020202", false),
        ] {
            assert_eq!(content.contains(part), is_there, "{part}: {content}");
        }
        assert_eq!(found("Vera", None).0, 2);
        assert_eq!(found("Cy", Some(PersonId([1; 16]))), (0, Vec::new(), String::new()));
    }
}
