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
const MAX_DEFAULT: usize = 4;
const MAX: usize = 64;

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
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_DEFAULT);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.threads {
            Some(threads) if threads.get() > MAX => {
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
    fn all_cores_of_a_pi_are_used_by_default() {
        assert!((1..=MAX_DEFAULT).contains(&Model::default().threads()));
        assert_eq!(Model { threads: NonZeroUsize::new(7), ..Model::default() }.threads(), 7);
    }
}
