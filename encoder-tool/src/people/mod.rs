//! `people export | due`: answers a person's request for their data, and finds people whose time is up.

mod due;
mod export;
mod log_records;
mod seen;

use crate::args::PeopleCommand;
use crate::build_db::people_csv::{self, Listed};
use crate::photo_folders::{self, Folder};
use jiff::tz::TimeZone;
use std::path::Path;
use terminal::{Answer, Help};

/// Runs the verb.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn run(command: &PeopleCommand) -> anyhow::Result<Answer> {
    match command {
        PeopleCommand::Export(arguments) => export::run(arguments),
        PeopleCommand::Due(arguments) => due::run(arguments),
    }
}

/// The folder of photos with its `people.csv`.
struct Office {
    folders: Vec<Folder>,
    people_file: Option<Vec<u8>>,
}

impl Office {
    fn read(photos: &Path) -> anyhow::Result<Self> {
        let scan = photo_folders::scan(photos)?;
        let read = |path: &std::path::PathBuf| files::read_bounded(path, people_csv::MAX_BYTES);
        Ok(Self { folders: scan.folders, people_file: scan.people_file.as_ref().map(read).transpose()? })
    }

    fn listed(&self) -> anyhow::Result<Listed> {
        let bytes = self.people_file.as_deref();
        let listed = bytes.map(|bytes| people_csv::parse(bytes, &TimeZone::system())).transpose();
        Ok(listed.help("correct people.csv")?.unwrap_or_default())
    }
}
