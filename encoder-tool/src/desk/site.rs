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
use crate::office::Office;
use crate::workstation_keys::KeyChoice;
use anyhow::{Context, bail};
use clap::Parser;
use models::Recogniser;
use models::photo::PhotoReader;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The shared state.
pub(super) struct Site {
    pub(super) places: Places,
    pub(super) texts: &'static Texts,
    pub(super) examiner: Examiner,
    pub(super) photo_reader: PhotoReader,
    pub(super) drafts: Mutex<Drafts>,
    pub(super) work: Arc<Mutex<Work>>,
    pub(super) aiming: Arc<Mutex<Aiming>>,
    /// The encoder's own threshold, an L2 distance.
    threshold: f32,
    keys: KeyChoice,
    models: Vec<PathBuf>,
    recogniser: Mutex<Recogniser>,
    changing: Mutex<()>,
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
        Ok(Self {
            threshold: recogniser.threshold(),
            examiner: Examiner::start(build, recogniser.clone()),
            texts: &ENGLISH,
            photo_reader: photo_reader(),
            drafts: Mutex::default(),
            work: Arc::default(),
            aiming: Arc::default(),
            recogniser: Mutex::new(recogniser),
            changing: Mutex::new(()),
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
        Office::read(&self.places.photos)
    }

    /// Changes the folder: one change at a time, and the photos are looked at again afterwards.
    ///
    /// # Errors
    /// Those of the change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&Office) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let _one_at_a_time = lock(&self.changing);
        let changed = change(&self.office()?);
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

    /// The encoder's own threshold, an L2 distance.
    pub(super) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The keys that open sealed databases.
    pub(super) fn keys(&self) -> &KeyChoice {
        &self.keys
    }

    /// Ends the work in the background.
    pub(super) fn end(&self) {
        self.examiner.end();
        lock(&self.aiming).end();
    }
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
