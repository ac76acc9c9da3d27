//! Names of the rule files beside the photos, which say who may enter and when, and detection of misspelt names. A rule
//! file with a misspelt name would be ignored, and with it everybody's restrictions. No I/O.

use std::ffi::OsStr;
use std::fmt;

/// The file beside the people's folders that holds more data about people.
pub(crate) const PEOPLE_FILE: &str = "people.csv";

/// The file beside the people's folders that says when people may enter.
pub(crate) const SCHEDULES_FILE: &str = "schedules.toml";

/// The file beside the people's folders that holds the visitor passes.
pub(crate) const PASSES_FILE: &str = "passes.toml";
/// All of them.
const FILES: [&str; 3] = [PEOPLE_FILE, SCHEDULES_FILE, PASSES_FILE];
/// Endings of tables and TOML files: among photos, such a file is probably meant as a rule file.
const RULE_ENDINGS: [&str; 12] =
    ["csv", "tsv", "tab", "xls", "xlsx", "xlsm", "xlsb", "ods", "fods", "numbers", "gsheet", "toml"];

/// Endings of other files that may be called `people`: photos, databases and reports.
const OTHER_ENDINGS: [&str; 14] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "avif", "gif", "tif", "tiff", "db", "html"];

/// The most typing errors (a wrong, missing, extra or swapped letter) in a name that still counts as misspelt.
const TYPOS: usize = 2;

/// A file or folder that looks like a rule file but would not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NearMiss {
    /// Its path within the photos folder.
    pub(crate) shown: String,
    /// The rule file that it resembles.
    meant: &'static str,
}

impl NearMiss {
    /// Checks a file name: `Some` if it looks like a rule file. A correctly named rule file in a person's folder counts
    /// too.
    pub(crate) fn of_file(name: &str, shown: &str) -> Option<Self> {
        let parts = parts_of(name);
        let is_table = parts.iter().skip(1).any(|part| RULE_ENDINGS.contains(&part.as_str()));
        let is_other = parts.get(1).is_some_and(|ending| OTHER_ENDINGS.contains(&ending.as_str()));
        let meant = if is_table { Some(nearest(&parts)) } else { resembled(&parts).filter(|_| !is_other) };
        meant.map(|meant| Self { shown: shown.to_owned(), meant })
    }

    /// Checks a folder name, which may be any name of a person: `Some` if it has the ending of a rule file.
    pub(crate) fn of_folder(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let is_table = RULE_ENDINGS.contains(&ending.to_lowercase().as_str());
        is_table.then(|| Self { shown: name.to_owned(), meant: nearest(&parts_of(name)) })
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shown, meant } = self;
        // Escaped, because a letter of another script may look the same.
        let shown = shown.escape_default();
        write!(f, "\"{shown}\" looks like a rule file, but only {meant:?} beside the people's folders is read")
    }
}

/// Whether a rule file has this name, in any case.
pub(crate) fn is_rule_file(name: &str) -> bool {
    FILES.iter().any(|file| name.eq_ignore_ascii_case(file))
}

/// Whether a hidden file has the name of a rule file. Other hidden files belong to programs: locks, editor backups,
/// files of macOS.
pub(crate) fn is_hidden_rule_file(name: &OsStr) -> bool {
    let hidden = name.to_str().and_then(|name| name.strip_prefix('.'));
    hidden.is_some_and(|name| FILES.iter().any(|file| name.eq_ignore_ascii_case(file)))
}

/// Splits a name at its dots, in lower case, without spaces and punctuation: ` People .CSV~` becomes `people`, `csv`.
fn parts_of(name: &str) -> Vec<String> {
    let plain = |part: &str| part.chars().filter(|c| c.is_alphanumeric() || !c.is_ascii()).collect::<String>();
    name.trim_start_matches('.').to_lowercase().split('.').map(plain).collect()
}

/// The rule file that a name with such an ending most likely means.
fn nearest(parts: &[String]) -> &'static str {
    let toml = parts.iter().any(|part| part == "toml");
    resembled(parts).unwrap_or(if toml { SCHEDULES_FILE } else { PEOPLE_FILE })
}

/// The rule file whose name differs from this one by at most [`TYPOS`] errors, with or without its ending.
fn resembled(parts: &[String]) -> Option<&'static str> {
    let (stem, whole) = (parts.first()?, parts.concat());
    FILES.into_iter().find(|file| {
        let plain = parts_of(file);
        typos(stem, &plain[0]) <= TYPOS || typos(&whole, &plain.concat()) <= TYPOS
    })
}

