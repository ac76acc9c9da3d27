//! Lists the photos folder: one folder of photos for each person, and optionally a `people.csv`, a `schedules.toml` and
//! a `passes.toml`.
//! Opens no file.

use crate::rule_files::{self, NearMiss, PASSES_FILE, PEOPLE_FILE, SCHEDULES_FILE};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// The contents of the photos folder, ordered by name.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) folders: Vec<Folder>,
    pub(crate) people_file: Option<PathBuf>,
    pub(crate) schedules_file: Option<PathBuf>,
    pub(crate) passes_file: Option<PathBuf>,
    /// Files that look like one of the three but are not read. A caller that uses rule files must refuse them.
    pub(crate) near_misses: Vec<NearMiss>,
    /// Ignored entries, which are neither a person's folder nor a photo in one, as `path: why`.
    pub(crate) passed_over: Vec<String>,
}

/// A person's folder.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) name: String,
    pub(crate) photos: Vec<Photo>,
}

/// A file in a person's folder; assumed to be a photo.
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) path: PathBuf,
    /// `person/photo`, for messages.
    pub(crate) shown: String,
}

/// Why the photos folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ScanError {
    /// It does not exist, is not a folder, or cannot be read.
    #[error("cannot read the folder {}: {source}", path.shown())]
    Unreadable {
        /// Which folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A folder's name is not Unicode text.
    #[error("the folder name {name:?} is not UTF-8: rename it")]
    NameNotUnicode {
        /// The name, with invalid parts replaced.
        name: String,
    },
    /// It contains no photos.
    #[error("no photos in {}: create a folder for each person, with the person's name, and put the photos in it", path.shown())]
    Empty {
        /// The photos folder.
        path: PathBuf,
    },
}

/// Lists the photos folder. Follows symbolic links; ignores hidden files and files that operating systems create.
///
/// # Errors
/// [`ScanError`]
pub(crate) fn scan(root: &Path) -> Result<Scan, ScanError> {
    let mut scan = Scan::default();
    for (name, path) in entries(root)? {
        let shown = name.shown().to_string();
        if path.is_dir() {
            let Some(name) = name.to_str().map(str::to_owned) else {
                return Err(ScanError::NameNotUnicode { name: shown });
            };
            if let Some(near_miss) = NearMiss::of_folder(&name) {
                scan.near_misses.push(near_miss);
                continue;
            }
            let photos = photos_in(&name, &path, &mut scan)?;
            scan.folders.push(Folder { name, photos });
        } else if name == PEOPLE_FILE {
            scan.people_file = Some(path);
        } else if name == SCHEDULES_FILE {
            scan.schedules_file = Some(path);
        } else if name == PASSES_FILE {
            scan.passes_file = Some(path);
        } else if let Some(near_miss) = NearMiss::of_file(&shown, &shown) {
            scan.near_misses.push(near_miss);
        } else {
            scan.passed_over.push(format!("{shown}: not in a person's folder"));
        }
    }
    Ok(scan)
}

/// # Errors
/// If there is not one photo in these folders of `root`.
pub(crate) fn require_photos(root: &Path, folders: &[Folder]) -> Result<(), ScanError> {
    match folders.iter().all(|folder| folder.photos.is_empty()) {
        true => Err(ScanError::Empty { path: root.to_owned() }),
        false => Ok(()),
    }
}

fn photos_in(person: &str, folder: &Path, scan: &mut Scan) -> Result<Vec<Photo>, ScanError> {
    let mut photos = Vec::new();
    for (name, path) in entries(folder)? {
        let shown = format!("{}/{}", person.shown(), name.shown());
        if let Some(near_miss) = NearMiss::of_file(&name.to_string_lossy(), &shown) {
            scan.near_misses.push(near_miss);
            continue;
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => scan.passed_over.push(format!("{shown}: a folder in a person's folder")),
            Ok(found) if !found.is_file() => scan.passed_over.push(format!("{shown}: not a file")),
            // A dangling link is reported as a photo that cannot be read.
            _ => photos.push(Photo { path, shown }),
        }
    }
    Ok(photos)
}

