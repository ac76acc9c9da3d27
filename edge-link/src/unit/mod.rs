//! The unit, as its Unix sockets show it: its report, its signed statements and the records of its audit log; what a link
//! may ask of it; and the handing over of people databases.
//!
//! The unit may be broken or hostile: each answer is bounded in bytes and time, and an answer that cannot be used is an
//! error. What the answers mean, and when they are asked for, is decided elsewhere.

mod error;
mod exchange;
mod hand_over;
mod lines;
mod records;
mod report;
mod request;
#[cfg(test)]
pub(crate) mod scripted;

pub use error::UnitError;
pub(crate) use error::quoted;
pub(crate) use hand_over::receipt;
pub(crate) use records::read_records;
pub use records::{Beginning, Records, UnitRecord};
pub(crate) use report::parse;
pub(crate) use request::reply;
pub use request::{MAX_ORDER_BYTES, Reply};

use std::path::{Path, PathBuf};

/// A unit. Each request opens a connection of its own, so a unit that restarts is found again.
#[derive(Debug, Clone)]
pub struct Unit {
    status: PathBuf,
    link: PathBuf,
    receive: PathBuf,
}

impl Unit {
    /// The unit that listens on these sockets: for its status and records, for what a link may ask, and for people
    /// databases. They need not exist yet.
    pub fn at(status: &Path, link: &Path, receive: &Path) -> Self {
        Self { status: status.to_owned(), link: link.to_owned(), receive: receive.to_owned() }
    }
}
