//! Changes people: fields of a person's line, a new name, a person less.
//!
//! What `build-db` would refuse is refused here, and then nothing has changed.

use super::people_file::{LineIndex, NO_BASIS_YET, NOTHING_CHANGED, PeopleFile, require_field};
use super::{Office, OfficePerson, SchedulesFile};
use crate::build_db::roster;
use crate::photo_folders;
use crate::rule_files::SCHEDULES_FILE;
use crate::user_folders;
use anyhow::{Context, anyhow, bail};
use models::photo::PhotoReader;
use shared::gallery::{PersonId, PersonName, PhotoDigest};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use terminal::{Help, ShowPath, counted};

/// What to do before the last member leaves a group of a schedule.
const OTHER_MEMBERS: &str = "first remove the schedule, or take the group out of it: a group without members may be misspelt, and stops every build";

/// What the removal of a person erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    /// A line for each thing.
    pub(crate) lines: Vec<String>,
    /// What could not be erased, each with the reason and what to do.
    pub(crate) left: Vec<String>,
    /// The photos.
    pub(crate) photos: Vec<PhotoDigest>,
}

impl Removed {
    /// Erases what the cache holds of the photos.
    pub(super) fn forget_photos(&mut self) {
        let forgotten = forget(&self.photos);
        let words = |count: usize| (count > 0).then(|| format!("{} in the cache", counted(count, "file")));
        self.note("the cache", forgotten.map(|count| words(count).into_iter().collect()));
    }

    /// Notes what was erased, or why it was not.
    fn note(&mut self, what: &str, erased: anyhow::Result<Vec<String>>) {
        match erased {
            Ok(lines) => self.lines.extend(lines),
            Err(error) => self.left.push(format!("{what} ({})", terminal::on_one_line(&error))),
        }
    }

    /// # Errors
    /// If something could not be erased.
    pub(crate) fn require_complete(&self) -> anyhow::Result<()> {
        match self.left.is_empty() {
            true => Ok(()),
            false => bail!("not everything could be deleted: {}", self.left.join("; ")),
        }
    }
}

impl Office {
    /// Changes fields of a person's line, which is added if there is none. An empty text empties the field.
    ///
    /// # Errors
    /// If a field is refused, or the file cannot be written.
    pub(crate) fn edit(&self, person: &OfficePerson, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let mut table = self.table.clone();
        let line = line_of(&mut table, person);
        self.set(&mut table, line, fields)?;
        self.write_edited(&table, &self.folder_names())
    }

    pub(super) fn set(&self, table: &mut PeopleFile, line: LineIndex, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        for (column, text) in fields {
            let text = text.trim().replace("\r\n", "\n");
            require_field(column, &text)?;
            if *column == "basis" && !text.is_empty() && !table.has("basis") {
                self.begin_to_need_a_basis(table);
            }
            table.set(line, column, &text);
        }
        Ok(())
    }

    /// Gives everybody a text in the new column `basis`: in a file with this column, nobody is stored without one.
    fn begin_to_need_a_basis(&self, table: &mut PeopleFile) {
        for person in &self.people {
            let line = line_of(table, person);
            table.set(line, "basis", NO_BASIS_YET);
        }
    }

    /// Gives a person another name, and the folder too. `known_as` is the id that the database has for this person: it is
    /// written down, so that doors and logs go on to know the person by it.
    ///
    /// # Errors
    /// If the name is refused or taken, or a file cannot be written.
    pub(crate) fn rename(&self, person: &OfficePerson, name: &str, known_as: Option<PersonId>) -> anyhow::Result<()> {
        let new = self.name_for(Some(person), name)?;
        let mut table = self.table.clone();
        let line = line_of(&mut table, person);
        table.set(line, "name", new.as_str());
        table.set(line, "id", &person.id.or(known_as).map_or_else(String::new, |id| id.to_string()));
        let mut folders = self.folder_names();
        let after = self.folder.join(new.as_str());
        if let Some(before) = &person.folder {
            let is_own = |folder: &&str| before.file_name().is_some_and(|own| own == *folder);
            folders.retain(|folder| !is_own(folder));
            folders.push(new.as_str());
            fs::rename(before, &after).with_context(|| format!("cannot rename {}", before.shown()))?;
        }
        let written = self.write_renamed(&table, &folders, &person.name, &new);
        if let (Err(_), Some(before)) = (&written, &person.folder) {
            fs::rename(&after, before).with_context(|| format!("cannot rename {} back", after.shown()))?;
        }
        written
    }

