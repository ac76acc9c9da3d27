//! `fleet status`: what each unit states about itself, and how far its log was collected.

mod problems;

pub use problems::problems;

use crate::campaign::{Campaign, Outgoing, PER_SECOND};
use crate::collector;
use crate::fleet_toml::Unit;
use crate::statements::Heard;
use crate::turns::{Pace, Turns};
use files::Folder;
use fleet_messages::{Statement, UnitReport};
use policy::audit::LineHash;
use serde::Serialize;
use shared::gallery::{DatabaseDigest, DoorGroup};
use shared::seal::Fingerprint;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A question that got no answer is asked again.
const PACE: Pace = Pace { first: Duration::from_secs(3), longest: Duration::from_secs(10) };
/// How long units may take to answer, unless somebody says otherwise.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks units for statements.
#[derive(Debug)]
pub struct StatusCampaign {
    order: Vec<Fingerprint>,
    turns: Turns,
    until_ms: u64,
    found: HashMap<Fingerprint, Statement>,
    failures: HashMap<Fingerprint, String>,
    collected: HashMap<Fingerprint, Log>,
}

/// The state of a fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FleetStatus {
    /// Whether every unit answered and is well.
    pub well: bool,
    /// The units, in the order of `fleet.toml`.
    pub units: Vec<UnitStatus>,
}

/// The state of a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitStatus {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// What it states now; `None` if it does not answer.
    pub stated: Option<Stated>,
    /// Its collected log; `None` if nobody said where that is.
    pub log: Option<Log>,
    /// What is wrong with it, in words; empty if it is well.
    pub problems: Vec<String>,
}

/// What a unit states, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stated {
    /// Version of its program.
    pub version: String,
    /// When it was stated, milliseconds since 1970, UTC, by the unit's clock.
    pub utc_ms: i64,
    /// `locked` or `unlocked`.
    pub door: String,
    /// `trusted` or `unknown`.
    pub clock: String,
    /// Sequence number of its people database.
    pub database_sequence: u64,
    /// SHA-256 of it.
    pub database_digest: Option<DatabaseDigest>,
    /// Number of people in it.
    pub people: u32,
    /// Whether a unit of the same groups has a newer database.
    pub behind: bool,
    /// Number of lockouts.
    pub lockouts: usize,
    /// What locks it down; empty if nothing does.
    pub locked_down_by: Vec<String>,
    /// Whether face recognition is switched off.
    pub face_recognition_off: bool,
    /// The last drill, as the unit reports it.
    pub drill: serde_json::Value,
    /// The last record of its audit log.
    pub audit_sequence: u64,
    /// The hash of that record.
    pub log_hash: LineHash,
}

/// A collected log, as it was before the unit was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Log {
    /// The last collected record; 0 before the first.
    pub collected: u64,
    /// The last record that the unit's signature covers: so far the log is verified.
    pub verified: u64,
    /// When something was last collected, milliseconds since 1970, UTC.
    pub last_utc_ms: Option<i64>,
    /// The hash of the last collected record.
    #[serde(skip)]
    pub hash: Option<LineHash>,
    /// Why the collected file says nothing.
    pub unusable: Option<String>,
}

impl StatusCampaign {
    /// Asks these units, for at most this time. Reads the collected logs in these folders first: what a unit states later
    /// can only be more.
    pub fn new(units: &[&Unit], collected_in: &[PathBuf], patience: Option<Duration>) -> Self {
        let mut turns = Turns::at(PACE);
        units.iter().for_each(|unit| turns.add(unit.id, 0));
        let to_ask = Duration::from_secs(units.len() as u64 / PER_SECOND);
        let until = patience.unwrap_or(PATIENCE + to_ask);
        let collected = match collected_in {
            [] => HashMap::new(),
            folders => units.iter().map(|unit| (unit.id, collected_log(unit, folders))).collect(),
        };
        Self {
            order: units.iter().map(|unit| unit.id).collect(),
            turns,
            until_ms: u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
            found: HashMap::new(),
            failures: HashMap::new(),
            collected,
        }
    }

    /// How many units have answered.
    pub fn answered(&self) -> usize {
        self.found.len()
    }

