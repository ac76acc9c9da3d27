//! Everything that outsiders hand to the workstation, one entrance for each kind that has no public one of its own: for
//! fuzzing. What is done with it is what the commands do with it.
//!
//! People databases ([`Gallery::decode`](shared::gallery::Gallery::decode)) and photos ([`models::photo`]) have public
//! entrances.

use crate::build_db::{people_csv, schedules_toml};
use jiff::tz::TimeZone;
use shared::card::CardNumber;
use shared::gallery::{Details, PersonId, PersonName};
use shared::schedule::Schedules;

/// What a line of `people.csv` says of a person.
#[derive(Debug)]
pub struct ListedPerson {
    /// The name.
    pub name: PersonName,
    /// All but the cards.
    pub details: Details,
    /// Their numbers.
    pub cards: Vec<CardNumber>,
}

/// The people in a `people.csv`, its days in UTC.
///
/// # Errors
/// What `build-db` says of it.
pub fn people_csv(file: &[u8]) -> Result<Vec<ListedPerson>, String> {
    let rows = people_csv::parse(file, &TimeZone::UTC).map_err(|error| error.to_string())?;
    let listed = |row: people_csv::Row| ListedPerson { name: row.name, details: row.details, cards: row.cards };
    Ok(rows.into_iter().map(listed).collect())
}

/// The schedules in a `schedules.toml`, whose people all have the same id.
///
/// # Errors
/// What `build-db` says of it.
pub fn schedules_toml(file: &[u8]) -> Result<Schedules, String> {
    let planned = schedules_toml::parse(file).map_err(|error| error.to_string())?;
    schedules_toml::with_ids(planned, |_| Some(PersonId([7; 16]))).map_err(|error| format!("{error:#}"))
}
