//! Lowers the frame rate of a hot unit while nobody is there, before the computer throttles itself and everything takes
//! longer. A person who comes is served as always.

use crate::status::temperatures;
use crate::turn::Verdict;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A Raspberry Pi slows down from here on (80 °C, by its documentation of `temp_limit` and `temp_soft_limit`).
const TOO_HOT_CELSIUS: f64 = 80.0;
/// And is well again here.
const COOL_CELSIUS: f64 = 75.0;
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Two looks a second are enough to notice that somebody comes.
const REST: Duration = Duration::from_millis(400);

pub(super) struct Heat {
    root: PathBuf,
    looked: Option<Instant>,
    is_too_hot: bool,
}

impl Heat {
    /// By the sensors of this computer.
    pub(super) fn of_this_computer() -> Self {
        Self::below(PathBuf::from("/"))
    }

    fn below(root: PathBuf) -> Self {
        Self { root, looked: None, is_too_hot: false }
    }

    /// How long to rest after a turn that came to this.
    pub(super) fn rest_after(&mut self, verdict: &Verdict, now: Instant) -> Option<Duration> {
        if self.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK_AGAIN) {
            self.looked = Some(now);
            self.look();
        }
        (self.is_too_hot && *verdict == Verdict::Nobody).then_some(REST)
    }

    fn look(&mut self) {
        let hottest = temperatures(&self.root).iter().map(|found| found.celsius).fold(f64::MIN, f64::max);
        let limit = if self.is_too_hot { COOL_CELSIUS } else { TOO_HOT_CELSIUS };
        let is_too_hot = hottest >= limit;
        match (self.is_too_hot, is_too_hot) {
            (false, true) => tracing::warn!(
                "TOO HOT: {hottest:.0} °C. While nobody is there the unit looks less often; give it air, or a heat sink"
            ),
            (true, false) => tracing::info!("cool enough again: {hottest:.0} °C"),
            _ => {}
        }
        self.is_too_hot = is_too_hot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Reason, Refusal};
    use std::fs;

    #[test]
    fn a_hot_unit_lowers_its_frame_rate_while_nobody_is_present() {
        let root = tempfile::tempdir().unwrap();
        let zone = root.path().join("sys/class/thermal/thermal_zone0");
        fs::create_dir_all(&zone).unwrap();
        let somebody = Verdict::Refused(Refusal::new(Reason::NotKnown));
        let mut heat = Heat::below(root.path().to_owned());
        let start = Instant::now();
        for (step, (thousandths, rests)) in
            [("79000", false), ("80000", true), ("76000", true), ("74000", false), ("79000", false), ("", false)]
                .into_iter()
                .enumerate()
        {
            fs::write(zone.join("temp"), thousandths).unwrap();
            let now = start + LOOK_AGAIN * step as u32;
            assert_eq!(heat.rest_after(&Verdict::Nobody, now).is_some(), rests, "{thousandths}");
            assert_eq!(heat.rest_after(&somebody, now), None, "{thousandths}");
        }
    }
}
