//! Lists the picture files below a folder, in the order of their names, in which 2 comes before 10. Opens no file.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// File name endings of pictures.
const PICTURES: [&str; 13] =
    ["jpg", "jpeg", "jpe", "png", "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff", "ppm"];
/// The deepest folder that is listed; a link to a folder above it would have no end.
const DEEPEST: usize = 12;

/// A picture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// The folders between the root and the file.
    pub(super) folders: Vec<String>,
    /// The file name without its ending.
    pub(super) stem: String,
}

/// The files below a folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    /// How many other files there are, by the ending of their names.
    pub(super) others: BTreeMap<String, usize>,
}

/// Lists a folder and the folders in it. Hidden entries are ignored.
///
/// # Errors
/// If a folder cannot be read, the folders are too deep, or there is no picture.
pub(super) fn tree(root: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    list(root, &mut Vec::new(), &mut tree)?;
    match tree.files.is_empty() {
        false => Ok(tree),
        true => Err(anyhow::anyhow!("no pictures in {}", root.shown()))
            .help("save the frames of videos as JPEG or PNG files, with one folder for each video"),
    }
}

fn list(folder: &Path, folders: &mut Vec<String>, tree: &mut Tree) -> Result<()> {
    anyhow::ensure!(folders.len() <= DEEPEST, "{}: more than {DEEPEST} folders deep", folder.shown());
    let unreadable = || format!("cannot read the folder {}", folder.shown());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let name = entry.with_context(unreadable)?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            entries.push(name);
        }
    }
    entries.sort_by_cached_key(|name| natural(&name.to_string_lossy()));
    for name in entries {
        let path = folder.join(&name);
        if path.is_dir() {
            folders.push(name.to_string_lossy().into_owned());
            list(&path, folders, tree)?;
            folders.pop();
            continue;
        }
        let ending = path.extension().map(OsStr::to_string_lossy).unwrap_or_default().to_ascii_lowercase();
        if PICTURES.contains(&ending.as_str()) {
            let stem = path.file_stem().unwrap_or(&name).to_string_lossy().into_owned();
            tree.files.push(File { path, folders: folders.clone(), stem });
        } else {
            *tree.others.entry(ending).or_default() += 1;
        }
    }
    Ok(())
}

/// A sort key by which numbers in names are compared as numbers: the text and the digits in turn, the digits without
/// leading zeros and after their count. The whole name comes last, so that `1` and `01` are ordered too.
fn natural(name: &str) -> (Vec<(String, usize, String)>, String) {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits_at = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits_at);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, after) = after.split_at(end);
        let digits = digits.trim_start_matches('0');
        key.push((text.to_owned(), digits.len(), digits.to_owned()));
        rest = after;
    }
    (key, name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_compared_as_numbers() {
        let ordered = ["", "a", "a01", "a1", "a2", "a10", "a10b", "a99999999999999999999999", "b", "é2"];
        let mut names = ordered;
        names.reverse();
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ordered);
    }

    #[test]
    fn pictures_in_folders_at_any_depth() {
        let root = tempfile::tempdir().unwrap();
        for file in
            ["b/10.jpg", "b/2.JPG", "b/deep/er/1.png", "a.webp", "notes.txt", "b/film.mov", ".hidden/1.jpg", "raw"]
        {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = tree(root.path()).unwrap();
        let files: Vec<String> =
            found.files.iter().map(|file| [file.folders.join("/"), file.stem.clone()].join(":")).collect();
        assert_eq!(files, [":a", "b:2", "b:10", "b/deep/er:1"]);
        let others: Vec<(&str, usize)> = found.others.iter().map(|(ending, count)| (ending.as_str(), *count)).collect();
        assert_eq!(others, [("", 1), ("mov", 1), ("txt", 1)]);
    }

    #[test]
    fn a_folder_without_pictures_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("film.mov"), "").unwrap();
        for (path, named) in [(root.path().to_owned(), "no pictures"), (root.path().join("none"), "cannot read")] {
            let refused = tree(&path).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_without_end_are_refused() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("again")).unwrap();
        assert!(tree(root.path()).unwrap_err().to_string().contains("folders deep"));
    }
}
