//! Which signals a door requires, and what it does if one of them cannot tell.

use super::signal::{Signal, Signals};

/// The rules about signals.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LivenessRules {
    /// Each of these must report a live person before a face lets anybody in.
    pub required: Signals,
    /// Required in addition of people in the group [`CHALLENGED_GROUP`](crate::CHALLENGED_GROUP).
    pub required_of_marked: Signals,
    /// Measured and recorded before each grant, but they never refuse: to find out what requiring them would do. A head
    /// turn cannot be recorded without requiring it.
    pub recorded: Signals,
    /// What to do if a required signal cannot tell.
    pub if_unsure: IfUnsure,
    /// The smallest mean output of the PAD network for a live person, 0 to 1.
    pub bona_fide_from: f32,
}

/// What to do if a required signal cannot tell whether a person is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IfUnsure {
    /// Refuse a face alone; a card with its holder's face is enough.
    #[default]
    Card,
    /// Refuse, with or without a card.
    Refuse,
}

/// Whether a face alone may open a door without evidence that it is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FaceAlone {
    /// No: unless a signal is required of a person, they must present a card as well.
    #[default]
    Refused,
    /// Yes: the person who set up the door has accepted that a photo opens it, or the unit moves no lock.
    Accepted,
}

impl LivenessRules {
    /// Nothing is required.
    pub const NONE: Self = Self {
        required: Signals::NONE,
        required_of_marked: Signals::NONE,
        recorded: Signals::NONE,
        if_unsure: IfUnsure::Card,
        bona_fide_from: 0.5,
    };

    /// The signals required of a person.
    pub(crate) const fn required_of(&self, is_marked: bool) -> Signals {
        if is_marked { self.required.and(self.required_of_marked) } else { self.required }
    }

    /// The signals to measure before a grant to this person.
    pub(crate) const fn measured_of(&self, is_marked: bool) -> Signals {
        self.required_of(is_marked).and(self.recorded)
    }

    /// The signals to measure for somebody at this door.
    pub const fn measured(&self) -> Signals {
        self.measured_of(true)
    }

    /// Whether a head turn is asked of anybody.
    pub const fn asks_for_a_turn(&self) -> bool {
        self.required_of(true).contains(Signal::HeadTurn)
    }
}
