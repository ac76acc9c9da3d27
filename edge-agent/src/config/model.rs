//! `[model]`: the networks to run and the number of cores to use.

use super::ConfigError;
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 2] = ["bundles", "threads"];

/// A Raspberry Pi has four cores; the layers are too small to split over more.
const MOST_BY_DEFAULT: usize = 4;
const MOST: usize = 64;

/// `[model]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Model {
    /// Folders of bundles, at most one of each kind, instead of the built-in networks.
    pub bundles: Vec<PathBuf>,
    /// Number of cores that work on one frame, 1 to 64; `None`: [`Model::threads`] chooses.
    pub threads: Option<NonZeroUsize>,
}

impl Model {
    /// The configured number of threads; by default the number of cores, at most four.
    pub fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_BY_DEFAULT);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.threads {
            Some(threads) if threads.get() > MOST => {
                Err(ConfigError::Range { key: "model.threads", found: threads.to_string(), wanted: "1 to 64" })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_of_a_pi_is_used_unless_something_else_is_said() {
        assert!((1..=MOST_BY_DEFAULT).contains(&Model::default().threads()));
        assert_eq!(Model { threads: NonZeroUsize::new(7), ..Model::default() }.threads(), 7);
    }
}
