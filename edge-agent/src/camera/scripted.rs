//! A camera that follows the script of a test, on the same code path as a real one.

use super::device::{Device, Fault, Opened};
use super::layout::Layout;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A step of the script.
pub(super) enum Step {
    /// It can be opened.
    Opens,
    /// Opening it or capturing a frame fails.
    Fails(Fault),
    /// It delivers a frame.
    Gives(Layout, Vec<u8>),
    /// Its driver panics when it is opened or read.
    Panics,
    /// It delivers no frame, and its driver panics when it is closed.
    CannotBeClosed,
}

/// A camera that does one step at a time and waits for the next.
pub(super) struct Scripted {
    steps: Receiver<Step>,
    cannot_be_closed: bool,
}

impl Scripted {
    pub(super) fn new() -> (Self, Sender<Step>) {
        let (sender, steps) = channel();
        (Self { steps, cannot_be_closed: false }, sender)
    }

    fn next(&self) -> Step {
        self.steps.recv().unwrap_or(Step::Fails(Fault::Unplugged))
    }
}

impl Device for Scripted {
    fn open(&mut self) -> Result<Opened, Fault> {
        match self.next() {
            Step::Opens => Ok(Opened { description: "a scripted camera".to_owned(), usb_port: None }),
            Step::Fails(fault) => Err(fault),
            Step::Panics => panic!("in the middle of opening"),
            Step::Gives(..) | Step::CannotBeClosed => panic!("the script is wrong"),
        }
    }

    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault> {
        match self.next() {
            Step::Gives(layout, bytes) => {
                picture.extend_from_slice(&bytes);
                Ok(layout)
            }
            Step::Fails(fault) => Err(fault),
            Step::CannotBeClosed => {
                self.cannot_be_closed = true;
                Err(Fault::Stalled { waited_ms: 1 })
            }
            Step::Panics => panic!("in the middle of a picture"),
            Step::Opens => panic!("the script is wrong"),
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.cannot_be_closed) {
            panic!("in the middle of closing");
        }
    }
}
