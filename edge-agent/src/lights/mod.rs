//! What somebody at the door sees and hears: a green light, a red one and a buzzer, in patterns that say why.
//!
//! The door does not depend on them: what cannot be shown is not shown.

mod gpio;
mod pattern;
mod player;
mod scripted;
mod thread;

pub use gpio::{GpioLights, LightPins};
pub use pattern::{Pattern, Step, TICK_MS};
pub use player::Player;
pub use scripted::ScriptedLights;
pub use thread::Lights;

use crate::door::Alarm;
use crate::turn::Verdict;
use policy::Advice;

/// What is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shown {
    /// The green light.
    pub green: bool,
    /// The red light.
    pub red: bool,
    /// The buzzer.
    pub buzzer: bool,
}

/// Two lights and a buzzer.
pub trait LightOutputs: Send {
    /// Switches each on or off.
    fn show(&mut self, shown: Shown);
}

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Nobody is there.
    Idle,
    /// Come in.
    Granted,
    /// Not (yet), and what to do about it.
    Told(Advice),
    /// The door has been open for too long: close it.
    DoorHeld,
    /// The door was opened though nobody was let in.
    DoorForced,
}

impl Signal {
    /// What to say after a turn of the loop. A grant goes before an alarm, so that the person who is let in knows it.
    pub const fn from_verdict(verdict: &Verdict, alarm: Option<Alarm>) -> Self {
        match (verdict, alarm) {
            (Verdict::Granted(_), _) => Self::Granted,
            (_, Some(Alarm::Forced)) => Self::DoorForced,
            (_, Some(Alarm::Held)) => Self::DoorHeld,
            (Verdict::Refused(refusal), None) => Self::Told(refusal.reason.advice()),
            (Verdict::Nobody, None) => Self::Idle,
        }
    }

    /// What to say when a turn of the loop failed.
    pub const FAILED: Self = Self::Told(Advice::Fault);
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Reason, Refusal};

    #[test]
    fn every_reason_is_said_and_alarms_go_first() {
        for reason in Reason::ALL {
            let refused = Verdict::Refused(Refusal::new(reason));
            assert_eq!(Signal::from_verdict(&refused, None), Signal::Told(reason.advice()), "{reason}");
            assert_eq!(Signal::from_verdict(&refused, Some(Alarm::Held)), Signal::DoorHeld, "{reason}");
        }
        assert_eq!(Signal::from_verdict(&Verdict::Nobody, None), Signal::Idle);
        assert_eq!(Signal::from_verdict(&Verdict::Nobody, Some(Alarm::Forced)), Signal::DoorForced);
    }
}