    /// Writes the table, and the name in `schedules.toml`.
    fn write_renamed(
        &self,
        table: &PeopleFile,
        folders: &[&str],
        old: &PersonName,
        new: &PersonName,
    ) -> anyhow::Result<()> {
        let path = self.folder.join(SCHEDULES_FILE);
        let mut schedules = SchedulesFile::read(&path)?;
        if !schedules.rename(old, new) {
            return write(table, folders);
        }
        // A build between the two would be refused, and say why.
        schedules.write_unchecked(&path)?;
        let written = write(table, folders);
        if written.is_err() {
            schedules.write_back(&path)?;
        }
        written
    }

    /// Deletes a person's folder and line, what the cache holds of the photos, and the name in schedules. A schedule that
    /// binds nobody else goes too. Once the photos are gone, it goes on: what cannot be erased is listed.
    ///
    /// # Errors
    /// If a group of a schedule would have no members, or the folder cannot be deleted.
    pub(crate) fn remove(&self, person: &OfficePerson) -> anyhow::Result<Removed> {
        self.require_other_members(person)?;
        let photos = digests_of(person.photos.iter().map(|photo| photo.path.as_path()));
        let mut removed = Removed { lines: Vec::new(), left: Vec::new(), photos };
        let mut folders = self.folder_names();
        if let Some(folder) = &person.folder {
            folders.retain(|name| folder.file_name().is_none_or(|own| own != *name));
            match delete(folder, person.photos.len()) {
                Ok(line) => removed.lines.push(line),
                Err(error) => {
                    // Some photos may be gone, and nothing else would erase what the cache holds of them.
                    removed.forget_photos();
                    return Err(error);
                }
            }
        }
        // After the photos: nobody can encode them again.
        removed.forget_photos();
        let mut is_gone = true;
        if let Some(line) = person.line {
            let mut table = self.table.clone();
            table.remove(line);
            let line = "the line in people.csv";
            let written = write(&table, &folders);
            is_gone = written.is_ok();
            removed.note(line, written.map(|()| vec![line.to_owned()]));
        }
        // Last, and only without the line: while there is one, the schedules limit what its cards open.
        if is_gone {
            removed.note("the name in schedules.toml", self.take_out_of_schedules(&person.name));
        }
        Ok(removed)
    }

    /// # Errors
    /// If a group of a schedule would have no members left: without the group, somebody who joins it later would have no hours.
    fn require_other_members(&self, person: &OfficePerson) -> anyhow::Result<()> {
        let Some(schedules) = self.readable_schedules() else { return Ok(()) };
        let others = self.people.iter().filter(|other| other.name != person.name);
        let left: BTreeSet<&str> = others.flat_map(|other| groups_in(self.field(other, "groups"))).collect();
        self.require_members(&schedules, &left)
            .map_err(|error| anyhow!("nothing was removed: {error}"))
            .help(OTHER_MEMBERS)
    }

    /// Takes a person's name out of all schedules; says what was changed.
    fn take_out_of_schedules(&self, name: &PersonName) -> anyhow::Result<Vec<String>> {
        let path = self.folder.join(SCHEDULES_FILE);
        let mut schedules = SchedulesFile::read(&path)?;
        let changed = schedules.take_out(name);
        if !changed.is_empty() {
            schedules.write_unchecked(&path)?;
        }
        Ok(changed)
    }

    /// Has the schedules with these names bind the person by name, and no others.
    ///
    /// # Errors
    /// If there is no such schedule, one would bind nobody, or the file cannot be written. Nothing has changed then.
    pub(crate) fn bind(&self, person: &PersonName, wanted: &[&str]) -> anyhow::Result<()> {
        let path = self.folder.join(SCHEDULES_FILE);
        let mut schedules = SchedulesFile::read(&path)?;
        match schedules.bind(person, wanted)? {
            true => schedules.write(&path, self),
            false => Ok(()),
        }
    }

