//! What all pages share: where everything is, the networks, the findings about the photos, and what is under way.

use super::aiming::Aiming;
use super::draft::Drafts;
use super::examiner::Examiner;
use super::lock::lock;
use super::places::Places;
use super::texts::{ENGLISH, Texts};
use super::work::Work;
use crate::args::{Arguments, BuildDb, Command, Desk};
use crate::heif::photo_reader;
use crate::office::{self, Office};
use crate::photo_folders::{self, Scan};
use crate::workstation_keys::KeyChoice;
use anyhow::{Context, bail};
use clap::Parser;
use models::Recogniser;
use models::photo::PhotoReader;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

/// The shared state.
pub(super) struct Site {
    pub(super) places: Places,
    pub(super) texts: &'static Texts,
    pub(super) examiner: Examiner,
    pub(super) photo_reader: PhotoReader,
    pub(super) drafts: Mutex<Drafts>,
    pub(super) work: Arc<Mutex<Work>>,
    /// Held while a key is unlocked or created: each takes 256 MiB.
    pub(super) key: Mutex<()>,
    pub(super) aiming: Arc<Mutex<Aiming>>,
    /// The smallest face of an enrolled photo, in pixels.
    pub(super) least: u32,
    /// The encoder's own threshold, an L2 distance.
    pub(super) threshold: f32,
    keys: KeyChoice,
    models: Vec<PathBuf>,
    recogniser: Mutex<Recogniser>,
    /// Held for writing while the folder is changed, and for reading while it is read: no page sees half of a change.
    folder: Arc<RwLock<()>>,
    /// What the folder looked like when it was last examined.
    seen: Mutex<u64>,
}

impl Site {
    /// Loads the networks, and begins to look at the photos.
    ///
    /// # Errors
    /// If the networks cannot be loaded.
    pub(super) fn open(places: Places, arguments: &Desk) -> anyhow::Result<Self> {
        let models = arguments.model.folders.clone();
        let recogniser = Recogniser::load(&models)?;
        let keys = arguments.keys.clone();
        let build = build_arguments(&places, &keys, &models, &[])?;
        office::delete_unfinished(&places.photos)?;
        let folder = Arc::new(RwLock::new(()));
        Ok(Self {
            least: build.minimum_face,
            threshold: recogniser.threshold(),
            examiner: Examiner::start(build, recogniser.clone(), Arc::clone(&folder)),
            texts: &ENGLISH,
            photo_reader: photo_reader(),
            drafts: Mutex::default(),
            work: Arc::default(),
            key: Mutex::default(),
            aiming: Arc::default(),
            recogniser: Mutex::new(recogniser),
            seen: Mutex::new(fingerprint_of(&places.photos)),
            folder,
            places,
            keys,
            models,
        })
    }

    /// The folder of photos, as it is now.
    ///
    /// # Errors
    /// If it cannot be used; the message says what to correct.
    pub(super) fn office(&self) -> anyhow::Result<Office> {
        let _unchanged = self.reading();
        Office::read(&self.places.photos)
    }

    /// Whether somebody is in the folder. A folder with a mistake counts as one with people.
    pub(super) fn has_people(&self) -> bool {
        self.office().map_or(true, |office| !office.people().is_empty())
    }

    /// While it is held, the desk does not change the folder.
    pub(super) fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.folder.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the photos looked at again if somebody else has changed the folder.
    pub(super) fn notice_changes(&self) {
        let now = {
            let _unchanged = self.reading();
            fingerprint_of(&self.places.photos)
        };
        let mut seen = lock(&self.seen);
        if *seen != now {
            *seen = now;
            self.examiner.look_again();
        }
    }

    /// Changes the folder: one change at a time, and the photos are looked at again afterwards.
    ///
    /// # Errors
    /// Those of the change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&Office) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let _one_at_a_time = self.folder.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&Office::read(&self.places.photos)?);
        *lock(&self.seen) = fingerprint_of(&self.places.photos);
        self.examiner.look_again();
        changed
    }

    /// Runs the networks. Requests wait for each other.
    pub(super) fn recognise<T>(&self, work: impl FnOnce(&mut Recogniser) -> T) -> T {
        work(&mut lock(&self.recogniser))
    }

    /// A copy of the networks, for long work.
    pub(super) fn own_recogniser(&self) -> Recogniser {
        lock(&self.recogniser).clone()
    }

    /// The arguments of a build as the shell has them, with these besides.
    ///
    /// # Errors
    /// If one of them is refused.
    pub(super) fn build_arguments(&self, more: &[String]) -> anyhow::Result<BuildDb> {
        build_arguments(&self.places, &self.keys, &self.models, more)
    }

    /// The keys that open sealed databases.
    pub(super) fn keys(&self) -> &KeyChoice {
        &self.keys
    }

    /// Ends the work in the background. A build or a shipment that has begun is finished.
    pub(super) fn end(&self) {
        let work = lock(&self.work).thread.take();
        if let Some(work) = work {
            work.join().unwrap_or_default();
        }
        self.examiner.end();
        lock(&self.aiming).end();
    }
}

/// Changes when a file of the folder of photos does: its name, size or time.
fn fingerprint_of(photos: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut add = |path: &Path| {
        if let Ok(found) = fs::metadata(path) {
            (path, found.len(), found.modified().ok()).hash(&mut hasher);
        }
    };
    if let Ok(Scan { folders, people_file, schedules_file, passes_file, .. }) = photo_folders::scan(photos) {
        folders.iter().flat_map(|folder| &folder.photos).for_each(|photo| add(&photo.path));
        [people_file, schedules_file, passes_file].iter().flatten().for_each(|file| add(file));
        folders.iter().for_each(|folder| folder.name.hash(&mut hasher));
    }
    hasher.finish()
}

/// Parses the same command line as the shell's, so that the desk builds what the shell would.
fn build_arguments(places: &Places, keys: &KeyChoice, models: &[PathBuf], more: &[String]) -> anyhow::Result<BuildDb> {
    let mut line: Vec<std::ffi::OsString> = ["encoder-tool", "build-db"].map(Into::into).into();
    line.extend([places.photos.clone().into(), "--output".into(), places.database.clone().into()]);
    line.extend(keys.open_with.iter().flat_map(|path| ["--open-with".into(), path.clone().into()]));
    line.extend(models.iter().flat_map(|path| ["--model".into(), path.clone().into()]));
    line.extend(more.iter().map(Into::into));
    match Arguments::try_parse_from(line).context("the arguments of the build")?.command {
        Command::BuildDb(arguments) => Ok(arguments),
        _ => bail!("the arguments are not those of a build"),
    }
}
