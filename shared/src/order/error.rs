//! Why a text is not an order, or an order cannot be made.

use super::{MAX_ORDER_BYTES, MAX_UNITS};
use crate::schedule::MAX_GROUP_BYTES;
use alloc::string::String;

/// Why a text is not an order, or an order cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The text is longer than any order.
    #[error("the text has {0} bytes, an order at most {MAX_ORDER_BYTES}")]
    TooLong(usize),
    /// It is not the JSON of a signed order.
    #[error("not a signed order: {0}")]
    Unreadable(String),
    /// It has a format of another version.
    #[error("schema {0} of orders, this program reads schema 1: update this program")]
    Schema(u32),
    /// None of the known keys has signed it: it was changed, or made with another key.
    #[error("no known key has signed this order: it was changed, or made with another key")]
    NotSigned,
    /// A known key has signed contents that this version does not know.
    #[error("signed, but not an order that this program knows: {0}; update this program")]
    Unknown(String),
    /// It expires before it is made, or its number is not one.
    #[error(
        "an order with number {number} cannot expire at {expires_utc_ms}: numbers begin at 1, and both are milliseconds since 1970"
    )]
    Expiry {
        /// Its number.
        number: u64,
        /// When it expires, milliseconds since 1970, UTC.
        expires_utc_ms: i64,
    },
    /// It names too many units.
    #[error("an order is for at most {MAX_UNITS} units, not for {0}; sign one for each part of them, or for a group")]
    Units(usize),
    /// The name of a group of people is invalid.
    #[error("{0:?} is no group of people: give 1 to {MAX_GROUP_BYTES} bytes without control characters")]
    Group(String),
}
