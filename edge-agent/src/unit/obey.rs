//! What a unit does for its link and for signed orders. What is in force already changes nothing for the link, and is not
//! recorded again.

use super::Unit;
use super::lockdown::OrderError;
use crate::audit_log::AuditError;
use crate::lockdown::{LockdownReport, Ordered, Source};
use policy::audit::Event;
use shared::order::{Command, Order};
use shared::seal::Fingerprint;
use terminal::counted;

impl Unit {
    /// Records an order that is carried out.
    ///
    /// # Errors
    /// [`AuditError`]
    pub(super) fn record_signed_order(
        &mut self,
        order: &Order,
        signed_by: Fingerprint,
        uid: u32,
    ) -> Result<(), AuditError> {
        let now = self.clock.now();
        let person = match order.command() {
            Command::Forget { person } => Some(*person),
            _ => None,
        };
        self.audit.append(Event::signed_order(order.number(), order.command().code(), person, signed_by, uid), &now)
    }

    /// Whether a command can only keep people out.
    pub(super) fn only_tightens(&self, command: &Command) -> bool {
        match command {
            Command::LockdownOn { admits } => self.lockdowns.only_tightens(&Ordered { admits: admits.clone() }),
            Command::FaceRecognitionOff => true,
            _ => false,
        }
    }

    /// Lets in nobody, because the link asks for it. Says what holds now.
    pub(super) fn lock_down_for_link(&mut self, uid: u32) -> String {
        let is_in_force = self.lockdowns.ordered().is_some_and(|(_, ordered)| ordered.admits.is_none());
        if !is_in_force {
            // The report says that a restart may end it.
            self.lock_down(Ordered { admits: None }, Source::Link).ok();
            self.record_request("lockdown_on", uid).ok();
        }
        self.lockdown_in_words()
    }

    /// Switches face recognition off, because the link asks for it. Says what holds now.
    pub(super) fn turn_off_face_recognition_for_link(&mut self, uid: u32) -> String {
        if self.face_recognition.off().is_none() {
            self.turn_off_face_recognition(Source::Link).ok();
            self.record_request("face_recognition_off", uid).ok();
        }
        self.face_recognition_in_words()
    }

    /// Does what a signed command says, except to erase a name, which takes longer. Says what holds now.
    ///
    /// # Errors
    /// Why it is not carried out.
    pub(super) fn obey(&mut self, command: &Command) -> Result<String, String> {
        match command {
            Command::LockdownOn { admits } => {
                match self.lock_down(Ordered { admits: admits.clone() }, Source::SignedOrder) {
                    Ok(()) | Err(OrderError::MayEnd(_)) => Ok(self.lockdown_in_words()),
                    Err(error) => Err(error.to_string()),
                }
            }
            Command::LockdownOff => match self.end_lockdown() {
                Ok(_) => Ok(self.lockdown_in_words()),
                Err(error) => Err(format!("the unit stays locked down: {error}")),
            },
            Command::FaceRecognitionOff => {
                self.turn_off_face_recognition(Source::SignedOrder).ok();
                Ok(self.face_recognition_in_words())
            }
            Command::FaceRecognitionOn => match self.turn_on_face_recognition() {
                Ok(_) => Ok(self.face_recognition_in_words()),
                Err(error) => Err(format!("face recognition stays off: {error}")),
            },
            Command::ClearLockouts => match self.clear_lockouts(None) {
                Ok(cleared) => {
                    let attempts = cleared.iter().map(|failed| u64::from(failed.failures)).sum::<u64>();
                    Ok(format!("cleared {}", counted(attempts, "failed attempt")))
                }
                Err(error) => Err(format!("the failed attempts stay: this cannot be recorded: {error}")),
            },
            other => Err(format!("this unit does not know the command {}", other.code())),
        }
    }

    fn lockdown_in_words(&self) -> String {
        LockdownReport::new(&self.lockdowns, &self.gallery)
            .map_or_else(|| "the unit is not locked down".to_owned(), |lockdown| lockdown.in_words())
    }

    fn face_recognition_in_words(&self) -> String {
        let lost = self.face_recognition.unsaved().map(|why| format!("; A RESTART MAY SWITCH IT ON: {why}"));
        match self.face_recognition.off() {
            Some(_) => "face recognition is off".to_owned() + &lost.unwrap_or_default(),
            None => "face recognition is on".to_owned(),
        }
    }
}
