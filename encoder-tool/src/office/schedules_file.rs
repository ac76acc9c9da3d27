//! `schedules.toml` as a file that can be changed: comments, order and everything that is not changed stay.

use super::people_file::NOTHING_CHANGED;
use super::{Office, is_called};
use crate::build_db::schedules_toml;
use anyhow::{Context, anyhow, bail};
use files::Access;
use shared::gallery::{PersonId, PersonName};
use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};
use terminal::{Help, ShowPath};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// What can be changed of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
    pub(crate) people: Vec<String>,
    pub(crate) hours: Vec<String>,
    /// Whether there are other limits, such as `closed`, which stay as they are.
    pub(crate) has_more: bool,
}

impl Written {
    /// Whether it names this person.
    pub(crate) fn names(&self, person: &PersonName) -> bool {
        self.people.iter().any(|text| is_called(person, text))
    }
}

/// The file.
#[derive(Debug)]
pub(crate) struct SchedulesFile {
    text: String,
    document: DocumentMut,
}

impl SchedulesFile {
    /// Reads it; empty if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or has a mistake.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            return Ok(Self { text: String::new(), document: DocumentMut::new() });
        }
        Self::parse(&files::read_bounded(path, schedules_toml::MAX_BYTES)?)
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        schedules_toml::parse(bytes).help("correct schedules.toml in an editor")?;
        let text = str::from_utf8(bytes).context("schedules.toml is not UTF-8 text")?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut document = text.parse::<DocumentMut>()?;
        // Schedules in one line, `schedule = [{…}]`, are tables from now on.
        if document.get("schedule").is_some_and(|schedules| !schedules.is_array_of_tables()) {
            let tables = document.remove("schedule").and_then(|schedules| schedules.into_array_of_tables().ok());
            // Of an empty list nothing is left.
            tables.map(|tables| document.insert("schedule", Item::ArrayOfTables(tables)));
        }
        Ok(Self { text: text.to_owned(), document })
    }

    /// The text as it was read.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The schedules, in the order of the file.
    pub(crate) fn schedules(&self) -> Vec<Written> {
        let texts = |table: &Table, key: &str| -> Vec<String> {
            let array = table.get(key).and_then(Item::as_array);
            array.into_iter().flatten().filter_map(|text| text.as_str()).map(str::to_owned).collect()
        };
        let tables = self.document.get("schedule").and_then(Item::as_array_of_tables);
        let written = |table: &Table| Written {
            name: table.get("name").and_then(Item::as_str).unwrap_or_default().to_owned(),
            groups: texts(table, "groups"),
            people: texts(table, "people"),
            hours: texts(table, "hours"),
            has_more: table.iter().any(|(key, _)| !["name", "groups", "people", "hours"].contains(&key)),
        };
        tables.into_iter().flat_map(ArrayOfTables::iter).map(written).collect()
    }

    /// Changes a schedule.
    ///
    /// # Errors
    /// If there is no such schedule.
    pub(crate) fn set(&mut self, number: usize, written: &Written) -> anyhow::Result<()> {
        let tables = self.document.get_mut("schedule").and_then(Item::as_array_of_tables_mut);
        let table = tables.and_then(|tables| tables.get_mut(number)).context("there is no such schedule")?;
        fill(table, written);
        Ok(())
    }

    /// Adds a schedule at the end.
    pub(crate) fn add(&mut self, written: &Written) {
        let mut table = Table::new();
        fill(&mut table, written);
        let tables = self.document.entry("schedule").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(tables) = tables.as_array_of_tables_mut() {
            tables.push(table);
        }
    }

    /// Removes a schedule.
    ///
    /// # Errors
    /// If there is no such schedule.
    pub(crate) fn remove(&mut self, number: usize) -> anyhow::Result<()> {
        let tables = self.document.get_mut("schedule").and_then(Item::as_array_of_tables_mut);
        let tables = tables.filter(|tables| number < tables.len()).context("there is no such schedule")?;
        tables.remove(number);
        if tables.is_empty() {
            self.document.remove("schedule");
        }
        Ok(())
    }

    /// Replaces the file, if a build would accept it. A file without any rule is deleted.
    ///
    /// # Errors
    /// If it is refused or cannot be written.
    pub(crate) fn write(&self, path: &Path, office: &Office) -> anyhow::Result<()> {
        if self.is_empty() {
            return delete(path);
        }
        self.require_sound(|name| office.person_named(name).is_some())?;
        if let Some(group) = self.groups().iter().find(|group| !office.groups().contains(group.as_str())) {
            return Err(anyhow!("nothing was changed: nobody is in the group {group:?}"))
                .help("put somebody into the group first, or correct its name");
        }
        self.write_unchecked(path)
    }

    /// # Errors
    /// If a build would refuse the file, because it has a mistake or names somebody who is not there.
    pub(crate) fn require_sound(&self, is_there: impl Fn(&PersonName) -> bool) -> anyhow::Result<()> {
        let rules = schedules_toml::parse(self.document.to_string().as_bytes()).context(NOTHING_CHANGED)?;
        // Ids are not known here; what matters is that the person is there.
        let id_of = |name: &PersonName| is_there(name).then_some(PersonId([0; 16]));
        schedules_toml::with_ids(rules, id_of).context(NOTHING_CHANGED).map(drop)
    }

    /// Whether it has no rule.
    fn is_empty(&self) -> bool {
        !self.document.contains_key("schedule") && !self.document.contains_key("door")
    }

    /// The groups that schedules bind.
    pub(crate) fn groups(&self) -> BTreeSet<String> {
        self.schedules().into_iter().flat_map(|schedule| schedule.groups).collect()
    }

    /// Replaces a person's name in all schedules. Whether one has it.
    pub(crate) fn rename(&mut self, person: &PersonName, new: &PersonName) -> bool {
        let mut is_named = false;
        for (number, mut schedule) in self.schedules().into_iter().enumerate() {
            if schedule.names(person) {
                let own = schedule.people.iter_mut().filter(|text| is_called(person, text));
                own.for_each(|text| *text = new.to_string());
                // The number is that of a schedule that is there.
                is_named |= self.set(number, &schedule).is_ok();
            }
        }
        is_named
    }

    /// Takes a person's name out of all schedules, and removes those that bind nobody else. Says what was changed.
    pub(crate) fn take_out(&mut self, person: &PersonName) -> Vec<String> {
        let mut changed = Vec::new();
        // From the end: the numbers before a schedule that goes stay.
        for (number, mut schedule) in self.schedules().into_iter().enumerate().rev() {
            if !schedule.names(person) {
                continue;
            }
            schedule.people.retain(|text| !is_called(person, text));
            let name = &schedule.name;
            let (done, words) = match schedule.people.is_empty() && schedule.groups.is_empty() {
                true => (self.remove(number), format!("the schedule {name:?}, which bound nobody else")),
                false => (self.set(number, &schedule), format!("the name in the schedule {name:?}")),
            };
            // The number is that of a schedule that is there.
            changed.extend(done.is_ok().then_some(words));
        }
        changed.reverse();
        changed
    }

    /// Adds a person to the schedules with these names. Whether one has changed.
    ///
    /// # Errors
    /// If there is no such schedule.
    pub(crate) fn add_person(&mut self, person: &PersonName, wanted: &[&str]) -> anyhow::Result<bool> {
        let schedules = self.schedules();
        let named = schedules.iter().filter(|schedule| schedule.names(person));
        let wanted: Vec<&str> = wanted.iter().copied().chain(named.map(|schedule| schedule.name.as_str())).collect();
        self.bind(person, &wanted)
    }

    /// Has the schedules with these names name a person, and no others. Whether one has changed.
    ///
    /// # Errors
    /// If there is no such schedule, or one would bind nobody.
    pub(crate) fn bind(&mut self, person: &PersonName, wanted: &[&str]) -> anyhow::Result<bool> {
        let schedules = self.schedules();
        if let Some(unknown) = wanted.iter().find(|name| !schedules.iter().any(|schedule| schedule.name == **name)) {
            bail!("there is no schedule called {unknown:?} any more");
        }
        let mut is_changed = false;
        for (number, mut schedule) in schedules.into_iter().enumerate() {
            let is_wanted = wanted.contains(&schedule.name.as_str());
            if is_wanted == schedule.names(person) {
                continue;
            }
            match is_wanted {
                true => schedule.people.push(person.to_string()),
                false => schedule.people.retain(|text| !is_called(person, text)),
            }
            if schedule.people.is_empty() && schedule.groups.is_empty() {
                return Err(anyhow!("the schedule {:?} would bind nobody", schedule.name))
                    .help("put somebody else into it first, or remove it");
            }
            self.set(number, &schedule)?;
            is_changed = true;
        }
        Ok(is_changed)
    }

    /// Writes the text that was read.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write_back(&self, path: &Path) -> anyhow::Result<()> {
        Ok(files::replace(path, Access::Private, self.text.as_bytes())?)
    }

    /// Replaces the file without a check. A file without any rule is deleted.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write_unchecked(&self, path: &Path) -> anyhow::Result<()> {
        if self.is_empty() {
            return delete(path);
        }
        Ok(files::replace(path, Access::Private, self.document.to_string().as_bytes())?)
    }
}

