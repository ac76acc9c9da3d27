//! Sends each record to the system's journal as well, with a field for each of its values, so that other programs can
//! read it there. The log remains what counts: a record is sent after it is on the disk, and nothing waits for the
//! journal.
//!
//! The format is systemd's native protocol, "Native Journal Protocol" in its documentation: one datagram with a line
//! `KEY=value` for each field, or for values with line feeds the key, the length in 8 bytes and the value.

use policy::audit::Record;
use serde_json::Value;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// A longer datagram may need another way of sending; no record is that long.
const MAX_BYTES: usize = 64 * 1024;

/// The journal's socket.
pub(crate) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    is_lost: bool,
}

impl Journal {
    /// Sends to the socket at this path, which need not exist yet.
    ///
    /// # Errors
    /// If the system gives no socket.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned(), is_lost: false })
    }

    /// Sends a record. A failure is logged once, until sending works again.
    pub(crate) fn send(&mut self, record: &Record) {
        let sent = self.socket.send_to(&datagram(record), &self.path);
        match (sent, self.is_lost) {
            (Err(error), false) => {
                tracing::warn!("{}: records are not sent to the journal: {error}", self.path.shown());
                self.is_lost = true;
            }
            (Ok(_), true) => {
                tracing::warn!("{}: records are sent to the journal again", self.path.shown());
                self.is_lost = false;
            }
            _ => {}
        }
    }
}

fn datagram(record: &Record) -> Vec<u8> {
    let values = serde_json::to_value(&record.event).unwrap_or_default();
    let fields = values.as_object().into_iter().flatten();
    let fields: Vec<(String, String)> =
        fields.filter_map(|(key, value)| Some((format!("DOOR_{}", key.to_uppercase()), plain(value)?))).collect();
    let mut datagram = Vec::new();
    field(&mut datagram, "MESSAGE", &message(&fields));
    field(&mut datagram, "MESSAGE_ID", &format!("{:032x}", record.event.message_id()));
    field(&mut datagram, "PRIORITY", &record.event.priority().to_string());
    field(&mut datagram, "SYSLOG_IDENTIFIER", "edge-agent");
    field(&mut datagram, "DOOR_SEQUENCE", &record.sequence.to_string());
    field(&mut datagram, "DOOR_UTC_MS", &record.utc_ms.to_string());
    fields.iter().for_each(|(key, value)| field(&mut datagram, key, value));
    datagram.truncate(MAX_BYTES);
    datagram
}

/// A value of one field; `None` for lists and objects, which are in the log.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `door: refused, reason not_known, distance 1.25`.
fn message(fields: &[(String, String)]) -> String {
    let (events, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(key, _)| key == "DOOR_EVENT");
    let event: String = events.iter().map(|(_, value)| value.replace('_', " ")).collect();
    let words = |key: &str| key.trim_start_matches("DOOR_").to_lowercase().replace('_', " ");
    let others = others.iter().map(|(key, value)| format!(", {} {value}", words(key)));
    format!("door: {event}{}", others.collect::<String>())
}

fn field(datagram: &mut Vec<u8>, key: &str, value: &str) {
    datagram.extend_from_slice(key.as_bytes());
    if value.contains('\n') {
        datagram.push(b'\n');
        datagram.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        datagram.push(b'=');
    }
    datagram.extend_from_slice(value.as_bytes());
    datagram.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::super::sample_records::{kind, one_of_each, record};
    use super::*;
    use policy::Credential;
    use policy::audit::Event;
    use shared::gallery::PersonId;
    use std::collections::BTreeSet;

    #[test]
    fn a_record_is_one_datagram_with_a_field_for_each_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::at(&path).unwrap();
        let event = Event::LockedOut {
            tried: Credential::CardAndFace,
            person: Some(PersonId([0xad; 16])),
            failures: 5,
            for_ms: 7,
        };
        journal.send(&record(1_800_000_000_000, event.clone()));
        let listening = UnixDatagram::bind(&path).unwrap();
        journal.send(&record(1_800_000_000_000, event.clone()));
        let mut received = [0; 4096];
        let length = listening.recv(&mut received).unwrap();
        let id = format!("MESSAGE_ID={:032x}\n", event.message_id());
        let person = "ad".repeat(16);
        let expected = format!(
            "MESSAGE=door: locked out, failures 5, for ms 7, person {person}, tried card_and_face\n{id}PRIORITY=4\n\
             SYSLOG_IDENTIFIER=edge-agent\nDOOR_SEQUENCE=1\nDOOR_UTC_MS=1800000000000\nDOOR_EVENT=locked_out\n\
             DOOR_FAILURES=5\nDOOR_FOR_MS=7\nDOOR_PERSON={person}\nDOOR_TRIED=card_and_face\n"
        );
        assert_eq!(str::from_utf8(&received[..length]).unwrap(), expected);
    }

    #[test]
    fn a_value_with_a_line_feed_adds_no_field() {
        let mut datagram = Vec::new();
        field(&mut datagram, "KEY", "a\nPRIORITY=0");
        assert_eq!(datagram, b"KEY\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n");
    }

    #[test]
    fn the_document_lists_every_kind_with_its_id() {
        let document = include_str!("../../../docs/audit-log.md");
        let (_, table) = document.split_once("| `event` | `MESSAGE_ID` |\n|---|---|\n").unwrap();
        let listed: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
        let row = |event: &Event| format!("| `{}` | `{:032x}` |", kind(event), event.message_id());
        let expected: Vec<String> = one_of_each().iter().map(row).collect();
        assert_eq!(listed, expected);
        let ids: BTreeSet<u128> = one_of_each().iter().map(Event::message_id).collect();
        assert_eq!(ids.len(), expected.len(), "an id occurs twice");
    }
}
