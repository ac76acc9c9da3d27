//! Which units of a fleet a command is for: all, a group, or named ones.

use super::{Fleet, Unit};
use shared::gallery::{ALL_DOORS, DoorGroup};
use shared::seal::Fingerprint;
use std::collections::BTreeSet;

/// Units of a fleet, each once, in the order of the file.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// The units; at least one.
    pub units: Vec<&'a Unit>,
}

/// A word that names no unit of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the fleet has neither a unit nor a group {0:?}")]
pub struct NotInTheFleet(pub String);

impl Fleet {
    /// The units that these words name: `all`, names of groups, names of units, and ids.
    ///
    /// # Errors
    /// [`NotInTheFleet`], also if the fleet has no units or no word is given.
    pub fn select<S: AsRef<str>>(&self, words: &[S]) -> Result<Selection<'_>, NotInTheFleet> {
        let mut chosen = BTreeSet::new();
        for word in words.iter().map(AsRef::as_ref) {
            let before = chosen.len();
            let mut known = false;
            let id: Option<Fingerprint> = word.parse().ok();
            let group: Option<DoorGroup> = word.parse().ok();
            for (index, unit) in self.units.iter().enumerate() {
                let in_group = group.as_ref().is_some_and(|group| unit.groups.contains(group));
                if word == ALL_DOORS || unit.name == word || id == Some(unit.id) || in_group {
                    chosen.insert(index);
                    known = true;
                }
            }
            if !known && chosen.len() == before {
                return Err(NotInTheFleet(word.to_owned()));
            }
        }
        match chosen.is_empty() {
            true => Err(NotInTheFleet(String::new())),
            false => Ok(Selection { units: chosen.into_iter().map(|index| &self.units[index]).collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fleet_toml::tests::{fleet_of, log_key};

    #[test]
    fn words_name_groups_units_and_all() {
        let unit = |name: &str, number: u8, groups: &str| {
            let key = log_key(number);
            format!(
                "[[unit]]\nname = \"{name}\"\nid = \"{number:02x}00-0000-0000-0000-0000\"\nlog-key = \"{key}\"\ngroups = {groups}\n\
                 ssh = \"h{number}\"\n"
            )
        };
        let fleet = fleet_of(
            &[unit("front", 1, "[\"office\"]"), unit("back", 2, "[]"), unit("side", 3, "[\"office\"]")].concat(),
        );
        let chosen = |words: &[&str]| -> Result<Vec<String>, String> {
            let selection = fleet.select(words).map_err(|error| error.to_string())?;
            Ok(selection.units.iter().map(|unit| unit.name.clone()).collect())
        };
        for (words, expected) in [
            (&["all"][..], &["front", "back", "side"][..]),
            (&["office"], &["front", "side"]),
            (&["side", "front", "side"], &["front", "side"]),
            (&["0200-0000-0000-0000-0000"], &["back"]),
            (&["back", "office"], &["front", "back", "side"]),
        ] {
            assert_eq!(chosen(words).unwrap(), expected, "{words:?}");
        }
        for words in [&["lab"][..], &["front", "lab"], &["ffff-0000-0000-0000-0000"], &[""]] {
            assert!(chosen(words).unwrap_err().contains("neither a unit nor a group"), "{words:?}");
        }
        assert!(chosen(&[]).is_err());
        assert!(fleet_of("").select(&["all"]).is_err());
    }
}
