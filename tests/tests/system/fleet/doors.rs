//! Doors from a script for real links: each has the sockets of a unit in a folder of its own, a log with a unit's chain and
//! signatures, and takes databases as they are announced.

use super::scripted_units::ScriptedUnit;
use super::workstation::Known;
use crate::edge_link::mosquitto::Certificates;
use crate::edge_link::{RunningLink, configuration_at};
use serde_json::{Value, json};
use shared::delivery::{Announcement, MAX_ANNOUNCEMENT_BYTES, Outcome, Receipt};
use shared::gallery::{DatabaseDigest, DatabaseFile};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// As the real unit: without a record, an empty line says that it is still there.
const STILL_THERE_EVERY: Duration = Duration::from_secs(15);
/// As the real unit: a client that takes nothing for this long is cut off.
const TAKES_WITHIN: Duration = Duration::from_secs(10);
/// Records that are told at once.
const MOST_TOLD: usize = 500;
/// Longer than any request to a unit.
const MOST_ASKED: u64 = 16 << 10;
/// A thousand doors have thousands of threads, which do little.
const STACK_BYTES: usize = 256 << 10;

/// Doors with the numbers from 1 on, until they are dropped.
pub(crate) struct Doors {
    doors: Vec<Arc<Door>>,
    _folder: TempDir,
}

struct Door {
    folder: PathBuf,
    inside: Mutex<Inside>,
    has_changed: Condvar,
}

struct Inside {
    unit: ScriptedUnit,
    received: Vec<(DatabaseDigest, u64)>,
    orders: Vec<String>,
    asked: usize,
    is_over: bool,
}

impl Doors {
    /// This many doors, each with this many records and a few more.
    pub(crate) fn start(count: u16, records: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let doors = (1..=count).map(|number| {
            let folder = folder.path().join(number.to_string());
            std::fs::create_dir(&folder).unwrap();
            Arc::new(Door::new(folder, ScriptedUnit::new(number, records)))
        });
        let doors: Vec<Arc<Door>> = doors.collect();
        for door in &doors {
            for (name, serve) in SOCKETS {
                listen(door, name, serve);
            }
        }
        Self { doors, _folder: folder }
    }

    /// What an office knows of them.
    pub(crate) fn known(&self) -> Vec<Known> {
        self.doors.iter().map(|door| Known::of(&door.inside().unit)).collect()
    }

    /// The folder of a door's sockets.
    pub(crate) fn folder(&self, number: usize) -> &Path {
        &self.door(number).folder
    }

    /// Starts a door's link, with these keys of `[broker]`.
    pub(crate) fn link(&self, number: usize, broker: &str, certificates: &Certificates) -> RunningLink {
        self.link_under(&[], number, broker, certificates)
    }

    /// The same with a command that becomes the link.
    pub(crate) fn link_under(
        &self,
        under: &[&str],
        number: usize,
        broker: &str,
        certificates: &Certificates,
    ) -> RunningLink {
        let folder = tempfile::tempdir().unwrap();
        let fleet = format!(
            "[fleet]\nenabled = true\nfolder = {:?}\nfile-ca = {:?}",
            self.folder(number),
            certificates.file("house.crt")
        );
        let config = configuration_at(folder.path(), self.folder(number), broker, &fleet);
        RunningLink::start_under(under, folder, &config)
    }

    /// Writes this many more records, and the signatures that belong to them.
    pub(crate) fn write(&self, number: usize, records: usize) {
        self.door(number).inside().unit.write(records);
        self.door(number).has_changed.notify_all();
    }

    /// The number of records.
    pub(crate) fn len(&self, number: usize) -> usize {
        self.door(number).inside().unit.lines.len()
    }

    /// The length of the log.
    pub(crate) fn bytes(&self, number: usize) -> u64 {
        self.door(number).inside().unit.lines.iter().map(|line| line.len() as u64).sum()
    }

    /// The log as it would be in a unit's file.
    pub(crate) fn log(&self, number: usize) -> Vec<u8> {
        self.door(number).inside().unit.lines.concat()
    }

    /// The databases that came into use: their digests and sequence numbers, in the order in which they came.
    pub(crate) fn received(&self, number: usize) -> Vec<(DatabaseDigest, u64)> {
        self.door(number).inside().received.clone()
    }

    /// The texts of the signed orders that came.
    pub(crate) fn orders(&self, number: usize) -> Vec<String> {
        self.door(number).inside().orders.clone()
    }

    /// How often somebody has asked for records.
    pub(crate) fn asked(&self, number: usize) -> usize {
        self.door(number).inside().asked
    }

    /// Refuses databases from now on for this reason, or takes them again.
    pub(crate) fn refuses(&self, number: usize, why: Option<&str>) {
        self.door(number).inside().unit.refuses = why.map(str::to_owned);
    }

    fn door(&self, number: usize) -> &Door {
        &self.doors[number - 1]
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        for door in &self.doors {
            door.inside().is_over = true;
            door.has_changed.notify_all();
            // Wakes the listeners, which then see that it is over.
            SOCKETS.iter().for_each(|(name, _)| drop(UnixStream::connect(door.folder.join(name))));
        }
    }
}

