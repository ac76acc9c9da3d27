//! The records of a unit's audit log, from a sequence number on and then as they come.

use super::Unit;
use super::error::UnitError;
use super::exchange::{no_line, open};
use super::lines::Lines;
use super::report::parse;
use policy::audit::{LineHash, MAX_LINE_BYTES};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout, timeout_at};

/// The longest line: a record with the names of its people, in bytes.
const MAX_TOLD_BYTES: usize = 4 * MAX_LINE_BYTES;
/// How long the first line may take: the unit looks for the place in its log.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit sends at least an empty line every 15 s. If nothing comes for this long, it is lost.
const SILENCE: Duration = Duration::from_secs(45);

/// What the unit keeps of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Beginning {
    /// The sequence number of the oldest record that is kept; `None` if there is none.
    pub kept_from: Option<u64>,
    /// The sequence number of the last durable record; 0 before the first.
    pub last: u64,
}

/// A record of the log. It may be of a kind that this version does not know.
#[derive(Debug, Clone)]
pub struct UnitRecord {
    /// Its sequence number.
    pub sequence: u64,
    /// The hash of the line before.
    pub previous: LineHash,
    /// Names of the people in it, by their ids; empty unless the unit is configured to tell them.
    pub names: BTreeMap<String, String>,
    line: Box<RawValue>,
}

impl UnitRecord {
    /// The line as it is in the log, without its line feed. It is shorter than [`MAX_LINE_BYTES`].
    pub fn line(&self) -> &[u8] {
        self.line.get().as_bytes()
    }
}

/// The records, in the order of the log.
#[derive(Debug)]
pub struct Records {
    /// What the unit kept when the stream began.
    pub beginning: Beginning,
    lines: Lines<UnixStream>,
    socket: PathBuf,
    /// The lowest sequence number that may come next.
    next: u64,
    /// When the unit is lost unless a line arrives. Kept while a caller does something else in between.
    lost_at: Option<Instant>,
}

impl Unit {
    /// The records from this sequence number on.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn records(&self, from: u64) -> Result<Records, UnitError> {
        let request = format!("records {from}\n");
        let opened = async {
            let mut lines = open(&self.status, request.as_bytes(), MAX_TOLD_BYTES).await?;
            let first = lines.next().await.map_err(|none| no_line(&self.status, none, MAX_TOLD_BYTES))?;
            Ok((lines, parse(&self.status, &first)?))
        };
        let opened = timeout(PATIENCE, opened).await.map_err(|_| UnitError::silent(&self.status, PATIENCE))?;
        let (lines, beginning) = opened?;
        Ok(Records { beginning, lines, socket: self.status.clone(), next: from, lost_at: None })
    }
}

impl Records {
    /// The next record. A caller that stops waiting loses none.
    ///
    /// # Errors
    /// [`UnitError`]. The stream is of no more use then: ask for another one.
    pub async fn next(&mut self) -> Result<UnitRecord, UnitError> {
        loop {
            let lost_at = *self.lost_at.get_or_insert_with(|| Instant::now() + SILENCE);
            let line = timeout_at(lost_at, self.lines.next()).await;
            let line = line.map_err(|_| UnitError::silent(&self.socket, SILENCE))?;
            self.lost_at = None;
            let line = line.map_err(|none| no_line(&self.socket, none, MAX_TOLD_BYTES))?;
            if let Some(record) = due(&self.socket, &line, &mut self.next)? {
                return Ok(record);
            }
        }
    }
}

/// The record of a line, whose number is at least `next`; `None` if the unit only says that it is there.
fn due(socket: &Path, line: &[u8], next: &mut u64) -> Result<Option<UnitRecord>, UnitError> {
    if line.is_empty() {
        return Ok(None);
    }
    let record = told(socket, line)?;
    if record.sequence < *next {
        let why = format!("record {} came where at least {next} was due", record.sequence);
        return Err(UnitError::unreadable(socket, why));
    }
    *next = record.sequence.saturating_add(1);
    Ok(Some(record))
}

/// What a unit has sent that was asked for the records from this number on, up to the first line that cannot be used.
///
/// # Errors
/// [`UnitError`], if the first line cannot be used.
pub(crate) fn read_records(socket: &Path, sent: &[u8], from: u64) -> Result<(Beginning, Vec<UnitRecord>), UnitError> {
    let mut lines = sent.split(|byte| *byte == b'\n');
    let beginning = parse(socket, lines.next().unwrap_or_default())?;
    let mut next = from;
    let records = lines.map_while(|line| due(socket, line, &mut next).ok()).flatten();
    Ok((beginning, records.collect()))
}