    /// The schedules; `None` if the file has a mistake: then it keeps nobody's data, and no database can be built.
    fn readable_schedules(&self) -> Option<SchedulesFile> {
        SchedulesFile::read(&self.folder.join(SCHEDULES_FILE)).ok()
    }

    /// # Errors
    /// If a group of a schedule that has members now has none among these.
    fn require_members(&self, schedules: &SchedulesFile, left: &BTreeSet<&str>) -> anyhow::Result<()> {
        let before = self.groups();
        let is_emptied = |group: &String| before.contains(group.as_str()) && !left.contains(group.as_str());
        for schedule in schedules.schedules() {
            if let Some(group) = schedule.groups.iter().find(|group| is_emptied(group)) {
                bail!("the group {group:?} would have no members, and the schedule {:?} is for it", schedule.name);
            }
        }
        Ok(())
    }

    /// Writes the table, if its lines fit to folders of these names, and no schedule loses its last member.
    fn write_edited(&self, table: &PeopleFile, folders: &[&str]) -> anyhow::Result<()> {
        let left: BTreeSet<String> =
            table.column("groups").flat_map(|text| groups_in(text).map(str::to_owned)).collect();
        if let Some(schedules) = self.readable_schedules() {
            self.require_members(&schedules, &left.iter().map(String::as_str).collect())
                .map_err(|error| anyhow!("nothing was changed: {error}"))
                .help(OTHER_MEMBERS)?;
        }
        write(table, folders)
    }

    /// A new name for this person, or for somebody new.
    pub(super) fn name_for(&self, person: Option<&OfficePerson>, text: &str) -> anyhow::Result<PersonName> {
        let name = PersonName::parse(text)?;
        if name.as_str().contains(['/', '\\']) || name.as_str().starts_with('.') {
            bail!(
                "{text:?} cannot be the name of a folder: use a name without / and \\ that does not begin with a dot"
            );
        }
        if !photo_folders::is_a_persons_folder(name.as_str()) {
            return Err(anyhow!("{text:?} cannot be the name of a person: files of computers are called so"))
                .help("add a word, such as the second name");
        }
        if let Some(other) =
            self.person_named(&name).filter(|other| person.is_none_or(|person| other.name != person.name))
        {
            return Err(anyhow!("{} is there already", other.name)).help("choose another name");
        }
        let folder = self.folder.join(name.as_str());
        let own = person.and_then(|person| person.folder.as_deref());
        let is_own = own.is_some_and(|own| is_same(own, &folder));
        if fs::symlink_metadata(&folder).is_ok() && !is_own {
            bail!("{} is there already, and is not this person's folder", folder.shown());
        }
        Ok(name)
    }
}

/// The person's line; a new one if there is none.
pub(super) fn line_of(table: &mut PeopleFile, person: &OfficePerson) -> LineIndex {
    let added = || table.line_of_name(person.name.as_str());
    person.line.or_else(added).unwrap_or_else(|| table.add(person.name.as_str()))
}

/// Writes the table, if its lines fit to folders of these names.
pub(super) fn write(table: &PeopleFile, folders: &[&str]) -> anyhow::Result<()> {
    table.write_checked(|listed| roster::roster(folders, Some(listed)).map(drop).context(NOTHING_CHANGED))
}

/// Deletes a person's folder; says what was deleted.
fn delete(folder: &Path, photos: usize) -> anyhow::Result<String> {
    let cannot = || format!("cannot delete {}", folder.shown());
    if fs::symlink_metadata(folder).with_context(cannot)?.is_symlink() {
        fs::remove_file(folder).with_context(cannot)?;
        return Ok(format!("{}, which was a link: the photos that it led to are still there", folder.shown()));
    }
    fs::remove_dir_all(folder).with_context(cannot)?;
    Ok(format!("{} with {}", folder.shown(), counted(photos, "photo")))
}

