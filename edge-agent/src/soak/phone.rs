//! The phone that a visitor holds up, and the reader that sees its code as long as it is there.

use super::visitor_passes::Issued;
use crate::passes::CodeReader;
use models::Frame;
use std::sync::{Arc, Mutex};

/// The phone. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Phone(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What is held up, and for how many more frames.
    shown: Option<(Issued, u32)>,
    seen: Option<Issued>,
    read: Option<Issued>,
}

impl Phone {
    pub(super) fn hold_up(&self, pass: Issued, frames: u32) {
        self.0.lock().unwrap().shown = Some((pass, frames));
    }

    /// A frame passes. Returns whether nothing is held up in it.
    pub(super) fn is_down(&self) -> bool {
        let shown = &mut self.0.lock().unwrap().shown;
        *shown = shown.take().and_then(|(pass, frames)| Some((pass, frames.checked_sub(1)?)));
        shown.is_none()
    }

    /// The pass that the unit has read since the last call.
    pub(super) fn take_read(&self) -> Option<Issued> {
        self.0.lock().unwrap().read.take()
    }
}

impl CodeReader for Phone {
    fn offer(&mut self, _: &Frame) {
        let mut state = self.0.lock().unwrap();
        state.seen = state.shown.as_ref().map(|(pass, _)| pass.clone());
    }

    fn next_code(&mut self) -> Option<String> {
        let mut state = self.0.lock().unwrap();
        state.read = state.seen.take();
        state.read.as_ref().map(|pass| pass.text.clone())
    }
}
