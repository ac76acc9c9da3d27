//! The folders of a unit: their owner, and the process that may write to them.
//!
//! A command started by root works in them as their owner, and two units never write the same log or state.

use crate::config::Config;
use files::owner::{OwnerError, become_owner_of};
use files::{FolderLock, LockError, folder_of};
use std::path::Path;
use terminal::Help;

/// The supplementary groups of the packaged service (`SupplementaryGroups=` in `edge-agent.service`).
const DEVICE_GROUPS: [&str; 4] = ["video", "gpio", "input", "dialout"];

/// Every folder that a running unit writes to.
pub(crate) fn written(config: &Config) -> Vec<&Path> {
    let mut folders = vec![folder_of(&config.status.socket), folder_of(&config.database.identity)];
    folders.extend(kept(config));
    folders
}

/// The folders of the log and the state. The unit's own key is only read: two units may share it.
fn kept(config: &Config) -> [&Path; 5] {
    [&config.audit.path, &config.audit.key, &config.database.path, &config.door.memory, &config.door.last_lock]
        .map(|file| folder_of(file))
}

/// Makes a command that root started run as the owner of these folders.
///
/// # Errors
/// If they have different owners, or if others may write to a folder of root's.
pub(crate) fn step_down(folders: &[&Path]) -> Result<(), OwnerError> {
    become_owner_of(folders, &DEVICE_GROUPS)?;
    // The change of user may have made the process dumpable again, depending on the system's settings.
    terminal::keep_memory_from_others();
    Ok(())
}

/// Reserves the log and the state for this process for as long as the lock lives. Folders that do not exist are
/// skipped: the caller reports them.
///
/// # Errors
/// [`LockError`]
pub(crate) fn lock(config: &Config) -> Result<FolderLock, LockError> {
    FolderLock::take(kept(config).into_iter().filter(|folder| folder.exists()))
}

/// [`lock`] for a unit that starts. Other failures are returned for the caller, who may have to lock the door first.
///
/// # Errors
/// If another unit holds the lock: it is named.
pub(crate) fn lock_unless_a_unit_runs(config: &Config) -> anyhow::Result<Result<FolderLock, LockError>> {
    match lock(config) {
        Err(held @ LockError::Held { .. }) => Err(anyhow::anyhow!("a unit runs already: {held}"))
            .help("stop that one first (`systemctl stop edge-agent`), or give this one folders of its own"),
        taken => Ok(taken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_devices_of_the_service() {
        let service = include_str!("../../deploy/edge-agent.service");
        let groups = service.lines().find_map(|line| line.strip_prefix("SupplementaryGroups=")).unwrap();
        assert_eq!(groups.split(' ').collect::<Vec<_>>(), DEVICE_GROUPS);
    }
}
