//! How units are reached: each over ssh if `fleet.toml` says so, else through the broker. What comes back goes to one inbox
//! of a bounded length.

#[cfg(test)]
pub(crate) mod scripted;
mod ssh_jobs;

use crate::broker::{Arrival, BrokerError, Connection, Delivery, Session};
use crate::fleet_toml::{Fleet, Unit};
use crate::shipment::Shipment;
use fleet_messages::{Ask, DatabaseNotice, Kind, MAX_STATEMENT_BYTES, Nonce};
use shared::delivery::Receipt;
use shared::seal::Fingerprint;
use ssh_jobs::SshJobs;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Answers that wait to be read. Together with what a connection holds, they are all the memory that a broker can fill.
const MOST_WAITING: usize = 16;

/// What comes back.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// There is a connection to the broker.
    Connected,
    /// There is none. Another one is tried.
    Disconnected {
        /// Why.
        why: String,
    },
    /// A statement, not verified yet.
    Statement {
        /// The unit whose topic or host it came from.
        unit: Fingerprint,
        /// The signed statement.
        payload: Vec<u8>,
    },
    /// What the unit says about a database that came over ssh.
    Receipt {
        /// The unit.
        unit: Fingerprint,
        /// Its receipt.
        receipt: Receipt,
    },
    /// A unit cannot be reached over ssh, or does not do what it is asked.
    Failed {
        /// The unit.
        unit: Fingerprint,
        /// Why, and what to do.
        why: String,
    },
}

/// Nothing can be sent to this unit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNow;

/// Asks, ships and orders. Nothing that it sends is certain to arrive.
pub trait Reach {
    /// Asks for a statement.
    ///
    /// # Errors
    /// If nothing can be sent now.
    fn ask(&mut self, unit: &Unit, nonce: &Nonce) -> Result<(), NotNow>;
    /// Ships a database. Links wait for a random time up to `within` before they fetch it.
    ///
    /// # Errors
    /// If nothing can be sent now.
    fn ship(&mut self, unit: &Unit, shipment: &Shipment, address: Option<&str>, within: Duration)
    -> Result<(), NotNow>;
    /// Passes on a signed order.
    ///
    /// # Errors
    /// If nothing can be sent now.
    fn order(&mut self, unit: &Unit, order: &str) -> Result<(), NotNow>;
    /// What came back; `None` if nothing did within this time.
    fn hear(&mut self, wait: Duration) -> Option<Answer>;
}

/// The units of a fleet, over the broker and ssh.
pub struct Wires<'a> {
    fleet: &'a Fleet,
    /// Dropped before the others, which may wait for room in it.
    inbox: Receiver<Incoming>,
    connection: Option<Connection>,
    ssh: SshJobs,
}

/// What comes into the inbox.
enum Incoming {
    Broker(Arrival),
    Ssh(Answer),
}

impl From<Arrival> for Incoming {
    fn from(arrival: Arrival) -> Self {
        Self::Broker(arrival)
    }
}

impl<'a> Wires<'a> {
    /// Connects to the broker, if one of these units is reached through it.
    ///
    /// # Errors
    /// If the connection cannot be tried.
    pub fn to(fleet: &'a Fleet, units: &[&Unit]) -> Result<Self, BrokerError> {
        let (answers, inbox): (SyncSender<Incoming>, _) = sync_channel(MOST_WAITING);
        let needs_broker = units.iter().any(|unit| unit.ssh.is_none());
        let connection = match fleet.broker.as_ref().filter(|_| needs_broker) {
            Some(broker) => Some(Connection::open(broker, session(fleet)?, answers.clone())?),
            None => None,
        };
        Ok(Self { fleet, connection, ssh: SshJobs::new(answers), inbox })
    }

    fn send(&self, unit: &Unit, kind: Kind, payload: Vec<u8>, delivery: Delivery) -> Result<(), NotNow> {
        let connection = self.connection.as_ref().ok_or(NotNow)?;
        connection.send(self.fleet.topics.of(unit.id, kind), payload, delivery).map_err(|_| NotNow)
    }

    fn read(&self, incoming: Incoming) -> Option<Answer> {
        match incoming {
            Incoming::Ssh(answer) => Some(answer),
            Incoming::Broker(Arrival::Connected) => Some(Answer::Connected),
            Incoming::Broker(Arrival::Disconnected { why }) => Some(Answer::Disconnected { why }),
            Incoming::Broker(Arrival::Message { topic, payload }) => match self.fleet.topics.parse(&topic)? {
                (unit, Kind::Statement) => Some(Answer::Statement { unit, payload }),
                _ => None,
            },
        }
    }
}

/// A session that ends with the command: a statement that nobody waits for is worth nothing.
fn session(fleet: &Fleet) -> Result<Session, BrokerError> {
    let random = getrandom::u64().map_err(|error| BrokerError::Thread(std::io::Error::other(error)))?;
    Ok(Session {
        client: format!("{}-office-{random:016x}", fleet.topics.prefix().replace('/', "-")),
        is_durable: false,
        filters: fleet.topics.filters(Kind::Statement, None),
        most_bytes: MAX_STATEMENT_BYTES,
    })
}

impl Reach for Wires<'_> {
    fn ask(&mut self, unit: &Unit, nonce: &Nonce) -> Result<(), NotNow> {
        match &unit.ssh {
            Some(host) => self.ssh.ask(unit.id, host, nonce),
            None => {
                let payload = serde_json::to_vec(&Ask::new(nonce.clone())).map_err(|_| NotNow)?;
                return self.send(unit, Kind::Ask, payload, Delivery::Now);
            }
        }
        Ok(())
    }

    fn ship(
        &mut self,
        unit: &Unit,
        shipment: &Shipment,
        address: Option<&str>,
        within: Duration,
    ) -> Result<(), NotNow> {
        match (&unit.ssh, address) {
            (Some(host), _) => {
                self.ssh.ship(unit.id, host, shipment);
                Ok(())
            }
            (None, Some(address)) => {
                let within_seconds = u32::try_from(within.as_secs()).unwrap_or(u32::MAX);
                let (bytes, address) = (shipment.bytes.len() as u64, address.to_owned());
                let notice = DatabaseNotice::new(shipment.sequence, shipment.digest, bytes, address, within_seconds);
                let payload = serde_json::to_vec(&notice).map_err(|_| NotNow)?;
                self.send(unit, Kind::Notice, payload, Delivery::Kept)
            }
            (None, None) => Err(NotNow),
        }
    }

    fn order(&mut self, unit: &Unit, order: &str) -> Result<(), NotNow> {
        match &unit.ssh {
            Some(host) => self.ssh.order(unit.id, host, order),
            None => return self.send(unit, Kind::Order, order.as_bytes().to_vec(), Delivery::Kept),
        }
        Ok(())
    }

    fn hear(&mut self, wait: Duration) -> Option<Answer> {
        let incoming = self.inbox.recv_timeout(wait).ok()?;
        self.read(incoming)
    }
}
