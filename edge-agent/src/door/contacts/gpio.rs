//! Contacts on GPIO pins. Edges come by interrupt with the kernel's timestamp, so that a short press is noticed even
//! while the loop is busy; each call also polls the pin, in case an edge was missed.

use super::debounce::Debounced;
use super::{Change, Contact, Contacts};
use crate::gpio::{self, Edges, GpioError, Input, KernelTime, Level, Pin};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// The state of a contact, from whether it is active.
type ContactOf = fn(bool) -> Contact;

/// A contact on a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactPin {
    /// Which pin.
    pub pin: Pin,
    /// The level at which the button is pressed, the door closed, the alarm or the lockdown on.
    pub active: Level,
}

/// The pins of the contacts that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContactPins {
    /// The exit button.
    pub exit: Option<ContactPin>,
    /// The door contact.
    pub door: Option<ContactPin>,
    /// The output of the fire alarm.
    pub fire_alarm: Option<ContactPin>,
    /// The lockdown switch.
    pub lockdown: Option<ContactPin>,
}

/// The contacts of a door on pins.
pub struct GpioContacts(Vec<Wire>);

struct Wire {
    state: ContactOf,
    input: Box<dyn Input>,
    active: Level,
    edges: Receiver<(Level, Duration)>,
    contact: Debounced,
    time: KernelTime,
}

impl ContactPins {
    /// Whether there is no contact.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Each pin, and the level that the Pi's own resistor pulls it to: the inactive one, so that a broken wire reports
    /// nothing. Only a broken wire to the lockdown switch is a lockdown.
    fn wired(self) -> impl Iterator<Item = (ContactOf, ContactPin, Level)> {
        let Self { exit, door, fire_alarm, lockdown } = self;
        let wires: [(ContactOf, Option<ContactPin>); 3] = [
            (|pressed| Contact::Exit { pressed }, exit),
            (|closed| Contact::Door { open: !closed }, door),
            (|on| Contact::FireAlarm { on }, fire_alarm),
        ];
        let idle = wires.into_iter().filter_map(|(state, pin)| pin.map(|pin| (state, pin, pin.active.other())));
        let closed: ContactOf = |on| Contact::Lockdown { on };
        idle.chain(lockdown.map(|pin| (closed, pin, pin.active)))
    }
}

impl GpioContacts {
    /// Listens to these pins. A change counts once it has been stable for `settle_ms` milliseconds.
    ///
    /// # Errors
    /// If a pin is not available.
    pub fn listen(pins: ContactPins, settle_ms: u64) -> Result<Self, GpioError> {
        let wire = |(state, pin, pulled_to)| Wire::listen(state, pin, pulled_to, settle_ms);
        pins.wired().map(wire).collect::<Result<_, _>>().map(Self)
    }
}

impl Contacts for GpioContacts {
    fn states(&self) -> Vec<Contact> {
        self.0.iter().map(|wire| (wire.state)(wire.is_active(wire.contact.last()))).collect()
    }

    fn changes(&mut self, now_ms: u64) -> Vec<Change> {
        let of_wire = |wire: &mut Wire| {
            let state = wire.state;
            wire.changes(now_ms).into_iter().map(move |(is_active, at_ms)| Change { contact: state(is_active), at_ms })
        };
        let mut changes: Vec<Change> = self.0.iter_mut().flat_map(of_wire).collect();
        changes.sort_by_key(|change| change.at_ms);
        changes
    }
}

impl Wire {
    fn listen(state: ContactOf, pin: ContactPin, pulled_to: Level, settle_ms: u64) -> Result<Self, GpioError> {
        let (sender, edges) = mpsc::channel();
        let on_edge = move |level, stamp| {
            // The receiver is gone only while the wire is being dropped.
            sender.send((level, stamp)).ok();
        };
        let input = gpio::listen(pin.pin, pulled_to, Edges::Both, Box::new(on_edge))?;
        let contact = Debounced::new(input.level()?, settle_ms);
        Ok(Self { state, input, active: pin.active, edges, contact, time: KernelTime::default() })
    }

    fn is_active(&self, level: Level) -> bool {
        level == self.active
    }

    /// The changes since the last call: whether the contact became active, and when.
    fn changes(&mut self, now_ms: u64) -> Vec<(bool, u64)> {
        let mut changes = Vec::new();
        for (level, stamp) in self.edges.try_iter() {
            let at_ms = self.time.edge_ms(stamp, now_ms);
            changes.extend(self.contact.sample(level, at_ms));
        }
        // A pin that cannot be read counts as unchanged; its edges still arrive.
        changes.extend(self.input.level().ok().and_then(|level| self.contact.sample(level, now_ms)));
        changes.into_iter().map(|(level, at_ms)| (self.is_active(level), at_ms)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A broken wire leaves a pin at the level to which the Pi pulls it.
    #[test]
    fn a_broken_wire_is_a_lockdown_and_nothing_else() {
        for active in [Level::Low, Level::High] {
            let contact = |number| Some(ContactPin { pin: Pin::new(number).unwrap(), active });
            let pins = ContactPins { exit: contact(5), door: contact(6), fire_alarm: contact(7), lockdown: contact(8) };
            let broken = pins.wired().map(|(state, pin, pulled_to)| state(pulled_to == pin.active));
            let expected = [
                Contact::Exit { pressed: false },
                Contact::Door { open: true },
                Contact::FireAlarm { on: false },
                Contact::Lockdown { on: true },
            ];
            assert_eq!(broken.collect::<Vec<_>>(), expected, "{active:?}");
        }
    }
}
