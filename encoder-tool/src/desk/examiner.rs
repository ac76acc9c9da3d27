//! Looks at all photos in the background, as a build would, whenever it is asked to: what would be enrolled, which photos are
//! odd, who looks like somebody else. Writes nothing but the cache, and erases removed photos from it.

use super::lock::lock;
use crate::args::BuildDb;
use crate::build_db::encode::Encoder;
use crate::build_db::inputs::Inputs;
use crate::build_db::kept_encodings::KeptEncodings;
use crate::build_db::plan::Plan;
use crate::office;
use anyhow::anyhow;
use models::Recogniser;
use shared::gallery::PhotoDigest;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread;
use terminal::Verbosity;

/// What was found in the photos.
pub(super) struct Examination {
    /// How often was looked before.
    pub(super) version: u64,
    /// What a build would write; else why it would not begin.
    pub(super) plan: anyhow::Result<Plan>,
}

/// The thread that looks.
pub(super) struct Examiner(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// How often it was asked to look.
    wanted: u64,
    newest: Option<Arc<Examination>>,
    /// Photos that were removed. They may have been encoded at that moment, so they are erased from the cache again.
    removed: Vec<PhotoDigest>,
    ends: bool,
}

impl Examiner {
    /// Starts it; it looks at once. It reads the folder while nobody has `folder` for a change.
    pub(super) fn start(arguments: BuildDb, recogniser: Recogniser, folder: Arc<RwLock<()>>) -> Self {
        let shared = Arc::new(Shared::default());
        let examiner = Self(Arc::clone(&shared));
        examiner.look_again();
        thread::spawn(move || {
            let kept = KeptEncodings::open(true, &recogniser, Verbosity::QUIET);
            let encoder = Encoder::new(arguments.minimum_face, kept);
            while let Some(version) = shared.wait() {
                let look = || {
                    let inputs = {
                        let _unchanged = folder.read().unwrap_or_else(PoisonError::into_inner);
                        Inputs::read(&arguments, Verbosity::QUIET)?
                    };
                    Plan::make(&inputs, &arguments, &encoder, &recogniser, true)
                };
                // A network may panic on a photo: the pages then say so, and the next change is looked at.
                let plan = catch_unwind(AssertUnwindSafe(look));
                let plan = plan.unwrap_or_else(|_| Err(anyhow!("a photo cannot be looked at; the terminal says more")));
                let erased = office::forget(&lock(&shared.state).removed);
                shared.found(Examination { version, plan: erased.and(plan) });
            }
        });
        examiner
    }

    /// Asks it to look again.
    pub(super) fn look_again(&self) {
        lock(&self.0.state).wanted += 1;
        self.0.wake.notify_all();
    }

    /// Keeps these photos out of the cache from now on.
    pub(super) fn has_been_removed(&self, photos: &[PhotoDigest]) {
        lock(&self.0.state).removed.extend(photos);
    }

    /// Erases removed photos from the cache, after somebody else encoded.
    ///
    /// # Errors
    /// If they cannot be erased.
    pub(super) fn erase_removed(&self) -> anyhow::Result<()> {
        office::forget(&lock(&self.0.state).removed).map(drop)
    }

    /// The newest findings, and whether they are about the folder as it is now; `None` before the first.
    pub(super) fn newest(&self) -> (Option<Arc<Examination>>, bool) {
        let state = lock(&self.0.state);
        let is_current = state.newest.as_ref().is_some_and(|newest| newest.version == state.wanted);
        (state.newest.clone(), is_current)
    }

    /// Ends the thread after what it is doing.
    pub(super) fn end(&self) {
        lock(&self.0.state).ends = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    /// Waits until somebody asks. `None` at the end.
    fn wait(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        loop {
            if state.ends {
                return None;
            }
            if state.newest.as_ref().is_none_or(|newest| newest.version < state.wanted) {
                return Some(state.wanted);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn found(&self, examination: Examination) {
        lock(&self.state).newest = Some(Arc::new(examination));
        self.wake.notify_all();
    }
}
