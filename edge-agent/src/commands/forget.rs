//! `forget`: erases the name of a person beside the audit log, so that the id no longer identifies anybody, and prints
//! a receipt.
//!
//! The log itself is not changed: a change would break its chain and the evidence about everybody else.

use crate::audit_log::names::{Names, names_name};
use crate::audit_log::read::{folder_and_name, lines_of};
use crate::commands::audit::{Filter, people_in};
use crate::config::{self, Config};
use crate::folders;
use anyhow::Context;
use clap::Args;
use files::{Folder, wait_for_folder};
use jiff::Timestamp;
use serde::Serialize;
use shared::gallery::PersonId;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};

/// Erase the name of a person beside the audit log and list the other data about them.
///
/// Records keep the person's id, which then identifies nobody; they are removed when the log is pruned. The unit stores
/// no photos. Databases are not changed: they come from the workstation.
///
/// Exit codes: 0 if something was erased, 1 if there was nothing, 2 if something cannot be read or written.
#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The person's id or name
    #[arg(value_name = "ID_OR_NAME")]
    person: String,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// The current file of the log, instead of the configured one
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was erased, and what remains.
#[derive(Debug, PartialEq, Serialize)]
struct Receipt {
    utc: String,
    person_id: String,
    /// Files from which the name was erased.
    erased: Vec<ShownPath>,
    /// Records that keep the id.
    records_with_id: u64,
    /// The latest time at which the last of them is removed.
    last_record_removed_by: Option<String>,
    /// Databases of this unit that still contain the person and would restore the name.
    still_in: Vec<ShownPath>,
    /// Databases of this unit that could not be read, with the reason.
    not_looked_into: Vec<String>,
    /// The remaining steps that only people can do.
    elsewhere: Vec<&'static str>,
}

const ELSEWHERE: [&str; 4] = [
    "photos and people.csv on the workstation, and the cache there (see `encoder-tool cache`)",
    "people.db on the workstation and its copies: build it again without the person, and ship it to every unit",
    "the names beside the logs of other units: `edge-agent forget` there",
    "copies with names: output of `edge-agent audit show`, backups",
];

/// Erases a name. Returns yes if there was one.
///
/// # Errors
/// If nobody is known by that name, or the file cannot be written.
pub(crate) fn run(arguments: &Forget) -> anyhow::Result<Answer> {
    let config = match &arguments.log {
        Some(path) if !arguments.config.exists() => {
            Config { audit: config::Audit { path: path.clone(), ..Default::default() }, ..Default::default() }
        }
        _ => Config::read(&arguments.config)?,
    };
    let log = arguments.log.as_ref().unwrap_or(&config.audit.path);
    let (folder, name) = folder_and_name(log)?;
    folders::step_down(&[folder])?;
    let _alone = wait_for_folder(folder).with_context(|| folder.shown().to_string())?;
    let mut storage = Folder::at(folder);
    let mut names = Names::read(&mut storage, name)?;
    let meant = names.find(&arguments.person);
    let id = match meant[..] {
        [id] => id,
        [] => {
            return Err(anyhow::anyhow!("nobody is known as {} beside {}", arguments.person, log.shown()))
                .help("give the person's id: `encoder-tool list` shows it");
        }
        _ => {
            let ids: Vec<String> = meant.iter().map(PersonId::to_string).collect();
            return Err(anyhow::anyhow!("several people are called {}", arguments.person))
                .help(&format!("give one of these ids: {}", ids.join(", ")));
        }
    };
    let mut erased = Vec::new();
    if names.forget(&id) {
        names.write(&mut storage, name)?;
        erased.push(folder.join(names_name(name)).shown());
    }
    let receipt = receipt(id, erased, log, &config)?;
    if arguments.json {
        print_json(&receipt)?
    } else {
        print(&receipt.in_words())?
    }
    Ok(Answer::yes_if(!receipt.erased.is_empty()))
}

fn receipt(id: PersonId, erased: Vec<ShownPath>, log: &Path, config: &Config) -> anyhow::Result<Receipt> {
    let filter = Filter { people: Some(vec![id]), ..Filter::default() };
    let (mut records, mut last_utc_ms) = (0, None);
    for line in lines_of(log)? {
        // A runner-up is in the records of other people.
        let line = line?;
        let named = line.record().filter(|record| filter.wants(record) || is_runner_up(record, id));
        if let Some(record) = named {
            records += 1;
            last_utc_ms = last_utc_ms.max(Some(record.utc_ms));
        }
    }
    // A file is rotated after a tenth of that time, or a day, and removed when its last record is old enough.
    let keep_days = i64::from(config.audit.keep_days);
    let kept_ms = (keep_days + (keep_days / 10).max(1) + 1) * 24 * 3600 * 1000;
    let (still_in, not_looked_into) = databases_with(id, &config.database);
    Ok(Receipt {
        utc: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        person_id: id.to_string(),
        erased,
        records_with_id: records,
        last_record_removed_by: last_utc_ms
            .and_then(|last| Timestamp::from_millisecond(last.saturating_add(kept_ms)).ok())
            .map(|moment| moment.strftime("%Y-%m-%d").to_string()),
        still_in,
        not_looked_into,
        elsewhere: ELSEWHERE.to_vec(),
    })
}

fn is_runner_up(record: &policy::audit::Record, id: PersonId) -> bool {
    use policy::audit::Event;
    let (Event::Granted { runner_up, .. } | Event::Refused { runner_up, .. }) = &record.event else { return false };
    runner_up.is_some_and(|next| next.person == id)
}

/// The unit's databases that contain this person, and the errors of those that could not be read.
fn databases_with(id: PersonId, database: &config::Database) -> (Vec<ShownPath>, Vec<String>) {
    let (mut with, mut unknown) = (Vec::new(), Vec::new());
    for suffix in ["", ".previous", ".incoming", ".staged", ".exchanged", ".refused"] {
        let mut path = database.path.as_os_str().to_owned();
        path.push(suffix);
        let path = PathBuf::from(path);
        if !fs::exists(&path).unwrap_or(true) {
            continue;
        }
        match people_in(&path, &database.identity) {
            Ok(people) if people.contains(&id) => with.push(path.shown()),
            Ok(_) => {}
            Err(error) => unknown.push(format!("{error:#}")),
        }
    }
    (with, unknown)
}

impl Receipt {
    fn in_words(&self) -> String {
        let mut lines = vec![format!("{}  forgotten here: {}", self.utc, self.person_id)];
        match self.erased.is_empty() {
            true => lines.push("erased         nothing: no name was stored here".to_owned()),
            false => lines.extend(self.erased.iter().map(|file| format!("erased         the name in {file}"))),
        }
        lines.push("photos         the unit stores none".to_owned());
        let until = self.last_record_removed_by.as_deref().map(|day| format!(", removed by {day} at the latest"));
        lines.push(format!(
            "records        {} keep the id, which no longer identifies anybody{}",
            self.records_with_id,
            until.unwrap_or_default()
        ));
        lines.extend(self.still_in.iter().map(|file| {
            format!("STILL THERE    {file}: the name returns when it is loaded; ship a database without the person")
        }));
        lines.extend(self.not_looked_into.iter().map(|why| format!("NOT KNOWN      {why}")));
        lines.extend(self.elsewhere.iter().map(|what| format!("elsewhere      {what}")));
        lines.join("\n")
    }
}
