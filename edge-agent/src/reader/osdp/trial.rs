//! One connection to the reader, to see whether it works. For `doctor`.

use super::key::PairingKeys;
use super::line::Line;
use super::panel::{Identity, Panel, PanelError};
use super::shown::ReaderLights;

/// Connects with one of these keys, or in clear text without any, and returns who the reader says it is.
///
/// # Errors
/// [`PanelError`]: that of the last key.
pub(crate) fn try_out(line: &mut dyn Line, address: u8, keys: &PairingKeys) -> Result<Identity, PanelError> {
    let mut panel = Panel::new(address, ReaderLights::default());
    let identity = panel.identify(line)?;
    let mut result = if keys.0.is_empty() { panel.connect(line, None) } else { Err(PanelError::NotPaired) };
    for key in &keys.0 {
        if result.is_err() {
            result = panel.connect(line, Some(key));
        }
    }
    result.map(|_| identity)
}
