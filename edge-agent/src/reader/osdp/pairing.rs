//! Pairing: gives the reader a random key that only this unit has.
//!
//! The new key travels through a channel with a key that the reader already has. For a new reader, that is the default key,
//! which everybody knows: anybody who listens on the line at this moment learns the new key. So pairing is a deliberate step
//! with the reader in the installer's hands, and a unit that has a key never falls back to the default one by itself.

use super::key::{PairingKeys, ReaderKey};
use super::line::Line;
use super::panel::{Identity, Panel, PanelError};
use super::shown::ReaderLights;
use std::path::Path;

/// Which reader is paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// A new one if the unit has no key yet; otherwise the one that is paired already.
    New,
    /// The one that is paired already gets another key, under the present one.
    Renewed,
    /// Another one, or one that was reset: it gets a key under the default key.
    Replaced,
}

/// What carried the new key to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CarriedBy {
    /// A channel with the default key: somebody who listened knows the new key.
    DefaultKey,
    /// A channel with the key before.
    PreviousKey,
}

/// What pairing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paired {
    /// Who the reader says it is.
    pub(crate) identity: Identity,
    /// What carried the new key; `None` if the reader had a key of this unit already.
    pub(crate) carried_by: Option<CarriedBy>,
}

/// Why a reader was not paired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PairingError {
    #[error("no reader is heard: {0}")]
    Unheard(PanelError),
    #[error(
        "the reader does not have the key of this unit: it is another reader, it was reset, or somebody is at its wires"
    )]
    OtherKey,
    #[error("the reader does not accept the default key, which a new reader has")]
    NotReset,
    #[error("this unit has no key to renew: the reader is not paired yet")]
    NothingToRenew,
    #[error("the reader refuses the new key")]
    Refused,
    #[error("the key file: {0:#}")]
    File(anyhow::Error),
    #[error("the reader was told the new key, but {0}; the unit tries every key that the reader may have")]
    Unconfirmed(PanelError),
}

/// Pairs the reader at this address, or makes sure that it is paired.
///
/// The file has the new key before the reader does, and the previous one until the reader has proved that it uses the new
/// one.
///
/// # Errors
/// [`PairingError`]
pub(crate) fn pair(line: &mut dyn Line, address: u8, file: &Path, pairing: Pairing) -> Result<Paired, PairingError> {
    let mut panel = Panel::new(address, ReaderLights::default());
    let identity = panel.identify(line).map_err(PairingError::Unheard)?;
    let known = PairingKeys::read(file).map_err(PairingError::File)?;
    let carried_by = match (pairing, known.0.is_empty()) {
        (Pairing::Renewed, true) => return Err(PairingError::NothingToRenew),
        (Pairing::New, true) | (Pairing::Replaced, _) => CarriedBy::DefaultKey,
        (Pairing::New | Pairing::Renewed, false) => CarriedBy::PreviousKey,
    };
    let previous = match carried_by {
        CarriedBy::DefaultKey => {
            panel.open_default_channel(line).map_err(|error| refusal(error, PairingError::NotReset))?;
            known.0.first().cloned()
        }
        CarriedBy::PreviousKey => {
            let working = connect_with_any(&mut panel, line, &known)?;
            if pairing == Pairing::New {
                forget_others(&known, &working, file)?;
                return Ok(Paired { identity, carried_by: None });
            }
            Some(working)
        }
    };
    let new = ReaderKey::random().map_err(PairingError::File)?;
    let both = PairingKeys([new.clone()].into_iter().chain(previous).collect());
    both.write(file).map_err(PairingError::File)?;
    // The reply may be lost: what counts is the channel with the new key.
    let told = panel.hand_over(line, &new);
    if matches!(told, Err(PanelError::Refused)) {
        known.write(file).map_err(PairingError::File)?;
        return Err(PairingError::Refused);
    }
    if let Err(error) = panel.connect(line, Some(&new)) {
        return Err(PairingError::Unconfirmed(told.err().unwrap_or(error)));
    }
    PairingKeys(vec![new]).write(file).map_err(PairingError::File)?;
    Ok(Paired { identity, carried_by: Some(carried_by) })
}

/// Connects with the first key that the reader has.
fn connect_with_any(panel: &mut Panel, line: &mut dyn Line, keys: &PairingKeys) -> Result<ReaderKey, PairingError> {
    let mut result = Err(PairingError::OtherKey);
    for key in &keys.0 {
        match panel.connect(line, Some(key)) {
            Ok(_) => return Ok(key.clone()),
            Err(error) => result = Err(refusal(error, PairingError::OtherKey)),
        }
    }
    result
}

/// Why a channel cannot be opened: because of the key, or the reader is not heard.
fn refusal(error: PanelError, by_key: PairingError) -> PairingError {
    match error {
        PanelError::WrongKey | PanelError::NoSecureChannel => by_key,
        other => PairingError::Unheard(other),
    }
}

fn forget_others(known: &PairingKeys, working: &ReaderKey, file: &Path) -> Result<(), PairingError> {
    if known.0.len() == 1 {
        return Ok(());
    }
    PairingKeys(vec![working.clone()]).write(file).map_err(PairingError::File)
}
