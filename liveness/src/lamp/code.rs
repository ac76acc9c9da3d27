//! The random on/off code of the lamp.
//!
//! The lamp is on while a face is near, so the camera's exposure has settled to its light. The code dips it. Before and
//! after the code the lamp is on, so a code that begins or ends with a dark symbol has a change at that end.
//!
//! A code is admissible if it satisfies every rule below. [`Code::random`] chooses uniformly among all admissible
//! codes; this module has no random generator of its own.

use std::fmt;

/// Frame rates for which codes exist, in frames per second. Others are treated as the nearest end.
const FRAME_RATES: [f64; 2] = [10.0, 30.0];

/// The largest difference between the numbers of bright and dark symbols.
const MAX_IMBALANCE: u32 = 2;

/// The largest number of equal symbols in a row.
const LONGEST_RUN: u32 = 4;

/// The largest absolute autocorrelation at lags of 1 to [`LAGS`] symbols, of the code less its mean.
const MAX_AUTOCORRELATION: f64 = 0.45;

/// The lags for which the autocorrelation is bounded, in symbols.
const LAGS: usize = 5;

/// Three flashes, each a pair of opposing changes: the most in any one second, WCAG 2.3.1 (W3C 2018, "Three Flashes or
/// Below Threshold").
const MAX_CHANGES_PER_SECOND: u32 = 6;

/// What light the lamp gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LampKind {
    /// Visible light. The code keeps to WCAG 2.3.1.
    White,
    /// Invisible light, about 850 nm, for a camera that sees it. The code may change at every frame.
    Infrared,
}

/// One code: whether the lamp is on, for each captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    symbols: Vec<bool>,
    hold: usize,
}

impl Code {
    /// Chooses a code uniformly. `random` gives 64 uniformly distributed bits at each call, and is called once. The
    /// probabilities of two codes differ by less than 2^-47 of their size.
    pub fn random(kind: LampKind, frames_per_second: f64, mut random: impl FnMut() -> u64) -> Self {
        let rules = Rules::new(kind, frames_per_second);
        let admissible = rules.admissible();
        // Below the number of codes: Lemire's multiplication (2019, "Fast random integer generation in an interval").
        let chosen = ((u128::from(random()) * admissible.len() as u128) >> 64) as usize;
        Self::from_bits(admissible[chosen], &rules)
    }

    /// Takes the state of the lamp for each frame; for tests and for measuring a delay. The code need not be
    /// admissible.
    pub fn from_symbols(symbols: Vec<bool>) -> Self {
        Self { symbols, hold: 1 }
    }

    fn from_bits(bits: u32, rules: &Rules) -> Self {
        let each = (0..rules.length).map(|at| bits >> at & 1 == 1);
        let symbols = each.flat_map(|symbol| std::iter::repeat_n(symbol, rules.hold)).collect();
        Self { symbols, hold: rules.hold }
    }

    /// Whether the lamp is on, for each frame of the code.
    pub fn symbols(&self) -> &[bool] {
        &self.symbols
    }

    /// The number of frames that a symbol lasts: 1 below 18 frames per second, else 2. A faster camera would otherwise
    /// need runs so long that late answers look alike.
    pub fn hold(&self) -> usize {
        self.hold
    }

    /// Whether the lamp is on at a frame: `index` counts from the first frame of the code. It is on before and after.
    pub fn is_on(&self, index: i32) -> bool {
        usize::try_from(index).ok().and_then(|index| self.symbols.get(index)).copied().unwrap_or(true)
    }

    /// The mean of the lamp's light from one moment to another, 0 to 1. Moments are in frames from the start of the code:
    /// symbol `n` is played from `n` to `n + 1`.
    pub fn light_between(&self, start: f32, end: f32) -> f32 {
        // Frames are counted from the start of a trial, so their number is small.
        let symbols = start.floor() as i32..=end.floor() as i32;
        let lit = symbols.filter(|symbol| self.is_on(*symbol)).map(|symbol| {
            let symbol = symbol as f32;
            (end.min(symbol + 1.0) - start.max(symbol)).max(0.0)
        });
        lit.sum::<f32>() / (end - start).max(1e-6)
    }