/// The digests of photos that can be read.
pub(super) fn digests_of<'p>(paths: impl Iterator<Item = &'p Path>) -> Vec<PhotoDigest> {
    let reader = PhotoReader::new(|_, kind| Err(kind.into()));
    paths.filter_map(|path| Some(reader.open(path).ok()?.digest())).collect()
}

/// Erases what the cache holds of these photos. Returns the number of entries.
///
/// # Errors
/// If an entry cannot be deleted.
pub(crate) fn forget(photos: &[PhotoDigest]) -> anyhow::Result<usize> {
    let Some(root) = user_folders::cache() else { return Ok(0) };
    let removed = accuracy::forget(&root, photos);
    let help = "erase the cache with `encoder-tool cache clear`";
    Ok(removed.with_context(|| format!("the photos are deleted, but not all of {}", root.shown())).help(help)?.len())
}

/// The groups of a field of `people.csv`.
pub(super) fn groups_in(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '|']).map(str::trim).filter(|group| !group.is_empty())
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A folder with these people, each with a photo, and this `people.csv`.
    fn folder(people: &[&str], table: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for person in people {
            fs::create_dir(folder.path().join(person)).unwrap();
            fs::write(folder.path().join(person).join("1.jpg"), person).unwrap();
        }
        if let Some(table) = table {
            fs::write(folder.path().join("people.csv"), table).unwrap();
        }
        folder
    }

    fn with<T>(
        folder: &Path,
        name: &str,
        change: impl FnOnce(&Office, &OfficePerson) -> anyhow::Result<T>,
    ) -> Result<T, String> {
        let office = Office::read(folder).map_err(|error| error.to_string())?;
        let person = office.person_named(&PersonName::parse(name).unwrap()).unwrap();
        change(&office, person).map_err(|error| format!("{error:#}"))
    }

    /// What is in the folder: `people.csv`, and the names of the other entries.
    fn contents(folder: &Path) -> (String, Vec<String>) {
        let table = fs::read_to_string(folder.join("people.csv")).unwrap_or_default();
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.filter(|name| name != "people.csv").collect();
        names.sort();
        (table, names)
    }

    fn id() -> PersonId {
        PersonId([0xab; 16])
    }

    #[test]
    fn fields_are_changed_in_the_person_s_line_alone() {
        for (before, fields, after) in [
            (None, &[("groups", "staff")][..], "name,groups\nAda,staff\n"),
            (Some("name,cards\nBo,1\n"), &[("cards", " 2 ")], "name,cards\nBo,1\nAda,2\n"),
            (Some("name,note\nada,old\n"), &[("note", "a\r\nb")], "name,note\nada,\"a\nb\"\n"),
            (Some("name,mode\nAda,card-and-face\nBo,face\n"), &[("mode", "")], "name,mode\nAda,\nBo,face\n"),
            (Some("name\nBo\n"), &[("basis", "consent")], "name,basis\nBo,not recorded yet\nAda,consent\n"),
            (None, &[("basis", "consent")], "name,basis\nAda,consent\nBo,not recorded yet\n"),
            (Some("name,basis\nAda,x\n"), &[("basis", "consent")], "name,basis\nAda,consent\n"),
        ] {
            let folder = folder(&["Ada", "Bo"], before);
            with(folder.path(), "Ada", |office, person| office.edit(person, fields)).unwrap();
            assert_eq!(contents(folder.path()), (after.to_owned(), vec!["Ada".to_owned(), "Bo".to_owned()]));
        }
    }

    #[test]
    fn what_a_build_would_refuse_is_not_written() {
        let table = "name,cards\nAda,1\nBo,2\n";
        for (fields, expected) in [
            (("mode", "sesame"), "nothing was changed: people.csv line 2, mode: \"sesame\""),
            (("cards", "2"), "nothing was changed: people.csv lines 2 and 3"),
            (("valid_to", "soon"), "nothing was changed"),
            (("note", "a\u{7}"), "control character"),
        ] {
            let folder = folder(&["Ada", "Bo"], Some(table));
            let refused = with(folder.path(), "Ada", |office, person| office.edit(person, &[fields])).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
            assert_eq!(contents(folder.path()).0, table);
        }
    }

    #[test]
    fn a_renamed_person_keeps_the_id_and_the_photos() {
        for (before, known_as, after) in [
            (None, Some(id()), format!("id,name\n{},Ada L\n", id())),
            (None, None, "name\nAda L\n".to_owned()),
            (Some("id,name\nada,Ada\n".to_owned()), None, "id,name\n,Ada L\n".to_owned()),
            (Some(format!("id,name\n{},Ada\n", id())), Some(PersonId([1; 16])), format!("id,name\n{},Ada L\n", id())),
        ] {
            let folder = folder(&["Ada", "Bo"], before.as_deref());
            with(folder.path(), "Ada", |office, person| office.rename(person, "Ada L", known_as)).unwrap();
            assert_eq!(contents(folder.path()), (after, vec!["Ada L".to_owned(), "Bo".to_owned()]));
            assert!(folder.path().join("Ada L/1.jpg").exists());
            Office::read(folder.path()).unwrap();
        }
        let folder = folder(&["Ada"], None);
        with(folder.path(), "Ada", |office, person| office.rename(person, "ADA", None)).unwrap();
        assert_eq!(contents(folder.path()).1, ["ADA"]);
    }

    #[test]
    fn a_name_that_cannot_be_used_changes_nothing() {
        for (name, expected) in [
            ("bo", "Bo is there already"),
            ("../x", "cannot be the name of a folder"),
            (".x", "cannot be the name of a folder"),
            ("notes", "not this person's folder"),
            ("people.xlsx", "cannot be the name of a person"),
            ("Schedules.toml", "cannot be the name of a person"),
            ("Thumbs.db", "cannot be the name of a person"),
            ("~$Ada", "cannot be the name of a person"),
            ("", ""),
            ("a\nb", ""),
        ] {
            let folder = folder(&["Ada", "Bo"], None);
            fs::write(folder.path().join("notes"), "x").unwrap();
            let before = contents(folder.path());
            let refused = with(folder.path(), "Ada", |office, person| office.rename(person, name, None)).unwrap_err();
            assert!(refused.contains(expected), "{name:?}: {refused}");
            assert_eq!(contents(folder.path()), before);
        }
    }

    /// Regression test: after each of these, no database could be built.
    #[test]
    fn a_schedule_stays_one_that_a_build_accepts() {
        let schedules = "[[schedule]]\nname = \"s\"\npeople = [\"ada\"]\nhours = [\"9:00-10:00\"] # early\n\n\
                         [[schedule]]\nname = \"n\"\ngroups = [\"night\"]\nhours = [\"20:00-6:00\"]\n";
        let table = "name,groups\nAda,\nBo,night\n";
        let at = || {
            let folder = folder(&["Ada", "Bo"], Some(table));
            fs::write(folder.path().join(SCHEDULES_FILE), schedules).unwrap();
            folder
        };
        let office = at();
        with(office.path(), "Ada", |office, person| office.rename(person, "Ada L", None)).unwrap();
        let renamed = fs::read_to_string(office.path().join(SCHEDULES_FILE)).unwrap();
        assert_eq!(renamed, schedules.replace("\"ada\"", "\"Ada L\""));
        let office = at();
        let Removed { lines, .. } = with(office.path(), "Ada", Office::remove).unwrap();
        assert!(lines.contains(&"the schedule \"s\", which bound nobody else".to_owned()), "{lines:?}");
        let left = fs::read_to_string(office.path().join(SCHEDULES_FILE)).unwrap();
        assert!(left.trim_start() == schedules.split_once("\n\n").unwrap().1, "{left}");
        type Change = fn(&Office, &OfficePerson) -> anyhow::Result<()>;
        let remove: Change = |office, person| office.remove(person).map(drop);
        let leave: Change = |office, person| office.edit(person, &[("groups", "")]);
        let unbind: Change = |office, person| office.bind(&person.name, &[]);
        for (name, change, expected) in
            [("Ada", unbind, "\"s\" would bind nobody"), ("Bo", remove, "no members"), ("Bo", leave, "no members")]
        {
            let folder = at();
            let refused = with(folder.path(), name, change).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
            assert_eq!(fs::read_to_string(folder.path().join("people.csv")).unwrap(), table);
            assert!(folder.path().join(name).join("1.jpg").exists());
        }
    }

    /// Regression test: a mistake in schedules.toml kept a person's photos on the disk.
    #[test]
    fn a_mistake_in_the_schedules_keeps_nobody() {
        let folder = folder(&["Ada", "Bo"], None);
        fs::write(folder.path().join(SCHEDULES_FILE), "[[schedule]]\nname = 1\n").unwrap();
        with(folder.path(), "Bo", |office, person| office.edit(person, &[("groups", "staff")])).unwrap();
        with(folder.path(), "Ada", |office, person| office.rename(person, "Ada L", None)).unwrap_err();
        with(folder.path(), "Ada", Office::remove).unwrap();
        assert!(!folder.path().join("Ada").exists());
    }

    #[test]
    fn a_removed_person_leaves_nothing_in_the_folder() {
        let folder = folder(&["Ada", "Bo"], Some("name,note\nAda,x\nBo,y\n"));
        let Removed { lines, photos, left } = with(folder.path(), "Ada", Office::remove).unwrap();
        assert!(lines[0].ends_with("Ada with 1 photo") && lines[1] == "the line in people.csv", "{lines:?}");
        assert_eq!((photos.len(), left), (1, Vec::new()));
        assert_eq!(contents(folder.path()), ("name,note\nBo,y\n".to_owned(), vec!["Bo".to_owned()]));
    }

    /// Regression test: with the line still there, the card opened doors at all times.
    #[test]
    fn who_keeps_the_line_keeps_the_hours() {
        let folder = folder(&["Bo"], Some("name,mode,cards\nAda,card,1\nBo,,2\n"));
        let schedules = "[[schedule]]\nname = \"s\"\npeople = [\"Ada\"]\nhours = [\"9:00-10:00\"]\n";
        fs::write(folder.path().join(SCHEDULES_FILE), schedules).unwrap();
        let office = Office::read(folder.path()).unwrap();
        let ada = office.person_named(&PersonName::parse("Ada").unwrap()).unwrap();
        // A file cannot replace a folder.
        fs::remove_file(folder.path().join("people.csv")).unwrap();
        fs::create_dir(folder.path().join("people.csv")).unwrap();
        let Removed { left, .. } = office.remove(ada).unwrap();
        assert!(left[0].starts_with("the line in people.csv ("), "{left:?}");
        assert_eq!(fs::read_to_string(folder.path().join(SCHEDULES_FILE)).unwrap(), schedules);
    }

    /// Regression test: it said that nothing had changed, and the cache kept what it held.
    #[test]
    fn what_cannot_be_erased_is_said() {
        let folder = folder(&["Ada", "Bo"], None);
        fs::write(folder.path().join(SCHEDULES_FILE), "[[schedule]]\nname = 1\n").unwrap();
        let removed = with(folder.path(), "Ada", Office::remove).unwrap();
        assert!(
            removed.left[0].starts_with("the name in schedules.toml (") && removed.photos.len() == 1,
            "{removed:?}"
        );
        removed.require_complete().unwrap_err();
        assert_eq!(contents(folder.path()).1, ["Bo", "schedules.toml"]);
    }

    #[test]
    fn a_link_is_removed_and_not_what_it_leads_to() {
        let elsewhere = folder(&["photos"], None);
        let folder = folder(&["Bo"], None);
        let photos: PathBuf = elsewhere.path().join("photos");
        std::os::unix::fs::symlink(&photos, folder.path().join("Ada")).unwrap();
        let Removed { lines, .. } = with(folder.path(), "Ada", Office::remove).unwrap();
        assert!(lines[0].contains("are still there"), "{lines:?}");
        assert!(photos.join("1.jpg").exists() && !folder.path().join("Ada").exists());
    }
}
