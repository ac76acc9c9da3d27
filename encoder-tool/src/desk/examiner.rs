//! Looks at all photos in the background, as a build would, whenever the folder has changed: what would be enrolled, which
//! photos are odd, who looks like somebody else. Writes nothing but the cache.

use super::lock::lock;
use crate::args::BuildDb;
use crate::build_db::encode::Encoder;
use crate::build_db::inputs::Inputs;
use crate::build_db::kept_encodings::KeptEncodings;
use crate::build_db::plan::Plan;
use models::Recogniser;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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
    ends: bool,
}

impl Examiner {
    /// Starts it; it looks at once.
    pub(super) fn start(arguments: BuildDb, recogniser: Recogniser) -> Self {
        let shared = Arc::new(Shared::default());
        let examiner = Self(Arc::clone(&shared));
        examiner.look_again();
        thread::spawn(move || {
            let kept = KeptEncodings::open(true, &recogniser, Verbosity::QUIET);
            let encoder = Encoder::new(arguments.minimum_face, kept);
            while let Some(version) = shared.wait() {
                let plan = Inputs::read(&arguments, Verbosity::QUIET)
                    .and_then(|inputs| Plan::make(&inputs, &arguments, &encoder, &recogniser, true));
                shared.found(Examination { version, plan });
            }
        });
        examiner
    }

    /// Asks it to look again.
    pub(super) fn look_again(&self) {
        lock(&self.0.state).wanted += 1;
        self.0.wake.notify_all();
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
