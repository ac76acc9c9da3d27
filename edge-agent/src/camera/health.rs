//! How a camera is: written by the thread that reads it and by the loop, read by whoever asks for the unit's status.

use super::device::{Fault, Opened};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a camera is. Clones are the same camera's.
#[derive(Debug, Clone, Default)]
pub struct Health {
    report: Arc<Mutex<CameraReport>>,
}

/// What there is to say about a camera.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CameraReport {
    /// `opening`, `streaming` or `lost`.
    pub state: CameraState,
    /// What it is and what it gives, once it has been opened.
    pub description: Option<String>,
    /// Why it was lost the last time, as [`Fault::code`].
    pub fault: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Pictures that it gave.
    pub captured: u64,
    /// Of those: passed over, because a newer one was there when the loop took one.
    pub dropped: u64,
    /// Pictures that were none.
    pub damaged: u64,
    /// How often it was lost.
    pub losses: u64,
}

/// Whether pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraState {
    /// It has not been opened yet.
    #[default]
    Opening,
    /// It gives pictures.
    Streaming,
    /// It cannot be opened, or gives none; it is tried again and again.
    Lost,
}

impl Health {
    /// How it is now.
    pub fn report(&self) -> CameraReport {
        self.now().clone()
    }

    pub(super) fn opened(&self, opened: &Opened) {
        let mut now = self.now();
        match now.state {
            CameraState::Opening => tracing::info!("camera: {}", opened.description),
            // Somebody has read that it was lost.
            _ => tracing::warn!("the camera is back: {}", opened.description),
        }
        now.state = CameraState::Streaming;
        now.description = Some(opened.description.clone());
    }

    /// Says so once, and not at every try.
    pub(super) fn lost(&self, fault: &Fault) {
        let mut now = self.now();
        let (code, reason) = (fault.code(), fault.to_string());
        if now.state != CameraState::Lost || now.fault.as_deref() != Some(code) {
            tracing::warn!("no camera, the door stays locked: {reason}");
        }
        now.losses += u64::from(now.state != CameraState::Lost);
        now.state = CameraState::Lost;
        (now.fault, now.reason) = (Some(code.to_owned()), Some(reason));
    }

    pub(super) fn captured(&self, dropped_another: bool) {
        let mut now = self.now();
        now.captured += 1;
        now.dropped += u64::from(dropped_another);
    }

    pub(super) fn damaged(&self, why: &dyn std::fmt::Display) {
        tracing::debug!("a picture is passed over: {why}");
        self.now().damaged += 1;
    }

    fn now(&self) -> MutexGuard<'_, CameraReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
