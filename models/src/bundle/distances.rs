//! How distances of an encoder lie, measured on photos of many people: what a threshold is worked out from.

use serde::{Deserialize, Serialize};

/// Distances of non-mated pairs, each of a stranger and an enrolled person: how often they are how near.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NonMated {
    /// [`NonMated::FORMAT`]. Before there was one, pairs were those of two photos: too strict where people are compared.
    #[serde(default)]
    pub format: u32,
    /// On which photos they were measured.
    pub source: String,
    /// Different people: each was enrolled in turn, and a stranger to all others.
    pub people: usize,
    /// Comparisons of a stranger with a person.
    pub pairs: u64,
    /// Rates from large to small, with falling distances; at least two.
    pub quantiles: Vec<Quantile>,
}

/// Distances of mated pairs: how far apart two photos of one person are.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mated {
    /// Pairs of photos of one person.
    pub pairs: u64,
    /// `[share, distance]`: this share of pairs, 0 to 1, is farther apart than the distance; shares from large to small,
    /// with rising distances; at least two.
    pub farther: Vec<(f64, f32)>,
}

/// One row of [`NonMated`].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quantile {
    /// Share of non-mated pairs that are no farther apart than the distance (FMR), above 0 and below 1. Small rates are those
    /// of a fitted tail.
    pub rate: f64,
    /// L2 distance.
    pub distance: f32,
    /// Lower end of the rate's 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl NonMated {
    /// What the pairs are.
    pub const FORMAT: u32 = 2;

    /// `table` is where it stands in `calibration.toml`.
    pub(super) fn check(&self, table: &str) -> Result<(), String> {
        if self.format != Self::FORMAT {
            return Err(format!(
                "{table}.format is {}, and {} is wanted: delete [{table}], then measure distances again with \
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
                "{table}.quantiles: want two rows or more, rates and distances falling, low <= rate <= high, and high never rising"
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
            false => Err("mated.farther: want two rows or more, shares falling and distances rising".to_owned()),
        }
    }
}
