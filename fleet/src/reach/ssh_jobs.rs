//! Commands on units over ssh, a few at a time, each on a thread of its own. The commands on the unit only pass on what its
//! sockets say.

use super::{Answer, Incoming};
use crate::shipment::Shipment;
use crate::ssh::{Host, Said, SshError, TO_CONNECT};
use fleet_messages::{MAX_STATEMENT_BYTES, Nonce};
use shared::delivery::{Announcement, MAX_RECEIPT_BYTES, Receipt};
use shared::seal::Fingerprint;
use std::collections::{HashSet, VecDeque};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The most connections at a time.
const AT_A_TIME: usize = 8;
/// How long a unit may take for its verdict on a database, in seconds.
const VERDICT_SECONDS: u16 = 120;
/// Time that the unit may wait for another delivery to finish, before its own wait begins.
const FOR_OTHERS: Duration = Duration::from_secs(65);
/// The slowest supported line, in bytes a second.
const SLOWEST_LINE: u64 = 16 << 10;
/// How long a command may take that sends little.
const SHORT: Duration = Duration::from_secs(90);
/// The largest answer to an order, in bytes.
const MAX_REPLY_BYTES: u64 = 64 << 10;

/// What to do for a user who may not.
const PERMISSION: &str = "on the unit, add the ssh user to the groups edge-agent and edge-agent-ship";

/// Commands that wait, and the threads that run them.
pub(super) struct SshJobs {
    shared: Arc<Shared>,
    threads: usize,
}

struct Shared {
    queue: Mutex<Queue>,
    came: Condvar,
    answers: SyncSender<Incoming>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// The units with a job in the queue or in work: a unit has one at a time.
    busy: HashSet<(Fingerprint, &'static str)>,
    is_over: bool,
}

struct Job {
    unit: Fingerprint,
    host: String,
    what: What,
}

enum What {
    Ask(Nonce),
    Ship(Shipment),
    Order(String),
}

impl What {
    const fn name(&self) -> &'static str {
        match self {
            Self::Ask(_) => "ask",
            Self::Ship(_) => "ship",
            Self::Order(_) => "order",
        }
    }
}

impl SshJobs {
    pub(super) fn new(answers: SyncSender<Incoming>) -> Self {
        let shared = Shared { queue: Mutex::default(), came: Condvar::new(), answers };
        Self { shared: Arc::new(shared), threads: 0 }
    }

    pub(super) fn ask(&mut self, unit: Fingerprint, host: &str, nonce: &Nonce) {
        self.add(Job { unit, host: host.to_owned(), what: What::Ask(nonce.clone()) });
    }

    pub(super) fn ship(&mut self, unit: Fingerprint, host: &str, shipment: &Shipment) {
        self.add(Job { unit, host: host.to_owned(), what: What::Ship(shipment.clone()) });
    }

    pub(super) fn order(&mut self, unit: Fingerprint, host: &str, order: &str) {
        self.add(Job { unit, host: host.to_owned(), what: What::Order(order.to_owned()) });
    }

    /// Adds a command, unless the same waits for this unit or is running.
    fn add(&mut self, job: Job) {
        let mut queue = self.shared.queue();
        if !queue.busy.insert((job.unit, job.what.name())) {
            return;
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.shared.came.notify_one();
        if self.threads < AT_A_TIME {
            let shared = self.shared.clone();
            let started = thread::Builder::new().name("ssh".to_owned()).spawn(move || shared.work());
            self.threads += usize::from(started.is_ok());
        }
    }
}

impl Drop for SshJobs {
    fn drop(&mut self) {
        self.shared.queue().is_over = true;
        self.shared.came.notify_all();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let answer = job.run();
            self.queue().busy.remove(&(job.unit, job.what.name()));
            if let Some(answer) = answer
                && self.answers.send(Incoming::Ssh(answer)).is_err()
            {
                return;
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if queue.is_over {
                return None;
            }
            match queue.jobs.pop_front() {
                Some(job) => return Some(job),
                None => queue = self.came.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Job {
    fn run(&self) -> Option<Answer> {
        let unit = self.unit;
        let host = Host { options: vec!["BatchMode=yes".to_owned()], ..Host::at(&self.host) };
        let answered = match &self.what {
            What::Ask(nonce) => {
                let line = format!("edge-agent status --signed {nonce}");
                host.run(&line, Vec::new(), MAX_STATEMENT_BYTES as u64, SHORT).and_then(|said| statement(unit, said))
            }
            What::Ship(shipment) => ship(&host, shipment).map(|receipt| Some(Answer::Receipt { unit, receipt })),
            What::Order(order) => {
                let input = format!("{order}\n").into_bytes();
                // What became of it is in the unit's next statement.
                host.run("edge-agent order", input, MAX_REPLY_BYTES, SHORT).and_then(|said| ordered(&said))
            }
        };
        answered.unwrap_or_else(|error| {
            let why = format!("{}: {error}; {}", self.host, error.help(PERMISSION));
            Some(Answer::Failed { unit, why })
        })
    }
}

fn statement(unit: Fingerprint, said: Said) -> Result<Option<Answer>, SshError> {
    match said.code {
        Some(0) => Ok(Some(Answer::Statement { unit, payload: said.stdout })),
        _ => Err(SshError::from_said(&said)),
    }
}

fn ship(host: &Host, shipment: &Shipment) -> Result<Receipt, SshError> {
    let length = shipment.bytes.len() as u64;
    let announcement = Announcement { length, digest: shipment.digest, wait_seconds: VERDICT_SECONDS };
    let limit = TO_CONNECT
        + Duration::from_secs(length / SLOWEST_LINE)
        + FOR_OTHERS
        + Duration::from_secs(u64::from(VERDICT_SECONDS));
    let input = [announcement.to_string().as_bytes(), &shipment.bytes].concat();
    let line = "sudo -n -u edge-agent edge-agent receive --json";
    let said = host.run(line, input, MAX_RECEIPT_BYTES, limit)?;
    serde_json::from_slice(&said.stdout).map_err(|_| SshError::from_said(&said))
}

/// An order that was refused is no failure: the statement says why.
fn ordered(said: &Said) -> Result<Option<Answer>, SshError> {
    match said.code {
        Some(0 | 1) => Ok(None),
        _ => Err(SshError::from_said(said)),
    }
}
