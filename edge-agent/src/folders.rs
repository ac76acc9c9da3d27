//! The folders of a unit: whose they are, and which process has them.
//!
//! Root does nothing in them as root, and two units never write the same log or state.

use crate::config::Config;
use files::owner::{OwnerError, become_owner_of};
use files::{FolderLock, LockError, folder_of};
use std::path::Path;
use terminal::Help;

/// What the packaged service has beside the groups of its user (`SupplementaryGroups=` in `edge-agent.service`).
const DEVICE_GROUPS: [&str; 3] = ["video", "gpio", "input"];

/// Every folder that a running unit writes to.
pub(crate) fn written(config: &Config) -> Vec<&Path> {
    let mut folders = vec![folder_of(&config.status.socket), folder_of(&config.database.identity)];
    folders.extend(kept(config));
    folders
}

/// The folders of its log and its state. Its own key is only read: two units may share one.
fn kept(config: &Config) -> [&Path; 5] {
    [&config.audit.path, &config.audit.key, &config.database.path, &config.door.memory, &config.door.last_lock]
        .map(|file| folder_of(file))
}

/// A command that root started goes on as the owner of these folders.
///
/// # Errors
/// If they have several owners, or others may write to root's.
pub(crate) fn step_down(folders: &[&Path]) -> Result<(), OwnerError> {
    become_owner_of(folders, &DEVICE_GROUPS)?;
    // Another user's process may be dumped again, where the system is set so.
    terminal::keep_memory_from_others();
    Ok(())
}

/// Makes the log and the state this process's alone, as long as the lock lives. Nothing is shared in a folder that is not
/// there; the caller says so.
///
/// # Errors
/// [`LockError`]
pub(crate) fn lock(config: &Config) -> Result<FolderLock, LockError> {
    FolderLock::take(kept(config).into_iter().filter(|folder| folder.exists()))
}

/// [`lock`] for a unit that starts. What keeps the system from locking is left to the caller, who may have a door to lock
/// first.
///
/// # Errors
/// If a unit has them: it is named.
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
