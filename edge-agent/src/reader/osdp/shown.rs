//! The LED and the buzzer of a reader, which show what the unit's lights show. Without a unit that renews it, nothing is
//! shown for long: a green light must not outlive the unit.

use crate::lights::{LightOutputs, LightState};
use osdp::command::led::{LedColor, LedControl, LedPermanent, LedRecord, LedTemporary};
use osdp::command::{BuzzerControl, BuzzerTone};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The state that the reader is to show. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReaderLights(Arc<AtomicU8>);

/// The codes of the commands.
pub(super) const LED: u8 = 0x69;
pub(super) const BUZZER: u8 = 0x6a;

/// Tenths of a second that the LED is lit without another command.
const LIT_FOR: u16 = 30;
/// Tenths of a second that the buzzer sounds without another command.
const SOUNDS_FOR: u8 = 30;

impl ReaderLights {
    pub(super) fn wanted(&self) -> LightState {
        let bits = self.0.load(Ordering::Relaxed);
        LightState { green: bits & 1 != 0, red: bits & 2 != 0, buzzer: bits & 4 != 0 }
    }
}

impl LightOutputs for ReaderLights {
    fn show(&mut self, shown: LightState) {
        let bits = u8::from(shown.green) | u8::from(shown.red) << 1 | u8::from(shown.buzzer) << 2;
        self.0.store(bits, Ordering::Relaxed);
    }
}

/// The data of the command that sets the colour of the LED.
pub(super) fn led(state: LightState) -> Option<Vec<u8>> {
    let colour = match (state.green, state.red) {
        (false, false) => LedColor::Black,
        (true, false) => LedColor::Green,
        (false, true) => LedColor::Red,
        (true, true) => LedColor::Amber,
    };
    let dark = LedColor::Black;
    let temporary =
        LedTemporary { control: 2, on_time: 10, off_time: 0, on_color: colour, off_color: colour, timer: LIT_FOR };
    let permanent = LedPermanent { control: 1, on_time: 10, off_time: 0, on_color: dark, off_color: dark };
    LedControl::new(vec![LedRecord { reader: 0, led: 0, temporary, permanent }]).encode().ok()
}

/// The data of the command that starts or ends the tone.
pub(super) fn buzzer(is_on: bool) -> Option<Vec<u8>> {
    let (tone, on_time) = if is_on { (BuzzerTone::Default, SOUNDS_FOR) } else { (BuzzerTone::Off, 0) };
    BuzzerControl { reader: 0, tone, on_time, off_time: 0, count: 1 }.encode().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lights_are_colours_of_the_led() {
        for (green, red, colour) in [(false, false, 0), (false, true, 1), (true, false, 2), (true, true, 3)] {
            let state = LightState { green, red, buzzer: true };
            let data = led(state).unwrap();
            assert_eq!((data.len(), data[5], data[12]), (14, colour, 0), "{state:?}");
            let mut lights = ReaderLights::default();
            lights.show(state);
            assert_eq!(lights.clone().wanted(), state);
        }
        assert_eq!(buzzer(true).unwrap(), [0, 2, 30, 0, 1]);
        assert_eq!(buzzer(false).unwrap(), [0, 1, 0, 0, 1]);
    }
}
