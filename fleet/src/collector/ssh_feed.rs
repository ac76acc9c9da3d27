//! The records of a unit that is reached over ssh: one connection, which passes on what the unit's status socket tells.

use crate::ssh::Host;
use fleet_messages::MAX_BATCH_BYTES;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::seal::Fingerprint;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// The longest line, in bytes: a record with the names of its people.
const MAX_LINE: u64 = 64 << 10;
/// How long a broken connection waits, at first and at most.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(5);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What comes from a unit.
#[derive(Debug)]
pub(super) struct Fed {
    pub(super) unit: Fingerprint,
    /// Which connection it came over: what an earlier one still says is worth nothing.
    pub(super) connection: u64,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// What the unit keeps.
    Kept { kept_from: Option<u64>, last: u64 },
    /// A record, as the unit wrote it, without a line feed.
    Record(Vec<u8>),
    /// The connection ended.
    Ended { why: String },
}

/// A connection. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Feed {
    child: Option<Child>,
    pub(super) connection: u64,
}

impl Feed {
    /// Asks a unit for its records from this one on.
    pub(super) fn start<T: From<Fed> + Send + 'static>(
        unit: Fingerprint,
        host: &str,
        from: u64,
        connection: u64,
        inbox: SyncSender<T>,
    ) -> Self {
        let host = Host { options: vec!["BatchMode=yes".to_owned()], ..Host::at(host) };
        let mut command = host.command(&format!("edge-agent audit send --from {from}"));
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let say = move |what| inbox.send(Fed { unit, connection, what }.into()).is_ok();
        let child = match spawned {
            Ok(mut child) => {
                let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
                thread::spawn(move || {
                    let ended = stdout.map_or(Ok(()), |stdout| read(stdout, &say));
                    let said = stderr.map(last_line).unwrap_or_default();
                    let why = match ended {
                        Err(error) => error.to_string(),
                        Ok(()) if said.is_empty() => "the connection ended".to_owned(),
                        Ok(()) => said,
                    };
                    say(What::Ended { why });
                });
                Some(child)
            }
            Err(error) => {
                let why = format!("cannot start ssh: {error}");
                thread::spawn(move || say(What::Ended { why }));
                None
            }
        };
        Self { child, connection }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Reads what the unit tells, until it ends or nobody listens.
fn read(stdout: impl Read, say: &impl Fn(What) -> bool) -> io::Result<()> {
    let mut lines = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        let Some(text) = line.strip_suffix(b"\n") else {
            return if line.is_empty() {
                Ok(())
            } else {
                Err(io::Error::other("the unit sent an endless or torn line"))
            };
        };
        if text.is_empty() {
            continue;
        }
        let what = parse(text).ok_or_else(|| io::Error::other("the unit sent something that is no record"))?;
        if !say(what) {
            return Ok(());
        }
    }
}

/// Reads a line of the unit's answer.
fn parse(line: &[u8]) -> Option<What> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        record: Option<&'a RawValue>,
        kept_from: Option<u64>,
        last: Option<u64>,
    }
    let Told { record, kept_from, last } = serde_json::from_slice(line).ok()?;
    match (record, last) {
        (Some(record), None) => Some(What::Record(record.get().as_bytes().to_vec())),
        (None, Some(last)) => Some(What::Kept { kept_from, last }),
        _ => None,
    }
}

/// The last line of what ssh says, of the first part of it.
fn last_line(stderr: impl Read) -> String {
    let mut text = Vec::new();
    let _partly = stderr.take(MAX_BATCH_BYTES as u64).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn what_a_unit_tells_is_read_byte_for_byte() {
        let text = "{\"schema\":1,\"kept_from\":3,\"last\":9}\n\n{\"schema\":1,\"record\":{\"a\": 1.0,\"b\":\"\\u0041\"},\"names\":{\"x\":\"Ada\"}}\n";
        let heard = RefCell::new(Vec::new());
        read(text.as_bytes(), &|what| {
            heard.borrow_mut().push(what);
            true
        })
        .unwrap();
        let record = What::Record(b"{\"a\": 1.0,\"b\":\"\\u0041\"}".to_vec());
        assert_eq!(heard.into_inner(), [What::Kept { kept_from: Some(3), last: 9 }, record]);
    }

    #[test]
    fn anything_else_ends_the_connection() {
        let long = "x".repeat(MAX_LINE as usize + 1) + "\n";
        for (text, expected) in [
            ("no\n", "no record"),
            ("{\"schema\":1}\n", "no record"),
            ("{\"schema\":1,\"record\":1,\"last\":2}\n", "no record"),
            ("{\"schema\":1,\"last\":2}", "torn line"),
            (long.as_str(), "endless"),
        ] {
            let error = read(text.as_bytes(), &|_| true).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read(&b""[..], &|_| true).is_ok());
        assert_eq!(last_line(&b"a\nPermission denied\n\n"[..]), "Permission denied");
    }
}
