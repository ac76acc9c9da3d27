//! What the link of a unit and a workstation send each other over an MQTT broker: topics and payloads.
//!
//! | topic, below `PREFIX/SHARD/UNIT/` | from, to | payload |
//! |---|---|---|
//! | `records` | link, collector | [`RecordBatch`]: lines of the audit log |
//! | `want` | collector, link | [`Want`]: the record that the collector has not got yet |
//! | `ask` | workstation, link | [`Ask`]: the unit is to make a statement |
//! | `statement` | link, workstation | [`SignedStatement`]: what the unit reports, with its signature |
//! | `notice` | workstation, link | [`DatabaseNotice`]: where a people database can be fetched |
//! | `order` | workstation, link | a signed order, which only the unit reads |
//! | `presence` | link, everybody | [`Presence`]; the broker sends `offline` when the link is lost |
//!
//! The broker and the network are not trusted. Records are chained and signed by the unit, statements are signed by it, and
//! databases and orders are signed by the workstation. Anybody on the broker can forge the other messages: those can only
//! make somebody send something again, or fetch a file that the unit then refuses.
//!
//! Both sides also read from their configurations where the broker is: [`Addresses`].
//!
//! [`aim`] is apart: what a unit sends to somebody who aims its camera, over ssh.
//!
//! This crate opens nothing: [`aim`] reads and writes streams that the caller has opened.
#![forbid(unsafe_code)]

mod address;
pub mod aim;
mod notice;
mod presence;
mod records;
mod report;
mod request;
mod statement;
mod topic;

pub use address::{Address, Addresses, MAX_ADDRESSES, NotAddresses, NotAnAddress};
pub use notice::{DatabaseNotice, MAX_PLACE_BYTES};
pub use presence::Presence;
pub use records::{BatchError, BatchHeader, MAX_BATCH_BYTES, RecordBatch};
pub use report::{
    AccessReport, AuditReport, CameraReport, ContactsReport, DatabaseReport, DecisionReport, LockdownReport,
    LockoutReport, OrderReport, RefusedDatabase, SelfTestReport, TemperatureReport, UnitReport,
};
pub use request::{Ask, MAX_NONCE_BYTES, Nonce, NotANonce, Want};
pub use statement::{MAX_STATEMENT_BYTES, SignedStatement, Statement, StatementError};
pub use topic::{Kind, NotATopicPrefix, Shard, ShardError, Topics};

use serde::de::DeserializeOwned;

/// The largest payload of the messages without a limit of their own, in bytes.
pub const MAX_SMALL_BYTES: usize = 4096;

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is longer than any message of its kind.
    #[error("it has {found} bytes, and such a message has at most {most}")]
    TooLong {
        /// Its length.
        found: usize,
        /// The largest length.
        most: usize,
    },
    /// It is not the JSON of such a message.
    #[error("it is not such a message: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It has a format of another version.
    #[error("it has schema {found}, but this program reads schema {SCHEMA}: use a newer program")]
    Schema {
        /// Its schema.
        found: u32,
    },
}

/// The format version of every message.
const SCHEMA: u32 = 1;

/// Reads a message of at most this length, after its `schema`.
fn read<T: DeserializeOwned>(payload: &[u8], most: usize) -> Result<T, MessageError> {
    #[derive(serde::Deserialize)]
    struct Format {
        schema: u32,
    }
    if payload.len() > most {
        return Err(MessageError::TooLong { found: payload.len(), most });
    }
    match serde_json::from_slice(payload)? {
        Format { schema: SCHEMA } => Ok(serde_json::from_slice(payload)?),
        Format { schema } => Err(MessageError::Schema { found: schema }),
    }
}
