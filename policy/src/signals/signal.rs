//! The signals, and sets of them.

use core::fmt;
use serde::{Deserialize, Serialize};

/// A source of evidence that a live person is in front of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signal {
    /// A PAD network judges the texture of the picture.
    Network,
    /// A second camera sees the face in infrared.
    Infrared,
    /// A lamp plays a random code, and the face must reflect it.
    Lamp,
    /// The head is turned to a random side on request.
    HeadTurn,
}

impl Signal {
    /// All signals, in the order in which they are required: those that ask nothing of the person first.
    pub const ALL: [Self; 4] = [Self::Network, Self::Infrared, Self::Lamp, Self::HeadTurn];

    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Infrared => "infrared",
            Self::Lamp => "lamp",
            Self::HeadTurn => "head_turn",
        }
    }

    /// The name, for people.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Network => "PAD network",
            Self::Infrared => "infrared camera",
            Self::Lamp => "lamp",
            Self::HeadTurn => "head turn",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals(u8);

impl Signals {
    /// No signal.
    pub const NONE: Self = Self(0);

    /// A set of one signal.
    pub const fn only(signal: Signal) -> Self {
        Self(signal.bit())
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the set contains the signal.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// The signals of both sets.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The signals, in the order of [`Signal::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.contains(*signal))
    }
}

impl FromIterator<Signal> for Signals {
    fn from_iter<T: IntoIterator<Item = Signal>>(signals: T) -> Self {
        signals.into_iter().fold(Self::NONE, |set, signal| set.and(Self::only(signal)))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.in_words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// The codes come from serde's derive, which knows every variant: a new signal that is not in `ALL` fails here.
    #[test]
    fn every_signal_is_in_all() {
        let refused = serde_json::from_str::<Signal>("\"\"").unwrap_err();
        let refused: String = std::string::ToString::to_string(&refused);
        let codes: Vec<&str> = refused.split('`').skip(3).step_by(2).collect();
        assert_eq!(codes, Signal::ALL.map(Signal::code));
    }

    #[test]
    fn sets() {
        let lamp = Signals::only(Signal::Lamp);
        let both = lamp.and(Signals::only(Signal::Network));
        assert!(Signals::NONE.is_empty() && !lamp.is_empty());
        assert!(lamp.contains(Signal::Lamp) && !lamp.contains(Signal::HeadTurn));
        assert_eq!(both.iter().collect::<Vec<_>>(), [Signal::Network, Signal::Lamp]);
        assert_eq!(Signal::ALL.into_iter().collect::<Signals>().iter().count(), Signal::ALL.len());
    }
}
