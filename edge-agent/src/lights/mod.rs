//! The signals at the door: a green light, a red light and a buzzer, in patterns that tell people what to do.
//!
//! The door does not depend on them: a failing light is reported and otherwise ignored.

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
use crate::loop_turn::Verdict;
use policy::Advice;

/// Which of the lights and the buzzer are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LightState {
    /// The green light.
    pub green: bool,
    /// The red light.
    pub red: bool,
    /// The buzzer.
    pub buzzer: bool,
}

/// Two lights and a buzzer.
pub trait LightOutputs: Send {
    /// Switches each of them on or off.
    fn show(&mut self, shown: LightState);
}

impl LightOutputs for Vec<Box<dyn LightOutputs>> {
    fn show(&mut self, shown: LightState) {
        self.iter_mut().for_each(|outputs| outputs.show(shown));
    }
}

/// A message to the people at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Nobody is there.
    Idle,
    /// Nobody is there, and the door is open for everybody.
    HeldOpen,
    /// Somebody is let in.
    Granted,
    /// Nobody is let in (yet), and what to do about it.
    Advise(Advice),
    /// The door has been open for too long: close it.
    DoorHeld,
    /// The door was opened without a grant.
    DoorForced,
}

impl Signal {
    /// The signal after a turn of the loop. A grant takes precedence over an alarm, so that the person let in can see
    /// it.
    pub const fn from_verdict(verdict: &Verdict, alarm: Option<Alarm>) -> Self {
        match (verdict, alarm) {
            (Verdict::Granted(_) | Verdict::Admitted(_), _) => Self::Granted,
            (_, Some(Alarm::Forced)) => Self::DoorForced,
            (_, Some(Alarm::Held)) => Self::DoorHeld,
            (_, Some(Alarm::Released)) => Self::HeldOpen,
            (Verdict::Refused(refusal), None) => Self::Advise(refusal.reason.advice()),
            (Verdict::Nobody, None) => Self::Idle,
        }
    }

    /// The signal after a failed turn of the loop.
    pub const FAILED: Self = Self::Advise(Advice::Fault);
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Reason, Refusal};

    #[test]
    fn every_reason_has_a_signal_and_alarms_take_precedence() {
        for reason in Reason::ALL {
            let refused = Verdict::Refused(Refusal::new(reason));
            assert_eq!(Signal::from_verdict(&refused, None), Signal::Advise(reason.advice()), "{reason}");
            assert_eq!(Signal::from_verdict(&refused, Some(Alarm::Held)), Signal::DoorHeld, "{reason}");
        }
        assert_eq!(Signal::from_verdict(&Verdict::Nobody, None), Signal::Idle);
        assert_eq!(Signal::from_verdict(&Verdict::Nobody, Some(Alarm::Forced)), Signal::DoorForced);
    }
}
