//! How far a rate may be from what was counted.

use serde::Serialize;
use statrs::distribution::{Beta, ContinuousCDF};

/// A rate with its 95 % interval, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The 95 % interval of a rate of which `hits` of `trials` were counted: Clopper and Pearson, "The use of confidence or
/// fiducial limits illustrated in the case of the binomial" (1934). It covers the true rate in at least 95 % of all
/// samples if the trials are independent. Pairs that share a photo or a person are not quite.
///
/// Everything between 0 and 1 if there were no trials.
pub(crate) fn clopper_pearson(hits: usize, trials: usize) -> Interval {
    const TAIL: f64 = 0.025;
    let quantile = |a: usize, b: usize, at: f64| Beta::new(a as f64, b as f64).ok().map(|beta| beta.inverse_cdf(at));
    let misses = trials.saturating_sub(hits);
    // A beta distribution needs both shapes above 0; where one is not, the rate reaches the end of its range.
    Interval {
        low: quantile(hits, misses + 1, TAIL).unwrap_or(0.0),
        high: quantile(hits + 1, misses, 1.0 - TAIL).unwrap_or(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 of 10 and 0 of 10 by hand: 0.025^(1/10) = 0.69150; 5 of 10 from the authors' chart and any table.
    #[test]
    fn known_intervals() {
        for (hits, trials, low, high) in [
            (0, 0, 0.0, 1.0),
            (0, 10, 0.0, 0.308_50),
            (10, 10, 0.691_50, 1.0),
            (5, 10, 0.187_09, 0.812_91),
            (1, 100, 0.000_253, 0.054_46),
            (588, 600, 0.965_33, 0.989_63),
        ] {
            let found = clopper_pearson(hits, trials);
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{hits}/{trials}: {found:?}");
        }
    }
}
