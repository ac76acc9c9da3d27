//! The patterns of the lights. Blinking green means that you can do something; red means not you, or not now.
//!
//! | message | green | red | buzzer |
//! |---|---|---|---|
//! | nobody is there | off | off | |
//! | the door is held open | on | off | |
//! | come in | on | off | one short |
//! | wait | fast | off | |
//! | look here, hold still | slow | off | |
//! | come closer | two flashes | off | |
//! | mind the light | three flashes | off | |
//! | present your card | alternates with red | alternates with green | |
//! | one at a time | on, with two gaps | two flashes | |
//! | you are not enrolled | off | on | one long |
//! | wrong card | off | on | two short |
//! | not at this time | off | slow | one long |
//! | not again so soon | off | short flashes | two short |
//! | turn your head to the left | half a second of two | off | one short |
//! | turn your head to the right | off | half a second of two | one short |
//! | faces are compared minutes apart: show a card, or ask | off | two flashes, long pause | two short |
//! | your card is blocked: ask | off | three flashes | one long |
//! | something is wrong with the door | fast, with red | fast, with green | |
//! | close the door | off | fast | repeated |
//! | the door was forced | off | on | always |

use super::{LightState, Signal};
use policy::Advice;

/// The duration of one letter of a pattern, in milliseconds.
pub const TICK_MS: u64 = 50;

/// A pattern in letters of [`TICK_MS`] each: `g` green, `r` red, `b` both, `.` neither; with the buzzer `G`, `R`, `B`,
/// `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Played once, at the start.
    pub opening: &'static str,
    /// Then repeated.
    pub round: &'static str,
}

/// A light state, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is on.
    pub shown: LightState,
    /// Shortest duration in milliseconds, at least 1.
    pub ms: u64,
}

/// Shortest duration of a steady state.
const STEADY_MS: u64 = 60_000;

const SHORT_BEEP: &str = "GG";
const SHORT_REFUSALS: &str = "RRrrRR";
const LONG_REFUSAL: &str = "RRRRRRRRRR";

impl Pattern {
    /// The pattern of a signal.
    pub const fn for_signal(signal: Signal) -> Self {
        let (opening, round) = match signal {
            Signal::Idle => ("", "."),
            Signal::HeldOpen => ("", "g"),
            Signal::Granted => (SHORT_BEEP, "g"),
            Signal::DoorHeld => ("", "RR..rr.."),
            Signal::DoorForced => ("", "R"),
            Signal::Advise(Advice::Wait) => ("", "gg.."),
            Signal::Advise(Advice::LookHere) => ("", "gggggggggg.........."),
            Signal::Advise(Advice::ComeCloser) => ("", "gg...gg............."),
            Signal::Advise(Advice::MindTheLight) => ("", "gg...gg...gg............."),
            Signal::Advise(Advice::PresentCard) => ("", "ggggggggrrrrrrrr"),
            Signal::Advise(Advice::OneAtATime) => ("", "rrgggrrggggggggggggg"),
            Signal::Advise(Advice::NotKnown) => (LONG_REFUSAL, "r"),
            Signal::Advise(Advice::WrongCard) => (SHORT_REFUSALS, "r"),
            Signal::Advise(Advice::OutsideHours) => (LONG_REFUSAL, "..........rrrrrrrrrr"),
            Signal::Advise(Advice::TryLater) => (SHORT_REFUSALS, "rr........"),
            Signal::Advise(Advice::TurnLeft) => (SHORT_BEEP, "ggggg....."),
            Signal::Advise(Advice::TurnRight) => ("RR", "rrrrr....."),
            Signal::Advise(Advice::OneFaceAtATime) => (SHORT_REFUSALS, "rr....rr................................"),
            Signal::Advise(Advice::CardBlocked) => (LONG_REFUSAL, "rr..rr..rr.............."),
            Signal::Advise(Advice::Fault) => ("", "bb.."),
        };
        Self { opening, round }
    }

    /// The state `ms` milliseconds after the start, and how long it still lasts.
    pub fn after(&self, ms: u64) -> Step {
        let (opening, round) = (self.opening.as_bytes(), self.round.as_bytes());
        let tick = ms / TICK_MS;
        let length = opening.len() as u64;
        let (letters, at) = match tick.checked_sub(length) {
            None => (opening, tick),
            Some(later) => (round, later % (round.len() as u64).max(1)),
        };
        if let ([only], true) = (letters, tick >= length) {
            return Step { shown: shown(*only), ms: STEADY_MS };
        }
        let left = letters.get(at as usize..).unwrap_or_default();
        let letter = left.first().copied().unwrap_or(b'.');
        let ticks = left.iter().take_while(|other| **other == letter).count().max(1) as u64;
        Step { shown: shown(letter), ms: ticks * TICK_MS - ms % TICK_MS }
    }
}

