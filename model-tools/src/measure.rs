//! `model measure`: measures an encoder's distances on photos of many people, for the bundle's calibration.

use crate::Sources;
use accuracy::calibration::{Distances, MeasuredPhotos};
use accuracy::{AccuracyError, Measuring};
use anyhow::{Context, Result, anyhow, bail};
use files::Access;
use models::Recogniser;
use models::bundle::{Bundle, Bundles, CALIBRATION_FILE, Calibration, NonMated};
use std::path::PathBuf;
use terminal::{Help, ShowPath, Verbosity, counted, print};

/// Measure distances between strangers, and between photos of the same person.
///
/// The result goes into the bundle's calibration.toml: `build-db` and `calibrate` compute thresholds from it. The more
/// people, the smaller the risks that it can estimate: 800 people suffice for an FMR down to about 1e-5.
#[derive(Debug, clap::Args)]
pub struct Measure {
    /// Folder of the encoder's bundle
    bundle: PathBuf,
    /// Folder with one folder per person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// File with names of people to skip because their photos are known to be labelled wrongly, one name per line
    #[arg(long, value_name = "FILE")]
    leave_out: Option<PathBuf>,
    /// Name of the photo collection, for calibration.toml
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Replace distances that were measured on more people than these photos show
    #[arg(long)]
    replace: bool,
    /// Measure distances of strangers without colour, as at a door at night: probes are converted to grey, enrolled
    /// photos stay in colour. Grey images stand in for infrared. Measurements in colour are kept
    #[arg(long)]
    grey: bool,
    /// Neither use nor keep cached encodings
    #[arg(long)]
    no_cache: bool,
}

impl Measure {
    /// Measures the distances and writes the calibration.
    ///
    /// # Errors
    /// If the bundle is not an encoder or does not tell people apart, if it was measured on more people, if the photos
    /// cannot be read or are too few, or if the file cannot be written.
    pub(crate) fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<()> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            bail!("{} is not an encoder; only encoders are measured", self.bundle.shown());
        };
        let before = encoder.calibration.clone();
        let mut recogniser = Recogniser::new(&Bundles { encoder, ..Bundles::bundled()? })?;
        recogniser
            .require_told_apart()
            .with_context(|| format!("{} is not measured", self.bundle.shown()))
            .help("import the network again, with the pixel values and the crop that it was trained with")?;
        let left_out = (sources.names_in)(self.leave_out.as_deref())?;
        let mut photos = (sources.photos_in)(&self.images)?;
        photos.retain(|photo| !left_out.contains(&photo.person));
        let cache = (sources.cache_of)(!self.no_cache, &recogniser)?;
        let (reader, quiet) = (&sources.reader, verbosity.is_quiet());
        let measuring = Measuring { recogniser: &recogniser, reader, cache: cache.as_ref(), quiet };
        let measured = MeasuredPhotos::new(measuring, photos, &self.images);
        let (said, after) = if self.grey {
            let found = self.accepted(self.enough(measured.non_mated_in_grey())?, before.non_mated_grey.as_ref())?;
            (in_words(&found), Calibration { non_mated_grey: Some(found), ..before })
        } else {
            let Distances { non_mated, mated, .. } = self.enough(measured.distances())?;
            let found = self.accepted(non_mated, before.non_mated.as_ref())?;
            (in_words(&found), Calibration { non_mated: Some(found), mated, ..before })
        };
        let path = self.bundle.join(CALIBRATION_FILE);
        files::replace(&path, Access::Private, after.to_toml()?.as_bytes())
            .help("make room, or copy the bundle elsewhere")?;
        print(&format!("{}: {said}", path.shown()))
    }

    fn enough<T>(&self, found: Result<T, AccuracyError>) -> Result<T> {
        found
            .with_context(|| self.images.shown().to_string())
            .help("give photos of a hundred people or more, with a folder for each")
    }

    fn accepted(&self, mut found: NonMated, before: Option<&NonMated>) -> Result<NonMated> {
        if let Some(source) = &self.source {
            found.source.clone_from(source);
        }
        require_as_many_people(before, &found, self.replace)
            .with_context(|| format!("{}: nothing was written", self.bundle.shown()))?;
        Ok(found)
    }
}

fn in_words(found: &NonMated) -> String {
    format!("{} of {}", counted(found.pairs, "comparison"), counted(found.people, "person"))
}

/// Guards against replacing the 844 people behind the thresholds by a few colleagues, which has happened.
fn require_as_many_people(before: Option<&NonMated>, after: &NonMated, replace: bool) -> Result<()> {
    match before {
        Some(before) if before.people > after.people && !replace => {
            let (known, shown) = (before.people, after.people);
            let refused =
                anyhow!("its distances were measured on {}, these photos show {shown}", counted(known, "person"));
            Err(refused).help("give photos of more people, or --replace")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_on_more_people_is_not_replaced_unless_asked() {
        let of = |people| NonMated {
            format: NonMated::FORMAT,
            source: "photos".to_owned(),
            people,
            pairs: 1,
            quantiles: Vec::new(),
        };
        for (before, after, replace, accepted) in [
            (None, 2, false, true),
            (Some(844), 844, false, true),
            (Some(844), 843, false, false),
            (Some(844), 843, true, true),
            (Some(3), 844, false, true),
        ] {
            let found = require_as_many_people(before.map(of).as_ref(), &of(after), replace);
            assert_eq!(found.is_ok(), accepted, "{before:?} {after} {replace}: {found:?}");
        }
    }
}