/// Deletes the file, if it is there.
fn delete(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.shown()))
        }
        _ => Ok(()),
    }
}

/// The file with each schedule set to what it is, with one schedule more, and again without it: for fuzzing.
///
/// # Errors
/// If the file has a mistake.
pub(crate) fn with_one_more(bytes: &[u8], name: &str) -> anyhow::Result<[String; 3]> {
    let mut file = SchedulesFile::parse(bytes)?;
    let before = file.schedules();
    before.iter().enumerate().try_for_each(|(number, schedule)| file.set(number, schedule))?;
    let same = file.document.to_string();
    let everybody = Written { groups: vec!["everybody".to_owned()], ..Written::default() };
    file.add(&Written { name: name.to_owned(), hours: vec!["0:00-24:00".to_owned()], ..everybody });
    let with = file.document.to_string();
    file.remove(before.len())?;
    Ok([same, with, file.document.to_string()])
}

fn fill(table: &mut Table, Written { name, groups, people, hours, has_more: _ }: &Written) {
    if table.get("name").and_then(Item::as_str) != Some(name) {
        table.insert("name", value(name));
    }
    for (key, texts, is_needed) in [("groups", groups, false), ("people", people, false), ("hours", hours, true)] {
        if texts.is_empty() && !is_needed {
            table.remove(key);
            continue;
        }
        let same = table.get(key).and_then(Item::as_array).is_some_and(|before| {
            before.len() == texts.len() && before.iter().zip(texts).all(|(one, other)| one.as_str() == Some(other))
        });
        if !same {
            table.insert(key, value(texts.iter().collect::<Array>()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, people: &[&str], hours: &[&str]) -> Written {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Written { name: name.to_owned(), people: owned(people), hours: owned(hours), ..Written::default() }
    }

    fn folder(schedules: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("Ada")).unwrap();
        fs::write(folder.path().join("people.csv"), "name,groups\nAda,cleaners\n").unwrap();
        schedules.inspect(|text| fs::write(folder.path().join("schedules.toml"), text).unwrap());
        folder
    }

    /// Changes the file; what it then says, `None` without a file.
    fn changed(before: Option<&str>, change: impl FnOnce(&mut SchedulesFile)) -> Result<Option<String>, String> {
        let folder = folder(before);
        let path = folder.path().join("schedules.toml");
        let mut file = SchedulesFile::read(&path).unwrap();
        change(&mut file);
        let written = file.write(&path, &Office::read(folder.path()).unwrap()).map_err(|error| format!("{error:#}"));
        let after = fs::read_to_string(&path).ok();
        if written.is_err() {
            assert_eq!(after.as_deref(), before, "nothing is half changed");
        }
        written.map(|()| after)
    }

    const COMMENTED: &str = "# The cleaners.\n[[schedule]]\nname = \"cleaning\" # early\ngroups = [\"cleaners\"]\n\
                             hours = [\"mon-fri 06:00-08:30\"]\nclosed = [\"2026-12-24\"]\n";

    #[test]
    fn what_is_not_changed_stays() {
        let mut other = written("cleaning", &["Ada"], &["sat 10:00-12:00"]);
        other.groups = vec!["cleaners".to_owned()];
        let after = changed(Some(COMMENTED), |file| file.set(0, &other).unwrap()).unwrap().unwrap();
        let expected = COMMENTED.replace("mon-fri 06:00-08:30", "sat 10:00-12:00") + "people = [\"Ada\"]\n";
        assert_eq!(after, expected);
    }

    #[test]
    fn schedules_in_one_line_are_known_as_well() {
        let before =
            "schedule = [{ name = \"s\", people = [\"Ada\"], hours = [\"9:00-10:00\"], closed = [\"2026-12-24\"] }]\n";
        let after = changed(Some(before), |file| {
            assert!(file.schedules()[0].has_more);
            file.set(0, &written("s", &["Ada"], &["9:00-11:00"])).unwrap();
        });
        let after = after.unwrap().unwrap();
        assert!(after.starts_with("[[schedule]]") && after.contains("11:00") && after.contains("closed"), "{after}");
        assert_eq!(
            changed(Some(before), |file| assert_eq!(file.take_out(&PersonName::parse("Ada").unwrap()).len(), 1)),
            Ok(None)
        );
    }

    #[test]
    fn schedules_come_and_go() {
        let added = changed(None, |file| file.add(&written("late", &["ada"], &["daily 22:00-02:00"]))).unwrap();
        let text = "[[schedule]]\nname = \"late\"\npeople = [\"ada\"]\nhours = [\"daily 22:00-02:00\"]\n";
        assert_eq!(added.as_deref(), Some(text));
        assert_eq!(changed(Some(text), |file| file.remove(0).unwrap()), Ok(None));
        let door = "[[door]]\nname = \"d\"\nmode = \"card\"\nhours = [\"mon 09:00-17:00\"]\n";
        let both = format!("{text}\n{door}");
        let left = changed(Some(&both), |file| file.remove(0).unwrap()).unwrap().unwrap();
        assert!(left.contains("[[door]]") && !left.contains("[[schedule]]"), "{left}");
    }

    #[test]
    fn what_a_build_would_refuse_is_not_written() {
        for (new, expected) in [
            (written("late", &["Bo"], &["daily 22:00-02:00"]), "nobody called Bo"),
            (written("late", &["Ada"], &["sometimes"]), "sometimes"),
            (written("late", &["Ada"], &[]), "nothing was changed"),
            (written("", &["Ada"], &["daily 22:00-02:00"]), "nothing was changed"),
            (written("late", &[], &["daily 22:00-02:00"]), "nothing was changed"),
            (Written { groups: vec!["night".to_owned()], ..written("late", &[], &["daily 22:00-02:00"]) }, "\"night\""),
        ] {
            let refused = changed(Some(COMMENTED), |file| file.add(&new)).unwrap_err();
            assert!(refused.contains(expected), "{new:?}: {refused}");
        }
    }
}
