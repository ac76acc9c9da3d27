//! Switches face recognition off and on. Off takes effect first and is recorded then; on is recorded and saved first.

use super::Unit;
use super::lockdown::OrderNotTaken;
use crate::face_recognition::FaceRecognition;
use crate::lockdown::Source;
use policy::Now;
use policy::audit::Event;
use std::io;

impl Unit {
    /// Restores the state from before the restart.
    pub fn set_face_recognition(&mut self, state: FaceRecognition) {
        self.face_recognition = state;
        self.apply_face_recognition();
    }

    /// Whether face recognition is switched off.
    pub(crate) fn face_recognition(&self) -> &FaceRecognition {
        &self.face_recognition
    }

    /// Lets in nobody by their face from now on.
    ///
    /// # Errors
    /// If it cannot be saved: it is off, but a restart may switch it on.
    pub(crate) fn turn_off_face_recognition(&mut self, by: Source) -> io::Result<()> {
        let saved = self.face_recognition.turn_off(by);
        self.apply_face_recognition();
        let now = self.clock.now();
        self.record(Event::face_recognition_off(by.code()), &now);
        self.audit.maintain(&now);
        saved
    }

    /// Recognises faces again. Returns whether it was off.
    ///
    /// # Errors
    /// If that cannot be recorded or saved; it stays off then.
    pub(crate) fn turn_on_face_recognition(&mut self) -> Result<bool, OrderNotTaken> {
        let now = self.clock.now();
        let Some(source) = self.face_recognition.off() else { return Ok(false) };
        self.audit.append(Event::face_recognition_on(source.code()), &now)?;
        if let Err(error) = self.face_recognition.turn_on() {
            self.record_face_recognition(&now);
            return Err(error.into());
        }
        self.apply_face_recognition();
        self.audit.maintain(&now);
        Ok(true)
    }

    /// Records that it is off: at the start, and after a record of a change that did not happen.
    pub(super) fn record_face_recognition(&mut self, now: &Now) {
        if let Some(source) = self.face_recognition.off() {
            self.record(Event::face_recognition_off(source.code()), now);
        }
    }

    fn apply_face_recognition(&mut self) {
        self.policy.set_face_recognition(self.face_recognition.off().is_none());
    }
}
