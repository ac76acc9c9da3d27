//! What is written in `fleet.toml`, and its check. Reads no file.

use super::broker::{DEFAULT_PREFIX, WrittenBroker};
use super::error::{FleetTomlError, UnitProblem};
use super::{Fleet, MAX_NAME_BYTES, MAX_UNITS, Place, SealingKey, Unit};
use ed25519_dalek::VerifyingKey;
use fleet_messages::Topics;
use serde::Deserialize;
use shared::gallery::{ALL_DOORS, DoorGroup};
use shared::seal::{Fingerprint, Recipient};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenFleet {
    #[serde(default)]
    broker: Option<Spanned<WrittenBroker>>,
    #[serde(default)]
    place: Option<Spanned<WrittenPlace>>,
    #[serde(default, rename = "unit")]
    units: Vec<WrittenUnit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenPlace {
    url: String,
    folder: PathBuf,
    command: Option<Vec<String>>,
    #[serde(default)]
    allow_unsealed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenUnit {
    name: Spanned<String>,
    id: Spanned<String>,
    log_key: Spanned<String>,
    sealing_key: Option<Spanned<String>>,
    #[serde(default)]
    groups: Vec<Spanned<String>>,
    ssh: Option<Spanned<String>>,
}

/// Text positions, and what was seen of the units so far.
struct Checks<'a> {
    text: &'a str,
    /// Byte offsets of where each was written.
    names: HashMap<String, usize>,
    ids: HashMap<Fingerprint, usize>,
    log_keys: HashMap<[u8; 32], usize>,
}

pub(super) fn parse(bytes: &[u8]) -> Result<Fleet, FleetTomlError> {
    let text = str::from_utf8(bytes).map_err(|_| FleetTomlError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written: WrittenFleet = toml::from_str(text)?;
    if written.units.len() > MAX_UNITS {
        return Err(FleetTomlError::UnitCount(written.units.len()));
    }
    let mut checks = Checks { text, names: HashMap::new(), ids: HashMap::new(), log_keys: HashMap::new() };
    let (broker, prefix) = match written.broker {
        Some(broker) => {
            let start = broker.span().start;
            let (broker, prefix) =
                broker.into_inner().checked().map_err(|(problem, help)| checks.value(start, problem, help))?;
            (Some(broker), prefix)
        }
        None => (None, DEFAULT_PREFIX.to_owned()),
    };
    let help = "give the topic-prefix that the links have in their configuration";
    let topics = Topics::below(&prefix).map_err(|error| checks.value(0, error, help))?;
    let place = written.place.map(|place| checks.place(place)).transpose()?;
    let mut units = Vec::with_capacity(written.units.len());
    for unit in written.units {
        units.push(checks.unit(unit, broker.is_some())?);
    }
    checks.no_unit_is_called_like_a_group(&units)?;
    Ok(Fleet::new(topics, broker, place, units))
}

impl Checks<'_> {
    /// The line of a byte, from 1.
    fn line(&self, byte: usize) -> usize {
        1 + self.text.as_bytes().iter().take(byte).filter(|&&byte| byte == b'\n').count()
    }

    fn value(&self, byte: usize, problem: impl ToString, help: &'static str) -> FleetTomlError {
        FleetTomlError::Value { line: self.line(byte), problem: problem.to_string(), help }
    }

    fn place(&self, place: Spanned<WrittenPlace>) -> Result<Place, FleetTomlError> {
        let start = place.span().start;
        let WrittenPlace { url, folder, command, allow_unsealed } = place.into_inner();
        let is_sound = |rest: &str| {
            !rest.is_empty()
                && rest.len() <= 1024
                && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>\\".contains(&byte))
        };
        let url = url.trim_end_matches('/').to_owned();
        if !url.strip_prefix("https://").is_some_and(is_sound) {
            let problem = format!("the url {url:?} of the [place] is not an https address without ? and #");
            return Err(self.value(
                start,
                problem,
                "give the address below which a server shows the files of `folder`",
            ));
        }
        if command.as_ref().is_some_and(|command| command.first().is_none_or(String::is_empty)) {
            let help = "give a program and its arguments, such as [\"rclone\", \"copyto\", \"{file}\", \"remote:doors/{name}\"]";
            return Err(self.value(start, "the command of the [place] is empty", help));
        }
        Ok(Place { url, folder, command, allow_unsealed })
    }

    fn unit(&mut self, unit: WrittenUnit, has_broker: bool) -> Result<Unit, FleetTomlError> {
        let at = unit.name.span().start;
        let name = self.name(unit.name)?;
        let id = self.id(unit.id)?;
        let log_key = self.log_key(unit.log_key)?;
        let sealing_key = unit.sealing_key.map(|key| self.sealing_key(key, id)).transpose()?;
        let groups = unit.groups.into_iter().map(|group| self.group(group)).collect::<Result<_, _>>()?;
        let ssh = unit.ssh.map(|host| self.host(host)).transpose()?;
        if ssh.is_none() && !has_broker {
            return Err(self.wrong(at, UnitProblem::OutOfReach(name)));
        }
        Ok(Unit { name, id, log_key, sealing_key, groups, ssh })
    }

    fn wrong(&self, byte: usize, problem: UnitProblem) -> FleetTomlError {
        FleetTomlError::Unit { line: self.line(byte), problem }
    }

    fn name(&mut self, name: Spanned<String>) -> Result<String, FleetTomlError> {
        let start = name.span().start;
        let name = name.into_inner();
        let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
            && !name.contains(|c: char| c.is_control() || c == ',')
            && name.trim() == name
            && name != ALL_DOORS
            && name.parse::<Fingerprint>().is_err();
        if !is_name {
            return Err(self.wrong(start, UnitProblem::Name(name)));
        }
        match self.names.insert(name.clone(), start) {
            Some(other) => Err(self.wrong(start, UnitProblem::NameTwice { name, other: self.line(other) })),
            None => Ok(name),
        }
    }

    fn id(&mut self, id: Spanned<String>) -> Result<Fingerprint, FleetTomlError> {
        let start = id.span().start;
        let text = id.into_inner();
        let Ok(id) = text.parse() else { return Err(self.wrong(start, UnitProblem::Id(text))) };
        match self.ids.insert(id, start) {
            Some(other) => Err(self.wrong(start, UnitProblem::IdTwice { id, other: self.line(other) })),
            None => Ok(id),
        }
    }

    fn log_key(&mut self, key: Spanned<String>) -> Result<VerifyingKey, FleetTomlError> {
        let start = key.span().start;
        let text = key.into_inner();
        let key = shared::hex::parse(&text).ok().and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let Some(key) = key.filter(|key| !key.is_weak()) else {
            return Err(self.wrong(start, UnitProblem::LogKey(text)));
        };
        match self.log_keys.insert(key.to_bytes(), start) {
            Some(other) => Err(self.wrong(start, UnitProblem::LogKeyTwice { other: self.line(other) })),
            None => Ok(key),
        }
    }

    fn sealing_key(&self, key: Spanned<String>, id: Fingerprint) -> Result<SealingKey, FleetTomlError> {
        let start = key.span().start;
        let text = key.into_inner();
        let refused = |why: String| Err(self.wrong(start, UnitProblem::SealingKey(why)));
        if text.is_empty() {
            return refused("it is empty".to_owned());
        }
        if !text.contains('\n') {
            return Ok(SealingKey::File(text.into()));
        }
        match Recipient::from_text(text.trim_start()) {
            Ok(key) if key.fingerprint() == id => Ok(SealingKey::Key(key)),
            Ok(key) => refused(format!("it is the key of {}, but the unit's id is {id}", key.fingerprint())),
            Err(error) => refused(error.to_string()),
        }
    }

    fn group(&self, group: Spanned<String>) -> Result<DoorGroup, FleetTomlError> {
        let start = group.span().start;
        group.into_inner().parse().map_err(|error| self.wrong(start, UnitProblem::Group(error)))
    }

    fn host(&self, host: Spanned<String>) -> Result<String, FleetTomlError> {
        let start = host.span().start;
        let host = host.into_inner();
        let is_host = (1..=255).contains(&host.len())
            && !host.starts_with('-')
            && !host.contains(|c: char| c.is_control() || c.is_whitespace());
        match is_host {
            true => Ok(host),
            false => Err(self.wrong(start, UnitProblem::Ssh(host))),
        }
    }

    fn no_unit_is_called_like_a_group(&self, units: &[Unit]) -> Result<(), FleetTomlError> {
        let groups: HashSet<&str> = units.iter().flat_map(|unit| &unit.groups).map(DoorGroup::as_str).collect();
        match units.iter().find(|unit| groups.contains(unit.name.as_str())) {
            Some(unit) => {
                let at = self.names.get(&unit.name).copied().unwrap_or(0);
                Err(self.wrong(at, UnitProblem::NameOfAGroup(unit.name.clone())))
            }
            None => Ok(()),
        }
    }
}
