//! The list of people to enrol: merges folder names and the lines of `people.csv`. No I/O.

use super::people_csv::{Listed, Row};
use super::retention::Retention;
use shared::card::CardNumber;
use shared::gallery::{Details, Mode, NameError, PersonId, PersonName};
use std::collections::{HashMap, HashSet};

/// A person to enrol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: PersonName,
    /// The id given in `people.csv`.
    pub(crate) id: Option<PersonId>,
    /// All details except the cards.
    pub(crate) details: Details,
    pub(crate) cards: Vec<CardNumber>,
    /// The index of the person's folder; `None` if there is none.
    pub(crate) folder: Option<usize>,
    pub(crate) retention: Retention,
}

impl Member {
    /// Whether this person should have a folder of photos, and has none.
    fn lacks_photos(&self) -> bool {
        self.folder.is_none() && self.details.mode != Mode::Card
    }
}

/// Why folders and `people.csv` cannot be merged.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RosterError {
    /// A folder's name is not a person's name.
    #[error("the folder {folder:?}: {source}")]
    FolderName {
        /// The folder's name.
        folder: String,
        /// Why.
        source: NameError,
    },
    /// Two folder names differ only in case or Unicode form.
    #[error("the folders {one:?} and {other:?} differ only in case or in Unicode form: merge them, or rename one")]
    FoldersCollide {
        /// One of them.
        one: String,
        /// The other.
        other: String,
    },
    /// Two names in `people.csv` are equal, or differ only in case or Unicode form.
    #[error(
        "people.csv lines {one_line} and {other_line}: {one:?} and {other:?} differ at most in case or Unicode form: remove one line, or change a name"
    )]
    NamesCollide {
        /// A name.
        one: String,
        /// Its line.
        one_line: u64,
        /// The other name.
        other: String,
        /// Its line.
        other_line: u64,
    },
    /// Two people have the same card.
    #[error(
        "people.csv lines {one_line} and {other_line}: {one:?} and {other:?} have a card in common, but a card can belong to only one person"
    )]
    CardTaken {
        /// A name.
        one: String,
        /// Its line.
        one_line: u64,
        /// The other name.
        other: String,
        /// Its line.
        other_line: u64,
    },
    /// The `id` is invalid.
    #[error(
        "people.csv line {line}: the id {id:?} is neither a folder's name nor an id of 32 hexadecimal digits from `encoder-tool list`: correct it, or leave it empty"
    )]
    UnknownId {
        /// Counted from 1.
        line: u64,
        /// The text.
        id: String,
    },
    /// Two lines claim one folder.
    #[error("people.csv lines {one_line} and {other_line} both belong to the folder {folder:?}")]
    FolderClaimedTwice {
        /// The folder's name.
        folder: String,
        /// A line.
        one_line: u64,
        /// The other.
        other_line: u64,
    },
    /// The id of a line names one folder, but its name is that of another folder.
    #[error(
        "people.csv gives the name {name:?} to one folder, but another folder has that name: give each folder a line in people.csv"
    )]
    NameOfAnotherFolder {
        /// The name.
        name: String,
    },
    /// Some lines have no folder and some folders have no line: probably a misspelt name, which must not remove
    /// somebody's restrictions.
    #[error(
        "people.csv has no line for the folders {folders}, and there is no folder for its lines {lines}: correct the names so that they match"
    )]
    Misspelt {
        /// Folder names.
        folders: String,
        /// Names in `people.csv`.
        lines: String,
    },
}