    /// What was found.
    pub fn finish(mut self, units: &[&Unit]) -> FleetStatus {
        let newest = newest_of_groups(units, &self.found);
        let mut statuses = Vec::new();
        for unit in units {
            let statement = self.found.remove(&unit.id);
            let log = self.collected.remove(&unit.id);
            let mut problems = match (&statement, self.failures.get(&unit.id)) {
                (Some(statement), _) => problems(&statement.report),
                (None, Some(why)) => vec![format!("it does not answer: {why}")],
                (None, None) => vec!["it does not answer".to_owned()],
            };
            problems.extend(log.as_ref().and_then(|log| log.problem(statement.as_ref())));
            let newest = newest.get(&groups_of(unit)).copied().unwrap_or(0);
            let stated = statement.map(|statement| Stated::new(statement, newest));
            if stated.as_ref().is_some_and(|stated| stated.behind) {
                problems.push("another unit of its groups has a newer people database".to_owned());
            }
            statuses.push(UnitStatus { name: unit.name.clone(), id: unit.id.to_string(), stated, log, problems });
        }
        FleetStatus { well: statuses.iter().all(|status| status.problems.is_empty()), units: statuses }
    }
}

impl Campaign for StatusCampaign {
    fn heard(&mut self, unit: &Unit, heard: &Heard, _now_ms: u64) {
        if heard.is_fresh && self.turns.has(unit.id) {
            self.turns.remove(unit.id);
            self.found.insert(unit.id, heard.statement.clone());
        }
    }

    fn failed(&mut self, unit: &Unit, why: &str, _now_ms: u64) {
        self.failures.insert(unit.id, why.to_owned());
    }

    fn send(&mut self, out: &mut Outgoing<'_>) {
        out.each_turn(&mut self.turns, |out, unit| out.ask(unit));
    }

    fn is_over(&self, now_ms: u64) -> bool {
        self.turns.count() == 0 || now_ms >= self.until_ms || self.order.is_empty()
    }
}

impl Stated {
    fn new(statement: Statement, newest: u64) -> Self {
        let Statement { utc_ms, log_hash, report, .. } = statement;
        let UnitReport { version, door, clock, access, lockouts, database, audit, drill, .. } = report;
        Self {
            version,
            utc_ms,
            door,
            clock,
            database_sequence: database.sequence,
            database_digest: database.digest,
            people: database.people,
            behind: database.sequence < newest,
            lockouts: lockouts.len(),
            locked_down_by: access.lockdown.map(|lockdown| lockdown.locked_by).unwrap_or_default(),
            face_recognition_off: access.face_recognition_off,
            drill,
            audit_sequence: audit.sequence,
            log_hash,
        }
    }
}

impl Log {
    /// What is wrong between the collected log and what the unit states.
    fn problem(&self, statement: Option<&Statement>) -> Option<String> {
        if let Some(why) = &self.unusable {
            return Some(format!("its collected log cannot be used: {why}"));
        }
        let stated = statement?;
        let sequence = stated.report.audit.sequence;
        if sequence < self.collected {
            return Some(format!(
                "its log ends with record {sequence}, but record {} was collected: the log was cut off, or replaced by an older \
                 copy",
                self.collected
            ));
        }
        let is_other = sequence == self.collected && self.hash.is_some_and(|hash| hash != stated.log_hash);
        is_other.then(|| format!("its record {sequence} is not the collected one: the log was rewritten"))
    }
}

/// The log of a unit in one of these folders, the longest one.
fn collected_log(unit: &Unit, folders: &[PathBuf]) -> Log {
    let mut best = Log { collected: 0, verified: 0, last_utc_ms: None, hash: None, unusable: None };
    for folder in folders {
        match collector::collected(&mut Folder::at(folder), unit.id, &unit.log_key) {
            Ok(found) if found.last > best.collected => {
                best = Log {
                    collected: found.last,
                    verified: found.signed,
                    last_utc_ms: changed_utc_ms(folder, unit.id),
                    hash: found.hash,
                    unusable: best.unusable,
                };
            }
            Ok(_) => {}
            Err(why) => best.unusable = Some(why.to_string()),
        }
    }
    best
}

fn changed_utc_ms(folder: &Path, unit: Fingerprint) -> Option<i64> {
    let changed = fs::metadata(folder.join(format!("{unit}.jsonl"))).and_then(|found| found.modified()).ok()?;
    let since = changed.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// The groups of a unit. Units of the same groups should have the same database.
fn groups_of(unit: &Unit) -> Vec<DoorGroup> {
    let mut groups = unit.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn newest_of_groups(units: &[&Unit], found: &HashMap<Fingerprint, Statement>) -> BTreeMap<Vec<DoorGroup>, u64> {
    let mut newest = BTreeMap::new();
    for unit in units {
        let sequence = found.get(&unit.id).map_or(0, |statement| statement.report.database.sequence);
        let known = newest.entry(groups_of(unit)).or_insert(0);
        *known = sequence.max(*known);
    }
    newest
}

#[cfg(test)]
mod tests;
