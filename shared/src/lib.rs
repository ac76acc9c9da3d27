//! What the workstation and the door unit share: the encoding of a face, the people database and its search, cards,
//! schedules, visitor passes, signed orders, and how a database is signed and sealed.
//!
//! It uses no clock, file, thread or socket: all input comes in as arguments, so everything can be tested with tables
//! of cases. Memory use is bounded by the arguments and the length of a database file. `policy` makes the decisions.
//!
//! The feature `seal` adds the keys and ciphers of [`seal`], signed orders, and database files. Without it there is only
//! the gallery in memory.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "seal"), allow(dead_code, reason = "some functions are only used for database files"))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod card;
pub mod delivery;
mod door_name;
pub mod encoding;
pub mod face;
pub mod gallery;
pub mod hex;
pub mod matching;
mod mode;
#[cfg(feature = "seal")]
pub mod order;
pub mod pass;
mod person_id;
pub mod schedule;
pub mod seal;
