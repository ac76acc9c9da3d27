//! What a unit may have around the camera and the lock: a card reader, contacts in the door, lights beside it.

use crate::door::contacts::{Contact, Contacts};
use crate::door::{DoorWatch, Input, WatchRules};
use crate::lights::{Lights, Signal};
use crate::reader::CardReader;
use crate::turn::Verdict;
use policy::audit::Event;
use policy::{Enrolled, PresentedCard};
use shared::gallery::Gallery;

#[derive(Default)]
pub(super) struct Peripherals {
    pub(super) reader: Option<Box<dyn CardReader>>,
    pub(super) door: Option<WatchedDoor>,
    pub(super) lights: Option<Lights>,
}

/// A door that tells whether it is open.
pub(super) struct WatchedDoor {
    contacts: Box<dyn Contacts>,
    watch: DoorWatch,
}

impl Peripherals {
    /// The next card that was presented, and whose it is.
    pub(super) fn next_card(&mut self, gallery: &Gallery) -> Option<PresentedCard> {
        let card = self.reader.as_mut()?.next_card()?;
        Some(Enrolled::with_card(gallery, card).map_or(PresentedCard::Unknown, PresentedCard::Of))
    }

    /// How the reader is; `None` without one.
    pub(super) fn is_reader_lost(&self) -> Option<bool> {
        self.reader.as_ref().map(|reader| reader.is_lost())
    }

    /// How the door is; `None` without contacts.
    pub(super) fn door_watch(&self) -> Option<&DoorWatch> {
        self.door.as_ref().map(|door| &door.watch)
    }

    /// What the door did that is worth a record.
    pub(super) fn watch_door(&mut self, now_ms: u64) -> Vec<Event> {
        self.door.as_mut().map_or_else(Vec::new, |door| door.events(now_ms))
    }

    /// The door was unlocked until this moment.
    pub(super) fn note_unlocked(&mut self, locks_at_ms: Option<u64>, now_ms: u64) {
        if let (Some(door), Some(locks_at_ms)) = (&mut self.door, locks_at_ms) {
            door.watch.update(Input::LetIn { locks_at_ms }, now_ms);
        }
    }

    /// Says what was decided; `None` if nothing could be.
    pub(super) fn say(&self, verdict: Option<&Verdict>) {
        if let Some(lights) = &self.lights {
            let alarm = self.door.as_ref().and_then(|door| door.watch.alarm());
            lights.say(verdict.map_or(Signal::FAILED, |verdict| Signal::from_verdict(verdict, alarm)));
        }
    }
}

impl WatchedDoor {
    pub(super) fn new(contacts: Box<dyn Contacts>, rules: WatchRules, now_ms: u64) -> Self {
        let mut watch = DoorWatch::new(rules);
        if contacts.is_open() {
            watch.update(Input::LetIn { locks_at_ms: now_ms }, now_ms);
            watch.update(Input::Opened, now_ms);
        }
        if contacts.is_exit_pressed() {
            watch.update(Input::ExitPressed, now_ms);
        }
        Self { contacts, watch }
    }

    fn events(&mut self, now_ms: u64) -> Vec<Event> {
        let changes = self.contacts.changes(now_ms).into_iter().map(|change| {
            let input = match change.contact {
                Contact::Exit { pressed: true } => Input::ExitPressed,
                Contact::Exit { pressed: false } => Input::ExitReleased,
                Contact::Door { open: true } => Input::Opened,
                Contact::Door { open: false } => Input::Closed,
            };
            (input, change.at_ms)
        });
        changes.chain([(Input::Tick, now_ms)]).filter_map(|(input, at_ms)| self.watch.update(input, at_ms)).collect()
    }
}
