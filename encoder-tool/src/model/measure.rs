//! `model measure`: how an encoder's distances lie, on photos of many people, into the bundle's calibration.

use crate::atomic_file;
use crate::calibrate::measured::{Distances, measure};
use anyhow::{Result, bail};
use models::Recogniser;
use models::bundle::{Bundle, Bundles, CALIBRATION_FILE, Calibration};
use std::path::PathBuf;
use terminal::{Help, Verbosity, print};

/// Measure how often two different people are how near, and how far apart photos of one person are.
///
/// The result goes into the bundle's calibration.toml: `build-db` and `calibrate` work thresholds out from it. The more
/// people, the smaller the risks that it can speak of: 800 people carry an FMR down to about 1e-5.
#[derive(Debug, clap::Args)]
pub(crate) struct Measure {
    /// The encoder's bundle, a folder
    bundle: PathBuf,
    /// The folder that holds a folder for each person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// What to call the photos in calibration.toml
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Keep no encodings for the next time, and use none that were kept
    #[arg(long)]
    no_cache: bool,
}

impl Measure {
    /// Measures and writes.
    ///
    /// # Errors
    /// If the bundle is no encoder, the photos cannot be read or are too few, or the file cannot be written.
    pub(crate) fn run(&self, verbosity: Verbosity) -> Result<()> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            bail!("{} is a detector; distances are those of an encoder", self.bundle.display());
        };
        let before = encoder.calibration.clone();
        let recogniser = Recogniser::new(&Bundles { encoder, ..Bundles::bundled()? })?;
        let Distances { mut non_mated, mated } = measure(&recogniser, &self.images, !self.no_cache, verbosity)?;
        if let Some(source) = &self.source {
            non_mated.source.clone_from(source);
        }
        let said = format!("{} non-mated pairs of {} people", non_mated.pairs, non_mated.people);
        let after = Calibration { non_mated: Some(non_mated), mated, ..before };
        let path = self.bundle.join(CALIBRATION_FILE);
        atomic_file::replace(&path, after.to_toml()?.as_bytes()).help("make room, or copy the bundle elsewhere")?;
        print(&format!("{}: {said}", path.display()))
    }
}
