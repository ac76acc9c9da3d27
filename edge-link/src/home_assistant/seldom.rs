//! Says the same thing at most once a minute: somebody else decides how often there is something to say.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_secs(60);

/// When each kind of message was last said. There are few kinds.
#[derive(Debug, Default)]
pub(super) struct Seldom(HashMap<&'static str, Instant>);

impl Seldom {
    /// Says it as a warning, unless this kind of message was said within the last minute.
    pub(super) fn warn(&mut self, kind: &'static str, details: &str) {
        match self.is_due(kind, Instant::now()) {
            true => tracing::warn!("{kind}{details}"),
            false => tracing::debug!("{kind}{details}"),
        }
    }

    fn is_due(&mut self, kind: &'static str, now: Instant) -> bool {
        let is_due = self.0.get(kind).is_none_or(|said| now.duration_since(*said) >= EVERY);
        if is_due {
            self.0.insert(kind, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_said_once_a_minute() {
        let mut seldom = Seldom::default();
        let began = Instant::now();
        for (kind, second, expected) in
            [("a", 0, true), ("a", 59, false), ("b", 59, true), ("a", 60, true), ("a", 61, false), ("b", 200, true)]
        {
            assert_eq!(seldom.is_due(kind, began + Duration::from_secs(second)), expected, "{kind} {second}");
        }
    }
}
