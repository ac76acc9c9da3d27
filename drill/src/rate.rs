//! A rate with its interval.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The 97.5 % quantile of the standard normal distribution.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// How often something happened, with the 95 % interval of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// How often it happened.
    pub count: u32,
    /// In how many trials.
    pub of: u32,
    /// `count / of`; `None` without a trial.
    pub rate: Option<f64>,
    /// The lower end of the interval.
    pub from: f64,
    /// The upper end of the interval.
    pub to: f64,
}

impl Rate {
    /// The rate with the interval of Wilson, "Probable inference, the law of succession, and statistical inference"
    /// (1927), which holds for few trials and for rates of 0 and 1. Without a trial: 0 to 1.
    pub fn new(count: u32, of: u32) -> Self {
        if of == 0 {
            return Self { count, of, rate: None, from: 0.0, to: 1.0 };
        }
        let (n, z2) = (f64::from(of), QUANTILE * QUANTILE);
        let rate = f64::from(count) / n;
        let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = QUANTILE / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends, rounding may leave a tiny remainder.
        let from = if count == 0 { 0.0 } else { middle - half };
        let to = if count == of { 1.0 } else { middle + half };
        Self { count, of, rate: Some(rate), from, to }
    }
}

/// Such as `1 of 20, 5.0 % (0.9 to 23.6 %)`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, of, rate, from, to } = self;
        match rate {
            None => write!(f, "none tried"),
            Some(rate) => {
                write!(f, "{count} of {of}, {:.1} % ({:.1} to {:.1} %)", 100.0 * rate, 100.0 * from, 100.0 * to)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with `statsmodels.stats.proportion.proportion_confint(count, of, method="wilson")`.
    #[test]
    fn intervals() {
        for (count, of, from, to) in [
            (0, 20, 0.0, 0.161_125),
            (1, 20, 0.008_881, 0.236_131),
            (10, 20, 0.299_298, 0.700_702),
            (20, 20, 0.838_875, 1.0),
        ] {
            let rate = Rate::new(count, of);
            assert!((rate.from - from).abs() < 1e-5 && (rate.to - to).abs() < 1e-5, "{count} of {of}: {rate:?}");
        }
        assert_eq!(Rate::new(0, 0).to_string(), "none tried");
        assert_eq!(Rate::new(1, 20).to_string(), "1 of 20, 5.0 % (0.9 to 23.6 %)");
    }
}
