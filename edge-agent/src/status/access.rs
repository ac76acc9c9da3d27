//! What the door asks for at this hour, and what keeps it open or closed for everybody.

use crate::face_recognition::FaceRecognition;
use crate::lockdown::LockdownReport;
use policy::Policy;
use serde::{Deserialize, Serialize};
use shared::gallery::Mode;

/// What holds for everybody at the door now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct AccessReport {
    /// `face`, `card`, `card_or_face` or `card_and_face`; empty in reports of earlier versions.
    pub(crate) asks_for: String,
    /// The name of the hours in which the door is held open now.
    pub(crate) held_open: Option<String>,
    /// The lockdown in force.
    pub(crate) lockdown: Option<LockdownReport>,
    /// Whether nobody is let in by their face, because face recognition is switched off.
    #[serde(default)]
    pub(crate) face_recognition_off: bool,
    /// Why a restart may switch it on; `None` if it does not.
    #[serde(default)]
    pub(crate) face_recognition_not_saved: Option<String>,
}

impl AccessReport {
    /// The report of a unit with this policy, this lockdown and this state of face recognition.
    pub(crate) fn new(policy: &Policy, lockdown: Option<LockdownReport>, faces: &FaceRecognition) -> Self {
        let asks_for = match policy.mode_now() {
            Mode::Default => Mode::CardAndFace,
            mode => mode,
        };
        Self {
            asks_for: asks_for.in_json().to_owned(),
            held_open: policy.held_open_by().map(str::to_owned),
            lockdown,
            face_recognition_off: faces.off().is_some(),
            face_recognition_not_saved: faces.unsaved().map(str::to_owned),
        }
    }

    /// Lines of text for people: label and value.
    pub(super) fn in_words(&self) -> Vec<(&'static str, String)> {
        let asks_for = Some(self.asks_for.replace('_', " ")).filter(|asks_for| !asks_for.is_empty());
        let held_open = self.held_open.as_ref().map(|hours| format!("HELD OPEN for everybody in the hours {hours}"));
        let lockdown = self.lockdown.as_ref().map(LockdownReport::in_words);
        let lost = self.face_recognition_not_saved.as_ref().map(|why| format!("; A RESTART MAY SWITCH IT ON: {why}"));
        let is_off = "OFF: nobody is let in by their face".to_owned() + &lost.unwrap_or_default();
        let faces = self.face_recognition_off.then_some(is_off);
        let rows = [("asks for", asks_for), ("hours", held_open), ("lockdown", lockdown), ("faces", faces)];
        rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }
}
