//! `[liveness]`: the signals that must report a live person before a face opens the door.

use super::ConfigError;
use policy::{IfUnsure, LivenessRules, Signals};
use serde::Deserialize;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 4] = ["required", "required-of-marked", "recorded", "if-unsure"];

/// The section `[liveness]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Liveness {
    /// See [`LivenessRules::required`].
    pub required: Vec<Signal>,
    /// See [`LivenessRules::required_of_marked`].
    pub required_of_marked: Vec<Signal>,
    /// See [`LivenessRules::recorded`].
    pub recorded: Vec<Signal>,
    /// See [`LivenessRules::if_unsure`].
    pub if_unsure: Unsure,
    /// The PAD network's threshold, from its bundle; `None` until that is loaded.
    #[serde(skip)]
    pub(crate) network_threshold: Option<f32>,
}

/// The signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// A PAD network judges the picture.
    Network,
    /// A second camera sees the face in infrared.
    Infrared,
    /// A lamp plays a random code on the face.
    Lamp,
    /// The head is turned on request.
    HeadTurn,
}

/// What to do if a required signal cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsure {
    /// A card with its holder's face is enough.
    #[default]
    Card,
    /// Refuse.
    Refuse,
}

impl Liveness {
    /// The rules of the policy.
    pub fn rules(&self) -> LivenessRules {
        let set = |signals: &[Signal]| signals.iter().map(|signal| policy::Signal::from(*signal)).collect::<Signals>();
        let mut rules = LivenessRules::NONE;
        rules.required = set(&self.required);
        rules.required_of_marked = set(&self.required_of_marked);
        rules.recorded = set(&self.recorded);
        rules.bona_fide_from = self.network_threshold.unwrap_or(rules.bona_fide_from);
        rules.if_unsure = match self.if_unsure {
            Unsure::Card => IfUnsure::Card,
            Unsure::Refuse => IfUnsure::Refuse,
        };
        rules
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.recorded.contains(&Signal::HeadTurn) {
            return Err(ConfigError::Range {
                key: "liveness.recorded",
                found: "\"head-turn\"".to_owned(),
                wanted: "only signals that ask nothing of people, such as \"lamp\"; a head turn can only be required",
            });
        }
        Ok(())
    }
}

impl From<Signal> for policy::Signal {
    fn from(configured: Signal) -> Self {
        match configured {
            Signal::Network => Self::Network,
            Signal::Infrared => Self::Infrared,
            Signal::Lamp => Self::Lamp,
            Signal::HeadTurn => Self::HeadTurn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Signal::{HeadTurn, Lamp, Network};

    #[test]
    fn signals_become_rules() {
        let configured: Liveness = toml::from_str(
            "required = [\"lamp\", \"network\"]\nrequired-of-marked = [\"head-turn\"]\nrecorded = [\"network\"]\n\
             if-unsure = \"refuse\"",
        )
        .unwrap();
        let rules = configured.rules();
        assert_eq!(rules.required, Signals::only(Lamp).and(Signals::only(Network)));
        assert_eq!(rules.required_of_marked, Signals::only(HeadTurn));
        assert_eq!((rules.recorded, rules.if_unsure), (Signals::only(Network), IfUnsure::Refuse));
        assert_eq!(Liveness::default().rules(), LivenessRules::NONE);
    }
}
