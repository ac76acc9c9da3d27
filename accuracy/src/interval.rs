//! Confidence intervals of measured rates.

use serde::Serialize;
use statrs::distribution::{Beta, ContinuousCDF};

/// The 95 % interval of a rate, with ends from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The 95 % interval of a rate, from `hits` of `trials`: Clopper and Pearson, "The use of confidence or fiducial limits
/// illustrated in the case of the binomial" (1934). It covers the true rate in at least 95 % of all samples if the
/// trials are independent. Pairs that share a photo or a person are not fully independent.
///
/// From 0 to 1 if there were no trials.
pub fn clopper_pearson(hits: usize, trials: usize) -> Interval {
    with_tails(hits, trials, 0.025)
}

/// The 95 % interval of the mean of two rates, each `(hits, trials)`. Its ends are the means of the ends of the rates'
/// own 97.5 % intervals. In at least 95 % of all samples, both of these cover their rates (Bonferroni's inequality), so
/// this interval covers the mean.
pub(crate) fn of_mean(rates: [(usize, usize); 2]) -> Interval {
    let [a, b] = rates.map(|(hits, trials)| with_tails(hits, trials, 0.0125));
    Interval { low: f64::midpoint(a.low, b.low), high: f64::midpoint(a.high, b.high) }
}

/// `tail` is the probability that the rate lies below the interval, and also that it lies above.
fn with_tails(hits: usize, trials: usize, tail: f64) -> Interval {
    let quantile = |a: usize, b: usize, at: f64| Beta::new(a as f64, b as f64).ok().map(|beta| beta.inverse_cdf(at));
    let misses = trials.saturating_sub(hits);
    // A beta distribution needs both shapes above 0. Otherwise, the interval reaches the end of the range.
    Interval {
        low: quantile(hits, misses + 1, tail).unwrap_or(0.0),
        high: quantile(hits + 1, misses, 1.0 - tail).unwrap_or(1.0),
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

    /// 0.0125^(1/18) = 0.78394 for 18 of 18, and 0.0125^(1/1) for 1 of 1.
    #[test]
    fn the_mean_of_two_rates_is_as_uncertain_as_both() {
        for (rates, low, high) in [
            ([(18, 18), (18, 18)], 0.783_94, 1.0),
            ([(18, 18), (1, 1)], 0.398_22, 1.0),
            ([(0, 0), (0, 0)], 0.0, 1.0),
            ([(0, 18), (18, 18)], 0.391_97, 0.608_03),
        ] {
            let found = of_mean(rates);
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{rates:?}: {found:?}");
        }
    }
}
