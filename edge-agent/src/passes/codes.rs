//! Where the texts of QR codes come from: a thread that reads the newest picture, so that the loop never waits for it.

use super::reading::{Luma, Reading};
use models::Frame;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Largest number of codes that wait for a busy loop. A code is read again as long as it is shown.
const MAX_WAITING: usize = 2;

/// Reads QR codes.
pub trait CodeReader: Send {
    /// Offers the picture of this turn. Never waits: a reader that is busy ignores it.
    fn offer(&mut self, frame: &Frame);

    /// The text of a code that was read since the last call.
    fn next_code(&mut self) -> Option<String>;
}

/// Reads codes on a thread of its own.
pub struct CameraCodes {
    slot: Arc<Slot>,
    texts: Receiver<String>,
}

#[derive(Debug, Default)]
struct Slot {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    /// The next picture to read.
    next: Option<Luma>,
    /// The buffer for it; `None` while a picture waits or is being read.
    spare: Option<Luma>,
    ended: bool,
}

impl CameraCodes {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it cannot be spawned.
    pub fn start() -> io::Result<Self> {
        let slot = Arc::new(Slot::default());
        slot.inside().spare = Some(Luma::default());
        let (put, texts) = mpsc::sync_channel(MAX_WAITING);
        let of_thread = Arc::clone(&slot);
        thread::Builder::new().name("codes".to_owned()).spawn(move || read_codes(&of_thread, &put))?;
        Ok(Self { slot, texts })
    }
}

fn read_codes(slot: &Slot, put: &SyncSender<String>) {
    let mut reading = Reading::default();
    while let Some(picture) = slot.wait_for_picture() {
        if let Some(text) = reading.text(&picture) {
            // If the loop is busy, the code is read again.
            let _is_full = put.try_send(text);
        }
        slot.inside().spare = Some(picture);
    }
}

impl Slot {
    /// `None` once the reader is dropped.
    fn wait_for_picture(&self) -> Option<Luma> {
        let waits = |inside: &mut Inside| inside.next.is_none() && !inside.ended;
        let mut inside = self.changed.wait_while(self.inside(), waits).unwrap_or_else(PoisonError::into_inner);
        if inside.ended { None } else { inside.next.take() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CodeReader for CameraCodes {
    fn offer(&mut self, frame: &Frame) {
        let Some(mut picture) = self.slot.inside().spare.take() else { return };
        picture.copy(frame);
        self.slot.inside().next = Some(picture);
        self.slot.changed.notify_all();
    }

    fn next_code(&mut self) -> Option<String> {
        self.texts.try_recv().ok()
    }
}

impl Drop for CameraCodes {
    fn drop(&mut self) {
        self.slot.inside().ended = true;
        self.slot.changed.notify_all();
    }
}

/// Reads each picture at once, for a simulation that does not wait.
#[derive(Debug, Default)]
pub(crate) struct InTurn {
    picture: Luma,
    reading: Reading,
    text: Option<String>,
}

impl CodeReader for InTurn {
    fn offer(&mut self, frame: &Frame) {
        self.picture.copy(frame);
        self.text = self.reading.text(&self.picture);
    }

    fn next_code(&mut self) -> Option<String> {
        self.text.take()
    }
}

/// Codes that a test holds in front of the camera. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ScriptedCodes {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    shown: VecDeque<String>,
    offered: usize,
}

impl ScriptedCodes {
    /// Shows a code, which is read once.
    pub fn show(&self, text: &str) {
        self.script().shown.push_back(text.to_owned());
    }

    /// How many pictures were offered.
    pub fn offered(&self) -> usize {
        self.script().offered
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CodeReader for ScriptedCodes {
    fn offer(&mut self, _: &Frame) {
        self.script().offered += 1;
    }

    fn next_code(&mut self) -> Option<String> {
        self.script().shown.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::tests::frame_with;
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_thread_reads_the_pictures_that_it_has_time_for() {
        let mut codes = CameraCodes::start().unwrap();
        let frame = frame_with("PASS", 3);
        let began = Instant::now();
        let text = loop {
            codes.offer(&frame);
            if let Some(text) = codes.next_code() {
                break text;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "the code was not read within a minute");
            thread::yield_now();
        };
        assert_eq!(text, "PASS");
    }

    #[test]
    fn a_busy_reader_copies_nothing() {
        let slot = Arc::new(Slot::default());
        let (_put, texts) = mpsc::sync_channel(1);
        // No thread: the reader stays busy with the first picture.
        slot.inside().spare = Some(Luma::default());
        let mut codes = CameraCodes { slot: Arc::clone(&slot), texts };
        let frame = frame_with("PASS", 3);
        codes.offer(&frame);
        assert!(slot.inside().next.take().is_some());
        codes.offer(&frame);
        assert!(slot.inside().next.is_none());
    }

    #[test]
    fn a_simulation_reads_at_once() {
        let mut codes = InTurn::default();
        codes.offer(&frame_with("PASS", 3));
        assert_eq!((codes.next_code().as_deref(), codes.next_code()), (Some("PASS"), None));
        codes.offer(&Frame::from_rgb(1, 1, vec![0; 3]).unwrap());
        assert_eq!(codes.next_code(), None);
    }
}
