//! What a signal reports about the tracked face.

use super::signal::Signal;
use alloc::vec::Vec;
use heapless::{LinearMap, String};
use serde::{Deserialize, Serialize};

/// Largest number of figures in a report.
pub const MAX_FIGURES: usize = 6;

/// Largest length of a figure's name or of a reason's code, in bytes.
pub const MAX_NAME_BYTES: usize = 20;

/// Figures are kept to four decimals and below this, so that a record of all signals fits into a line of the log.
const LARGEST_FIGURE: f32 = 99_999.0;

/// What a signal has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A live person, as far as this signal can tell.
    Live,
    /// A presentation attack.
    NotLive,
    /// The signal could not be measured, or the measurement allows no conclusion. In terms of ISO/IEC 30107-3, a
    /// non-response.
    CannotTell,
}

impl Finding {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NotLive => "not_live",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// The finding of one signal, with its reason and the figures behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The signal.
    pub signal: Signal,
    /// What it found.
    pub finding: Finding,
    /// The code of the reason, in snake_case; `None` for a live person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String<MAX_NAME_BYTES>>,
    /// The measured figures, by name. All are finite.
    #[serde(default)]
    pub figures: LinearMap<String<MAX_NAME_BYTES>, f32, MAX_FIGURES>,
}

/// The reports of several signals.
pub type Reports = Vec<Report>;

impl Report {
    /// A live person.
    pub const fn live(signal: Signal) -> Self {
        Self { signal, finding: Finding::Live, because: None, figures: LinearMap::new() }
    }

    /// A presentation attack, for the reason of this code.
    pub fn not_live(signal: Signal, because: &str) -> Self {
        Self { finding: Finding::NotLive, because: Some(kept(because)), ..Self::live(signal) }
    }

    /// No conclusion, for the reason of this code.
    pub fn cannot_tell(signal: Signal, because: &str) -> Self {
        Self { finding: Finding::CannotTell, because: Some(kept(because)), ..Self::live(signal) }
    }

    /// Adds a figure. One that is not finite is left out, and so is one beyond [`MAX_FIGURES`].
    #[must_use]
    pub fn with(mut self, name: &str, value: f32) -> Self {
        if value.is_finite() {
            let rounded = libm::roundf(value.clamp(-LARGEST_FIGURE, LARGEST_FIGURE) * 1e4) / 1e4;
            let _full = self.figures.insert(kept(name), rounded);
        }
        self
    }
}

/// The characters of a name in snake_case, as far as there is room. No other character has a place in a record.
fn kept(name: &str) -> String<MAX_NAME_BYTES> {
    let may_be_in_name = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
    name.chars().filter(may_be_in_name).take(MAX_NAME_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_report_in_json() {
        let report = Report::not_live(Signal::Lamp, "late").with("late", 0.5).with("at_once", f32::NAN);
        let json = r#"{"signal":"lamp","finding":"not_live","because":"late","figures":{"late":0.5}}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), json);
        assert_eq!(serde_json::from_str::<Report>(json).unwrap(), report);
        let live = r#"{"signal":"head_turn","finding":"live","figures":{}}"#;
        assert_eq!(serde_json::to_string(&Report::live(Signal::HeadTurn)).unwrap(), live);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut report = Report::cannot_tell(Signal::Lamp, &"x".repeat(40));
        for index in 0..20 {
            report = report.with(&index.to_string(), 1.0);
        }
        assert_eq!(report.because.map(|because| because.len()), Some(MAX_NAME_BYTES));
        assert_eq!(Report::not_live(Signal::Lamp, "a \"b\"\u{1}").because.as_deref(), Some("ab"));
        assert_eq!(report.figures.len(), MAX_FIGURES);
    }

    #[test]
    fn codes_equal_those_of_serde() {
        for finding in [Finding::Live, Finding::NotLive, Finding::CannotTell] {
            assert_eq!(serde_json::to_string(&finding).unwrap().trim_matches('"'), finding.code());
        }
    }
}
