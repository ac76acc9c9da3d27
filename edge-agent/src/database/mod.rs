//! The people database of a unit: which one is used, what may take its place, and how one goes back.
//!
//! Beside the file that the configuration names, `people.db`, lie others with longer names:
//!
//! | file | what it is |
//! |---|---|
//! | `people.db.previous` | the one that was used before |
//! | `people.db.incoming` | a new one, written under a name of its own, synced and renamed by `edge-agent receive` |
//! | `people.db.staged` | the same, while it is examined |
//! | `people.db.refused` | the last one that was not taken |
//! | `people.db.accepted` | the highest sequence number that was taken, and the digests that may be used: `ledger.rs` |
//!
//! Trust in bytes is decided in one place, [`read::read_bytes`]; which keys the unit trusts, [`mod@trust`] knows. What is on the disk at which moment is [`store`]'s, when it
//! is looked at is [`watch`]'s.

#[cfg(test)]
mod crash_tests;
mod file;
mod judge;
#[cfg(test)]
mod kill_tests;
mod ledger;
mod read;
mod store;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
pub(crate) mod watch;

pub(crate) use judge::Judge;
pub(crate) use read::{Read, Refused, read, read_bytes, read_names};
pub(crate) use store::{InUse, Opened, Returned, Store};
pub(crate) use trust::Trust;
