//! The arguments of `people`.

use crate::workstation_keys::KeyChoice;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// Change, rename or remove people in the folder of photos; write all that is stored about a person; list people whose
/// time is up.
#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    Set(PeopleSet),
    Rename(PeopleRename),
    Remove(PeopleRemove),
    Export(PeopleExport),
    Due(PeopleDue),
}

/// Change what people.csv says about a person. The file and its columns are added if they are not there.
///
/// The values are those of people.csv; `encoder-tool build-db --help` lists them. An empty value ("") empties the field.
/// Whatever `build-db` would refuse is refused here, and everything else in the file stays as it is.
///
/// The first basis in the file needs one for everybody: other people get the text "not recorded yet", so that nobody is
/// left out.
///
/// Exit codes: 0 it was changed, 1 there is no such person, 2 a value is refused or a file cannot be read or written.
#[derive(Debug, Args)]
pub(crate) struct PeopleSet {
    /// The person's name
    #[arg(value_name = "NAME")]
    pub(crate) person: String,
    /// The folder of photos, with people.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) photos: PathBuf,
    /// Groups, separated by semicolons
    #[arg(long, value_name = "A;B")]
    groups: Option<String>,
    /// face, card-and-face, card-or-face or card; "" for the door's own
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// The first day on which the person may enter
    #[arg(long, value_name = "DATE")]
    valid_from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DATE")]
    valid_to: Option<String>,
    /// Cards, separated by semicolons
    #[arg(long, value_name = "A;B")]
    cards: Option<String>,
    /// Any text
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Why the data may be stored
    #[arg(long, value_name = "TEXT")]
    basis: Option<String>,
    /// The day on which the person was informed
    #[arg(long, value_name = "DATE")]
    informed_on: Option<String>,
    /// The last day on which the data may be stored
    #[arg(long, value_name = "DATE")]
    keep_until: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl PeopleSet {
    /// The columns to change, with their new texts.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("groups", &self.groups),
            ("mode", &self.mode),
            ("valid_from", &self.valid_from),
            ("valid_to", &self.valid_to),
            ("cards", &self.cards),
            ("note", &self.note),
            ("basis", &self.basis),
            ("informed_on", &self.informed_on),
            ("keep_until", &self.keep_until),
        ];
        all.into_iter().filter_map(|(column, text)| Some((column, text.as_deref()?))).collect()
    }
}

/// Give a person another name, in people.csv and as the name of the folder.
///
/// With --db, the id that the database has for this person is written into people.csv, so that doors and logs go on to
/// know the person by it. Without it, the next database has the person as somebody new.
///
/// Exit codes: 0 the person was renamed, 1 there is no such person, 2 the name is refused or a file cannot be read or
/// written.
#[derive(Debug, Args)]
pub(crate) struct PeopleRename {
    /// The person's name
    #[arg(value_name = "NAME")]
    pub(crate) person: String,
    /// The new name
    #[arg(value_name = "NEW_NAME")]
    pub(crate) name: String,
    /// The folder of photos, with people.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) photos: PathBuf,
    /// The people database that was built from it
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Delete a person's photos, line in people.csv, and name in schedules.toml, and what the cache holds of the photos.
///
/// Databases and units still have the person: build the database again and ship it, or use `encoder-tool forget`, which
/// also lists the other places.
///
/// Exit codes: 0 the person was removed, 1 there is no such person, 2 a file cannot be read, deleted or written.
#[derive(Debug, Args)]
pub(crate) struct PeopleRemove {
    /// The person's name
    #[arg(value_name = "NAME")]
    pub(crate) person: String,
    /// The folder of photos, with people.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) photos: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write all that is stored about a person into one archive (tar), for a person who asks for their data.
///
/// The archive has what the database holds, the line of people.csv, the photos, the visitor passes, and the records of
/// the logs that name the person. README.txt in it explains the rest. It holds biometric data: only you can read it.
///
/// Exit codes: 0 it was written, 1 there is no such person, 2 something cannot be read or written.
#[derive(Debug, Args)]
pub(crate) struct PeopleExport {
    /// The person's name, or the id that `list` prints; the id also after the person was forgotten
    #[arg(value_name = "NAME_OR_ID")]
    pub(crate) person: String,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The folder of photos, with people.csv and passes.toml
    #[arg(long, value_name = "DIR")]
    pub(crate) photos: Option<PathBuf>,
    /// A log that `edge-agent audit export` wrote; can be repeated, once for each door
    #[arg(long = "log", value_name = "FILE")]
    pub(crate) logs: Vec<PathBuf>,
    /// The archive to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// List people whose data may soon no longer be kept, and people who have not come for months.
///
/// The dates are keep_until and valid_to in people.csv. Whether somebody has come is in the logs of all doors: if they do
/// not reach back that far, the answer is "cannot tell", and nobody should be removed because of it.
///
/// Exit codes: 0 somebody is listed, 1 nobody is, 2 something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct PeopleDue {
    /// The folder of photos, with people.csv
    #[arg(value_name = "PHOTOS")]
    pub(crate) photos: PathBuf,
    /// List dates within this many days
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=3650))]
    pub(crate) within: u32,
    /// List people who have not been let in for this many months
    #[arg(long, value_name = "MONTHS", requires = "logs", requires = "db", value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(crate) not_seen_for: Option<u32>,
    /// A log that `edge-agent audit export` wrote; repeat it for every door
    #[arg(long = "log", value_name = "FILE")]
    pub(crate) logs: Vec<PathBuf>,
    /// The people database, which has the ids in the logs
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// On this day; today if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) at: Option<Date>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
