//! Everything that outsiders hand to the link, one entrance for each kind that has no public one of its own: for fuzzing.
//!
//! What is done with it is what the running link does with it, up to the request or the message that follows.

use crate::broker::Incoming;
use crate::config;
use crate::fetch::{Asked, Body, judge};
use crate::fleet::{Message, read};
use crate::home_assistant::{Asks, Door, asked, event, states_of};
use crate::unit::{Beginning, Reply, UnitRecord, read_records, receipt, reply};
use fleet_messages::{DatabaseNotice, Topics, UnitReport};
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use shared::delivery::Receipt;
use shared::seal::Fingerprint;
use std::path::Path;

/// A socket for messages.
const SOCKET: &str = "unit.sock";

/// What a message makes the link do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Ask the unit for a lockdown.
    LockDown,
    /// Ask the unit to turn face recognition off.
    TurnOffFaceRecognition,
    /// Send records from this number on.
    SendRecords(u64),
    /// Publish a statement with this nonce.
    MakeStatement(String),
    /// Fetch a database.
    Fetch(DatabaseNotice),
    /// Pass an order on to the unit.
    PassOn(String),
}

/// What a unit has sent.
#[derive(Debug)]
pub struct Sent {
    /// What it keeps.
    pub beginning: Beginning,
    /// Its records, each with the event that it is for Home Assistant.
    pub records: Vec<(UnitRecord, Option<Vec<u8>>)>,
}

/// What a message from the broker makes the link of this unit do; `None` if it is dropped.
pub fn message(unit: Fingerprint, topics: &Topics, message: &Incoming) -> Option<Deed> {
    let door = Door::new(unit, topics, &config::HomeAssistant::default());
    match asked(&door, message) {
        Some(Asks::LockDown) => return Some(Deed::LockDown),
        Some(Asks::TurnOffFaceRecognition) => return Some(Deed::TurnOffFaceRecognition),
        None => {}
    }
    if message.is_retained {
        return None;
    }
    Some(match read(topics, unit, &message.topic, &message.payload).ok()? {
        Message::Want(want) => Deed::SendRecords(want.next),
        Message::Ask(nonce) => Deed::MakeStatement(nonce.to_string()),
        Message::Notice(notice) => Deed::Fetch(notice),
        Message::Order(order) => Deed::PassOn(order),
    })
}

/// What a unit sends that was asked for its records from this number on, up to the first line that cannot be used.
///
/// # Errors
/// Why there is none of it.
pub fn records(sent: &[u8], from: u64) -> Result<Sent, String> {
    let (beginning, records) = read_records(Path::new(SOCKET), sent, from).map_err(|error| error.to_string())?;
    let with_event = |record| {
        let event = event(&record);
        (record, event)
    };
    Ok(Sent { beginning, records: records.into_iter().map(with_event).collect() })
}

/// What a unit answers to a link's request.
///
/// # Errors
/// Why it cannot be used.
pub fn unit_reply(line: &[u8]) -> Result<Reply, String> {
    reply(Path::new(SOCKET), line).map_err(|error| error.to_string())
}

/// What a unit says about a database that was handed over.
///
/// # Errors
/// Why it cannot be used.
pub fn unit_receipt(said: &[u8]) -> Result<Receipt, String> {
    receipt(Path::new(SOCKET), said).map_err(|error| error.to_string())
}

/// The states of Home Assistant for what claims to be a unit's report.
///
/// # Errors
/// Why it cannot be used.
pub fn home_states(report: &[u8]) -> Result<Vec<(&'static str, String)>, String> {
    let report: UnitReport = crate::unit::parse(Path::new(SOCKET), report).map_err(|error| error.to_string())?;
    Ok(states_of(&report))
}

/// The header of an answer of a file server to somebody who has `from` of `bytes` bytes, with this validator. Returns
/// whether the body is the rest of the file.
///
/// # Errors
/// Why it cannot be used.
pub fn file_answer(
    status: u16,
    header: &[(&[u8], &[u8])],
    from: u64,
    bytes: u64,
    validator: Option<&str>,
) -> Result<bool, String> {
    let mut lines = HeaderMap::new();
    for (name, value) in header {
        let name = HeaderName::from_bytes(name).map_err(|error| error.to_string())?;
        lines.append(name, HeaderValue::from_bytes(value).map_err(|error| error.to_string())?);
    }
    let status = StatusCode::from_u16(status).map_err(|error| error.to_string())?;
    let body = judge(status, &lines, &Asked { from, bytes, validator }).map_err(|error| error.to_string())?;
    Ok(body == Body::Rest)
}
