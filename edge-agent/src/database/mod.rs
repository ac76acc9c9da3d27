//! The people database of a unit: which file is in use, which may replace it, and how a rollback works.
//!
//! Next to the configured file, `people.db`, there are files with longer names:
//!
//! | file | contents |
//! |---|---|
//! | `people.db.previous` | the previous database |
//! | `people.db.incoming` | a new one; `edge-agent receive` writes it under another name, syncs and renames it |
//! | `people.db.staged` | the new database while it is verified |
//! | `people.db.refused` | the last database that was refused |
//! | `people.db.accepted` | the highest accepted sequence number and the digests that may be used: `ledger.rs` |
//!
//! [`acceptance::read_bytes`] alone decides whether bytes are trusted, with the keys from [`mod@trust`]. [`store`] manages
//! the files on the disk, and [`watch`] looks for new ones.

mod acceptance;
#[cfg(test)]
mod crash_tests;
mod file;
mod judge;
#[cfg(test)]
mod kill_tests;
mod ledger;
mod refused;
mod store;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
pub(crate) mod watch;

pub(crate) use acceptance::{Read, read, read_bytes, read_names};
pub(crate) use judge::Judge;
pub(crate) use refused::Refused;
pub(crate) use store::{InUse, Opened, Returned, Store};
pub(crate) use trust::Trust;
