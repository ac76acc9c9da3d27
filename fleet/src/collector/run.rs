//! Runs a collector: from the broker to the folder, and what is wanted back to the units.

use super::feeds::Feeds;
use super::ssh_feed::Fed;
use super::{Collector, Moment, Note, Settled, Totals};
use crate::broker::{Arrival, BrokerError, Connection, Delivery, Session};
use crate::fleet_toml::{Fleet, Unit};
use files::{Folder, FolderLock, LockError};
use fleet_messages::{Kind, MAX_BATCH_BYTES, Shard, Want};
use serde::Serialize;
use shared::seal::Fingerprint;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// Messages that wait to be read. Together with what a connection holds, they are all the memory that a broker can fill.
const MOST_WAITING: usize = 32;
/// The most messages that are synced together.
const MOST_TOGETHER: usize = 1024;
/// How often units are looked at that wait for the disk.
const TICK: Duration = Duration::from_secs(1);

/// Units that are told together what is wanted of them, on a new connection. All at once would send their records at once.
const TOLD_TOGETHER: usize = 200;

/// What a collector says while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Said {
    /// About units and the disk.
    Note(Note),
    /// About the broker.
    Broker(BrokerNote),
}

/// About the connection to the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BrokerNote {
    /// There is a connection.
    Connected,
    /// There is none. Another one is tried.
    Disconnected {
        /// Why.
        reason: String,
    },
}

/// Why a collector cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// There is nothing to collect.
    #[error("the fleet has no units here")]
    NoUnits,
    /// The folder cannot be used.
    #[error("{}: {source}", folder.shown())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Others can read the folder.
    #[error("other users can read or change {}: its mode is {mode:04o}", folder.shown())]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Another collector uses the folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The connection cannot be tried.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl CollectError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoUnits => "add units to fleet.toml, or choose another --shard",
            Self::Folder { .. } => "give a folder of yours on a disk with room",
            Self::Open { .. } => "chmod 700 that folder: it says who came when",
            Self::Locked(_) => "give each collector a folder of its own",
            Self::Broker(_) => "check [broker] of fleet.toml",
        }
    }
}

/// Collects the logs of the units, or of one part of them, until `stop` is set.
///
/// # Errors
/// [`CollectError`], before anything is collected.
pub fn collect(
    fleet: &Fleet,
    part: Option<Shard>,
    folder: &Path,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&Said),
) -> Result<Totals, CollectError> {
    prepare(folder)?;
    let _lock = FolderLock::take([folder])?;
    let refused = |source| CollectError::Folder { folder: folder.to_owned(), source };
    let collector = Collector::open(Box::new(Folder::at(folder)), fleet).map_err(refused)?;
    let units: Vec<&Unit> =
        fleet.units().iter().filter(|unit| part.is_none_or(|part| part.includes(unit.id))).collect();
    if units.is_empty() {
        return Err(CollectError::NoUnits);
    }
    let (inbox, arrivals) = sync_channel(MOST_WAITING);
    let connection = match fleet.broker.as_ref().filter(|_| units.iter().any(|unit| unit.ssh.is_none())) {
        Some(broker) => {
            let session = Session {
                client: client_id(fleet, part),
                is_durable: true,
                filters: fleet.topics.filters(Kind::Records, part),
                most_bytes: MAX_BATCH_BYTES,
            };
            Some(Connection::open(broker, session, inbox.clone())?)
        }
        None => None,
    };
    let feeds = Feeds::to(units.iter().copied(), inbox);
    let units = units.into_iter().filter(|unit| unit.ssh.is_none()).map(|unit| unit.id).collect();
    let clock = Clock(Instant::now());
    let run = Run {
        fleet,
        collector,
        arrivals,
        connection,
        feeds,
        clock,
        units,
        untold: Vec::new(),
        told_at: None,
        wants: BTreeMap::new(),
    };
    Ok(run.until(stop, say))
}

/// What comes into the inbox.
enum Incoming {
    Broker(Arrival),
    Ssh(Fed),
}

impl From<Arrival> for Incoming {
    fn from(arrival: Arrival) -> Self {
        Self::Broker(arrival)
    }
}

impl From<Fed> for Incoming {
    fn from(fed: Fed) -> Self {
        Self::Ssh(fed)
    }
}

/// Makes the folder if it is missing, for its owner only.
fn prepare(folder: &Path) -> Result<(), CollectError> {
    let refused = |source| CollectError::Folder { folder: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(error)),
        _ => {}
    }
    let mode = fs::metadata(folder).map_err(refused)?.mode() & 0o7777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(CollectError::Open { folder: folder.to_owned(), mode }),
    }
}

/// One for each part: the broker keeps what comes while it is away.
fn client_id(fleet: &Fleet, part: Option<Shard>) -> String {
    let prefix = fleet.topics.prefix().replace('/', "-");
    match part {
        None => format!("{prefix}-collector"),
        Some(part) => format!("{prefix}-collector-{}", part.to_string().replace('/', "-of-")),
    }
}