fn entries(folder: &Path) -> Result<Vec<(std::ffi::OsString, PathBuf)>, ScanError> {
    let unreadable = |source| ScanError::Unreadable { path: folder.to_owned(), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !is_ignored(&entry.file_name()) {
            entries.push((entry.file_name(), entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}

/// Whether [`scan`] takes a folder of this name for a person's.
pub(crate) fn is_a_persons_folder(name: &str) -> bool {
    !is_ignored(OsStr::new(name)) && NearMiss::of_folder(name).is_none() && !rule_files::is_rule_file(name)
}

/// Whether to ignore an entry: hidden files, lock files of spreadsheets, and files that Windows, macOS archives and
/// network storage add.
fn is_ignored(name: &OsStr) -> bool {
    const LEFT_BY_SYSTEMS: [&str; 4] = ["Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir"];
    let begins_with = |start: &[u8]| name.as_encoded_bytes().starts_with(start);
    let hidden = begins_with(b".") && !rule_files::is_hidden_rule_file(name);
    hidden || begins_with(b"~$") || LEFT_BY_SYSTEMS.iter().any(|left| name.eq_ignore_ascii_case(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn folders_and_photos_in_the_order_of_their_names() {
        let files = ["b/2.jpg", "b/1.png", "a/x.webp", "a/.hidden", "a/Thumbs.db", ".git/x", "people.csv"];
        let found = scan(tree(&files).path()).unwrap();
        let photos: Vec<&str> =
            found.folders.iter().flat_map(|folder| &folder.photos).map(|photo| photo.shown.as_str()).collect();
        assert_eq!(photos, ["a/x.webp", "b/1.png", "b/2.jpg"]);
        assert!(found.people_file.is_some());
        assert!(found.passed_over.is_empty());
    }

    #[test]
    fn files_in_other_places_are_reported() {
        let found = scan(tree(&["a/1.jpg", "a/old/2.jpg", "loose.jpg"]).path()).unwrap();
        assert_eq!(found.passed_over, ["a/old: a folder in a person's folder", "loose.jpg: not in a person's folder"]);
    }

    /// If the rules were ignored, everybody could enter at all times.
    #[test]
    fn a_misnamed_or_misplaced_rule_file_is_reported() {
        for (file, near_misses) in [
            ("people.csv", 0),
            ("People.csv", 1),
            (".people.csv", 1),
            ("._people.csv", 0),
            (".~lock.people.csv#", 0),
            ("~$people.xlsx", 0),
            ("a/people.csv", 1),
            ("a/Schedules.toml", 1),
            ("people.csv/people.csv", 1),
            ("b/2.jpg", 0),
        ] {
            let found = scan(tree(&["a/1.jpg", file]).path()).unwrap();
            assert_eq!(found.near_misses.len(), near_misses, "{file}: {:?}", found.near_misses);
        }
    }

    #[test]
    fn nothing_to_enrol_is_an_error() {
        for files in [&[][..], &["loose.jpg"], &["a/.hidden"], &["people.csv"]] {
            let tree = tree(files);
            let refusal = require_photos(tree.path(), &scan(tree.path()).unwrap().folders).unwrap_err();
            assert!(matches!(refusal, ScanError::Empty { .. }), "{files:?}: {refusal}");
        }
        let file = tree(&["file"]);
        for missing in ["none", "file"] {
            let refusal = scan(&file.path().join(missing)).unwrap_err();
            assert!(matches!(refusal, ScanError::Unreadable { .. }), "{missing}: {refusal}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        use std::os::unix::fs::symlink;
        let (elsewhere, root) = (tree(&["photos/1.jpg"]), tempfile::tempdir().unwrap());
        symlink(elsewhere.path().join("photos"), root.path().join("a")).unwrap();
        symlink("nowhere", elsewhere.path().join("photos/2.jpg")).unwrap();
        let found = scan(root.path()).unwrap();
        assert_eq!(found.folders[0].photos.len(), 2);
    }
}
