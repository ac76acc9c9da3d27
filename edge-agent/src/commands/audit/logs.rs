//! Several logs at once: the doors of one building.

use crate::audit_log::names::Names;
use crate::audit_log::read::lines_of;
use crate::config::{self, Config, Direction};
use crate::database::read_names;
use clap::Args;
use jiff::tz::TimeZone;
use policy::audit::Record;
use shared::gallery::PersonId;
use std::path::PathBuf;
use terminal::{Help, ShowPath};

/// Options that select the logs.
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// The current file of a log, instead of the configured one; repeat it for each door
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// The same, of a door that leads out: by a reader inside
    #[arg(long = "out-log", value_name = "FILE")]
    out_logs: Vec<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Read names from this people database, instead of the files beside the logs
    #[arg(long, value_name = "DB")]
    names: Option<PathBuf>,
}

/// A record, and which way its door leads.
pub(super) struct Passed {
    pub(super) record: Record,
    pub(super) direction: Direction,
}

/// The records of all logs.
pub(super) struct Building {
    /// In the order of time.
    pub(super) passed: Vec<Passed>,
    /// Whether a log of a door that leads out is among them.
    pub(super) has_way_out: bool,
    /// The time of the first record of the log that begins last, milliseconds since 1970, UTC; `None` if a log is empty.
    pub(super) complete_from_utc_ms: Option<i64>,
    /// Lines that are not records.
    pub(super) unreadable: u64,
    names: Vec<Names>,
    pub(super) zone: TimeZone,
}

impl Logs {
    /// Reads all logs.
    ///
    /// # Errors
    /// If a log, the database with names or, without `--log`, the configuration cannot be read.
    pub(super) fn read(&self) -> anyhow::Result<Building> {
        let mut logs: Vec<(PathBuf, Direction)> = self.logs.iter().map(|log| (log.clone(), Direction::In)).collect();
        logs.extend(self.out_logs.iter().map(|log| (log.clone(), Direction::Out)));
        let config = Config::read(&self.config);
        let config = if logs.is_empty() {
            let config = config.help("give a log with --log FILE")?;
            logs.push((config.audit.path.clone(), config.anti_passback.direction));
            config
        } else {
            config.unwrap_or_default()
        };
        let zone = config.clock.zone().unwrap_or_else(|_| TimeZone::system());
        let names = match &self.names {
            Some(database) => vec![Names::from_gallery(&read_names(database, &config.database.identity)?)],
            None => logs.iter().map(|(log, _)| Names::beside(log).unwrap_or_default()).collect(),
        };
        let has_way_out = logs.iter().any(|(_, direction)| *direction == Direction::Out);
        let (mut passed, mut firsts, mut unreadable) = (Vec::new(), Vec::new(), 0);
        for (log, direction) in &logs {
            let before = passed.len();
            for line in lines_of(log)? {
                let line = line.map_err(|error| anyhow::anyhow!("{}: {error}", log.shown()))?;
                match line.record() {
                    Some(record) => passed.push(Passed { record, direction: *direction }),
                    None => unreadable += 1,
                }
            }
            firsts.push(passed.get(before).map(|first| first.record.utc_ms));
        }
        passed.sort_by_key(|passed| passed.record.utc_ms);
        let complete_from_utc_ms =
            firsts.into_iter().collect::<Option<Vec<i64>>>().and_then(|firsts| firsts.into_iter().max());
        Ok(Building { passed, has_way_out, complete_from_utc_ms, unreadable, names, zone })
    }
}

impl Building {
    /// A person's name, if a log's file has it.
    pub(super) fn name(&self, person: &PersonId) -> Option<&str> {
        self.names.iter().find_map(|names| names.name(person))
    }
}

/// A building with these records, for tests.
#[cfg(test)]
pub(super) fn building(records: Vec<(i64, Direction, policy::audit::Event)>, has_way_out: bool) -> Building {
    use crate::audit_log::sample_records::record;
    let complete_from_utc_ms = records.first().map(|(utc_ms, ..)| *utc_ms);
    let passed =
        records.into_iter().map(|(utc_ms, direction, event)| Passed { record: record(utc_ms, event), direction });
    let (names, zone) = (Vec::new(), TimeZone::UTC);
    Building { passed: passed.collect(), has_way_out, complete_from_utc_ms, unreadable: 0, names, zone }
}
