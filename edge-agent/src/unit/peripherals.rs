//! The optional peripherals of a unit: card reader, contacts, lights, lamp and infrared camera.

use crate::door::contacts::{Contact, Contacts};
use crate::door::{DoorWatch, Input, WatchRules};
use crate::infrared::Infrared;
use crate::lamp::Lamp;
use crate::lights::{Lights, Signal};
use crate::loop_turn::Verdict;
use crate::passes::PassDesk;
use crate::reader::{CardReader, ReaderState};
use models::{Frame, ModelError};
use policy::audit::Event;
use policy::{Enrolled, LampReport, LampUse, ObservedFace, PresentedCard, PresentedPass, Report};
use shared::gallery::Gallery;

#[derive(Default)]
pub(super) struct Peripherals {
    pub(super) reader: Option<Box<dyn CardReader>>,
    pub(super) contacts: Option<WatchedContacts>,
    pub(super) lights: Option<Lights>,
    pub(super) lamp: Option<Lamp>,
    pub(super) infrared: Option<Infrared>,
    pub(super) passes: Option<PassDesk>,
}

/// The contacts, and what they say about the door.
pub(super) struct WatchedContacts {
    contacts: Box<dyn Contacts>,
    /// `None` if there is only a lockdown switch.
    watch: Option<DoorWatch>,
    lockdown: bool,
    /// Events from the start.
    events: Vec<Event>,
}

/// What has happened at the contacts.
#[derive(Default)]
pub(super) struct Happened {
    /// Events to record.
    pub(super) events: Vec<Event>,
    /// Whether the lockdown switch is on.
    pub(super) is_lockdown_switch_on: bool,
}

impl Peripherals {
    /// The next card that was presented, with its holder.
    pub(super) fn next_card(&mut self, gallery: &Gallery) -> Option<PresentedCard> {
        let card = self.reader.as_mut()?.next_card()?;
        Some(Enrolled::with_card(gallery, card).map_or(PresentedCard::Unknown, PresentedCard::Of))
    }

    /// The next visitor pass that was shown.
    pub(super) fn next_pass(&mut self, gallery: &Gallery) -> Option<PresentedPass> {
        self.passes.as_mut()?.next_pass(gallery)
    }

    /// Looks for a visitor pass in the picture of this turn.
    pub(super) fn look_for_pass(&mut self, frame: Option<&Frame>, has_face: bool, gallery: &Gallery, now_ms: u64) {
        if let Some(passes) = &mut self.passes {
            passes.look(frame, has_face, gallery, now_ms);
        }
    }

    /// Whether the reader is missing; `None` if the unit has none.
    pub(super) fn reader_state(&self) -> Option<ReaderState> {
        self.reader.as_ref().map(|reader| reader.state())
    }

    /// The watched door; `None` if it has no contacts.
    pub(super) fn door_watch(&self) -> Option<&DoorWatch> {
        self.contacts.as_ref()?.watch.as_ref()
    }

    /// Follows the contacts.
    pub(super) fn watch_contacts(&mut self, now_ms: u64) -> Happened {
        self.contacts.as_mut().map_or_else(Happened::default, |contacts| contacts.happened(now_ms))
    }

    /// Whether the lockdown switch was on when the contacts were read last.
    pub(super) fn is_lockdown_switch_on(&self) -> bool {
        self.contacts.as_ref().is_some_and(|contacts| contacts.lockdown)
    }

    /// Notes that the door is locked, maybe earlier than it was to be.
    pub(super) fn note_locked(&mut self, now_ms: u64) {
        if let Some(watch) = self.watch() {
            watch.update(Input::Locked, now_ms);
        }
    }

    fn watch(&mut self) -> Option<&mut DoorWatch> {
        self.contacts.as_mut()?.watch.as_mut()
    }

    /// Notes that the door was unlocked, and until when.
    pub(super) fn note_unlocked(&mut self, locks_at_ms: Option<u64>, now_ms: u64) {
        if let (Some(watch), Some(locks_at_ms)) = (self.watch(), locks_at_ms) {
            watch.update(Input::LetIn { locks_at_ms }, now_ms);
        }
    }

    /// Notes that the door is held open for everybody, and until when at least.
    pub(super) fn note_held_open(&mut self, locks_at_ms: Option<u64>, now_ms: u64) {
        if let (Some(watch), Some(until_ms)) = (self.watch(), locks_at_ms) {
            watch.update(Input::HeldOpen { until_ms }, now_ms);
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
            let watch = self.door_watch();
            let alarm = watch.and_then(DoorWatch::alarm);
            let is_open_for_all = is_held_open || watch.is_some_and(DoorWatch::is_fire_alarm_on);
            lights.show(verdict.map_or(Signal::FAILED, |verdict| match Signal::from_verdict(verdict, alarm) {
                Signal::Idle if is_open_for_all => Signal::HeldOpen,
                signal => signal,
            }));
        }
    }
}

impl WatchedContacts {
    pub(super) fn new(contacts: Box<dyn Contacts>, rules: WatchRules, now_ms: u64) -> Self {
        let (mut watch, mut lockdown, mut events) = (None, false, Vec::new());
        for state in contacts.states() {
            if let Contact::Lockdown { on } = state {
                lockdown = on;
                continue;
            }
            let watch = watch.get_or_insert_with(|| DoorWatch::new(rules));
            match state {
                // Nobody has just released it.
                Contact::Exit { pressed: false } => continue,
                Contact::Door { open: true } => drop(watch.update(Input::LetIn { locks_at_ms: now_ms }, now_ms)),
                _ => {}
            }
            events.extend(input(state).and_then(|input| watch.update(input, now_ms)));
        }
        Self { contacts, watch, lockdown, events }
    }

    fn happened(&mut self, now_ms: u64) -> Happened {
        let mut events = std::mem::take(&mut self.events);
        for change in self.contacts.changes(now_ms) {
            match (change.contact, &mut self.watch) {
                (Contact::Lockdown { on }, _) => self.lockdown = on,
                (state, Some(watch)) => {
                    events.extend(input(state).and_then(|input| watch.update(input, change.at_ms)));
                }
                (_, None) => {}
            }
        }
        events.extend(self.watch.as_mut().and_then(|watch| watch.update(Input::Tick, now_ms)));
        Happened { events, is_lockdown_switch_on: self.lockdown }
    }
}

/// What a state means for the door; `None` for the lockdown switch.
const fn input(state: Contact) -> Option<Input> {
    Some(match state {
        Contact::Exit { pressed: true } => Input::ExitPressed,
        Contact::Exit { pressed: false } => Input::ExitReleased,
        Contact::Door { open: true } => Input::Opened,
        Contact::Door { open: false } => Input::Closed,
        Contact::FireAlarm { on: true } => Input::AlarmOn,
        Contact::FireAlarm { on: false } => Input::AlarmOff,
        Contact::Lockdown { .. } => return None,
    })
}
