//! Hands the audit log to a client: what is kept from a sequence number on, then each new record as soon as it is durable.
//!
//! A client that asks again from the record after the last one that it has kept misses nothing, and may get a record
//! twice. Each client has a thread of its own, which reads the files of the log and holds no lock that the loop waits for.

use super::log::ReportedLog;
use crate::audit_log::names::Names;
use crate::audit_log::read::{Line, lines, open};
use crate::audit_log::tail::Tail;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::gallery::PersonId;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// The most clients at a time: a link, an administrator, and one of each that has not noticed yet that it is cut off.
const MOST_CLIENTS: usize = 4;
/// The pause between two looks for new records.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The most records that one look tells, so that a client that asks for the whole log does not take a core from the loop.
const MOST_TOLD: usize = 500;
/// To pass over a line takes about a tenth of the work.
const PASSED_OVER_FOR_ONE: usize = 10;
/// Without a record, an empty line says that the unit is still there, and finds out whether the client is.
const STILL_THERE_EVERY: Duration = Duration::from_secs(15);
/// A client that takes nothing for this long is cut off.
const TAKES_WITHIN: Duration = Duration::from_secs(10);

/// The first line of the answer.
#[derive(Debug, Serialize)]
struct Beginning {
    /// The sequence number of the oldest record that is kept; `null` if there is none.
    kept_from: Option<u64>,
    /// The sequence number of the last durable record; 0 before the first.
    last: u64,
}

/// Each further line.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// The record, byte for byte as in the log.
    record: &'a RawValue,
    /// The names of the people in it, by id, if the configuration adds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<BTreeMap<String, &'a str>>,
}

/// What every record has, even one of a later version.
#[derive(Debug, Deserialize)]
struct Numbered {
    sequence: u64,
}

/// The people that a record is about.
#[derive(Debug, Default, Deserialize)]
struct People {
    #[serde(default)]
    person: Option<PersonId>,
    #[serde(default)]
    host: Option<PersonId>,
}

/// The clients that are served now. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients(Arc<()>);

impl Clients {
    /// Serves a client on a thread of its own. Returns whether there was room for it.
    ///
    /// # Errors
    /// If no thread can be spawned.
    pub(super) fn serve(&self, client: UnixStream, from: u64, log: &ReportedLog) -> io::Result<bool> {
        if Arc::strong_count(&self.0) > MOST_CLIENTS {
            return Ok(false);
        }
        let (log, here) = (log.clone(), self.clone());
        let serving = move || {
            // A client that hangs up asks again.
            if let Err(error) = tell(client, from, &log) {
                tracing::debug!("a client that followed the audit log: {error:#}");
            }
            drop(here);
        };
        thread::Builder::new().name("records".to_owned()).spawn(serving).map(|_| true)
    }
}

fn tell(client: UnixStream, from: u64, log: &ReportedLog) -> anyhow::Result<()> {
    client.set_write_timeout(Some(TAKES_WITHIN))?;
    let mut client = BufWriter::new(client);
    let beginning = Beginning { kept_from: kept_from(&log.path)?, last: log.health.head().sequence };
    writeln!(client, "{}", to_json(&beginning)?)?;
    client.flush()?;
    let mut tail = Tail::begin_before(&log.path, from)?;
    let mut told_at = Instant::now();
    loop {
        if has_hung_up_within(LOOK_EVERY, client.get_ref())? {
            return Ok(());
        }
        let has_told = tell_new(&mut tail, from, log, &mut client)?;
        if has_told || told_at.elapsed() >= STILL_THERE_EVERY {
            if !has_told {
                client.write_all(b"\n")?;
            }
            client.flush()?;
            told_at = Instant::now();
        }
    }
}

