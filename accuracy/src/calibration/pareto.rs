//! The tail of a distribution: how often a value exceeds a level that hardly any value of the sample reaches.
//!
//! Excesses over a high level follow a generalised Pareto distribution whatever the distribution is (Pickands 1975), so that
//! few numbers say how rates go on where the sample has no values any more.

/// A generalised Pareto distribution of excesses over a level, and how often the level is exceeded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail {
    level: f64,
    share: f64,
    scale: f64,
    /// Below 0 the tail ends somewhere, above 0 it is heavy.
    shape: f64,
}

impl Tail {
    /// Fitted by probability-weighted moments (Hosking and Wallis 1987): less swayed by the few largest values than maximum
    /// likelihood. `excesses` are above 0, the largest first, each with its weight; `whole` is the weight of the whole
    /// sample. `None` if they are too few or all the same.
    pub(super) fn fitted_to(level: f64, excesses: &[(f64, f64)], whole: f64) -> Option<Self> {
        let weight: f64 = excesses.iter().map(|(_, weight)| weight).sum();
        let (mut mean, mut weighted, mut above) = (0.0, 0.0, 0.0);
        for &(excess, own) in excesses {
            // The share of excesses that are larger, half of its own weight among them.
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

    /// How often a value is at least this large, 0 to 1; right above the level only.
    pub(super) fn rate_at(&self, value: f64) -> f64 {
        let excess = (value - self.level) / self.scale;
        if self.shape.abs() < 1e-9 {
            return self.share * (-excess).exp();
        }
        self.share * (1.0 + self.shape * excess).max(0.0).powf(-1.0 / self.shape)
    }

    /// The value that is exceeded at this rate, which is below that of the level.
    pub(super) fn value_at(&self, rate: f64) -> f64 {
        let rarer = (self.share / rate).ln();
        let excess = if self.shape.abs() < 1e-9 { rarer } else { (self.shape * rarer).exp_m1() / self.shape };
        self.level + self.scale * excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of known distributions at even steps: the fit gives their parameters back.
    #[test]
    fn known_tails_are_found_again() {
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
    fn nothing_is_fitted_to_too_few_or_equal_values() {
        assert_eq!(Tail::fitted_to(0.0, &[(1.0, 1.0); 9], 100.0), None);
        assert_eq!(Tail::fitted_to(0.0, &[(0.0, 1.0); 50], 1000.0), None);
        assert_eq!(Tail::fitted_to(0.0, &[], 0.0), None);
    }

    /// Beyond where a light tail ends, nothing is expected.
    #[test]
    fn a_tail_that_ends_has_no_rate_beyond() {
        let tail = Tail { level: 0.0, share: 0.01, scale: 0.1, shape: -0.5 };
        assert!(tail.rate_at(0.1) > 0.0);
        assert_eq!(tail.rate_at(0.21), 0.0);
    }
}
