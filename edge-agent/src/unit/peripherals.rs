//! The optional peripherals of a unit: card reader, door contacts, lights, lamp and infrared camera.

use crate::door::contacts::{Contact, Contacts};
use crate::door::{DoorWatch, Input, WatchRules};
use crate::infrared::Infrared;
use crate::lamp::Lamp;
use crate::lights::{Lights, Signal};
use crate::loop_turn::Verdict;
use crate::reader::CardReader;
use models::{Frame, ModelError};
use policy::audit::Event;
use policy::{Enrolled, LampReport, LampUse, ObservedFace, PresentedCard, Report};
use shared::gallery::Gallery;

#[derive(Default)]
pub(super) struct Peripherals {
    pub(super) reader: Option<Box<dyn CardReader>>,
    pub(super) door: Option<WatchedDoor>,
    pub(super) lights: Option<Lights>,
    pub(super) lamp: Option<Lamp>,
    pub(super) infrared: Option<Infrared>,
}

/// A door with contacts.
pub(super) struct WatchedDoor {
    contacts: Box<dyn Contacts>,
    watch: DoorWatch,
}

impl Peripherals {
    /// The next card that was presented, with its holder.
    pub(super) fn next_card(&mut self, gallery: &Gallery) -> Option<PresentedCard> {
        let card = self.reader.as_mut()?.next_card()?;
        Some(Enrolled::with_card(gallery, card).map_or(PresentedCard::Unknown, PresentedCard::Of))
    }

    /// Whether the reader is missing; `None` if the unit has none.
    pub(super) fn is_reader_lost(&self) -> Option<bool> {
        self.reader.as_ref().map(|reader| reader.is_lost())
    }

    /// The watched door; `None` if it has no contacts.
    pub(super) fn door_watch(&self) -> Option<&DoorWatch> {
        self.door.as_ref().map(|door| &door.watch)
    }

    /// The door's events to record.
    pub(super) fn watch_door(&mut self, now_ms: u64) -> Vec<Event> {
        self.door.as_mut().map_or_else(Vec::new, |door| door.events(now_ms))
    }

    /// Notes that the door was unlocked, and until when.
    pub(super) fn note_unlocked(&mut self, locks_at_ms: Option<u64>, now_ms: u64) {
        if let (Some(door), Some(locks_at_ms)) = (&mut self.door, locks_at_ms) {
            door.watch.update(Input::LetIn { locks_at_ms }, now_ms);
        }
    }

    /// Notes that the door is held open for everybody, and until when at least.
    pub(super) fn note_held_open(&mut self, locks_at_ms: Option<u64>, now_ms: u64) {
        if let (Some(door), Some(until_ms)) = (&mut self.door, locks_at_ms) {
            door.watch.update(Input::HeldOpen { until_ms }, now_ms);
        }
    }

    /// Shows a frame to the lamp, and returns the report of a trial that is over. A unit without a lamp cannot tell.
    pub(super) fn see_lamp(
        &mut self,
        asked: LampUse,
        seen: Option<(&Frame, Option<i32>)>,
        face: Option<&ObservedFace>,
        now_ms: u64,
    ) -> Option<LampReport> {
        match (&mut self.lamp, asked) {
            (Some(lamp), _) => lamp.see(seen, face, now_ms),
            (None, LampUse::Play(trial)) => {
                Some(LampReport { trial, report: Report::cannot_tell(policy::Signal::Lamp, "no_lamp") })
            }
            (None, LampUse::Off | LampUse::Light) => None,
        }
    }

    /// Takes the infrared frame of this moment, if one is wanted.
    pub(super) fn take_infrared(&mut self, is_wanted: bool) {
        if let Some(infrared) = &mut self.infrared {
            infrared.take_frame(is_wanted);
        }
    }

    /// Looks for the nearest face of the first camera in the infrared frame that was taken. `size` is that of the first
    /// camera's frame. A unit without an infrared camera cannot tell.
    ///
    /// # Errors
    /// If a network fails.
    pub(super) fn see_infrared(
        &mut self,
        is_wanted: bool,
        face: Option<&ObservedFace>,
        size: (u32, u32),
    ) -> Result<Option<Report>, ModelError> {
        match (&mut self.infrared, face) {
            (Some(infrared), Some(face)) => infrared.look(face, size),
            (None, Some(_)) if is_wanted => Ok(Some(Report::cannot_tell(policy::Signal::Infrared, "no_camera"))),
            _ => Ok(None),
        }
    }

    /// Shows the decision on the lights; `None` after a failed turn.
    pub(super) fn show(&self, verdict: Option<&Verdict>, is_held_open: bool) {
        if let Some(lights) = &self.lights {
            let alarm = self.door.as_ref().and_then(|door| door.watch.alarm());
            lights.show(verdict.map_or(Signal::FAILED, |verdict| match Signal::from_verdict(verdict, alarm) {
                Signal::Idle if is_held_open => Signal::HeldOpen,
                signal => signal,
            }));
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
