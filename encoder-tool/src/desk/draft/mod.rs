//! Photos of somebody who is about to be enrolled. They are in memory only, until the person agrees.

pub(super) mod guidance;
pub(super) mod take;

use guidance::{POSES, Pose};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use take::Taken;

/// The most drafts at a time: the oldest goes.
const MOST: usize = 4;
/// A draft that nobody has touched for this long goes.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// A pose that was asked for this long is taken as it is.
const LATE: Duration = Duration::from_secs(3);
/// The least time between two pictures: enough to move.
const PAUSE: Duration = Duration::from_millis(700);
/// The most photos of a draft.
pub(super) const MOST_PHOTOS: usize = 12;

/// All drafts of the desk.
#[derive(Default)]
pub(super) struct Drafts(Vec<Draft>);

/// One person's photos.
pub(super) struct Draft {
    id: String,
    pub(super) photos: Vec<Taken>,
    /// Faces of dropped photos; of each photo, one is to be chosen.
    candidates: VecDeque<Vec<Taken>>,
    touched: Instant,
    /// How many poses were taken.
    posed: usize,
    /// Since when the pose is asked for.
    asked_since: Instant,
    next_not_before: Instant,
}

impl Drafts {
    /// Begins a draft for a page.
    pub(super) fn begin(&mut self, id: &str) {
        self.0.sort_by_key(|draft| draft.touched);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Draft::new(id, Instant::now()));
    }

    /// The draft with this id; `None` if it is gone.
    pub(super) fn with_id(&mut self, id: &str) -> Option<&mut Draft> {
        let draft = self.0.iter_mut().find(|draft| draft.id == id)?;
        draft.touched = Instant::now();
        Some(draft)
    }

    /// Forgets drafts that nobody has touched for a while.
    pub(super) fn forget_idle(&mut self) {
        self.0.retain(|draft| draft.touched.elapsed() < IDLE);
    }

    /// Forgets a draft.
    pub(super) fn forget(&mut self, id: &str) {
        self.0.retain(|draft| draft.id != id);
    }
}

/// Where the photo with this digest is.
fn place(photos: &[Taken], digest: &str) -> Option<usize> {
    photos.iter().position(|taken| taken.encoded.digest.to_string() == digest)
}

impl Draft {
    fn new(id: &str, now: Instant) -> Self {
        Self {
            id: id.to_owned(),
            photos: Vec::new(),
            candidates: VecDeque::new(),
            touched: now,
            posed: 0,
            asked_since: now,
            next_not_before: now,
        }
    }

    /// Its id, hexadecimal digits.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The pose to ask for; `None` if all were taken.
    pub(super) fn pose(&self) -> Option<Pose> {
        POSES.get(self.posed).copied().filter(|_| self.photos.len() < MOST_PHOTOS)
    }

    /// The number of poses that were taken.
    pub(super) fn posed(&self) -> usize {
        self.posed
    }

    /// Whether the pose has been asked for long enough.
    pub(super) fn is_late(&self) -> bool {
        self.asked_since.elapsed() >= LATE
    }

    /// Whether the person had time to move since the last picture.
    pub(super) fn is_ready(&self) -> bool {
        Instant::now() >= self.next_not_before
    }

    /// Offers the faces of a photo to choose from, after those of other photos. Whether there was room for them.
    pub(super) fn offer(&mut self, faces: Vec<Taken>) -> bool {
        let has_room = self.candidates.len() < MOST_PHOTOS;
        if has_room {
            self.candidates.push_back(faces);
        }
        has_room
    }

    /// The faces of the photo that is asked about; none if there is none.
    pub(super) fn candidates(&self) -> &[Taken] {
        self.candidates.front().map_or(&[], Vec::as_slice)
    }

    /// Everything that has a picture.
    pub(super) fn pictures(&self) -> impl Iterator<Item = &Taken> {
        self.photos.iter().chain(self.candidates.iter().flatten())
    }

    /// Takes the face with this digest, which was offered.
    pub(super) fn choose(&mut self, digest: &str) {
        let Some(faces) = self.candidates.front_mut() else { return };
        if let Some(at) = place(faces, digest) {
            self.photos.push(faces.swap_remove(at));
            self.candidates.pop_front();
        }
    }

    /// Takes none of the faces that are asked about.
    pub(super) fn choose_none(&mut self) {
        self.candidates.pop_front();
    }

    /// Drops the photo with this digest, if it is there.
    pub(super) fn drop_photo(&mut self, digest: &str) {
        if let Some(at) = place(&self.photos, digest) {
            self.photos.remove(at);
        }
    }

    /// Adds a picture of the pose.
    pub(super) fn pose_taken(&mut self, taken: Taken) {
        self.photos.push(taken);
        self.posed += 1;
        self.next_not_before = Instant::now() + PAUSE;
        self.asked_since = Instant::now() + PAUSE;
    }

    /// Asks for all poses once more.
    pub(super) fn pose_again(&mut self) {
        self.posed = 0;
        self.asked_since = Instant::now();
    }
}
