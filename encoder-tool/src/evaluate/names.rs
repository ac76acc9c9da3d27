//! Reads files that name people: people to leave out, groups, and pairs of people who resemble each other.

use anyhow::{Context, Result, bail, ensure};
use files::read_bounded;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terminal::ShowPath;

const MAX_BYTES: u64 = 16 << 20;

/// Reads names, one a line; text after a `#` is a comment.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn left_out(path: Option<&Path>) -> Result<BTreeSet<String>> {
    let Some(path) = path else { return Ok(BTreeSet::new()) };
    Ok(text(path)?.lines().map(without_comment).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Reads two names a line, separated by a tab.
///
/// # Errors
/// If the file cannot be read, or a line is not a pair.
pub(super) fn pairs(path: &Path) -> Result<Vec<[String; 2]>> {
    let text = text(path)?;
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, without_comment(line)));
    let pair = |(number, line): (usize, &str)| {
        let names: Vec<&str> = line.split('\t').map(str::trim).collect();
        let &[one, other] = names.as_slice() else {
            bail!("{}, line {number}: {line:?} is not two names separated by a tab", path.shown())
        };
        ensure!(one != other, "{}, line {number}: {one:?} is paired with itself", path.shown());
        Ok([one.to_owned(), other.to_owned()])
    };
    lines.filter(|(_, line)| !line.is_empty()).map(pair).collect()
}

/// Reads the group of each person from a column of the `people.csv` in or beside the folder of photos. Its first column
/// is the person's folder.
///
/// # Errors
/// If there is no such file, or no such column.
pub(super) fn groups(images: &Path, column: &str) -> Result<BTreeMap<String, String>> {
    let places = [images.join("people.csv"), images.join("../people.csv")];
    let path = places.iter().find(|path| path.is_file());
    let path = path.with_context(|| format!("there is no people.csv in or beside {}", images.shown()))?;
    let text = text(path)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().with_context(|| path.shown())?.clone();
    let at = header.iter().position(|name| name == column);
    let known = header.iter().collect::<Vec<_>>().join(", ");
    let at = at.with_context(|| format!("{} has no column {column:?}: it has {known}", path.shown()))?;
    let mut groups = BTreeMap::new();
    for row in reader.records() {
        let row = row.with_context(|| path.shown())?;
        if let (Some(person), Some(group)) = (row.get(0), row.get(at).filter(|group| !group.is_empty())) {
            groups.insert(person.to_owned(), group.to_owned());
        }
    }
    Ok(groups)
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(read_bounded(path, MAX_BYTES)?).with_context(|| format!("{} is not text", path.shown()))
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_pairs_and_groups_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let names = file("names", "# wrong labels\nAda # is Bo\n\nCy\n");
        assert_eq!(left_out(Some(&names)).unwrap(), BTreeSet::from(["Ada".to_owned(), "Cy".to_owned()]));
        assert!(left_out(None).unwrap().is_empty());
        assert_eq!(pairs(&file("pairs", "Ada\tBo Li\n\n")).unwrap(), [["Ada".to_owned(), "Bo Li".to_owned()]]);
        for wrong in ["Ada Bo\n", "Ada\tBo\tCy\n", "Ada\tAda\n"] {
            let message = pairs(&file("wrong", wrong)).unwrap_err().to_string();
            assert!(message.contains("line 1"), "{wrong:?}: {message}");
        }
        file("people.csv", "id,age,origin\n001,24,north\n002,30,\n");
        let images = folder.path().join("images");
        fs::create_dir(&images).unwrap();
        assert_eq!(groups(&images, "origin").unwrap(), BTreeMap::from([("001".to_owned(), "north".to_owned())]));
        assert!(groups(&images, "height").unwrap_err().to_string().contains("no column"));
    }
}
