//! The tail of a distribution: how often a value exceeds a level that few values of the sample reach.
//!
//! Excesses over a high level follow a generalised Pareto distribution for almost any distribution (Pickands 1975). A
//! few parameters therefore extrapolate rates beyond the sample.

/// A generalised Pareto distribution of excesses over a level, and the rate at which the level is exceeded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail {
    level: f64,
    share: f64,
    scale: f64,
    /// Below 0, the tail has an upper end; above 0, it is heavy.
    shape: f64,
}

impl Tail {
    /// Fits the tail by probability-weighted moments (Hosking and Wallis 1987), which depend less on the few largest
    /// values than maximum likelihood. `excesses` are above 0, the largest first, each with its weight. `whole` is the
    /// weight of the whole sample. `None` if there are too few excesses or all are equal.
    pub(super) fn fitted_to(level: f64, excesses: &[(f64, f64)], whole: f64) -> Option<Self> {
        let weight: f64 = excesses.iter().map(|(_, weight)| weight).sum();
        let (mut mean, mut weighted, mut above) = (0.0, 0.0, 0.0);
        for &(excess, own) in excesses {
            // The share of larger excesses, plus half of its own weight.
            let larger = (above + own / 2.0) / weight;
            mean += own * excess / weight;
            weighted += own * excess * larger / weight;
            above += own;
        }
        let spread = mean - 2.0 * weighted;
        let (scale, shape) = (2.0 * mean * weighted / spread, 2.0 - mean / spread);
        let is_sound = excesses.len() >= 10 && spread > 0.0 && scale > 0.0 && shape.is_finite() && whole > 0.0;
        is_sound.then(|| Self { level, share: weight / whole, scale, shape })
    }

    /// The rate of values at least this large, 0 to 1. Valid only above the level.
    pub(super) fn rate_at(&self, value: f64) -> f64 {
        let excess = (value - self.level) / self.scale;
        if self.shape.abs() < 1e-9 {
            return self.share * (-excess).exp();
        }
        self.share * (1.0 + self.shape * excess).max(0.0).powf(-1.0 / self.shape)
    }

    /// The value that is exceeded at this rate, which must be below that of the level.
    pub(super) fn value_at(&self, rate: f64) -> f64 {
        let rarer = (self.share / rate).ln();
        let excess = if self.shape.abs() < 1e-9 { rarer } else { (self.shape * rarer).exp_m1() / self.shape };
        self.level + self.scale * excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of known distributions at equal steps: the fit must recover their parameters.
    #[test]
    fn parameters_of_known_tails_are_recovered() {
        for (shape, scale) in [(-0.2, 0.05), (0.0, 1.0), (0.2, 0.5)] {
            let count = 20_000;
            let excess = |index: usize| {
                let larger = (index as f64 + 0.5) / f64::from(count);
                if shape == 0.0 { -scale * larger.ln() } else { scale / shape * (larger.powf(-shape) - 1.0) }
            };
            let excesses: Vec<(f64, f64)> = (0..count as usize).map(|index| (excess(index), 1.0)).collect();
            let tail = Tail::fitted_to(3.0, &excesses, 100.0 * f64::from(count)).unwrap();
            assert!((tail.shape - shape).abs() < 0.01 && (tail.scale / scale - 1.0).abs() < 0.02, "{tail:?}");
            for rate in [5e-3, 1e-4, 1e-6] {
                assert!((tail.rate_at(tail.value_at(rate)) / rate - 1.0).abs() < 1e-9, "{rate}");
                let larger: f64 = rate / 0.01;
                let exact =
                    3.0 + if shape == 0.0 { -scale * larger.ln() } else { scale / shape * (larger.powf(-shape) - 1.0) };
                assert!((tail.value_at(rate) - exact).abs() < 0.05 * scale * -larger.ln(), "{shape} {rate}");
            }
        }
    }

    #[test]
    fn no_tail_is_fitted_to_too_few_or_equal_values() {
        assert_eq!(Tail::fitted_to(0.0, &[(1.0, 1.0); 9], 100.0), None);
        assert_eq!(Tail::fitted_to(0.0, &[(0.0, 1.0); 50], 1000.0), None);
        assert_eq!(Tail::fitted_to(0.0, &[], 0.0), None);
    }

    /// Beyond the end of a light tail, the rate is 0.
    #[test]
    fn beyond_the_end_of_a_tail_the_rate_is_zero() {
        let tail = Tail { level: 0.0, share: 0.01, scale: 0.1, shape: -0.5 };
        assert!(tail.rate_at(0.1) > 0.0);
        assert_eq!(tail.rate_at(0.21), 0.0);
    }
}
