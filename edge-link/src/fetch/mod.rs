//! Brings the people database that a notice names: fetches it by HTTPS, and hands it over to the unit.
//!
//! Neither the notice nor the server is trusted. Exactly the announced bytes are fetched, from `https` addresses only, and
//! no redirect is followed. Time, header and body are limited, and a server that is too slow is left. What has arrived
//! lies in the link's folder and is continued after an interruption or a restart. Only a file with the announced digest is
//! handed over; the unit decides whether it uses it.

mod answer;
mod carrier;
mod connection;
mod download;
mod error;
#[cfg(test)]
mod hostile;
mod limits;
mod pace;
mod partial;
mod place;
mod rank;

pub(crate) use answer::{Asked, Body, judge};
pub use carrier::Carrier;
pub use download::Fetcher;
pub use error::FetchError;
pub use limits::Limits;
pub use place::{NotAPlace, Place};
