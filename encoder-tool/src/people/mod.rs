//! `people set | rename | remove`: changes people in the folder of photos. `people export | due`: answers a person's request
//! for their data, and finds people whose time is up.

mod change;
mod due;
mod export;
mod log_records;
mod seen;

use crate::args::PeopleCommand;
use crate::build_db::people_csv::{self, Listed};
use crate::passes::passes_file;
use crate::passes::passes_toml::Passes;
use crate::photo_folders::{self, Folder};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help};

/// Runs the verb.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn run(command: &PeopleCommand) -> anyhow::Result<Answer> {
    match command {
        PeopleCommand::Set(arguments) => change::set(arguments),
        PeopleCommand::Rename(arguments) => change::rename(arguments),
        PeopleCommand::Remove(arguments) => change::remove(arguments),
        PeopleCommand::Export(arguments) => export::run(arguments),
        PeopleCommand::Due(arguments) => due::run(arguments),
    }
}

/// The folder of photos with its `people.csv` and `passes.toml`.
#[derive(Default)]
struct OfficeFiles {
    folders: Vec<Folder>,
    people_file: Option<Vec<u8>>,
    passes_file: Option<PathBuf>,
}

impl OfficeFiles {
    fn read(photos: &Path) -> anyhow::Result<Self> {
        let scan = photo_folders::scan(photos)?;
        let read = |path: &PathBuf| files::read_bounded(path, people_csv::MAX_BYTES);
        let people_file = scan.people_file.as_ref().map(read).transpose()?;
        Ok(Self { folders: scan.folders, people_file, passes_file: scan.passes_file })
    }

    fn listed(&self) -> anyhow::Result<Listed> {
        let bytes = self.people_file.as_deref();
        let listed = bytes.map(|bytes| people_csv::parse(bytes, &TimeZone::system())).transpose();
        Ok(listed.help("correct people.csv")?.unwrap_or_default())
    }
    fn passes(&self) -> anyhow::Result<Passes> {
        Ok(self.passes_file.as_deref().map(passes_file::read).transpose()?.unwrap_or_default())
    }
}
