//! The state of a camera: written by the capture thread and the loop, read by the thread that answers `status`.

use super::device::{Fault, Opened};
use crate::part_reports::PartReports;
use policy::audit::Part;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The state of a camera. Clones share it.
#[derive(Debug, Clone)]
pub struct Health {
    report: Arc<Mutex<CameraReport>>,
    part: PartReports,
}

/// The report on a camera.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CameraReport {
    /// `opening`, `streaming` or `lost`.
    pub state: CameraState,
    /// The device and its format, once it has been opened.
    pub description: Option<String>,
    /// The USB port, such as `1-1.3`; `None` if it is not on USB, or has not been opened.
    #[serde(default)]
    pub usb_port: Option<String>,
    /// The [`Fault::code`] of the last loss.
    pub fault: Option<String>,
    /// The last loss in words.
    pub reason: Option<String>,
    /// Frames captured.
    pub captured: u64,
    /// Frames dropped because a newer one arrived before the loop took them.
    pub dropped: u64,
    /// Frames that could not be decoded.
    pub damaged: u64,
    /// How often it was lost.
    pub losses: u64,
}

/// Whether the camera delivers frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraState {
    /// It has not been opened yet.
    #[default]
    Opening,
    /// It delivers frames.
    Streaming,
    /// It cannot be opened or delivers no frames; it is opened again.
    Lost,
}

/// That of the camera whose frames are decided on.
impl Default for Health {
    fn default() -> Self {
        Self::new(Part::Camera)
    }
}

impl Health {
    /// The state of the camera that is this part of the unit.
    pub(crate) fn new(part: Part) -> Self {
        Self { report: Arc::default(), part: PartReports::new(part) }
    }

    /// The current report.
    pub fn report(&self) -> CameraReport {
        self.now().clone()
    }

    /// The reports on the camera, to be recorded.
    pub(crate) fn part(&self) -> PartReports {
        self.part.clone()
    }

    /// Notes that frames arrive; reported at the start and after a loss.
    pub(super) fn opened(&self, opened: &Opened) {
        let mut now = self.now();
        let (before, usb_port) = (now.state, opened.usb_port.clone());
        now.state = CameraState::Streaming;
        now.description = Some(opened.description.clone());
        now.usb_port = usb_port.as_ref().map(|port| port.as_str().to_owned());
        drop(now);
        let (name, is_back) = (self.part.part().name(), if before == CameraState::Opening { "" } else { " is back" });
        self.part.works(usb_port.as_ref(), &format_args!("{name}{is_back}: {}", opened.description));
    }

    pub(super) fn lost(&self, fault: &Fault) {
        let mut now = self.now();
        let (code, reason) = (fault.code(), fault.to_string());
        let was_at = now.usb_port.as_deref().and_then(|port| port.parse().ok());
        now.losses += u64::from(now.state != CameraState::Lost);
        now.state = CameraState::Lost;
        (now.fault, now.reason) = (Some(code.to_owned()), Some(reason.clone()));
        drop(now);
        let lost = match self.part.part() {
            Part::InfraredCamera => "no infrared camera",
            _ => "no camera, the door stays locked",
        };
        let message = format_args!("{lost}: {reason}");
        self.part.failed(code, fault.usb_port().or(was_at.as_ref()), &message);
    }

    pub(super) fn captured(&self, dropped_another: bool) {
        let mut now = self.now();
        now.captured += 1;
        now.dropped += u64::from(dropped_another);
    }

    pub(super) fn damaged(&self, why: &dyn std::fmt::Display) {
        tracing::debug!("a frame was skipped: {why}");
        self.now().damaged += 1;
    }

    fn now(&self) -> MutexGuard<'_, CameraReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
