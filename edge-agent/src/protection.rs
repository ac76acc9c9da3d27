//! The unit's protection against presentation attacks, in words: what opens the door, and what that stops. For `check`,
//! `status` and the drill.

use policy::{Protection, Rules, Signal};
use serde::{Deserialize, Serialize};
use shared::gallery::Mode;

/// What opens the door to people whose record sets no mode of its own, and which attacks that stops.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ProtectionReport {
    /// `face`, `card_and_face`, `card_or_face` or `card`.
    pub(crate) opens_to: String,
    /// Codes of the signals that must report a live person.
    pub(crate) required: Vec<String>,
    /// What the signals stop: `nothing`, `prints`, `screens` or `prints_and_screens`. Never a mask.
    pub(crate) stops: Protection,
    /// The same in words.
    pub(crate) in_words: String,
}

impl ProtectionReport {
    pub(crate) fn new(rules: &Rules) -> Self {
        let opens_to = match rules.mode {
            Mode::CardOrFace => "card_or_face",
            Mode::Card => "card",
            Mode::CardAndFace => "card_and_face",
            Mode::Face | Mode::Default if rules.is_card_door() => "card_and_face",
            Mode::Face | Mode::Default => "face",
        };
        let required: Vec<Signal> = rules.liveness.required.iter().collect();
        let stops = rules.liveness.protection();
        let says = stops.in_words();
        let in_words = match (opens_to, required.is_empty()) {
            ("face", true) => format!("a face alone, which stops {says}: A PHOTO OPENS THE DOOR"),
            ("face", false) => format!("a face alone, with {}, which stops {says}", listed(&required)),
            ("card", _) => "a card alone: anybody with a person's card enters".to_owned(),
            ("card_or_face", true) if rules.is_card_door() => "a card; a face only with its card".to_owned(),
            ("card_or_face", true) => format!("a card, or a face, which stops {says}: A PHOTO OPENS THE DOOR"),
            ("card_or_face", false) => format!("a card, or a face with {}, which stops {says}", listed(&required)),
            (_, true) => format!("a card with its holder's face; with a holder's card, it stops {says}"),
            (_, false) => {
                let signals = listed(&required);
                format!("a card with its holder's face and {signals}; with a holder's card, it stops {says}")
            }
        };
        let required = required.into_iter().map(|signal| signal.code().to_owned()).collect();
        Self { opens_to: opens_to.to_owned(), required, stops, in_words }
    }
}

fn listed(signals: &[Signal]) -> String {
    let words: Vec<&str> = signals.iter().map(|signal| signal.in_words()).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn each_configuration_has_its_level() {
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n";
        let turn = "[liveness]\nrequired = [\"head-turn\"]\n";
        for (rest, code, expected) in [
            ("", "nothing", "a card with its holder's face; with a holder's card, it stops no photo"),
            ("[policy]\nmode = \"face\"\n", "nothing", "a card with its holder's face; with a holder's card"),
            ("[policy]\nmode = \"face\"\nface-alone = \"accepted\"\n", "nothing", "A PHOTO OPENS THE DOOR"),
            ("[policy]\nmode = \"card\"\n", "nothing", "a card alone"),
            ("[policy]\nmode = \"card-or-face\"\n", "nothing", "a card; a face only with its card"),
            (
                &format!("[policy]\nmode = \"face\"\n{turn}"),
                "prints",
                "a face alone, with head turn, which stops most printed photos, but not a video",
            ),
            (turn, "prints", "a card with its holder's face and head turn; with a holder's card"),
        ] {
            let rules = Config::parse(&format!("{lock}{rest}")).unwrap().rules_with_threshold(1.0);
            let report = ProtectionReport::new(&rules);
            assert_eq!(report.stops.code(), code, "{rest}");
            assert!(
                report.in_words.starts_with(expected) || report.in_words.ends_with(expected),
                "{}",
                report.in_words
            );
        }
    }
}
