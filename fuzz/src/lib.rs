//! x
mod database;
mod driven;

pub use database::database;
pub use driven::driven;

/// v
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// a
    Accepted,
    /// r
    Refused,
}
