//! Reads everything that `build-db` needs before it opens the first photo, and refuses what it cannot use.

use super::people_csv::{self, Listed};
use super::roster::{self, Member};
use super::schedules_toml::{self, TimeRules};
use crate::args::BuildDb;
use crate::database_files::{self, Opened};
use crate::doors;
use crate::passes::passes_file;
use crate::passes::passes_toml::Passes;
use crate::photo_folders::{self, Folder, Scan};
use crate::protect::Protect;
use crate::rule_files::NearMiss;
use anyhow::anyhow;
use jiff::tz::TimeZone;
use shared::gallery::{Audience, Mode};
use shared::seal::SigningKey;
use std::path::Path;
use terminal::{Help, Verbosity};

const WHERE_TO: &str = "put photos into PHOTOS/<person>/<photo>";
const OR_NOBODY: &str =
    "put photos into PHOTOS/<person>/<photo>; to remove everybody from the database, use --remove-everybody";

/// What a database is built from, apart from the contents of the photos.
pub(crate) struct Inputs {
    pub(crate) folders: Vec<Folder>,
    pub(crate) members: Vec<Member>,
    pub(crate) schedules: TimeRules,
    pub(crate) passes: Passes,
    /// The database that the new one replaces.
    pub(crate) replaced: Option<Opened>,
    pub(crate) audience: Option<Audience>,
}

impl Inputs {
    /// Reads the folders, the rule files and the previous database.
    ///
    /// # Errors
    /// If one of them cannot be used, or a file that will be written cannot be replaced.
    pub(crate) fn read(arguments: &BuildDb, verbosity: Verbosity) -> anyhow::Result<Self> {
        let Scan { folders, people_file, schedules_file, passes_file, near_misses, passed_over } =
            photo_folders::scan(&arguments.photos).help(WHERE_TO)?;
        refuse_near_misses(&near_misses)?;
        passed_over.iter().for_each(|line| verbosity.note(&format!("ignored {line}")));
        let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
        let listed = people_file.as_deref().map(read_people_file).transpose()?;
        let members = roster::roster(&names, listed)?;
        if !arguments.remove_everybody && !members.iter().any(|member| member.details.mode == Mode::Card) {
            let may_empty = members.is_empty() && arguments.output.exists();
            let help = if may_empty { OR_NOBODY } else { WHERE_TO };
            photo_folders::require_photos(&arguments.photos, &folders).help(help)?;
        }
        let schedules = schedules_file.as_deref().map(read_schedules_file).transpose()?.unwrap_or_default();
        let passes = passes_file.as_deref().map(passes_file::read).transpose()?.unwrap_or_default();
        files::require_replaceable(&arguments.output).help("choose another file with -o")?;
        if let Some(page) = &arguments.html {
            files::require_replaceable(page)?;
        }
        let replaced = database_files::read_previous(&arguments.output, &arguments.keys)?;
        let is_signed = arguments.sign.is_some();
        let audience = doors::choose(&arguments.doors, &arguments.encrypt_to, is_signed, replaced.as_ref())?;
        Ok(Self { folders, members, schedules, passes, replaced, audience })
    }

    /// Reads the keys that seal the database, which is signed with `sign`.
    ///
    /// # Errors
    /// If one of them cannot be used, or the database would be less protected than the one that it replaces.
    pub(crate) fn protect(&self, arguments: &BuildDb, sign: Option<SigningKey>) -> anyhow::Result<Protect> {
        let protect = Protect::new(sign, &arguments.encrypt_to, &arguments.keys, self.replaced.as_ref())?;
        doors::require_sealed_for_them(self.audience.as_ref(), &protect.sealed_for())?;
        Ok(protect)
    }
}

fn refuse_near_misses(near_misses: &[NearMiss]) -> anyhow::Result<()> {
    if near_misses.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = near_misses.iter().map(ToString::to_string).collect();
    Err(anyhow!("{}", told.join("; ")))
        .help("rename it (save a spreadsheet as CSV in UTF-8), or move it out of the folder if it is not a rule file")
}

fn read_people_file(path: &Path) -> anyhow::Result<Listed> {
    let bytes = files::read_bounded(path, people_csv::MAX_BYTES)?;
    people_csv::parse(&bytes, &TimeZone::system()).help("correct the file; without it, limits in it would not apply")
}

fn read_schedules_file(path: &Path) -> anyhow::Result<TimeRules> {
    let bytes = files::read_bounded(path, schedules_toml::MAX_BYTES)?;
    schedules_toml::parse(&bytes).help("correct the file; without it, everybody could enter at all times")
}
