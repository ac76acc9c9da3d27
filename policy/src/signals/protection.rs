//! Which presentation attacks the required signals stop, in words.

use super::requirements::LivenessRules;
use super::signal::{Signal, Signals};
use serde::{Deserialize, Serialize};

/// The kinds of presentation attack instruments that a door stops. A mask is never among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protection {
    /// None.
    #[default]
    Nothing,
    /// Printed photos.
    Prints,
    /// Screens.
    Screens,
    /// Printed photos and screens.
    PrintsAndScreens,
}

impl Protection {
    /// What these signals stop together, according to the measurements and simulations in `docs/liveness.md`.
    pub fn by(signals: Signals) -> Self {
        let stops = |by: &[Signal]| by.iter().any(|signal| signals.contains(*signal));
        // Turning a screen with a still picture stops it, but a video passes: a head turn stops no screens.
        let prints = stops(&[Signal::Lamp, Signal::Network, Signal::HeadTurn]);
        let screens = stops(&[Signal::Lamp, Signal::Infrared]);
        match (prints, screens) {
            (false, false) => Self::Nothing,
            (true, false) => Self::Prints,
            (false, true) => Self::Screens,
            (true, true) => Self::PrintsAndScreens,
        }
    }

    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Prints => "prints",
            Self::Screens => "screens",
            Self::PrintsAndScreens => "prints_and_screens",
        }
    }

    /// A clause that follows "stops".
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "no photo, no screen and no mask",
            Self::Prints => "most printed photos, but not a video on a screen and not a mask",
            Self::Screens => "screens, but not a printed photo and not a mask",
            Self::PrintsAndScreens => "most printed photos and screens, but not a mask",
        }
    }
}

impl LivenessRules {
    /// What the signals stop that are required of everybody.
    pub fn protection(&self) -> Protection {
        Protection::by(self.required)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_of_signals_has_a_level() {
        use Protection::{Nothing, Prints, PrintsAndScreens, Screens};
        use Signal::{HeadTurn, Infrared, Lamp, Network};
        let cases: [(&[Signal], Protection); 7] = [
            (&[], Nothing),
            (&[HeadTurn], Prints),
            (&[Network], Prints),
            (&[Infrared], Screens),
            (&[Network, Infrared], PrintsAndScreens),
            (&[HeadTurn, Network], Prints),
            (&[Lamp], PrintsAndScreens),
        ];
        for (signals, expected) in cases {
            let protection = Protection::by(signals.iter().copied().collect());
            assert_eq!(protection, expected, "{signals:?}");
            assert!(protection.in_words().ends_with("mask"), "masks are never claimed");
            assert_eq!(serde_json::to_string(&protection).unwrap().trim_matches('"'), protection.code());
        }
    }
}
