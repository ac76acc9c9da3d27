//! What the workstation and the door unit must agree on: the encoding of a face, the people database and how it is
//! searched, cards, schedules, and how a database is signed and sealed.
//!
//! It has no clock, file, thread or socket: everything comes in as an argument, so tables of cases test all of it and it
//! cannot fail for outside reasons. Memory grows only with what a caller passes in, or with the length of a database file.
//! Decisions are made in `policy`.
//!
//! The feature `seal` adds [`seal`]'s keys and ciphers, and database files. Without it there is only the gallery in memory.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "seal"), allow(dead_code, reason = "some functions only serve database files"))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod card;
pub mod delivery;
pub mod encoding;
pub mod face;
pub mod gallery;
pub mod hex;
pub mod matching;
pub mod schedule;
pub mod seal;