/// The computer's clocks.
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn now(&self) -> Moment {
        let monotonic_ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment { monotonic_ms, utc_ms: jiff::Timestamp::now().as_millisecond() }
    }
}

struct Run<'a> {
    fleet: &'a Fleet,
    collector: Collector,
    /// Dropped before the connection, which may wait for room in it.
    arrivals: Receiver<Incoming>,
    connection: Option<Connection>,
    feeds: Feeds<Incoming>,
    clock: Clock,
    /// Those that are reached through the broker.
    units: Vec<Fingerprint>,
    /// Units that were not yet told on this connection what is wanted of them.
    untold: Vec<Fingerprint>,
    told_at: Option<Instant>,
    /// What the connection has not taken yet.
    wants: BTreeMap<Fingerprint, Want>,
}

impl Run<'_> {
    fn until(mut self, stop: &AtomicBool, say: &mut dyn FnMut(&Said)) -> Totals {
        while !stop.load(Ordering::Relaxed) {
            self.feeds.connect(&mut self.collector, &self.clock);
            match self.arrivals.recv_timeout(TICK) {
                Ok(arrival) => self.take(arrival, say),
                Err(RecvTimeoutError::Timeout) => {}
                // The connection's thread has ended, which only a fault of it explains.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for _ in 1..MOST_TOGETHER {
                match self.arrivals.try_recv() {
                    Ok(arrival) => self.take(arrival, say),
                    Err(_) => break,
                }
            }
            let Settled { wants, notes } = self.collector.settle(self.clock.now());
            notes.into_iter().for_each(|note| say(&Said::Note(note)));
            let (feeds, clock) = (&mut self.feeds, &self.clock);
            self.wants.extend(wants.into_iter().filter(|(unit, want)| !feeds.want(*unit, want, clock)));
            self.tell_more_units();
            self.send_wants();
        }
        self.collector.totals()
    }

    fn take(&mut self, incoming: Incoming, say: &mut dyn FnMut(&Said)) {
        let arrival = match incoming {
            Incoming::Broker(arrival) => arrival,
            Incoming::Ssh(fed) => {
                let note = self.feeds.take(fed, &mut self.collector, &self.clock);
                return note.into_iter().for_each(|note| say(&Said::Note(note)));
            }
        };
        match arrival {
            Arrival::Message { topic, payload } => {
                if let Some((unit, Kind::Records)) = self.fleet.topics.parse(&topic) {
                    self.collector.take(unit, &payload, self.clock.now());
                }
            }
            Arrival::Connected => {
                self.untold.clone_from(&self.units);
                say(&Said::Broker(BrokerNote::Connected));
            }
            Arrival::Disconnected { why } => {
                self.untold.clear();
                self.wants.clear();
                say(&Said::Broker(BrokerNote::Disconnected { reason: why }));
            }
        }
    }

    /// What was on its way on the last connection may be lost, which the units do not know.
    fn tell_more_units(&mut self) {
        if self.untold.is_empty() || self.told_at.is_some_and(|at| at.elapsed() < TICK) {
            return;
        }
        self.told_at = Some(Instant::now());
        let now = self.clock.now();
        for unit in self.untold.split_off(self.untold.len().saturating_sub(TOLD_TOGETHER)) {
            if let Some(want) = self.collector.wanted_of(unit, now) {
                self.wants.insert(unit, want);
            }
        }
    }

    fn send_wants(&mut self) {
        let Some(connection) = &self.connection else { return };
        while let Some((unit, want)) = self.wants.pop_first() {
            let Ok(payload) = serde_json::to_vec(&want) else { continue };
            if connection.send(self.fleet.topics.of(unit, Kind::Want), payload, Delivery::Now).is_err() {
                self.wants.insert(unit, want);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet_toml::tests::fleet_of;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_folder_is_the_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("logs");
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(prepare(&folder), Err(CollectError::Open { mode: 0o750, .. })));
        assert!(matches!(prepare(&folder.join("a/b")), Err(CollectError::Folder { .. })));
    }

    #[test]
    fn each_part_is_a_client_of_its_own() {
        let fleet = fleet_of("[broker]\nsocket = \"s\"\ntopic-prefix = \"acme/doors\"");
        assert_eq!(client_id(&fleet, None), "acme-doors-collector");
        assert_eq!(client_id(&fleet, Some("2/4".parse().unwrap())), "acme-doors-collector-2-of-4");
    }

    #[test]
    fn without_units_nothing_is_collected() {
        let place = tempfile::tempdir().unwrap();
        let stop = AtomicBool::new(true);
        let collected = collect(&fleet_of(""), None, &place.path().join("logs"), &stop, &mut |_| {});
        assert!(matches!(collected, Err(CollectError::NoUnits)));
    }
}
