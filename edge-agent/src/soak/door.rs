//! The lock of the door. It can stick, and asserts that every unlocking is on record.

use super::disk::Disk;
use crate::door::{Door, DoorError};
use files::Storage;
use files::power_cut::{Loss, PowerCut};
use policy::Grant;
use shared::gallery::PersonId;
use std::sync::{Arc, Mutex};

/// A lock that knows its position and the grants that it was unlocked for. Clones share it.
#[derive(Clone, Default)]
pub(super) struct WatchedDoor {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_unlocked: bool,
    moves: Vec<i64>,
    sticks: usize,
    disk: Option<PowerCut>,
}

impl WatchedDoor {
    pub(super) fn is_unlocked(&self) -> bool {
        self.state.lock().unwrap().is_unlocked
    }

    /// Sets the disk with the log.
    pub(super) fn set_log_disk(&self, disk: &Disk) {
        self.state.lock().unwrap().disk = Some(disk.power.clone());
    }

    pub(super) fn stick(&self, movements: usize) {
        self.state.lock().unwrap().sticks = movements;
    }

    pub(super) fn take_moves(&self) -> Vec<i64> {
        std::mem::take(&mut self.state.lock().unwrap().moves)
    }

    fn moves(state: &mut State) -> Result<(), DoorError> {
        if state.sticks > 0 {
            state.sticks -= 1;
            return Err(DoorError::Stuck { reason: "it sticks".to_owned() });
        }
        Ok(())
    }
}

impl Door for WatchedDoor {
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
        let mut state = self.state.lock().unwrap();
        let disk = state.disk.clone();
        disk.inspect(|disk| match &grant {
            Grant::Entry(entry) => assert_recorded(disk, "granted", entry.person(), entry.utc_ms()),
            Grant::HeldOpen(held) => assert_recorded(disk, "held_open", held.opened_by(), grant.utc_ms()),
            other => panic!("the soak asks for no {other:?}"),
        });
        Self::moves(&mut state)?;
        state.is_unlocked = true;
        state.moves.push(grant.utc_ms());
        Ok(())
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        let mut state = self.state.lock().unwrap();
        Self::moves(&mut state)?;
        state.is_unlocked = false;
        Ok(())
    }
}

/// Asserts that the record of the grant survives a power cut at the moment the lock moves.
fn assert_recorded(disk: &PowerCut, event: &str, person: PersonId, utc_ms: i64) {
    let kept = disk.after(Loss::All).read("log").unwrap().unwrap_or_default();
    let last = kept.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(last);
    let expected =
        [format!("\"event\":\"{event}\""), format!("\"utc_ms\":{utc_ms}"), format!("\"person\":\"{person}\"")];
    assert!(expected.iter().all(|part| line.contains(part)), "the lock moves without a record: {line}");
}
