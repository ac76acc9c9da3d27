//! Units and their links from a script, many on one connection: they speak the protocol of `fleet-messages`, write logs with
//! a unit's chain and signatures, and take databases from the folder of the place.

use ::fleet::broker::{Arrival, Connection, Delivery, Session};
use ::fleet::fleet_toml::{Broker, Target};
use ed25519_dalek::{Signer, SigningKey};
use fleet_messages::{Ask, BatchHeader, DatabaseNotice, Kind, MAX_BATCH_BYTES, SignedStatement, Topics, Want};
use policy::audit::{BootId, Chain, Event, Head, HeadSignature};
use serde_json::{Value, json};
use shared::gallery::{DatabaseDigest, DatabaseFile};
use shared::seal::Fingerprint;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often links say hello.
const HELLO: Duration = Duration::from_secs(1);
/// Lines of a batch.
const BATCH: usize = 100;

/// Units that run on a thread of their own.
pub(super) struct ScriptedUnits {
    pub(super) units: Arc<Mutex<HashMap<Fingerprint, ScriptedUnit>>>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a unit is and does.
pub(super) struct ScriptedUnit {
    pub(super) name: String,
    pub(super) id: Fingerprint,
    key: SigningKey,
    chain: Chain,
    /// With their line feeds.
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) kept_from: u64,
    pub(super) digest: Option<DatabaseDigest>,
    pub(super) sequence: u64,
    /// Why it refuses databases.
    pub(super) refuses: Option<String>,
    refused: Option<DatabaseDigest>,
    pub(super) notices: usize,
    /// Whether its link is away.
    pub(super) is_away: bool,
    /// Whether its link says nothing until it is asked.
    pub(super) is_silent: bool,
    /// The record that was last wanted.
    pub(super) wanted: u64,
}

impl ScriptedUnit {
    pub(super) fn new(number: u16, records: usize) -> Self {
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        let mut unit = Self {
            name: format!("door {number}"),
            id: format!("{:02x}{:02x}-0000-0000-0000-{number:04x}", number * 37 % 256, number % 256).parse().unwrap(),
            key: SigningKey::from_bytes(&seed),
            chain: Chain::new(),
            lines: Vec::new(),
            kept_from: 1,
            digest: None,
            sequence: 0,
            refuses: None,
            refused: None,
            notices: 0,
            is_away: false,
            is_silent: false,
            wanted: 0,
        };
        unit.add(Event::started("1.2.3"));
        unit.sign();
        unit.write(records);
        unit
    }

    /// Writes this many more records, and signs as often as a unit does.
    pub(super) fn write(&mut self, records: usize) {
        for number in 0..records {
            self.add(Event::TornLineCut { bytes: number as u64 });
            if self.lines.len().is_multiple_of(256) {
                self.sign();
            }
        }
        self.sign();
    }

    pub(super) fn add(&mut self, event: Event) {
        let utc_ms = 1_800_000_000_000 + self.lines.len() as i64;
        let line = self.chain.next_line(utc_ms, BootId([7; 16]), event).unwrap();
        self.lines.push(line.text().as_bytes().to_vec());
        line.commit();
    }

    pub(super) fn sign(&mut self) {
        let signature = self.key.sign(&self.chain.head().signed_bytes()).to_bytes();
        self.add(Event::HeadSigned { signature: HeadSignature(signature) });
    }

    /// Removes its oldest records.
    pub(super) fn prune(&mut self, through: u64) {
        let line = &self.lines[through as usize - 1];
        let Head { sequence, hash } = Head::at(line.strip_suffix(b"\n").unwrap()).unwrap();
        self.add(Event::Pruned { pruned_through: sequence, pruned_hash: hash });
        self.sign();
        self.kept_from = through + 1;
    }

    /// The public half of its key as text.
    pub(super) fn log_key(&self) -> String {
        let mut text = String::new();
        self.key.verifying_key().as_bytes().iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text
    }

    fn batches(&self, next: u64) -> Vec<Vec<u8>> {
        let first = next.max(self.kept_from);
        let header = BatchHeader::new(self.id, Some(self.kept_from), self.lines.len() as u64).to_line().unwrap();
        let lines = self.lines.get(first as usize - 1..).unwrap_or_default();
        let mut batches = Vec::new();
        for lines in lines.chunks(BATCH).take(8) {
            let batch = [header.clone(), lines.concat()].concat();
            assert!(batch.len() <= MAX_BATCH_BYTES);
            batches.push(batch);
        }
        if batches.is_empty() { vec![header] } else { batches }
    }

    /// What it reports about itself.
    pub(super) fn report(&self) -> Value {
        let refused = self
            .refused
            .filter(|_| self.refuses.is_some())
            .map(|digest| json!({"digest": digest, "reason": self.refuses}));
        json!({
            "schema": 1, "version": "1.2.3", "unit_id": self.id.to_string(), "last_turn_seconds_ago": 0.1,
            "door": "locked", "clock": "trusted", "camera": {"state": "streaming"},
            "database": {"sequence": self.sequence, "digest": self.digest, "people": 1, "refused": refused},
            "self_test": {"state": "passed"}, "audit": {"sequence": self.lines.len(), "signed": self.lines.len() - 1},
            "drill": {"state": "none"}, "lockouts": [],
        })
    }

