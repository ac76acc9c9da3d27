//! What a drill's result depends on.

use serde::{Deserialize, Serialize};

/// What a drill's result depends on. If any of it has changed, the drill says nothing about the door of today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The version of the unit's program.
    pub version: String,
    /// SHA-256 of the sections of the configuration that matter, in hexadecimal.
    pub configuration: String,
    /// The hash of detector, alignment and encoder, in hexadecimal.
    pub model: String,
    /// The hash of the PAD network, in hexadecimal; `None` if there is none.
    pub pad_network: Option<String>,
    /// The largest L2 distance of a match.
    pub threshold: f32,
}

impl Basis {
    /// What has changed since an earlier drill, in words.
    pub fn changed_since(&self, earlier: &Self) -> Vec<&'static str> {
        let changes = [
            ("the program", self.version != earlier.version),
            ("the configuration", self.configuration != earlier.configuration),
            ("the model", self.model != earlier.model),
            ("the PAD network", self.pad_network != earlier.pad_network),
            ("the threshold", self.threshold.to_bits() != earlier.threshold.to_bits()),
        ];
        changes.into_iter().filter_map(|(what, has_changed)| has_changed.then_some(what)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_named() {
        let earlier = Basis {
            version: "1".into(),
            configuration: "a".into(),
            model: "b".into(),
            pad_network: None,
            threshold: 1.0,
        };
        type Change = fn(&mut Basis);
        let cases: [(Change, &[&str]); 6] = [
            (|_| (), &[]),
            (|basis| basis.version = "2".into(), &["the program"]),
            (|basis| basis.configuration = "c".into(), &["the configuration"]),
            (|basis| basis.model = "c".into(), &["the model"]),
            (|basis| basis.pad_network = Some("c".into()), &["the PAD network"]),
            (|basis| basis.threshold = 1.01, &["the threshold"]),
        ];
        for (change, expected) in cases {
            let mut now = earlier.clone();
            change(&mut now);
            assert_eq!(now.changed_since(&earlier), expected);
        }
    }
}