impl Door {
    fn new(folder: PathBuf, unit: ScriptedUnit) -> Self {
        let inside = Inside { unit, received: Vec::new(), orders: Vec::new(), asked: 0, is_over: false };
        Self { folder, inside: Mutex::new(inside), has_changed: Condvar::new() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Some lines of the stream from this record on, and the next record; a line feed if there is nothing new for some time.
    /// `None` if it is over.
    fn lines_from(&self, next: u64) -> Option<(Vec<u8>, u64)> {
        let has_nothing = |inside: &mut Inside| (inside.unit.lines.len() as u64) < next && !inside.is_over;
        let waited = self.has_changed.wait_timeout_while(self.inside(), STILL_THERE_EVERY, has_nothing);
        let (inside, _) = waited.unwrap();
        if inside.is_over {
            return None;
        }
        let first = next.max(inside.unit.kept_from);
        let lines = inside.unit.lines.get(first as usize - 1..).unwrap_or_default();
        let lines = &lines[..lines.len().min(MOST_TOLD)];
        if lines.is_empty() {
            return Some((vec![b'\n'], next));
        }
        let told = lines.iter().flat_map(|line| [b"{\"schema\":1,\"record\":", line.trim_ascii_end(), b"}\n"]);
        Some((told.collect::<Vec<_>>().concat(), first + lines.len() as u64))
    }

    fn judge(&self, announced: &Announcement, bytes: &[u8]) -> Receipt {
        let digest = DatabaseDigest::from_file(bytes);
        let receipt = |outcome, reason: Option<String>, sequence| Receipt {
            outcome,
            reason,
            digest: Some(announced.digest),
            sequence: Some(sequence),
        };
        let mut inside = self.inside();
        if (bytes.len() as u64, digest) != (announced.length, announced.digest) {
            return receipt(Outcome::BadInput, Some("it was announced otherwise".to_owned()), inside.unit.sequence);
        }
        let taken = match DatabaseFile::parse(bytes) {
            Ok(database) => inside.unit.take(digest, database.header().sequence),
            Err(error) => Err(error.to_string()),
        };
        let sequence = inside.unit.sequence;
        match taken {
            Ok(()) => {
                inside.received.push((digest, sequence));
                receipt(Outcome::Running, None, sequence)
            }
            Err(why) => receipt(Outcome::Refused, Some(why), sequence),
        }
    }
}

type Serve = fn(UnixStream, &Door) -> io::Result<()>;

const SOCKETS: [(&str, Serve); 3] = [("status.sock", status), ("link.sock", link), ("receive.sock", receive)];

fn listen(door: &Arc<Door>, name: &str, serve: Serve) {
    let listener = UnixListener::bind(door.folder.join(name)).unwrap();
    let door = door.clone();
    spawn(move || {
        for client in listener.incoming() {
            if door.inside().is_over {
                return;
            }
            let (client, door) = (client.unwrap(), door.clone());
            // A link may hang up, or be killed, at any time.
            spawn(move || serve(client, &door).unwrap_or_default());
        }
    });
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap();
}

/// The line of a client that has connected.
fn asked(client: &UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(client.take(MOST_ASKED)).read_line(&mut line)?;
    Ok(line)
}

fn status(mut client: UnixStream, door: &Door) -> io::Result<()> {
    client.set_write_timeout(Some(TAKES_WITHIN))?;
    let line = asked(&client)?;
    match line.trim_end().split_once(' ') {
        Some(("records", from)) => tell(&mut client, door, from.parse().unwrap()),
        Some(("signed-status", nonce)) => {
            let statement = door.inside().unit.statement(nonce);
            client.write_all(&[&statement, &b"\n"[..]].concat())
        }
        _ => {
            let report = door.inside().unit.report();
            writeln!(client, "{report}")
        }
    }
}

fn tell(client: &mut UnixStream, door: &Door, from: u64) -> io::Result<()> {
    let beginning = {
        let mut inside = door.inside();
        inside.asked += 1;
        json!({"schema": 1, "kept_from": inside.unit.kept_from, "last": inside.unit.lines.len()})
    };
    writeln!(client, "{beginning}")?;
    let mut next = from.max(1);
    while let Some((lines, then)) = door.lines_from(next) {
        client.write_all(&lines)?;
        next = then;
    }
    Ok(())
}

fn link(mut client: UnixStream, door: &Door) -> io::Result<()> {
    let request: Value = serde_json::from_str(&asked(&client)?)?;
    if let Some(order) = request["request"]["signed_order"]["order"].as_str() {
        door.inside().orders.push(order.to_owned());
    }
    writeln!(client, r#"{{"schema":1,"refused":null}}"#)
}

fn receive(client: UnixStream, door: &Door) -> io::Result<()> {
    let (mut reader, mut line) = (BufReader::new(&client), String::new());
    (&mut reader).take(MAX_ANNOUNCEMENT_BYTES as u64).read_line(&mut line)?;
    let Ok(announced) = line.parse::<Announcement>() else { return Ok(()) };
    let mut bytes = Vec::new();
    reader.take(announced.length + 1).read_to_end(&mut bytes)?;
    let mut receipt = serde_json::to_value(door.judge(&announced, &bytes))?;
    receipt["schema"] = json!(1);
    write!(&client, "{receipt}")
}
