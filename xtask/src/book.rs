//! `cargo xtask book`: builds a book in `target/book` from the pages in `docs/` and the documents in the root.
//!
//! The documents' links are relative to the repository. The book has all pages in one folder, so links are rewritten.

use crate::process;
use crate::tools::MDBOOK;
use crate::{Outcome, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Documents in the root that become pages of the book.
const FROM_ROOT: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"];

/// Builds the book and prints its path.
///
/// # Errors
/// If mdbook cannot be installed, or a page cannot be read or written.
pub(crate) fn run() -> Result<Outcome> {
    println!("{}", make()?.join("index.html").display());
    Ok(Outcome::AsExpected)
}

/// Builds the book and returns its folder.
///
/// # Errors
/// If mdbook cannot be installed, or a page cannot be read or written.
pub(crate) fn make() -> Result<PathBuf> {
    let source = workspace::empty_folder("book-source")?;
    collect(Path::new("docs"), &source)?;
    for name in FROM_ROOT {
        write(&source.join(name), &from_root(&read(Path::new(name))?))?;
    }
    let book = workspace::empty_folder("book")?;
    process::run(MDBOOK.command(&["build"])?.arg(&source))?;
    fs::remove_file(book.join("book.toml")).context("the book's own settings")?;
    Ok(book)
}

/// Copies a folder and rewrites the links of its pages to documents of the root.
fn collect(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for path in workspace::sorted_entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        match path.extension().and_then(|ending| ending.to_str()) {
            _ if path.is_dir() => collect(&path, &target)?,
            Some("md") => write(&target, &from_docs(&read(&path)?))?,
            _ => fs::copy(&path, &target).map(|_| ()).with_context(|| path.display().to_string())?,
        }
    }
    Ok(())
}

/// SECURITY.md only repeats the end of docs/security.md, and the two names differ only in case.
fn from_root(page: &str) -> String {
    page.replace("](docs/", "](").replace("](SECURITY.md)", "](security.md#reporting-a-vulnerability)")
}

fn from_docs(page: &str) -> String {
    page.replace("](../", "](")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn links(page: &str) -> Vec<&str> {
        let ends = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        ends.map(|(link, _)| link).filter(|link| !link.contains("://")).collect()
    }

    /// The anchor of a heading, as GitHub and mdBook make it.
    fn anchors(page: &str) -> HashSet<String> {
        let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
        let letters = |heading: &str| -> String {
            let kept = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
        };
        headings.map(letters).collect()
    }

    #[test]
    fn every_link_between_documents_leads_somewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut documents = workspace::sorted_entries(&root.join("docs")).unwrap();
        documents.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
        documents.extend(FROM_ROOT.iter().chain(&["SECURITY.md"]).map(|name| root.join(name)));
        for document in documents {
            let text = read(&document).unwrap();
            for link in links(&text) {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let path = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
                assert!(path.exists(), "{}: {link}", document.display());
                let leads = anchor.is_empty() || anchors(&read(&path).unwrap()).contains(anchor);
                assert!(leads, "{}: {link}: no such heading", document.display());
            }
        }
    }

    #[test]
    fn every_page_is_in_the_summary() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let summary = read(&docs.join("SUMMARY.md")).unwrap();
        let listed: HashSet<&str> = links(&summary).into_iter().collect();
        for path in workspace::sorted_entries(&docs).unwrap() {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_page = path.extension().is_some_and(|ending| ending == "md") && name != "SUMMARY.md";
            assert!(!is_page || listed.contains(name), "{name} is not in SUMMARY.md");
        }
    }

    #[test]
    fn links_follow_the_documents() {
        assert_eq!(from_root("[a](docs/keys.md) ![b](docs/images/unit.svg)"), "[a](keys.md) ![b](images/unit.svg)");
        assert_eq!(from_root("[c](SECURITY.md)"), "[c](security.md#reporting-a-vulnerability)");
        assert_eq!(from_docs("[d](../ARCHITECTURE.md)"), "[d](ARCHITECTURE.md)");
    }
}
