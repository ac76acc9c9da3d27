//! Contacts on GPIO pins. Edges come by interrupt with the kernel's timestamp, so that a short press is noticed even
//! while the loop is busy; each call also polls the pin, in case an edge was missed.

use super::debounce::Debounced;
use super::{Change, Contact, Contacts};
use crate::gpio::{self, Edges, GpioError, Input, KernelTime, Level, Pin};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A contact on a pin. The Pi's own resistor pulls it to the inactive level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactPin {
    /// Which pin.
    pub pin: Pin,
    /// The level at which the button is pressed or the door closed.
    pub active: Level,
}

/// The contacts of a door on pins.
pub struct GpioContacts {
    exit: Option<Wire>,
    door: Option<Wire>,
}

struct Wire {
    input: Box<dyn Input>,
    active: Level,
    edges: Receiver<(Level, Duration)>,
    contact: Debounced,
    time: KernelTime,
}

impl GpioContacts {
    /// Listens to these pins. A change counts once it has been stable for `settle_ms` milliseconds.
    ///
    /// # Errors
    /// If a pin is not available.
    pub fn listen(exit: Option<ContactPin>, door: Option<ContactPin>, settle_ms: u64) -> Result<Self, GpioError> {
        let wire = |pin: Option<ContactPin>| pin.map(|pin| Wire::listen(pin, settle_ms)).transpose();
        Ok(Self { exit: wire(exit)?, door: wire(door)? })
    }
}

impl Contacts for GpioContacts {
    fn is_open(&self) -> bool {
        self.door.as_ref().is_some_and(|wire| !wire.is_active(wire.contact.last()))
    }

    fn is_exit_pressed(&self) -> bool {
        self.exit.as_ref().is_some_and(|wire| wire.is_active(wire.contact.last()))
    }

    fn changes(&mut self, now_ms: u64) -> Vec<Change> {
        let exit = self.exit.iter_mut().flat_map(|wire| wire.changes(now_ms));
        let exit = exit.map(|(pressed, at_ms)| Change { contact: Contact::Exit { pressed }, at_ms });
        let door = self.door.iter_mut().flat_map(|wire| wire.changes(now_ms));
        let door = door.map(|(closed, at_ms)| Change { contact: Contact::Door { open: !closed }, at_ms });
        let mut changes: Vec<Change> = exit.chain(door).collect();
        changes.sort_by_key(|change| change.at_ms);
        changes
    }
}

impl Wire {
    fn listen(pin: ContactPin, settle_ms: u64) -> Result<Self, GpioError> {
        let (sender, edges) = mpsc::channel();
        let on_edge = move |level, stamp| {
            // The receiver is gone only while the wire is being dropped.
            sender.send((level, stamp)).ok();
        };
        let input = gpio::listen(pin.pin, pin.active.other(), Edges::Both, Box::new(on_edge))?;
        let contact = Debounced::new(input.level()?, settle_ms);
        Ok(Self { input, active: pin.active, edges, contact, time: KernelTime::default() })
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
