//! What an encoder takes: the order of channels, the normalisation and the crop.

use super::rewrite::Normalisation;
use anyhow::{Result, anyhow};
use models::bundle::{ChannelOrder, CropGeometry};
use terminal::Help;

/// The input of an encoder.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) channels: ChannelOrder,
    /// Normalisation of pixels before the network gets them; `None` if not specified.
    pub(super) normalisation: Option<Normalisation>,
    /// True if the normalisation was given on the command line.
    pub(super) insists: bool,
    pub(super) crop: CropGeometry,
}

impl Taken {
    /// The normalisation before a network from which the normalisation `lifted` was removed. A network that normalises
    /// by itself gets raw pixels, unless the command line says otherwise.
    ///
    /// # Errors
    /// If the normalisation is not specified.
    pub(super) fn before(&self, lifted: Normalisation) -> Result<Normalisation> {
        match self.normalisation {
            _ if lifted != Normalisation::NONE && !self.insists => Ok(Normalisation::NONE),
            Some(said) => Ok(said),
            None => Err(anyhow!("the normalisation of pixel values is not described"))
                .help("give --subtract and --divide: 0 and 1 for no normalisation"),
        }
    }
}
