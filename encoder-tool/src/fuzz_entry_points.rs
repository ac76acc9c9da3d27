//! Entry points for fuzzing: one function for each kind of untrusted input that has no public parser elsewhere. Each
//! runs the code that the commands run.
//!
//! People databases ([`Gallery::decode`](shared::gallery::Gallery::decode)) and photos ([`models::photo`]) have public
//! parsers.

use crate::build_db::{people_csv, schedules_toml};
use crate::desk::doors::doors_file;
use crate::drill_report;
use crate::office;
use crate::passes::passes_toml;
use drill::SignedReport;
use jiff::tz::TimeZone;
use shared::card::CardNumber;
use shared::gallery::{Details, PersonId, PersonName};
use shared::pass::AcceptedPasses;
use shared::schedule::Schedules;
use std::ffi::OsString;

/// A person in a line of `people.csv`.
#[derive(Debug)]
pub struct ListedPerson {
    /// The name.
    pub name: PersonName,
    /// The details without the cards.
    pub details: Details,
    /// The card numbers.
    pub cards: Vec<CardNumber>,
}

/// Parses a `people.csv`, with its days in UTC.
///
/// # Errors
/// The message that `build-db` prints for the file.
pub fn people_csv(file: &[u8]) -> Result<Vec<ListedPerson>, String> {
    let rows = people_csv::parse(file, &TimeZone::UTC).map_err(|error| error.to_string())?.rows;
    let listed = |row: people_csv::Row| ListedPerson { name: row.name, details: row.details, cards: row.cards };
    Ok(rows.into_iter().map(listed).collect())
}

/// Parses a `schedules.toml`. All of its people get the same id.
///
/// # Errors
/// The message that `build-db` prints for the file.
pub fn schedules_toml(file: &[u8]) -> Result<Schedules, String> {
    let planned = schedules_toml::parse(file).map_err(|error| error.to_string())?;
    schedules_toml::with_ids(planned, |_| Some(PersonId([7; 16]))).map_err(|error| format!("{error:#}"))
}

/// A `schedules.toml` whose schedules the desk saved as they are, to which it added one, and from which it removed it again.
///
/// # Errors
/// The message that the desk shows for the file.
pub fn schedules_with_one_more(file: &[u8], name: &str) -> Result<[String; 3], String> {
    office::with_one_more(file, name).map_err(|error| format!("{error:#}"))
}

/// A `doors.toml` as the desk writes it after it read it, and the arguments of each door's `ssh`.
///
/// # Errors
/// The message that the desk shows for the file.
pub fn doors_toml(file: &[u8]) -> Result<(String, Vec<Vec<OsString>>), String> {
    doors_file::read_and_written(file).map_err(|error| format!("{error:#}"))
}

/// Parses a `passes.toml`, and says what a database that is made `now` (Unix seconds) would contain of it.
///
/// # Errors
/// The message that `build-db` prints for the file.
pub fn passes_toml(file: &[u8], now: i64) -> Result<AcceptedPasses, String> {
    passes_toml::parse(file).and_then(|passes| passes.accepted(now)).map_err(|error| error.to_string())
}

/// The page of `drill-report --html`.
///
/// # Errors
/// The message that the command prints.
pub fn drill_page(report: &SignedReport) -> Result<String, String> {
    drill_report::page_of(report).map_err(|error| format!("{error:#}"))
}
