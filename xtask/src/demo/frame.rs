//! Parses the output of `edge-agent simulate --json`: one line for each frame.

use anyhow::{Context, Result};
use serde::Deserialize;

/// The result for one frame.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Frame {
    /// The photo's file name.
    pub(super) frame: String,
    pub(super) decision: Decision,
    /// The nearest enrolled person, if within the threshold.
    pub(super) person: Option<String>,
    /// L2 distance to the nearest enrolled person.
    pub(super) distance: Option<f32>,
    /// L2 distance up to which a face counts as a known person.
    pub(super) threshold: f32,
    /// Why nobody is let in: a stable reason code.
    pub(super) reason: Option<String>,
    /// State of the door after the decision.
    pub(super) door: Door,
    pub(super) ms: Milliseconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Decision {
    Grant,
    Deny,
    Nobody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Door {
    Locked,
    Unlocked,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Milliseconds {
    pub(super) total: f64,
}

/// Parses the lines.
///
/// # Errors
/// If a line is not a frame, or reports a photo that could not be read.
pub(super) fn parse_frames(lines: &str) -> Result<Vec<Frame>> {
    lines
        .lines()
        .map(|line| {
            serde_json::from_str(line).with_context(|| format!("cannot parse a line of edge-agent simulate: {line}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_frames() {
        let lines = r#"{"schema":1,"frame":"a.jpg","decision":"grant","person":"bo","person_id":"00ff","distance":0.5,"threshold":1.0,"runner_up":null,"reason":null,"door":"unlocked","faces":1,"ms":{"detect":1.2,"align":0.1,"encode":20.0,"match":0.0,"total":21.5}}
{"schema":1,"frame":"b.jpg","decision":"nobody","person":null,"person_id":null,"distance":null,"threshold":1.0,"runner_up":null,"reason":null,"door":"locked","faces":0,"ms":{"detect":1.2,"align":null,"encode":null,"match":null,"total":1.5}}
"#;
        let frames = parse_frames(lines).unwrap();
        let granted = Frame {
            frame: "a.jpg".to_owned(),
            decision: Decision::Grant,
            person: Some("bo".to_owned()),
            distance: Some(0.5),
            threshold: 1.0,
            reason: None,
            door: Door::Unlocked,
            ms: Milliseconds { total: 21.5 },
        };
        let nobody = Frame {
            frame: "b.jpg".to_owned(),
            decision: Decision::Nobody,
            person: None,
            distance: None,
            door: Door::Locked,
            ms: Milliseconds { total: 1.5 },
            ..granted.clone()
        };
        assert_eq!(frames, [granted, nobody]);
    }

    #[test]
    fn invalid_frames_are_refused() {
        let unreadable = r#"{"schema":1,"frame":"a.jpg","error":"truncated"}"#;
        let unheard_of = r#"{"frame":"a.jpg","decision":"maybe","threshold":1.0,"door":"locked","ms":{"total":1.0}}"#;
        for line in [unreadable, unheard_of, "panicked", ""] {
            assert!(parse_frames(&format!("{line}\n")).is_err(), "{line}");
        }
    }
}