/// Merges folders and lines, ordered by name. Without `people.csv`, `listed` is `None`, and each folder's name
/// is the person's. A folder that `people.csv` does not name is enrolled as if there were none.
///
/// # Errors
/// [`RosterError`]
pub(crate) fn roster(folders: &[&str], listed: Option<Listed>) -> Result<Vec<Member>, RosterError> {
    let Listed { rows, needs_basis } = listed.unwrap_or_default();
    refuse_colliding_folders(folders)?;
    refuse_colliding_rows(&rows)?;
    refuse_shared_cards(&rows)?;
    let by_key: HashMap<String, usize> =
        folders.iter().enumerate().filter_map(|(at, folder)| Some((key_of(folder)?, at))).collect();
    let mut claimed: HashMap<usize, u64> = HashMap::new();
    let mut members = Vec::new();
    for row in rows {
        let (id, by_id) = meaning_of_id(&row, &by_key)?;
        let folder = by_id.or_else(|| by_key.get(&row.name.collision_key()).copied());
        if let Some((at, one_line)) = folder.and_then(|at| Some((at, claimed.insert(at, row.line)?))) {
            let folder = folders[at].to_owned();
            return Err(RosterError::FolderClaimedTwice { folder, one_line, other_line: row.line });
        }
        let Row { name, details, cards, retention, .. } = row;
        members.push(Member { name, id, details, cards, folder, retention });
    }
    let unclaimed: Vec<usize> = (0..folders.len()).filter(|at| !claimed.contains_key(at)).collect();
    refuse_misspelt(&members, &unclaimed, folders)?;
    for at in unclaimed {
        let name = PersonName::parse(folders[at])
            .map_err(|source| RosterError::FolderName { folder: folders[at].to_owned(), source })?;
        members.push(Member {
            name,
            id: None,
            details: Details::default(),
            cards: Vec::new(),
            folder: Some(at),
            retention: Retention::of_unlisted(needs_basis),
        });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    refuse_folder_named_as_another(&members)?;
    Ok(members)
}

fn key_of(folder: &str) -> Option<String> {
    PersonName::parse(folder).ok().map(|name| name.collision_key())
}

fn refuse_colliding_folders(folders: &[&str]) -> Result<(), RosterError> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for folder in folders {
        let name = PersonName::parse(folder)
            .map_err(|source| RosterError::FolderName { folder: (*folder).to_owned(), source })?;
        if let Some(one) = seen.insert(name.collision_key(), folder) {
            return Err(RosterError::FoldersCollide { one: one.to_owned(), other: (*folder).to_owned() });
        }
    }
    Ok(())
}

fn refuse_colliding_rows(rows: &[Row]) -> Result<(), RosterError> {
    let mut seen: HashMap<String, &Row> = HashMap::new();
    for row in rows {
        if let Some(one) = seen.insert(row.name.collision_key(), row) {
            return Err(RosterError::NamesCollide {
                one: one.name.as_str().to_owned(),
                one_line: one.line,
                other: row.name.as_str().to_owned(),
                other_line: row.line,
            });
        }
    }
    Ok(())
}

fn refuse_shared_cards(rows: &[Row]) -> Result<(), RosterError> {
    let mut seen: HashMap<CardNumber, &Row> = HashMap::new();
    for (row, card) in rows.iter().flat_map(|row| row.cards.iter().map(move |card| (row, card))) {
        if let Some(one) = seen.insert(*card, row) {
            return Err(RosterError::CardTaken {
                one: one.name.as_str().to_owned(),
                one_line: one.line,
                other: row.name.as_str().to_owned(),
                other_line: row.line,
            });
        }
    }
    Ok(())
}

/// Interprets the column `id`: as a person's id, as a folder, or as both.
fn meaning_of_id(
    row: &Row,
    folders: &HashMap<String, usize>,
) -> Result<(Option<PersonId>, Option<usize>), RosterError> {
    let Some(text) = &row.id else { return Ok((None, None)) };
    let folder = key_of(text).and_then(|key| folders.get(&key).copied());
    let id = text.parse::<PersonId>().ok();
    if id.is_none() && folder.is_none() {
        return Err(RosterError::UnknownId { line: row.line, id: text.clone() });
    }
    Ok((id, folder))
}

fn refuse_misspelt(members: &[Member], unclaimed: &[usize], folders: &[&str]) -> Result<(), RosterError> {
    let without_folder: Vec<&str> =
        members.iter().filter(|member| member.lacks_photos()).map(|member| member.name.as_str()).collect();
    if without_folder.is_empty() || unclaimed.is_empty() {
        return Ok(());
    }
    let without_line: Vec<&str> = unclaimed.iter().map(|&at| folders[at]).collect();
    Err(RosterError::Misspelt { folders: without_line.join(", "), lines: without_folder.join(", ") })
}

