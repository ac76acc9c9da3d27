//! What people must show at a door.

use serde::{Deserialize, Serialize};

/// What people must show at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mode {
    /// For a person: what the door requires. For a door: the same as [`Mode::CardAndFace`].
    #[default]
    Default,
    /// The face is enough.
    Face,
    /// A card and the matching face.
    CardAndFace,
    /// Either a card or the face is enough.
    CardOrFace,
    /// The card alone. A person with this mode is enrolled without a face.
    Card,
}

impl Mode {
    const ALL: [Self; 5] = [Self::Default, Self::Face, Self::CardAndFace, Self::CardOrFace, Self::Card];

    /// Its name in files that people edit, such as the unit's configuration.
    pub fn in_files(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Face => "face",
            Self::CardAndFace => "card-and-face",
            Self::CardOrFace => "card-or-face",
            Self::Card => "card",
        }
    }

    /// Its name in JSON.
    pub fn in_json(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Face => "face",
            Self::CardAndFace => "card_and_face",
            Self::CardOrFace => "card_or_face",
            Self::Card => "card",
        }
    }

    /// The mode that accepts only what both accept.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_enough(), other.is_enough()) {
            ((true, true), _) => other,
            (_, (true, true)) => self,
            (one, other) if one == other => self,
            _ => Self::CardAndFace,
        }
    }

    /// Whether a face alone is enough, and whether a card alone is.
    const fn is_enough(self) -> (bool, bool) {
        match self {
            Self::Default | Self::CardAndFace => (false, false),
            Self::Face => (true, false),
            Self::CardOrFace => (true, true),
            Self::Card => (false, true),
        }
    }

    /// Parses either name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| [mode.in_files(), mode.in_json()].contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_modes_accept_only_what_both_accept() {
        use Mode::{Card, CardAndFace, CardOrFace, Default, Face};
        let cases = [
            (Face, Face, Face),
            (Face, Card, CardAndFace),
            (Face, CardOrFace, Face),
            (Card, CardOrFace, Card),
            (CardOrFace, CardOrFace, CardOrFace),
            (CardOrFace, Default, Default),
            (Card, CardAndFace, CardAndFace),
            (Face, Default, CardAndFace),
        ];
        for (one, other, expected) in cases {
            let is_same = |found: Mode| found.is_enough() == expected.is_enough();
            assert!(is_same(one.and(other)) && is_same(other.and(one)), "{one:?} and {other:?}: {:?}", one.and(other));
        }
    }

    #[test]
    fn names_are_parsed() {
        for mode in Mode::ALL {
            assert_eq!((Mode::parse(mode.in_files()), Mode::parse(mode.in_json())), (Some(mode), Some(mode)));
        }
        assert_eq!(Mode::parse("free"), None);
    }
}
