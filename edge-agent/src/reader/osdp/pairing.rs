//! Pairing: gives the reader a random key that only this unit has.
//!
//! The new key travels through a channel with a key that the reader already has. For a new reader, that is the default key,
//! which everybody knows: anybody who listens on the line at this moment learns the new key. So pairing is a deliberate step
//! with the reader in the installer's hands.

use super::key::{PairingKeys, ReaderKey};
use super::line::Line;
use super::panel::{Identity, Panel, PanelError};
use super::shown::ReaderLights;
use anyhow::anyhow;
use std::path::Path;

/// What pairing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paired {
    /// Who the reader says it is.
    pub(crate) identity: Identity,
    /// `false` if it had a key of this unit already.
    pub(crate) has_new_key: bool,
}

/// Why a reader was not paired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PairingError {
    #[error("no reader is heard: {0}")]
    Unheard(PanelError),
    #[error("the reader has neither this unit's key nor the default one")]
    Foreign,
    #[error("the key file: {0:#}")]
    File(anyhow::Error),
    #[error("the reader was told the new key, but {0}; the unit tries both the new key and the previous one")]
    Unconfirmed(PanelError),
}

/// Pairs the reader at this address, or makes sure that it is paired. `anew` replaces a key that works.
///
/// The file has the new key before the reader does, and the previous one until the reader has proved that it uses the new
/// one.
///
/// # Errors
/// [`PairingError`]
pub(crate) fn pair(line: &mut dyn Line, address: u8, file: &Path, anew: bool) -> Result<Paired, PairingError> {
    let mut panel = Panel::new(address, ReaderLights::default());
    let identity = panel.identify(line).map_err(PairingError::Unheard)?;
    let known = PairingKeys::read(file).map_err(PairingError::File)?;
    let working = known.0.iter().find(|key| panel.connect(line, Some(key)).is_ok()).cloned();
    match &working {
        Some(working) if !anew => {
            if known.0.len() > 1 {
                PairingKeys(vec![working.clone()]).write(file).map_err(PairingError::File)?;
            }
            return Ok(Paired { identity, has_new_key: false });
        }
        Some(_) => {}
        None => {
            panel.identify(line).map_err(PairingError::Unheard)?;
            panel.open_default_channel(line).map_err(|_| PairingError::Foreign)?;
        }
    }
    let new = ReaderKey::random().map_err(PairingError::File)?;
    // Without a working key, the newest in the file may be that of a reader that is only unplugged.
    let previous = working.or_else(|| known.0.first().cloned());
    let both = PairingKeys([new.clone()].into_iter().chain(previous).collect());
    both.write(file).map_err(PairingError::File)?;
    // The reply may be lost: what counts is the channel with the new key.
    let told = panel.hand_over(line, &new);
    match panel.connect(line, Some(&new)) {
        Ok(_) => {}
        Err(error) => return Err(PairingError::Unconfirmed(told.err().unwrap_or(error))),
    }
    PairingKeys(vec![new]).write(file).map_err(|error| PairingError::File(anyhow!("{error:#}")))?;
    Ok(Paired { identity, has_new_key: true })
}
