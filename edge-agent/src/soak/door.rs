//! The lock of the door. It can stick, and asserts that every unlocking is on record.

use super::disk::Disk;
use super::visitor_passes::counted_uses;
use crate::door::{Door, DoorError};
use files::Storage;
use files::power_cut::{Loss, PowerCut};
use policy::Grant;
use serde_json::Value;
use shared::pass::PassId;
use std::fmt::Display;
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
    /// The passes that it was unlocked for, with the counted uses that were on the disk then.
    visits: Vec<(PassId, Option<u8>)>,
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

    pub(super) fn take_visits(&self) -> Vec<(PassId, Option<u8>)> {
        std::mem::take(&mut self.state.lock().unwrap().visits)
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
        disk.as_ref().inspect(|disk| match &grant {
            Grant::Entry(entry) => assert_recorded(disk, "granted", ("person", entry.person()), entry.utc_ms()),
            Grant::HeldOpen(held) => assert_recorded(disk, "held_open", ("person", held.opened_by()), grant.utc_ms()),
            Grant::Visit(visit) => assert_recorded(disk, "pass_granted", ("pass", visit.pass()), grant.utc_ms()),
            other => panic!("the soak asks for no {other:?}"),
        });
        Self::moves(&mut state)?;
        if let (Grant::Visit(visit), Some(disk)) = (&grant, &disk) {
            let uses = counted_uses(visit.pass()).and_then(|_| kept_uses(disk, visit.pass()));
            state.visits.push((visit.pass(), uses));
        }
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
fn assert_recorded(disk: &PowerCut, event: &str, (who, id): (&str, impl Display), utc_ms: i64) {
    let kept = disk.after(Loss::All).read("log").unwrap().unwrap_or_default();
    let last = kept.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(last);
    let expected = [format!("\"event\":\"{event}\""), format!("\"utc_ms\":{utc_ms}"), format!("\"{who}\":\"{id}\"")];
    assert!(expected.iter().all(|part| line.contains(part)), "the lock moves without a record: {line}");
}

/// The uses of a pass that a power cut at this moment leaves on the disk.
fn kept_uses(disk: &PowerCut, pass: PassId) -> Option<u8> {
    let kept = disk.after(Loss::All).read("memory.json").unwrap()?;
    let content: Value = serde_json::from_slice(&kept).unwrap();
    let counts = content["memory"]["passes"].as_array()?;
    let found = counts.iter().find(|count| count["pass"] == pass.to_string())?;
    u8::try_from(found["uses"].as_u64()?).ok()
}