    /// The uncertainty of an attacker who knows the rules: the logarithm to base 2 of the number of admissible codes.
    pub fn entropy_bits(kind: LampKind, frames_per_second: f64) -> f64 {
        (Rules::new(kind, frames_per_second).admissible().len() as f64).log2()
    }
}

/// One digit for each frame: 1 if the lamp is on.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.symbols.iter().try_for_each(|is_on| f.write_str(if *is_on { "1" } else { "0" }))
    }
}

/// The rules for one kind of lamp and one frame rate.
struct Rules {
    /// The number of symbols.
    length: usize,
    /// The number of frames that each lasts.
    hold: usize,
    /// Changes at most this many symbols apart lie within one second; `None` if flashes do not matter.
    second: Option<usize>,
}

impl Rules {
    fn new(kind: LampKind, frames_per_second: f64) -> Self {
        let [slowest, fastest] = FRAME_RATES;
        // `max` and `min` so that NaN is a frame rate, too.
        let frames_per_second = frames_per_second.max(slowest).min(fastest);
        let hold = if frames_per_second < 18.0 { 1 } else { 2 };
        let symbols_per_second = frames_per_second / hold as f64;
        match kind {
            LampKind::White => {
                let length = (1.25 * symbols_per_second).floor().clamp(12.0, 18.0) as usize;
                Self { length, hold, second: Some(symbols_per_second.ceil() as usize) }
            }
            LampKind::Infrared => Self { length: if symbols_per_second < 12.0 { 12 } else { 13 }, hold, second: None },
        }
    }

    /// Every admissible code, in ascending order; bit `n` is symbol `n`. At least one exists for every frame rate.
    fn admissible(&self) -> Vec<u32> {
        (0..1_u32 << self.length).filter(|bits| self.admits(*bits)).collect()
    }

    fn admits(&self, bits: u32) -> bool {
        let length = self.length as u32;
        let is_balanced = (2 * bits.count_ones()).abs_diff(length) <= MAX_IMBALANCE;
        is_balanced && self.has_short_runs(bits) && self.is_calm(bits) && self.is_uncorrelated(bits)
    }

    fn has_short_runs(&self, bits: u32) -> bool {
        let dark = !bits & ((1 << self.length) - 1);
        // After masking with itself moved by one, `n` times, a bit remains where `n + 1` begin.
        [bits, dark].into_iter().all(|equal| (1..=LONGEST_RUN).fold(equal, |left, by| left & (equal >> by)) == 0)
    }

    /// Whether there are at most [`MAX_CHANGES_PER_SECOND`] in any second, with those at the ends of the code.
    fn is_calm(&self, bits: u32) -> bool {
        let Some(second) = self.second else { return true };
        // The lamp is on before and after. Bit `n` of the difference: it changes before symbol `n`.
        let with_ends = bits << 1 | 1 | 1 << (self.length + 1);
        let changes = (with_ends ^ (with_ends >> 1)) & ((2 << self.length) - 1);
        let within = (2_u32 << second) - 1;
        (0..=self.length).all(|first| (changes >> first & within).count_ones() <= MAX_CHANGES_PER_SECOND)
    }

