//! `people.csv` as a table that can be changed: a field, a new line, a line less. Everything else stays as it was, in the
//! form in which a spreadsheet wrote it.
//!
//! What the columns mean is `people_csv`'s business; nothing is written that it refuses.

use crate::build_db::people_csv::{self, COLUMNS, Listed};
use crate::build_db::separated_values::{self, Form};
use crate::rule_files::PEOPLE_FILE;
use anyhow::{Context, bail};
use files::Access;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::{fs, io};
use terminal::Help;

/// The text in the column `basis` of people who were there before the column was.
pub(crate) const NO_BASIS_YET: &str = "not recorded yet";

/// What is said before the reason.
pub(super) const NOTHING_CHANGED: &str = "nothing was changed";

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct PeopleFile {
    path: PathBuf,
    /// What was read; `None` without a file.
    bytes: Option<Vec<u8>>,
    form: Form,
    columns: Vec<String>,
    lines: Vec<TableLine>,
}

/// A line, with its number in the file; new lines have none.
#[derive(Clone, Debug)]
struct TableLine {
    number: Option<u64>,
    fields: Vec<String>,
}

/// A line of a [`PeopleFile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineIndex(usize);

impl PeopleFile {
    /// Reads the file in this folder, and what it says. Without one, the table is empty.
    ///
    /// # Errors
    /// If it cannot be read, or has a mistake.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<(Self, Option<Listed>)> {
        let path = folder.join(PEOPLE_FILE);
        if matches!(fs::metadata(&path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            let columns = vec!["name".to_owned()];
            return Ok((Self { path, bytes: None, form: Form::default(), columns, lines: Vec::new() }, None));
        }
        let bytes = files::read_bounded(&path, people_csv::MAX_BYTES)?;
        let listed = people_csv::parse(&bytes, &TimeZone::system()).help("correct people.csv")?;
        Ok((Self { bytes: Some(bytes.clone()), ..Self::parse(path, &bytes)? }, Some(listed)))
    }

    fn parse(path: PathBuf, bytes: &[u8]) -> anyhow::Result<Self> {
        let mut lines = separated_values::parse(bytes)?.into_iter();
        let columns = lines.next().context("people.csv is empty")?.fields;
        let columns: Vec<String> = columns.iter().map(str::to_lowercase).collect();
        let lines = lines.map(|line| TableLine {
            number: Some(line.number),
            fields: line.fields.iter().map(str::to_owned).collect(),
        });
        Ok(Self { path, bytes: None, form: Form::of(bytes), lines: lines.collect(), columns })
    }

    /// The line with this number in the file.
    pub(crate) fn line_numbered(&self, number: u64) -> Option<LineIndex> {
        self.lines.iter().position(|line| line.number == Some(number)).map(LineIndex)
    }

    /// A field; empty if the line or the table does not have it.
    pub(crate) fn field(&self, LineIndex(line): LineIndex, column: &str) -> &str {
        let place = self.columns.iter().position(|known| known == column);
        place.and_then(|place| self.lines.get(line)?.fields.get(place)).map_or("", String::as_str)
    }

    /// The fields of all lines in this column.
    pub(crate) fn column(&self, column: &str) -> impl Iterator<Item = &str> {
        let place = self.columns.iter().position(|known| known == column);
        self.lines.iter().filter_map(move |line| line.fields.get(place?)).map(String::as_str)
    }

    /// The line that was added with this name.
    pub(crate) fn line_of_name(&self, name: &str) -> Option<LineIndex> {
        let place = self.columns.iter().position(|known| known == "name")?;
        let is_it =
            |line: &TableLine| line.number.is_none() && line.fields.get(place).is_some_and(|field| field == name);
        self.lines.iter().position(is_it).map(LineIndex)
    }

    /// Whether the table has this column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known == column)
    }

    /// Changes a field. The column is added if it is not there and the text is not empty.
    pub(crate) fn set(&mut self, LineIndex(line): LineIndex, column: &str, text: &str) {
        let place = match self.columns.iter().position(|known| known == column) {
            Some(place) => place,
            None if text.is_empty() => return,
            None => self.add_column(column),
        };
        let Some(TableLine { fields, .. }) = self.lines.get_mut(line) else { return };
        if fields.len() <= place {
            fields.resize(place + 1, String::new());
        }
        fields[place] = text.to_owned();
    }

    /// Adds a line with this name.
    pub(crate) fn add(&mut self, name: &str) -> LineIndex {
        self.lines.push(TableLine { number: None, fields: vec![String::new(); self.columns.len()] });
        let line = LineIndex(self.lines.len() - 1);
        self.set(line, "name", name);
        line
    }

    /// Removes a line.
    pub(crate) fn remove(&mut self, LineIndex(line): LineIndex) {
        if line < self.lines.len() {
            self.lines.remove(line);
        }
    }

    /// Replaces the file, if `check` accepts what it says.
    ///
    /// # Errors
    /// If what would be written is refused when it is read, or if it cannot be written. The file is then unchanged.
    pub(crate) fn write_checked(&self, check: impl FnOnce(Listed) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let bytes = self.to_bytes()?;
        let listed = people_csv::parse(&bytes, &TimeZone::system());
        check(listed.context(NOTHING_CHANGED)?)?;
        Ok(files::replace(&self.path, Access::Private, &bytes)?)
    }

    /// Puts the file back as it was read. Without one, it is deleted.
    ///
    /// # Errors
    /// If it cannot be written or deleted.
    pub(crate) fn write_back(&self) -> anyhow::Result<()> {
        match &self.bytes {
            Some(bytes) => Ok(files::replace(&self.path, Access::Private, bytes)?),
            None if self.path.exists() => fs::remove_file(&self.path).context("cannot delete people.csv again"),
            None => Ok(()),
        }
    }

    fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = self.form.beginning();
        let mut writer = self.form.writer(&mut bytes);
        writer.write_record(&self.columns)?;
        for line in &self.lines {
            let empty = std::iter::repeat_n("", self.columns.len().saturating_sub(line.fields.len()));
            writer.write_record(line.fields.iter().map(String::as_str).chain(empty))?;
        }
        writer.flush()?;
        drop(writer);
        Ok(bytes)
    }

    /// Adds a column in the order in which the columns are documented; returns its place.
    fn add_column(&mut self, column: &str) -> usize {
        let rank = |name: &str| COLUMNS.iter().position(|known| *known == name);
        let place = self.columns.iter().position(|known| rank(known) > rank(column) && rank(known).is_some());
        let place = place.unwrap_or(self.columns.len());
        for line in &mut self.lines {
            if line.fields.len() < place {
                line.fields.resize(place, String::new());
            }
            line.fields.insert(place, String::new());
        }
        self.columns.insert(place, column.to_owned());
        place
    }
}

