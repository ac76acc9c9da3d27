//! Why a `fleet.toml` cannot be used, and what to do about it.

use super::{MAX_NAME_BYTES, MAX_UNITS};
use shared::gallery::NotADoor;
use shared::seal::Fingerprint;
use std::path::PathBuf;
use terminal::ShowPath;

/// Why a `fleet.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetTomlError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] files::ReadError),
    /// Another encoding, such as UTF-16.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// It is not TOML, or has unknown or missing keys.
    #[error("{}", with_place(.0))]
    NotToml(#[from] toml::de::Error),
    /// A key outside the units has an impossible value.
    #[error("line {line}: {problem}")]
    Value {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// A unit has an impossible value.
    #[error("line {line}: {problem}")]
    Unit {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: UnitProblem,
    },
    /// There are too many units.
    #[error("it has {0} units, at most {MAX_UNITS} are possible")]
    UnitCount(usize),
    /// A file with a sealing key cannot be used.
    #[error("the sealing key of {unit}, {}: {why}", path.shown())]
    SealingKey {
        /// The name of the unit.
        unit: String,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// The parser's words, which say where; but for a table inside a table and so on, thousands of times, it knows no place.
fn with_place(error: &toml::de::Error) -> String {
    match error.span() {
        Some(_) => error.to_string(),
        None => format!("it cannot be read as a whole: {}", error.message()),
    }
}

/// What is wrong with a unit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitProblem {
    /// Its name is not possible.
    #[error(
        "the name {0:?} is not possible: 1 to {MAX_NAME_BYTES} bytes without control characters, spaces at the ends or a \
         comma, and neither \"all\" nor a unit's id"
    )]
    Name(String),
    /// Two units have one name.
    #[error("the name {name:?} is also that of the unit in line {other}")]
    NameTwice {
        /// The name.
        name: String,
        /// The line of the other.
        other: usize,
    },
    /// A unit is called like a group.
    #[error("the name {0:?} is also that of a group")]
    NameOfAGroup(String),
    /// Its id is not one.
    #[error("{0:?} is not the id of a unit: five groups of four hexadecimal digits, joined by \"-\"")]
    Id(String),
    /// Two units have one id.
    #[error("the id {id} is also that of the unit in line {other}")]
    IdTwice {
        /// The id.
        id: Fingerprint,
        /// The line of the other.
        other: usize,
    },
    /// The key of its log is not one.
    #[error("{0:?} is not the public key of an audit log: 64 hexadecimal digits")]
    LogKey(String),
    /// Two units have one key.
    #[error("the log-key is also that of the unit in line {other}")]
    LogKeyTwice {
        /// The line of the other.
        other: usize,
    },
    /// Its sealing key is not one.
    #[error("the sealing-key cannot be used: {0}")]
    SealingKey(String),
    /// The name of a group is not possible.
    #[error(transparent)]
    Group(#[from] NotADoor),
    /// Its ssh host is not possible.
    #[error("{0:?} is not a host for ssh")]
    Ssh(String),
    /// Nothing says how it is reached.
    #[error("nothing says how the unit {0:?} is reached: it has no ssh, and there is no [broker]")]
    OutOfReach(String),
}

impl FleetTomlError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read(_) => "name the file with --fleet FILE; docs/fleet.md shows one",
            Self::NotUtf8 => "save it in UTF-8",
            Self::NotToml(_) => "correct this line; docs/fleet.md lists the keys",
            Self::Value { help, .. } => help,
            Self::Unit { problem, .. } => problem.help(),
            Self::UnitCount(_) => "divide it into several fleets",
            Self::SealingKey { .. } => "take the public half that `edge-agent keygen` printed on this unit",
        }
    }
}

impl UnitProblem {
    fn help(&self) -> &'static str {
        match self {
            Self::Name(_) | Self::NameTwice { .. } | Self::NameOfAGroup(_) => {
                "give each unit a name of its own, such as the name of its door"
            }
            Self::Id(_) => "`edge-agent keygen` prints it on the unit, and `edge-agent status` shows it",
            Self::IdTwice { .. } => {
                "each unit has a key of its own: if one was copied to a second computer, make another there with `edge-agent \
                 keygen`"
            }
            Self::LogKey(_) => "copy it from the file beside the unit's [audit] key that ends in .pub",
            Self::LogKeyTwice { .. } => {
                "each unit makes a key of its own at its first start: if a disk was copied, remove the copy's key there and start \
                 it again"
            }
            Self::SealingKey(_) => {
                "give the name of a file with the public half that `edge-agent keygen` printed, or its three lines"
            }
            Self::Group(_) => "name the group as in `groups` of [unit] on the unit",
            Self::Ssh(_) => "give what `ssh` takes, such as pi@front",
            Self::OutOfReach(_) => "add ssh = \"USER@HOST\" to the unit, or a [broker]",
        }
    }
}