    fn is_uncorrelated(&self, bits: u32) -> bool {
        let mean = f64::from(bits.count_ones()) / self.length as f64;
        let value = |at: usize| f64::from(bits >> at & 1) - mean;
        let power: f64 = (0..self.length).map(|at| value(at) * value(at)).sum();
        (1..=LAGS).all(|lag| {
            let sum: f64 = (lag..self.length).map(|at| value(at) * value(at - lag)).sum();
            sum.abs() <= MAX_AUTOCORRELATION * power
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [f64; 9] = [10.0, 12.0, 14.0, 14.9, 15.0, 17.9, 20.0, 25.0, 30.0];
    const KINDS: [LampKind; 2] = [LampKind::White, LampKind::Infrared];

    /// SplitMix64 (Steele et al. 2014).
    fn chance(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }
    }

    /// The frames at which the lamp changes, counted without the rules' own code.
    fn changes(code: &Code) -> Vec<usize> {
        let mut states = vec![true];
        states.extend(code.symbols());
        states.push(true);
        (1..states.len()).filter(|at| states[*at] != states[at - 1]).collect()
    }

    #[test]
    fn a_white_lamp_flashes_at_most_three_times_in_any_second() {
        for rate in RATES {
            for code in all(LampKind::White, rate) {
                let changes = changes(&code);
                for first in &changes {
                    let within = changes.iter().filter(|at| *at >= first && (*at - first) as f64 <= rate).count();
                    assert!(within <= 6, "{rate}: {code:?}");
                }
            }
        }
    }

    fn all(kind: LampKind, rate: f64) -> Vec<Code> {
        let rules = Rules::new(kind, rate);
        rules.admissible().into_iter().map(|bits| Code::from_bits(bits, &rules)).collect()
    }

    #[test]
    fn codes_are_balanced_and_short() {
        for (kind, rate) in KINDS.into_iter().flat_map(|kind| RATES.map(|rate| (kind, rate))) {
            for code in all(kind, rate) {
                let on = code.symbols().iter().filter(|on| **on).count();
                let dark = code.symbols().len() - on;
                assert!(on.abs_diff(dark) <= 2 * code.hold(), "{code:?}");
                assert!(code.symbols().len() / code.hold() >= 12);
                let longest = code.symbols().chunk_by(|a, b| a == b).map(<[bool]>::len).max().unwrap();
                assert!(longest <= 4 * code.hold(), "{code:?}");
                let seconds = code.symbols().len() as f64 / rate;
                assert!(seconds <= 1.4, "{seconds} s at {rate}");
            }
        }
    }

    #[test]
    fn the_number_of_codes_is_known() {
        for (kind, rate, bits) in [
            (LampKind::White, 10.0, 8.5),
            (LampKind::White, 15.0, 10.2),
            (LampKind::White, 30.0, 10.2),
            (LampKind::Infrared, 15.0, 10.9),
        ] {
            let found = Code::entropy_bits(kind, rate);
            assert!(found >= bits, "{kind:?} at {rate}: {found}");
        }
        assert_eq!(all(LampKind::White, 15.0).len(), 1189);
        assert_eq!(all(LampKind::Infrared, 15.0).len(), 1942);
    }

    /// Every code is the image of an interval of random numbers of nearly the same length, so a uniform number gives a
    /// uniform code. The test compares the borders of some intervals with the arithmetic.
    #[test]
    fn every_admissible_code_is_equally_likely() {
        let codes = all(LampKind::White, 15.0);
        let count = codes.len() as u128;
        let border = |index: u128| (index << 64).div_ceil(count);
        for (index, code) in codes.iter().enumerate().step_by(41) {
            let (first, next) = (border(index as u128), border(index as u128 + 1));
            assert!((next - first).abs_diff((1 << 64) / count) <= 1);
            for random in [first, next - 1] {
                let random = u64::try_from(random).unwrap();
                assert_eq!(&Code::random(LampKind::White, 15.0, || random), code);
            }
        }
    }

    #[test]
    fn another_random_number_gives_another_code() {
        let mut random = chance(7);
        let codes: Vec<Code> = (0..40).map(|_| Code::random(LampKind::White, 15.0, &mut random)).collect();
        let mut different = codes.clone();
        different.sort_by(|a, b| a.symbols.cmp(&b.symbols));
        different.dedup();
        assert!(different.len() > 35, "{}", different.len());
    }

    #[test]
    fn an_exposure_mixes_symbols_and_the_lamp_is_on_outside() {
        let code = Code::from_symbols(vec![false, true, false]);
        for (start, end, light) in [
            (-3.0, -2.0, 1.0),
            (-0.5, 0.5, 0.5),
            (0.0, 1.0, 0.0),
            (0.25, 0.5, 0.0),
            (0.75, 1.25, 0.5),
            (0.0, 3.0, 1.0 / 3.0),
            (2.9, 3.1, 0.5),
            (9.0, 9.4, 1.0),
        ] {
            assert!((code.light_between(start, end) - light).abs() < 1e-5, "{start} to {end}");
        }
    }
}