/// Reads a line of the stream that is not empty.
///
/// # Errors
/// [`UnitError`]
fn told(socket: &Path, line: &[u8]) -> Result<UnitRecord, UnitError> {
    #[derive(Deserialize)]
    struct Told {
        record: Box<RawValue>,
        #[serde(default)]
        names: BTreeMap<String, String>,
    }
    #[derive(Deserialize)]
    struct Keys {
        sequence: u64,
        previous: LineHash,
    }
    let Told { record: line, names } = parse(socket, line)?;
    let unreadable = |why: String| UnitError::unreadable(socket, why);
    if line.get().len() >= MAX_LINE_BYTES || line.get().contains('\n') {
        return Err(unreadable(format!("a record of {} bytes", line.get().len())));
    }
    let keys = serde_json::from_str(line.get()).map_err(|error| unreadable(format!("not a record: {error}")))?;
    let Keys { sequence, previous } = keys;
    Ok(UnitRecord { sequence, previous, names, line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::{ScriptedUnit, record};

    const BEGINNING: &str = "{\"schema\":1,\"kept_from\":3,\"last\":9}\n";

    fn told_line(record: &str, more: &str) -> String {
        format!("{{\"schema\":1,\"record\":{record}{more}}}\n")
    }

    #[tokio::test(start_paused = true)]
    async fn records_are_passed_on_byte_for_byte_also_of_unknown_kinds() {
        let odd = format!(
            r#"{{"sequence": 8,  "event":"teleported","x":1.50e+01,"u":"\u00fc","previous":"{}","deep":{{"a":[1, 2]}}}}"#,
            "00".repeat(32)
        );
        let unit = ScriptedUnit::new();
        let id = "01".repeat(16);
        let lines = [
            BEGINNING.to_owned(),
            told_line(&record(5), ""),
            "\n".to_owned(),
            told_line(&odd, &format!(r#","names":{{"{id}":"Zoë"}},"later":7"#)),
        ];
        unit.stream("records 5\n", &lines.concat());
        let mut records = unit.client().records(5).await.unwrap();
        assert_eq!(records.beginning, Beginning { kept_from: Some(3), last: 9 });
        let first = records.next().await.unwrap();
        assert_eq!((first.sequence, first.line(), first.names.len()), (5, record(5).as_bytes(), 0));
        let second = records.next().await.unwrap();
        assert_eq!((second.sequence, second.line()), (8, odd.as_bytes()));
        assert_eq!(second.names[&id], "Zoë");
        assert!(matches!(records.next().await, Err(UnitError::Silent { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_sends_anything_else_is_told() {
        let again = [told_line(&record(6), ""), told_line(&record(6), "")].concat();
        let long = format!(r#"{{"sequence":6,"previous":"{}","x":"{}"}}"#, "00".repeat(32), "x".repeat(MAX_LINE_BYTES));
        for (first, lines, expected) in [
            ("", "", "ended the connection"),
            ("{\"schema\":1,\"error\":\"too many\"}\n", "", "answers: too many"),
            ("{\"schema\":2,\"kept_from\":null,\"last\":0}\n", "", "schema 2"),
            ("{\"schema\":1,\"kept_from\":-1,\"last\":0}\n", "", "cannot be read"),
            (BEGINNING, "", "ended the connection"),
            (BEGINNING, "{}\n", "cannot be read"),
            (BEGINNING, "{\"schema\":1,\"record\":7}\n", "not a record"),
            (BEGINNING, &told_line(&record(5), ""), "record 5 came where at least 6 was due"),
            (BEGINNING, &again, "record 6 came where at least 7 was due"),
            (BEGINNING, &told_line(&long, ""), "a record of"),
            (BEGINNING, &"x".repeat(100_000), "more than 16384 bytes"),
            (BEGINNING, &"x".repeat(10_000), "ended the connection"),
        ] {
            let unit = ScriptedUnit::new();
            unit.answer_and_end("records 6\n", &[first, lines].concat());
            let error = match unit.client().records(6).await {
                Err(error) => error,
                Ok(mut records) => loop {
                    if let Err(error) = records.next().await {
                        break error;
                    }
                },
            };
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_is_lost_after_45_seconds_without_a_whole_line() {
        let unit = ScriptedUnit::new();
        unit.stream("records 1\n", &[BEGINNING, "{\"schema\":1,"].concat());
        let mut records = unit.client().records(1).await.unwrap();
        let began = Instant::now();
        // The wait goes on when the caller comes back.
        assert!(timeout(Duration::from_secs(44), records.next()).await.is_err());
        assert!(matches!(records.next().await, Err(UnitError::Silent { .. })));
        assert_eq!(began.elapsed().as_secs(), SILENCE.as_secs());
    }
}