    pub(super) fn statement(&self, nonce: &str) -> Vec<u8> {
        let hash = self.chain.head().hash;
        let text = json!({
            "schema": 1, "unit": self.id.to_string(), "nonce": nonce, "utc_ms": 5, "log_hash": hash,
            "report": self.report(),
        });
        let signed = SignedStatement::new(text.to_string(), |bytes| self.key.sign(bytes).to_bytes());
        serde_json::to_vec(&signed).unwrap()
    }

    /// Takes a database into use, or says why not.
    pub(super) fn take(&mut self, digest: DatabaseDigest, sequence: u64) -> Result<(), String> {
        if let Some(why) = &self.refuses {
            self.refused = Some(digest);
            return Err(why.clone());
        }
        if sequence < self.sequence {
            return Err(format!("database {sequence} is older than {}", self.sequence));
        }
        (self.sequence, self.digest) = (sequence, Some(digest));
        Ok(())
    }

    /// Takes a database from the folder of the place.
    fn notice(&mut self, notice: &DatabaseNotice, place: &Path) {
        self.notices += 1;
        let file = place.join(notice.place.rsplit('/').next().unwrap());
        let bytes = fs::read(file).unwrap();
        assert_eq!((bytes.len() as u64, DatabaseDigest::from_file(&bytes)), (notice.bytes, notice.digest));
        self.take(notice.digest, DatabaseFile::parse(&bytes).unwrap().header().sequence).ok();
    }
}

impl ScriptedUnits {
    pub(super) fn start(socket: &Path, place: &Path, units: Vec<ScriptedUnit>) -> Self {
        let topics = Topics::below("edge-agent").unwrap();
        let units = Arc::new(Mutex::new(units.into_iter().map(|unit| (unit.id, unit)).collect::<HashMap<_, _>>()));
        let (end, ended) = channel();
        let (socket, place, here) = (socket.to_owned(), place.to_owned(), units.clone());
        let thread = thread::spawn(move || run(&socket, &place, &topics, &here, &ended));
        Self { units, end: Some(end), thread: Some(thread) }
    }

    pub(super) fn with<T>(&self, number: u16, act: impl FnOnce(&mut ScriptedUnit) -> T) -> T {
        let mut units = self.units.lock().unwrap();
        let name = format!("door {number}");
        act(units.values_mut().find(|unit| unit.name == name).unwrap())
    }
}

impl Drop for ScriptedUnits {
    fn drop(&mut self) {
        drop(self.end.take());
        self.thread.take().map(JoinHandle::join);
    }
}

fn run(
    socket: &Path,
    place: &Path,
    topics: &Topics,
    units: &Mutex<HashMap<Fingerprint, ScriptedUnit>>,
    ended: &Receiver<()>,
) {
    let broker = Broker { target: Target::Socket(PathBuf::from(socket)), login: None };
    let filters = [Kind::Want, Kind::Ask, Kind::Notice, Kind::Order].map(|kind| topics.filters(kind, None)).concat();
    let session = Session { client: "units".to_owned(), is_durable: false, filters, most_bytes: 8 << 10 };
    let (inbox, arrivals) = sync_channel::<Arrival>(64);
    let connection = Connection::open(&broker, session, inbox).unwrap();
    let send = |unit: Fingerprint, kind, payload| {
        // Without a connection, or if it is slow, what is lost is sent again.
        connection.send(topics.of(unit, kind), payload, Delivery::Kept).ok();
    };
    let mut hello_at = Instant::now();
    loop {
        match ended.try_recv() {
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
            _ => return drop(arrivals),
        }
        if Instant::now() >= hello_at {
            hello_at = Instant::now() + HELLO;
            for unit in units.lock().unwrap().values().filter(|unit| !unit.is_away && !unit.is_silent) {
                send(unit.id, Kind::Records, unit.batches(u64::MAX - 1).swap_remove(0));
            }
        }
        let (topic, payload) = match arrivals.recv_timeout(Duration::from_millis(50)) {
            Ok(Arrival::Message { topic, payload }) => (topic, payload),
            Ok(_) | Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let Some((id, kind)) = topics.parse(&topic) else { continue };
        let mut units = units.lock().unwrap();
        let Some(unit) = units.get_mut(&id).filter(|unit| !unit.is_away) else { continue };
        match kind {
            Kind::Want => {
                unit.wanted = Want::parse(&payload).unwrap().next;
                if unit.wanted <= unit.lines.len() as u64 {
                    unit.batches(unit.wanted).into_iter().for_each(|batch| send(id, Kind::Records, batch));
                }
            }
            Kind::Ask => send(id, Kind::Statement, unit.statement(Ask::parse(&payload).unwrap().nonce.as_str())),
            Kind::Notice => {
                unit.notice(&DatabaseNotice::parse(&payload).unwrap(), place);
                send(id, Kind::Statement, unit.statement("ab"));
            }
            _ => {}
        }
    }
}
