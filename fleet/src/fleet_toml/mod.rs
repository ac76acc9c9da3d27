//! `fleet.toml`: the units of a fleet with their public keys and groups, how they are reached, and where databases are
//! published for them. It contains no secret.
//!
//! ```toml
//! [broker]
//! address = "broker.example:8883"
//! ca = "ca.crt"
//! certificate = "office.crt"
//! key = "office.key"
//!
//! [place]
//! url = "https://files.example/doors"
//! folder = "/srv/www/doors"
//!
//! [[unit]]
//! name = "front"
//! id = "5f0c-8a71-0000-1111-2222"
//! log-key = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
//! sealing-key = "front.pub"
//! groups = ["office"]
//! ```
//!
//! Paths are relative to the folder of the file.

mod broker;
mod error;
mod selection;
mod written;

pub use error::{FleetTomlError, UnitProblem};
pub use selection::{NotInTheFleet, Selection};

use ed25519_dalek::VerifyingKey;
use files::{folder_of, read_bounded};
use fleet_messages::{Addresses, Topics};
use shared::gallery::DoorGroup;
use shared::seal::{Fingerprint, Recipient};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The largest `fleet.toml`, in bytes.
pub const MAX_FLEET_BYTES: u64 = 32 << 20;

/// The most units of a fleet.
pub const MAX_UNITS: usize = 100_000;

/// The longest name of a unit, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// A fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The topics of its units.
    pub topics: Topics,
    /// The broker; `None` if all units are reached over ssh.
    pub broker: Option<Broker>,
    /// Where databases are published for units that are reached through the broker.
    pub place: Option<Place>,
    units: Vec<Unit>,
    by_id: HashMap<Fingerprint, usize>,
}

/// A unit of a fleet.
#[derive(Debug, Clone)]
pub struct Unit {
    /// What people call it: 1 to [`MAX_NAME_BYTES`] bytes without control characters. Each name occurs once.
    pub name: String,
    /// Its id.
    pub id: Fingerprint,
    /// The public half of the key that signs its audit log and its statements.
    pub log_key: VerifyingKey,
    /// The public half of its sealing key, whose fingerprint is the unit's id; needed to seal databases for it.
    pub sealing_key: Option<SealingKey>,
    /// The groups of doors that it belongs to.
    pub groups: Vec<DoorGroup>,
    /// The host that ssh connects to, such as `pi@front`. Such a unit is reached over ssh and not through the broker.
    pub ssh: Option<String>,
}

/// The public half of a sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealingKey {
    /// The key.
    Key(Recipient),
    /// The file with it, not read yet.
    File(PathBuf),
}

/// The MQTT broker, and how the workstation logs in. The keys are those of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// How it is reached.
    pub target: Target,
    /// A user with a password; `None` if the socket or the certificate says who this is.
    pub login: Option<Login>,
}

/// How the broker is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Over a Unix socket of this computer.
    Socket(PathBuf),
    /// In clear text, on this computer.
    ClearText(Addresses),
    /// Over TLS.
    Tls {
        /// The broker's certificate must be valid for the host that was connected.
        addresses: Addresses,
        /// A PEM file with the certificates that the broker's is checked with.
        ca: PathBuf,
        /// PEM files with this workstation's certificate and its key.
        certificate: Option<(PathBuf, PathBuf)>,
    },
}

/// A user of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// A file with the password, which only its owner can read.
    pub password_file: PathBuf,
}

/// Where databases are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// An `https://` address without a `/` at the end; a file's name follows it.
    pub url: String,
    /// The folder whose files a server or a synchronisation puts at that address.
    pub folder: PathBuf,
    /// A program and its arguments that puts one file there. `{file}` is replaced by the file's path and `{name}` by its
    /// name. Runs after the file was written to `folder`.
    pub command: Option<Vec<String>>,
    /// Whether databases may be published that are not sealed.
    pub allow_unsealed: bool,
}

impl Fleet {
    /// Reads the text of a file, but no other files.
    ///
    /// # Errors
    /// [`FleetTomlError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, FleetTomlError> {
        written::parse(bytes)
    }

    /// Reads the file at this path and the sealing keys that it names. Paths in it become relative to its folder.
    ///
    /// # Errors
    /// [`FleetTomlError`]
    pub fn read(path: &Path) -> Result<Self, FleetTomlError> {
        let mut fleet = Self::parse(&read_bounded(path, MAX_FLEET_BYTES)?)?;
        let folder = folder_of(path);
        if let Some(broker) = &mut fleet.broker {
            broker.relative_to(folder);
        }
        if let Some(place) = &mut fleet.place {
            place.folder = folder.join(&place.folder);
        }
        for unit in &mut fleet.units {
            if let Some(SealingKey::File(file)) = &unit.sealing_key {
                let key = read_sealing_key(&unit.name, unit.id, &folder.join(file))?;
                unit.sealing_key = Some(SealingKey::Key(key));
            }
        }
        Ok(fleet)
    }

    /// All units, in the order of the file.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The unit with this id.
    pub fn unit(&self, id: Fingerprint) -> Option<&Unit> {
        self.by_id.get(&id).map(|&index| &self.units[index])
    }

    fn new(topics: Topics, broker: Option<Broker>, place: Option<Place>, units: Vec<Unit>) -> Self {
        let by_id = units.iter().enumerate().map(|(index, unit)| (unit.id, index)).collect();
        Self { topics, broker, place, units, by_id }
    }
}

impl Broker {
    fn relative_to(&mut self, folder: &Path) {
        let relative = |path: &mut PathBuf| *path = folder.join(&*path);
        match &mut self.target {
            Target::Socket(socket) => relative(socket),
            Target::ClearText(_) => {}
            Target::Tls { ca, certificate, .. } => {
                relative(ca);
                if let Some((certificate, key)) = certificate {
                    relative(certificate);
                    relative(key);
                }
            }
        }
        if let Some(login) = &mut self.login {
            relative(&mut login.password_file);
        }
    }
}

impl Unit {
    /// The public half of its sealing key, if it is known.
    pub fn recipient(&self) -> Option<Recipient> {
        match self.sealing_key {
            Some(SealingKey::Key(key)) => Some(key),
            _ => None,
        }
    }
}

fn read_sealing_key(name: &str, id: Fingerprint, path: &Path) -> Result<Recipient, FleetTomlError> {
    let refused = |why: String| FleetTomlError::SealingKey { unit: name.to_owned(), path: path.to_owned(), why };
    let text = files::key_file::read_public(path).map_err(|error| refused(terminal::on_one_line(&error)))?;
    let key = Recipient::from_text(&text).map_err(|error| refused(error.to_string()))?;
    match key.fingerprint() == id {
        true => Ok(key),
        false => Err(refused(format!("it is the key of {}, but the unit's id is {id}", key.fingerprint()))),
    }
}

#[cfg(test)]
pub(crate) mod tests;