/// Refuses a line whose id names one folder and whose name is that of another folder without a line.
fn refuse_folder_named_as_another(members: &[Member]) -> Result<(), RosterError> {
    let mut seen = HashSet::new();
    for member in members {
        if !seen.insert(member.name.collision_key()) {
            return Err(RosterError::NameOfAnotherFolder { name: member.name.as_str().to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build_db::people_csv::parse;
    use jiff::tz::TimeZone;

    const ID: &str = "000102030405060708090a0b0c0d0e0f";

    fn check(folders: &[&str], csv: Option<&str>) -> Result<Vec<(String, Option<usize>)>, String> {
        let listed = csv.map(|csv| parse(csv.as_bytes(), &TimeZone::UTC).unwrap());
        let members = roster(folders, listed).map_err(|error| error.to_string())?;
        Ok(members.into_iter().map(|member| (member.name.as_str().to_owned(), member.folder)).collect())
    }

    #[test]
    fn folders_and_lines_are_brought_together() {
        let with_id = format!("id,name\n{ID},Bo\n");
        for (folders, csv, expected) in [
            (&["b", "a"][..], None, vec![("a", Some(1)), ("b", Some(0))]),
            (&["Zoe\u{308}"], None, vec![("Zo\u{eb}", Some(0))]),
            (&["bo"], Some("name\nBo\n"), vec![("Bo", Some(0))]),
            (&["e17"], Some("id,name\nE17,Bo\n"), vec![("Bo", Some(0))]),
            (&["bo"], Some(&with_id), vec![("Bo", Some(0))]),
            (&["a"], Some("name\nA\nBo\n"), vec![("A", Some(0)), ("Bo", None)]),
            (&["a"], Some("name,mode,cards\nBo,card,5\n"), vec![("Bo", None), ("a", Some(0))]),
            (&["a", "b"], Some("name\na\n"), vec![("a", Some(0)), ("b", Some(1))]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(name, folder)| (name.to_owned(), folder)).collect();
            assert_eq!(check(folders, csv).as_ref(), Ok(&expected), "{folders:?} {csv:?}");
        }
    }

    #[test]
    fn what_is_not_certain_is_refused() {
        let long = "x".repeat(200);
        for (folders, csv, expected) in [
            (&["Bo", "bo"][..], None, "\"Bo\" and \"bo\" differ only in case"),
            (&["Zoe\u{308}", "Zo\u{eb}"], None, "differ only in case or in Unicode form"),
            (&[&long], None, "200 bytes"),
            (&["a\u{7}"], None, "control character U+0007"),
            (&["a"], Some("name\nBo\nBO\n"), "lines 2 and 3"),
            (&["a"], Some("name,cards\na,5;123:47726\nBo,0008108654\n"), "lines 2 and 3: \"a\" and \"Bo\" have a card"),
            (&["a"], Some("id,name\nb,a\n"), "line 2: the id \"b\" is neither"),
            (&["a"], Some("id,name\na,Bo\n,A\n"), "lines 2 and 3 both belong to the folder \"a\""),
            (
                &["a", "bob"],
                Some("name\na\nBo\n"),
                "no line for the folders bob, and there is no folder for its lines Bo",
            ),
            (&["e17", "Bo"], Some("id,name\ne17,Bo\n"), "gives the name \"Bo\" to one folder"),
        ] {
            let message = check(folders, csv).unwrap_err();
            assert!(message.contains(expected), "{folders:?} {csv:?}: {message}");
        }
    }

    #[test]
    fn a_folder_without_a_line_has_no_basis() {
        for (csv, objects) in [("name\na\n", false), ("name,basis\na,contract\n", true), ("name,basis\n", true)] {
            let listed = parse(csv.as_bytes(), &TimeZone::UTC).unwrap();
            let members = roster(&["a", "b"], Some(listed)).unwrap();
            assert_eq!(members[1].retention.objection(0).is_some(), objects, "{csv:?}");
        }
    }

    #[test]
    fn an_id_in_the_file_is_kept() {
        let listed = parse(format!("id,name\n{ID},Bo\n").as_bytes(), &TimeZone::UTC).unwrap();
        assert_eq!(roster(&["Bo"], Some(listed)).unwrap()[0].id.unwrap().to_string(), ID);
    }
}
