//! What a person shows to be let in: a face, a card, or both.

use super::enrolled::{Enrolled, Neighbour};
use super::recognition::Recognised;
use super::tried::{Kind, Tried};
use serde::{Deserialize, Serialize};

/// The credential that somebody was let in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Credential {
    /// Their face, among all enrolled.
    #[default]
    Face,
    /// Their card.
    Card,
    /// The card and the matching face.
    CardAndFace,
}

impl Credential {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Card => "card",
            Self::CardAndFace => "card_and_face",
        }
    }
}

/// The credential that somebody has shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// A card alone, whatever faces are in view.
    Card(Enrolled),
    /// A face, recognised among all enrolled.
    Face(Recognised),
    /// A card and the matching face.
    CardAndFace(Recognised),
}

impl Shown {
    pub(super) fn holder(&self) -> &Enrolled {
        match self {
            Self::Card(holder) => holder,
            Self::Face(recognised) | Self::CardAndFace(recognised) => recognised.holder(),
        }
    }

    pub(super) fn credential(&self) -> Credential {
        match self {
            Self::Card(_) => Credential::Card,
            Self::Face(_) => Credential::Face,
            Self::CardAndFace(_) => Credential::CardAndFace,
        }
    }

    /// The person at the distance of this frame, if a face was compared.
    pub(super) fn nearest(&self) -> Option<Neighbour> {
        self.recognised().map(Recognised::nearest)
    }

    pub(super) fn recognised(&self) -> Option<&Recognised> {
        match self {
            Self::Card(_) => None,
            Self::Face(recognised) | Self::CardAndFace(recognised) => Some(recognised),
        }
    }

    /// What the failure counts against, if the attempt fails.
    pub(super) fn tried(&self) -> Tried {
        match self {
            Self::Face(_) => Tried::FACE,
            Self::Card(holder) => holder.tried(),
            Self::CardAndFace(recognised) => recognised.holder().tried(),
        }
    }
}

impl Enrolled {
    pub(super) fn tried(&self) -> Tried {
        Tried { kind: Kind::CardOf(self.person), card: self.card }
    }
}
