//! The last drill of this unit, as the status shows it: what it measured, and what has changed since. `commands/drill`
//! makes the report.

mod basis;

pub(crate) use basis::basis;

use crate::config::Config;
use drill::{Basis, Rate, SignedReport};
use files::read_bounded;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAX_BYTES: u64 = 1 << 20;

/// The last drill.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum LastDrill {
    /// There was none.
    #[default]
    None,
    /// It has a report.
    Done {
        /// When it ended, such as 2027-01-15T08:00:00Z.
        ended_at: String,
        /// How many of the people were let in.
        people: Rate,
        /// How many of the attacks were let in.
        attacks: Rate,
        /// What has changed since; the drill says nothing about the door of today if this is not empty.
        changed: Vec<String>,
    },
    /// Its report cannot be used.
    Unusable {
        /// Why.
        reason: String,
    },
}

impl LastDrill {
    /// Reads the report of a unit with this key (64 hexadecimal digits), and compares its basis with the present one.
    pub(crate) fn read(config: &Config, key: &str, now: &Basis) -> Self {
        let path = config.drill_report();
        if !path.exists() {
            return Self::None;
        }
        Self::read_file(&path, key, now).unwrap_or_else(|reason| Self::Unusable { reason })
    }

    fn read_file(path: &Path, key: &str, now: &Basis) -> Result<Self, String> {
        let bytes = read_bounded(path, MAX_BYTES).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        let signed = SignedReport::parse(&text).map_err(|error| error.to_string())?;
        if signed.key() != key {
            return Err("another unit signed it".to_owned());
        }
        let report = signed.report();
        let ended_at = Timestamp::from_millisecond(report.ended_utc_ms).map_err(|error| error.to_string())?;
        let changed = now.changed_since(&report.basis).into_iter().map(str::to_owned).collect();
        let (people, attacks) = (report.people.let_in(), report.attacks_let_in());
        Ok(Self::Done { ended_at: ended_at.to_string(), people, attacks, changed })
    }

    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::None => "none: `edge-agent drill` measures how this door withstands pictures".to_owned(),
            Self::Unusable { reason } => format!("its report cannot be used: {reason}"),
            Self::Done { ended_at, people, attacks, changed } => {
                let day = ended_at.split('T').next().unwrap_or_default();
                let mut words = format!(
                    "{day}: {} of {} people let in, {} of {} attacks",
                    people.count, people.of, attacks.count, attacks.of
                );
                if !changed.is_empty() {
                    words += &format!("; REPEAT IT: {} changed since", changed.join(", "));
                }
                words
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::LogKey;
    use drill::{DrillReport, Outcome, Presentations};
    use std::collections::BTreeMap;
    use std::fs;

    fn basis_now() -> Basis {
        Basis { version: "1".into(), configuration: "a".into(), model: "b".into(), pad_network: None, threshold: 1.0 }
    }

    fn report() -> DrillReport {
        let mut counts = Presentations::default();
        counts.add(&Outcome::LetIn { after_ms: 700 });
        counts.add(&Outcome::Detected);
        DrillReport {
            began_utc_ms: 0,
            ended_utc_ms: 1_800_000_000_000,
            unit_id: None,
            basis: basis_now(),
            opens_to: "a face".into(),
            required: Vec::new(),
            ended_early: false,
            people: counts.clone(),
            attacks: BTreeMap::from([("print".to_owned(), counts)]),
        }
    }

    #[test]
    fn the_last_drill_in_the_status() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.door.memory = folder.path().join("memory.json");
        let (key, other) = (LogKey::from_seed(&[1; 32]), LogKey::from_seed(&[2; 32]).public().to_string());
        let public = key.public().to_string();
        assert_eq!(LastDrill::read(&config, &public, &basis_now()), LastDrill::None);
        let signed = SignedReport::new(report(), public.clone(), |bytes| key.sign_drill(bytes)).unwrap();
        fs::write(config.drill_report(), serde_json::to_string(&signed).unwrap()).unwrap();
        let changed = Basis { model: "c".into(), ..basis_now() };
        for (key, basis, expected) in [
            (&public, basis_now(), "2027-01-15: 1 of 2 people let in, 1 of 2 attacks"),
            (&public, changed, "1 of 2 attacks; REPEAT IT: the model changed since"),
            (&other, basis_now(), "its report cannot be used: another unit signed it"),
        ] {
            let words = LastDrill::read(&config, key, &basis).in_words();
            assert!(words.ends_with(expected), "{words}");
        }
        fs::write(config.drill_report(), "{}").unwrap();
        let words = LastDrill::read(&config, &public, &basis_now()).in_words();
        assert!(words.starts_with("its report cannot be used: it is not the report of a drill"), "{words}");
    }
}
