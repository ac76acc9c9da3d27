//! `model golden`: writes the self-test of an encoder's bundle. With it, a door unit checks that it computes the same
//! encodings.
//!
//! One crop is a face, aligned as the encoder requires. The other is pseudo-random and contains every pixel value.

use anyhow::{Context, Result, bail};
use files::Access;
use models::bundle::{Bundle, Bundles, EncoderBundle, GOLDEN_FILE, Golden};
use models::encode::Encoder;
use models::photo::Photo;
use models::{Crop, Recogniser};
use std::path::PathBuf;
use terminal::{Help, ShowPath, print};

/// Portrait of Eileen Collins, NASA, public domain.
const PHOTO: &[u8] = include_bytes!("../../tests/photos/door/eileen_collins.jpg");

/// Write the self-test of an encoder's bundle, or replace it.
///
/// A door unit encodes the crops in golden.postcard when it starts and before it accepts a new people database. If its
/// encodings differ from those that this computer computes now, the door stays locked. `import` and `quantize` also
/// write this file.
#[derive(Debug, clap::Args)]
pub struct MakeGolden {
    /// Folder of the encoder's bundle
    bundle: PathBuf,
}

impl MakeGolden {
    /// Encodes the crops and writes the file.
    ///
    /// # Errors
    /// If the bundle is not an encoder, does not run, or the file cannot be written.
    pub(crate) fn run(&self) -> Result<()> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            bail!("{} is not an encoder; only encoders have a self-test", self.bundle.shown());
        };
        let path = self.bundle.join(GOLDEN_FILE);
        let written = files::replace(&path, Access::Public, &file_for(&encoder)?);
        written.help("make room, or copy the bundle elsewhere")?;
        print(&format!("{}: written with the encodings of two crops", path.shown()))
    }
}

/// The content of the self-test file for this encoder.
///
/// # Errors
/// If the encoder does not run.
pub(crate) fn file_for(bundle: &EncoderBundle) -> Result<Vec<u8>> {
    let recogniser = Recogniser::new(&Bundles { encoder: bundle.clone(), ..Bundles::bundled()? })?;
    let crops = [face(recogniser)?, pseudo_random(bundle.manifest.crop.side())?];
    Ok(Golden::new(&mut Encoder::new(bundle)?, &crops)?.encode()?)
}

fn face(mut recogniser: Recogniser) -> Result<Crop> {
    let frame = Photo::open(PHOTO)?.decode()?;
    let faces = recogniser.detect(&frame)?;
    let face = faces.first().context("the bundled detector finds no face in the photo of the self-test")?;
    Ok(recogniser.glance(&frame, face))
}

/// A crop of fixed pseudo-random pixels: Knuth's multiplicative hash of the index.
fn pseudo_random(side: u32) -> Result<Crop> {
    let pixels = (0..3 * side * side).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Crop::from_rgb(side, pixels).context("a crop is not square")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiled-in self-test equals the output of `model golden models/bundled/sface`.
    #[test]
    fn the_bundled_self_test_is_reproduced() {
        let encoder = Bundles::bundled().unwrap().encoder;
        let made = Golden::decode(&file_for(&encoder).unwrap()).unwrap();
        assert_eq!(Some(made), encoder.golden);
    }
}
