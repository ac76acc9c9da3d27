//! Distributions of an encoder's L2 distances, measured on photos of many people. Thresholds are derived from them.

use serde::{Deserialize, Serialize};

/// The distribution of non-mated distances. Each pair is a stranger and an enrolled person.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NonMated {
    /// [`NonMated::FORMAT`]. Files without this key have pairs of two photos, which are too strict for comparisons of
    /// people.
    #[serde(default)]
    pub format: u32,
    /// The photos used for the measurement.
    pub source: String,
    /// Number of different people. Each was enrolled in turn, and was a stranger to all others.
    pub people: usize,
    /// Number of comparisons of a stranger with a person.
    pub pairs: u64,
    /// Rows with falling rates and falling distances; at least two.
    pub quantiles: Vec<Quantile>,
}

/// The distribution of mated distances: the distances between two photos of one person.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mated {
    /// Number of pairs of photos of one person.
    pub pairs: u64,
    /// `[share, distance]`: this share of the pairs, 0 to 1, has a larger distance. Falling shares with rising
    /// distances; at least two.
    pub farther: Vec<(f64, f32)>,
}

/// One row of [`NonMated`].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quantile {
    /// Share of non-mated pairs with at most this distance (false match rate, FMR), above 0 and below 1. Small rates
    /// come from a fitted tail.
    pub rate: f64,
    /// L2 distance.
    pub distance: f32,
    /// Lower end of the rate's 95 % interval.
    pub low: f64,
    /// Upper end of the rate's 95 % interval.
    pub high: f64,
}

impl NonMated {
    /// The version of the table, which says what a pair is.
    pub const FORMAT: u32 = 2;

    /// Checks the values. `table` is the name of the table in `calibration.toml`.
    pub(super) fn check(&self, table: &str) -> Result<(), String> {
        if self.format != Self::FORMAT {
            return Err(format!(
                "{table}.format is {}, but {} is needed: delete [{table}], then measure distances again with \
                 `encoder-tool model measure BUNDLE --images PEOPLE`",
                self.format,
                Self::FORMAT
            ));
        }
        let sound = |row: &Quantile| {
            row.rate > 0.0
                && row.rate < 1.0
                && (0.0..=row.rate).contains(&row.low)
                && (row.rate..=1.0).contains(&row.high)
        };
        let falling = |pair: &[Quantile]| {
            pair[0].rate > pair[1].rate && pair[0].high >= pair[1].high && pair[0].distance > pair[1].distance
        };
        let rows = &self.quantiles;
        let distances = rows.iter().all(|row| (0.0..=2.0).contains(&row.distance));
        match rows.len() >= 2 && rows.iter().all(sound) && distances && rows.windows(2).all(falling) {
            true => Ok(()),
            false => Err(format!(
                "{table}.quantiles must have two rows or more, falling rates and distances, low <= rate <= high, and high never rising"
            )),
        }
    }
}

impl Mated {
    pub(super) fn check(&self) -> Result<(), String> {
        let sound = |&(share, distance): &(f64, f32)| (0.0..=1.0).contains(&share) && (0.0..=2.0).contains(&distance);
        let rising = |pair: &[(f64, f32)]| pair[0].0 > pair[1].0 && pair[0].1 < pair[1].1;
        let rows = &self.farther;
        match rows.len() >= 2 && rows.iter().all(sound) && rows.windows(2).all(rising) {
            true => Ok(()),
            false => {
                Err("mated.farther must have two rows or more, with falling shares and rising distances".to_owned())
            }
        }
    }
}