const fn shown(letter: u8) -> LightState {
    let green = matches!(letter, b'g' | b'G' | b'b' | b'B');
    let red = matches!(letter, b'r' | b'R' | b'b' | b'B');
    LightState { green, red, buzzer: letter.is_ascii_uppercase() || letter == b'!' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn signals() -> impl Iterator<Item = Signal> {
        let advice = Advice::ALL.map(Signal::Advise);
        [Signal::Idle, Signal::HeldOpen, Signal::Granted, Signal::DoorHeld, Signal::DoorForced]
            .into_iter()
            .chain(advice)
    }

    /// One letter per tenth of a second: `g`, `r`, `b` for both lights, a capital with the buzzer, `.` for neither.
    fn drawn(signal: Signal) -> String {
        let pattern = Pattern::for_signal(signal);
        let letter = |shown: LightState| match (shown.green, shown.red) {
            (false, false) => '.',
            (true, false) => 'g',
            (false, true) => 'r',
            (true, true) => 'b',
        };
        let at = |ms| {
            let shown = pattern.after(ms).shown;
            if shown.buzzer { letter(shown).to_ascii_uppercase() } else { letter(shown) }
        };
        (0..20).map(|tenth| at(100 * tenth)).collect()
    }

    #[test]
    fn patterns_over_two_seconds() {
        for (signal, expected) in [
            (Signal::Idle, "...................."),
            (Signal::Granted, "Gggggggggggggggggggg"),
            (Signal::Advise(Advice::Wait), "g.g.g.g.g.g.g.g.g.g."),
            (Signal::Advise(Advice::LookHere), "ggggg.....ggggg....."),
            (Signal::Advise(Advice::PresentCard), "ggggrrrrggggrrrrgggg"),
            (Signal::Advise(Advice::NotKnown), "RRRRRrrrrrrrrrrrrrrr"),
            (Signal::Advise(Advice::OutsideHours), "RRRRR.....rrrrr....."),
            (Signal::Advise(Advice::Fault), "b.b.b.b.b.b.b.b.b.b."),
            (Signal::DoorHeld, "R.r.R.r.R.r.R.r.R.r."),
            (Signal::DoorForced, "RRRRRRRRRRRRRRRRRRRR"),
        ] {
            assert_eq!(drawn(signal), expected, "{signal:?}");
        }
    }

    #[test]
    fn no_two_signals_look_the_same() {
        let mut seen: HashMap<Vec<LightState>, Signal> = HashMap::new();
        for signal in signals() {
            let pattern = Pattern::for_signal(signal);
            let shown: Vec<LightState> = (0..200).map(|step| pattern.after(10 * step).shown).collect();
            if let Some(other) = seen.insert(shown, signal) {
                panic!("{signal:?} looks like {other:?}");
            }
        }
    }

    /// Steady green without red means that the door is open; no other signal may be mistaken for it.
    #[test]
    fn only_an_open_door_is_steady_green() {
        for signal in signals().filter(|signal| !matches!(signal, Signal::Granted | Signal::HeldOpen)) {
            let pattern = Pattern::for_signal(signal);
            let is_green = |step: u64| pattern.after(10 * step).shown == shown(b'g');
            let longest = (0..400).map(is_green).collect::<Vec<_>>();
            let longest = longest.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).max().unwrap_or(0);
            assert!(longest < 70, "{signal:?}: green for {longest}0 ms");
        }
    }

    #[test]
    fn patterns_are_drawn_in_known_letters_and_every_step_ends() {
        for signal in signals() {
            let pattern = Pattern::for_signal(signal);
            let letters = [pattern.opening, pattern.round].concat();
            assert!(
                !pattern.round.is_empty() && letters.chars().all(|letter| "grb.GRB!".contains(letter)),
                "{signal:?}"
            );
            for ms in 0..3000 {
                let step = pattern.after(ms);
                assert!(step.ms > 0 && pattern.after(ms + step.ms - 1).shown == step.shown, "{signal:?} {ms}");
            }
        }
    }
}
