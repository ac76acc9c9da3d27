//! What the workstation and the door unit must agree on: the encoding of a face, the people database and
//! how it is searched, the policy that decides, and the record of what was decided.
//!
//! Nothing here knows a clock, a file, a thread or a socket: everything comes in as an argument, so that all of it
//! is tested with tables of cases and cannot fail for outside reasons. Memory grows only by what a caller hands in
//! or a database file's own length supports.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod audit;
pub mod card;
pub mod delivery;
pub mod encoding;
pub mod gallery;
mod hex;
pub mod matching;
pub mod policy;
pub mod schedule;
pub mod seal;
