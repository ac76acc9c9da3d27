//! A finding of `doctor` and its remedy.

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// `configuration`, `camera`, `picture`, `lamp`, `infrared`, `reader`, `clock`, `storage`, `keys`, `power` or `temperature`.
    pub(super) about: &'static str,
    pub(super) level: Level,
    pub(super) found: String,
    /// What to do; `None` if nothing is wrong.
    pub(super) remedy: Option<String>,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Nothing is wrong.
    Good,
    /// It could be better, or this computer cannot check it.
    Note,
    /// A unit does not work properly like this.
    Bad,
}

impl Finding {
    pub(super) fn good(about: &'static str, found: impl Into<String>) -> Self {
        Self { about, level: Level::Good, found: found.into(), remedy: None }
    }

    pub(super) fn note(about: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about, level: Level::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn bad(about: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about, level: Level::Bad, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// One line, and a second line with the remedy.
    pub(super) fn in_words(&self) -> String {
        let Self { about, level, found, remedy } = self;
        let level = match level {
            Level::Good => "good",
            Level::Note => "note",
            Level::Bad => "BAD ",
        };
        let remedy = remedy.as_ref().map_or(String::new(), |remedy| format!("\n{:20}-> {remedy}", ""));
        format!("{level}  {about:<13} {found}{remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (finding, expected) in [
            (Finding::good("clock", "it is set"), "good  clock         it is set"),
            (Finding::note("power", "not seen", "look"), "note  power         not seen\n                    -> look"),
            (Finding::bad("camera", "none", "plug"), "BAD   camera        none\n                    -> plug"),
        ] {
            assert_eq!(finding.in_words(), expected);
        }
    }
}
