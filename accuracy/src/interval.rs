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

/// The 95 % interval of a rate whose trials are not independent: `trials` come from this many independent groups, such as
/// people. It is that of Clopper and Pearson for one trial per group, as if all trials of a group had the same result.
/// This is the widest case, so the interval covers the true rate at least as often as stated if the groups have about the
/// same number of trials.
pub(crate) fn of_dependent(hits: usize, trials: usize, groups: usize) -> Interval {
    let scale = if trials == 0 { 0.0 } else { groups as f64 / trials as f64 };
    of_shapes(hits as f64 * scale, trials.saturating_sub(hits) as f64 * scale, 0.025)
}

/// `tail` is the probability that the rate lies below the interval, and also that it lies above.
fn with_tails(hits: usize, trials: usize, tail: f64) -> Interval {
    of_shapes(hits as f64, trials.saturating_sub(hits) as f64, tail)
}

fn of_shapes(hits: f64, misses: f64, tail: f64) -> Interval {
    let quantile = |a: f64, b: f64, at: f64| Beta::new(a, b).ok().map(|beta| beta.inverse_cdf(at));
    // A beta distribution needs both shapes above 0. Otherwise, the interval reaches the end of the range.
    Interval {
        low: quantile(hits, misses + 1.0, tail).unwrap_or(0.0),
        high: quantile(hits + 1.0, misses, 1.0 - tail).unwrap_or(1.0),
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

    /// No error of 8 people is at most 1 - 0.025^(1/8) = 0.36942, whatever the number of their pictures.
    #[test]
    fn the_number_of_groups_decides_if_trials_are_not_independent() {
        for (hits, trials, groups, low, high) in [
            (0, 200, 8, 0.0, 0.369_42),
            (0, 2000, 8, 0.0, 0.369_42),
            (200, 200, 8, 0.630_58, 1.0),
            (10, 20, 10, 0.187_09, 0.812_91),
            (5, 10, 10, 0.187_09, 0.812_91),
            (0, 0, 0, 0.0, 1.0),
        ] {
            let found = of_dependent(hits, trials, groups);
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