/// Waits for this long, or until the client hangs up, so that its place is free for the next one at once.
fn has_hung_up_within(wait: Duration, client: &UnixStream) -> io::Result<bool> {
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    // Without any flag, only the end of the connection is reported.
    match poll(&mut [PollFd::new(client, PollFlags::empty())], Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Tells durable records since the last time, as far as one look goes. A record that a power cut could still take back is left for later: its
/// sequence number might then be that of another one. Returns whether there was any.
fn tell_new(tail: &mut Tail, from: u64, log: &ReportedLog, client: &mut impl Write) -> anyhow::Result<bool> {
    let (durable, mut has_told) = (log.health.head().sequence, false);
    let (mut names, mut work_left) = (None, MOST_TOLD * PASSED_OVER_FOR_ONE);
    tail.read_on(|line| {
        if work_left == 0 {
            return Ok(ControlFlow::Break(()));
        }
        work_left -= 1;
        // `audit verify` finds a line that is not a record.
        let Some(text) = text_of(&line) else { return Ok(ControlFlow::Continue(())) };
        let Some(sequence) = sequence_of(text) else { return Ok(ControlFlow::Continue(())) };
        if sequence > durable {
            return Ok(ControlFlow::Break(()));
        }
        if sequence >= from {
            if names.is_none() && log.adds_names {
                names = Some(names_beside(&log.path));
            }
            let names = names.as_ref().map(|names| names_in(text, names));
            writeln!(client, "{}", to_json(&Told { record: serde_json::from_str(text)?, names })?)?;
            has_told = true;
            work_left = work_left.saturating_sub(PASSED_OVER_FOR_ONE - 1);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(has_told)
}

fn text_of(line: &Line) -> Option<&str> {
    str::from_utf8(line.bytes.strip_suffix(b"\n")?).ok()
}

fn sequence_of(text: &str) -> Option<u64> {
    serde_json::from_str::<Numbered>(text).ok().map(|record| record.sequence)
}

fn names_beside(log: &Path) -> Names {
    Names::beside(log).unwrap_or_else(|error| {
        tracing::warn!("{error:#}; a client that follows the audit log gets ids without names");
        Names::default()
    })
}

fn names_in<'a>(text: &str, names: &'a Names) -> BTreeMap<String, &'a str> {
    let People { person, host } = serde_json::from_str(text).unwrap_or_default();
    let named = |id: PersonId| Some((id.to_string(), names.name(&id)?));
    person.into_iter().chain(host).filter_map(named).collect()
}

/// The sequence number of the oldest record.
fn kept_from(log: &Path) -> anyhow::Result<Option<u64>> {
    let sequence = |line: io::Result<Line>| sequence_of(text_of(&line.ok()?)?);
    Ok(open(log)?.into_iter().flat_map(lines).find_map(sequence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::sample_records::granted;
    use crate::audit_log::{AuditLog, Upkeep};
    use crate::unit::testing::PERSON;
    use files::Folder;
    use policy::Now;
    use policy::audit::{BootId, Chain, Event, Head};
    use serde_json::Value;
    use std::fs;
    use std::io::{BufRead, BufReader};

    /// A log whose files have few records.
    fn log_in(folder: &Path) -> (AuditLog, ReportedLog) {
        let upkeep = Upkeep { file_bytes: 600, all_bytes: 1 << 20, keep_days: 1 };
        let log = AuditLog::open_in(Box::new(Folder::at(folder)), "log", None, upkeep, &Now::new(0, 0)).unwrap();
        let reported = ReportedLog::new(log.health(), &folder.join("log"), None, false);
        (log, reported)
    }

    /// The lines that a client gets who asks from `from` on, as long as there are any.
    fn told(log: &ReportedLog, from: u64) -> Vec<String> {
        let mut tail = Tail::begin_before(&log.path, from).unwrap();
        let mut text = Vec::new();
        tell_new(&mut tail, from, log, &mut text).unwrap();
        text.lines().map(Result::unwrap).collect()
    }

    #[test]
    fn the_lines_of_the_log_are_told_byte_for_byte_from_any_record_on() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, reported) = log_in(folder.path());
        for ms in 0..40 {
            log.append(Event::Stopped, &Now::new(0, ms)).unwrap();
            log.maintain(&Now::new(0, ms));
        }
        let lines: Vec<String> = crate::audit_log::read::lines_of(&reported.path)
            .unwrap()
            .map(|line| format!(r#"{{"schema":1,"record":{}}}"#, text_of(&line.unwrap()).unwrap()))
            .collect();
        assert_eq!(lines.len(), 40);
        for from in [0, 1, 2, 17, 40, 41, u64::MAX] {
            let expected = lines.get(usize::try_from(from.max(1) - 1).unwrap()..).unwrap_or_default();
            assert_eq!(told(&reported, from), expected, "{from}");
        }
        assert_eq!(kept_from(&reported.path).unwrap(), Some(1));
    }

    #[test]
    fn one_look_reads_a_part_of_a_long_log() {
        let folder = tempfile::tempdir().unwrap();
        let (_log, reported) = log_in(folder.path());
        let all = 2 * MOST_TOLD + 7;
        let lines: Vec<String> = (1..=all).map(|number| format!("{{\"sequence\":{number}}}\n")).collect();
        fs::write(&reported.path, lines.concat()).unwrap();
        reported.health.recorded(Head { sequence: u64::MAX, ..Head::BEGINNING });
        let mut tail = Tail::begin_before(&reported.path, 1).unwrap();
        let counts = [MOST_TOLD, MOST_TOLD, 7, 0].map(|expected| {
            let mut text = Vec::new();
            let has_told = tell_new(&mut tail, 1, &reported, &mut text).unwrap();
            assert_eq!(has_told, expected > 0);
            text.lines().count()
        });
        assert_eq!(counts, [MOST_TOLD, MOST_TOLD, 7, 0]);
        assert_eq!(told(&reported, all as u64 - 1).len(), 2, "others are passed over in the same look");
    }

    /// Otherwise a collector would keep a record that the power cut took back, and later get another one with its number.
    #[test]
    fn a_record_that_is_not_durable_yet_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, reported) = log_in(folder.path());
        log.append(Event::Stopped, &Now::new(0, 0)).unwrap();
        let mut chain = Chain::from_head(log.head());
        let line = chain.next_line(1, BootId([0; 16]), Event::Stopped).unwrap();
        let path = &reported.path;
        fs::write(path, fs::read_to_string(path).unwrap() + line.text()).unwrap();
        assert_eq!(told(&reported, 1).len(), 1);
        reported.health.recorded(line.head());
        assert_eq!(told(&reported, 1).len(), 2);
    }

    /// After an update was taken back, the log has records that this version does not know.
    #[test]
    fn a_record_of_a_later_version_is_told_too() {
        let folder = tempfile::tempdir().unwrap();
        let (log, reported) = log_in(folder.path());
        drop(log);
        let later = r#"{"sequence":1,"event":"later","person":7}"#;
        fs::write(&reported.path, format!("{later}\nnot a record\n")).unwrap();
        reported.health.recorded(Head { sequence: 9, ..Head::BEGINNING });
        assert_eq!(told(&reported, 0), [format!(r#"{{"schema":1,"record":{later}}}"#)]);
    }

    #[test]
    fn names_are_told_only_if_the_configuration_adds_them() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, mut reported) = log_in(folder.path());
        log.append(granted(PERSON), &Now::new(0, 0)).unwrap();
        let id = PERSON.to_string();
        Names::of_one(&id, "Zoë").write(&mut Folder::at(folder.path()), "log").unwrap();
        for (adds_names, expected) in [(false, Value::Null), (true, serde_json::json!({ id.as_str(): "Zoë" }))] {
            reported.adds_names = adds_names;
            let told: Value = serde_json::from_str(&told(&reported, 1)[0]).unwrap();
            assert_eq!(told["names"], expected);
        }
    }

    #[test]
    fn the_place_of_a_client_that_hangs_up_is_free_at_once() {
        let (client, unit) = UnixStream::pair().unwrap();
        assert!(!has_hung_up_within(Duration::ZERO, &unit).unwrap());
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(!has_hung_up_within(Duration::ZERO, &unit).unwrap(), "it still reads");
        drop(client);
        assert!(has_hung_up_within(Duration::from_secs(60), &unit).unwrap());
    }

    #[test]
    fn only_a_few_clients_are_served_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (_log, reported) = log_in(folder.path());
        let clients = Clients::default();
        let ask = || {
            let (client, unit) = UnixStream::pair().unwrap();
            clients.serve(unit, 1, &reported).unwrap().then_some(client)
        };
        fs::write(&reported.path, "").unwrap();
        let served: Vec<UnixStream> = (0..MOST_CLIENTS).map(|_| ask().unwrap()).collect();
        assert!(ask().is_none());
        for client in served {
            let mut first = String::new();
            BufReader::new(client).read_line(&mut first).unwrap();
            assert_eq!(first, "{\"schema\":1,\"kept_from\":null,\"last\":0}\n");
        }
    }
}