/// Refuses text that a field of a table cannot have.
///
/// # Errors
/// If it has a control character, other than a line break in a note.
pub(crate) fn require_field(column: &str, text: &str) -> anyhow::Result<()> {
    match text.chars().find(|&c| c.is_control() && !(column == "note" && c == '\n')) {
        Some(c) => bail!("{column}: remove the control character U+{:04X}", c as u32),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str) -> PeopleFile {
        PeopleFile::parse(PathBuf::new(), text.as_bytes()).unwrap()
    }

    fn text(table: &PeopleFile) -> String {
        String::from_utf8(table.to_bytes().unwrap()).unwrap()
    }

    #[test]
    fn what_is_not_changed_stays() {
        for (before, after) in [
            ("name,note\nAda,x\nBo,\"a, b\"\n", "name,note\nAda,new\nBo,\"a, b\"\n"),
            (
                "\u{feff}sep=;\r\nName;note\r\nAda;\r\nBo;a, b\r\n",
                "\u{feff}sep=;\r\nname;note\r\nAda;new\r\nBo;a, b\r\n",
            ),
            ("name\tnote\nAda\t\nBo\ta;b\n", "name\tnote\nAda\tnew\nBo\ta;b\n"),
            ("id,name,,note\n,Ada,,x\n,Bo\n", "id,name,,note\n,Ada,,new\n,Bo,,\n"),
        ] {
            let mut table = table(before);
            let ada = LineIndex(0);
            table.set(ada, "note", "new");
            assert_eq!(text(&table), after);
            assert_eq!(table.field(ada, "note"), "new");
        }
    }

    #[test]
    fn lines_come_and_go() {
        let mut table = table("name,cards\nAda,1\n\nBo,2\n");
        let bo = table.line_numbered(4).unwrap();
        assert_eq!(table.field(bo, "cards"), "2");
        table.remove(bo);
        let zoe = table.add("Zoë, \"Z\"");
        table.set(zoe, "cards", "0008108654");
        assert_eq!(text(&table), "name,cards\nAda,1\n\"Zoë, \"\"Z\"\"\",0008108654\n");
        assert_eq!(table.line_numbered(3), None);
    }

    #[test]
    fn a_new_column_takes_its_documented_place() {
        let mut table = table("name,cards,note\nAda,1,n\nBo,,\n");
        table.set(LineIndex(1), "mode", "");
        table.set(LineIndex(1), "groups", "staff");
        table.set(LineIndex(1), "basis", "consent");
        assert_eq!(text(&table), "name,groups,cards,note,basis\nAda,,1,n,\nBo,staff,,,consent\n");
    }

    #[test]
    fn a_file_is_written_only_if_it_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = PeopleFile::read(folder.path()).unwrap().0;
        let ada = table.add("Ada");
        table.write_checked(|_| Ok(())).unwrap();
        table.set(ada, "mode", "nonsense");
        let refused = table.write_checked(|_| Ok(())).unwrap_err();
        let refused = format!("{refused:#}");
        assert!(refused.contains("nothing was changed") && refused.contains("nonsense"), "{refused}");
        assert_eq!(std::fs::read_to_string(folder.path().join("people.csv")).unwrap(), "name\nAda\n");
    }

    #[test]
    fn control_characters_are_refused() {
        for (column, text, expected) in
            [("name", "Ada", true), ("name", "A\nda", false), ("note", "a\nb", true), ("note", "a\u{7}b", false)]
        {
            assert_eq!(require_field(column, text).is_ok(), expected, "{column} {text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(note in "[^\\p{C}]{0,40}", name in "[a-zA-Z;,\"'=+@ ]{1,20}", delimiter in "[,;\t]") {
            let mut table = table(&format!("name{delimiter}note\nAda{delimiter}\n"));
            let line = table.add(&name);
            table.set(line, "note", &note);
            let again = self::table(&text(&table));
            let name = name.trim();
            // A line of spaces and delimiters alone is an empty line.
            if !name.is_empty() {
                prop_assert_eq!((again.field(line, "name"), again.field(line, "note")), (name, note.trim()));
            }
        }
    }
}