/// The optimal string alignment distance (Damerau-Levenshtein, each pair of neighbours swapped at most once). A
/// character outside ASCII costs nothing, because it may look like any other character or be invisible.
fn typos(written: &str, meant: &str) -> usize {
    let (written, meant): (Vec<char>, Vec<char>) = (written.chars().collect(), meant.chars().collect());
    let cost = |character: char| usize::from(character.is_ascii());
    let mut rows: Vec<Vec<usize>> = vec![(0..=meant.len()).collect()];
    for (i, &a) in written.iter().enumerate() {
        let mut row = vec![rows[i][0] + cost(a)];
        for (j, &b) in meant.iter().enumerate() {
            let replaced = rows[i][j] + if a == b { 0 } else { cost(a) };
            let mut least = replaced.min(rows[i][j + 1] + cost(a)).min(row[j] + 1);
            if i > 0 && j > 0 && a == meant[j - 1] && written[i - 1] == b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[written.len()][meant.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misnamed_rule_file_is_detected() {
        for (name, meant) in [
            ("People.csv", PEOPLE_FILE),
            ("people.CSV", PEOPLE_FILE),
            ("people.csv.txt", PEOPLE_FILE),
            ("people.csv.bak", PEOPLE_FILE),
            ("people.csv~", PEOPLE_FILE),
            (".people.csv", PEOPLE_FILE),
            ("people .csv", PEOPLE_FILE),
            (" people.csv", PEOPLE_FILE),
            ("people.csv ", PEOPLE_FILE),
            ("people.csv.", PEOPLE_FILE),
            ("people (1).csv", PEOPLE_FILE),
            ("Kopie von people.csv", PEOPLE_FILE),
            ("people.xlsx", PEOPLE_FILE),
            ("people.ods", PEOPLE_FILE),
            ("people.txt", PEOPLE_FILE),
            ("people", PEOPLE_FILE),
            ("person.csv", PEOPLE_FILE),
            ("poeple.cvs", PEOPLE_FILE),
            ("peoplecsv", PEOPLE_FILE),
            ("people,csv", PEOPLE_FILE),
            ("staff.csv", PEOPLE_FILE),
            ("\u{feff}people.csv", PEOPLE_FILE),
            ("people\u{200b}.csv", PEOPLE_FILE),
            ("p\u{435}\u{43e}ple.csv", PEOPLE_FILE),
            ("people.\u{441}sv", PEOPLE_FILE),
            ("\u{ff50}eople\u{ff0e}csv", PEOPLE_FILE),
            ("people\u{202e}vsc.csv", PEOPLE_FILE),
            ("Schedules.toml", SCHEDULES_FILE),
            ("schedule.toml", SCHEDULES_FILE),
            ("schedules.TOML", SCHEDULES_FILE),
            ("schedules.toml.txt", SCHEDULES_FILE),
            ("schedules.tml", SCHEDULES_FILE),
            ("schedules.csv", SCHEDULES_FILE),
            ("hours.toml", SCHEDULES_FILE),
            ("schedules", SCHEDULES_FILE),
            ("scheduels.yaml", SCHEDULES_FILE),
            ("Passes.toml", PASSES_FILE),
            ("pases.toml", PASSES_FILE),
            ("passes.toml.bak", PASSES_FILE),
        ] {
            let noticed = NearMiss::of_file(name, name).unwrap_or_else(|| panic!("{name:?} is passed over"));
            assert_eq!(noticed.meant, meant, "{name:?}");
        }
    }

    #[test]
    fn other_files_beside_photos_are_not_mistaken_for_rule_files() {
        for name in [
            "people.db",
            "people.db.previous",
            "people.html",
            "people.jpg",
            "schedules.png",
            "passes.png",
            "pass.png",
            "group.jpg",
            "README.txt",
            "Thumbs.db",
            "notes.docx",
            "a.zip",
            "写真.txt",
            "2026.pdf",
        ] {
            assert_eq!(NearMiss::of_file(name, name), None, "{name:?}");
        }
        for (name, noticed) in [
            ("People", false),
            ("J.R. Toml", false),
            ("Ann Lee", false),
            ("people.csv", true),
            ("people.numbers", true),
        ] {
            assert_eq!(NearMiss::of_folder(name).is_some(), noticed, "{name:?}");
        }
    }

    #[test]
    fn typing_errors_by_hand() {
        for (written, meant, expected) in [
            ("people", "people", 0),
            ("poeple", "people", 1),
            ("peple", "people", 1),
            ("", "abc", 3),
            ("\u{430}bc", "abc", 0),
            ("ab\u{200b}c", "abc", 0),
        ] {
            assert_eq!(typos(written, meant), expected, "{written}");
        }
    }
}
