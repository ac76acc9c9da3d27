//! Keeps a connection to each unit that is reached over ssh, from the record that is wanted on.

use super::Collector;
use super::note::Note;
use super::run::Clock;
use super::ssh_feed::{FIRST_PAUSE, Fed, Feed, LONGEST_PAUSE, What};
use crate::fleet_toml::Unit;
use fleet_messages::Want;
use policy::audit::Head;
use shared::seal::Fingerprint;
use std::collections::HashMap;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// The connections.
pub(super) struct Feeds<T> {
    units: HashMap<Fingerprint, State>,
    inbox: SyncSender<T>,
    connections: u64,
}

struct State {
    host: String,
    feed: Option<Feed>,
    /// The record that comes next over the connection.
    next: u64,
    kept: (Option<u64>, u64),
    pause: Duration,
    not_before_ms: u64,
    has_said: bool,
}

impl<T: From<Fed> + Send + 'static> Feeds<T> {
    /// No connections yet.
    pub(super) fn to<'a>(units: impl Iterator<Item = &'a Unit>, inbox: SyncSender<T>) -> Self {
        let state = |unit: &Unit| {
            let host = unit.ssh.clone()?;
            let state = State {
                host,
                feed: None,
                next: 0,
                kept: (None, 0),
                pause: FIRST_PAUSE,
                not_before_ms: 0,
                has_said: false,
            };
            Some((unit.id, state))
        };
        Self { units: units.filter_map(state).collect(), inbox, connections: 0 }
    }

    /// Connects to the units that have no connection, if it is their turn.
    pub(super) fn connect(&mut self, collector: &mut Collector, clock: &Clock) {
        let now = clock.now();
        for (unit, state) in &mut self.units {
            if state.feed.is_some() || now.monotonic_ms < state.not_before_ms {
                continue;
            }
            let Some(want) = collector.wanted_of(*unit, now) else { continue };
            self.connections += 1;
            state.next = want.next;
            state.feed = Some(Feed::start(*unit, &state.host, want.next, self.connections, self.inbox.clone()));
        }
    }

    /// Takes what came over a connection.
    pub(super) fn take(&mut self, fed: Fed, collector: &mut Collector, clock: &Clock) -> Option<Note> {
        let now = clock.now();
        let state = self.units.get_mut(&fed.unit)?;
        if state.feed.as_ref().is_none_or(|feed| feed.connection != fed.connection) {
            return None;
        }
        match fed.what {
            What::Kept { kept_from, last } => {
                state.kept = (kept_from, last);
                state.has_said = false;
                // The unit passes over what it has removed.
                state.next = state.next.max(kept_from.unwrap_or(0));
                collector.take_lines(fed.unit, kept_from, last, &[], now);
            }
            What::Record(line) => {
                let sequence = Head::at(&line).map_or(state.next, |head| head.sequence);
                state.next = sequence.saturating_add(1);
                state.pause = FIRST_PAUSE;
                let (kept_from, last) = state.kept;
                collector.take_lines(fed.unit, kept_from, last.max(sequence), &[&line], now);
            }
            What::Ended { why } => {
                state.end(now.monotonic_ms);
                if !std::mem::replace(&mut state.has_said, true) {
                    return Some(Note::Unreachable { unit: fed.unit.to_string(), reason: why });
                }
            }
        }
        None
    }

    /// Connects anew if a unit is wanted to send other records than it does. Returns whether it is one of these units.
    pub(super) fn want(&mut self, unit: Fingerprint, want: &Want, clock: &Clock) -> bool {
        let Some(state) = self.units.get_mut(&unit) else { return false };
        if state.feed.is_some() && want.next != state.next {
            state.end(clock.now().monotonic_ms);
        }
        true
    }
}

impl State {
    fn end(&mut self, now_ms: u64) {
        self.feed = None;
        let pause = self.pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.not_before_ms = now_ms + u64::try_from(pause.as_millis()).unwrap_or(0);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}
