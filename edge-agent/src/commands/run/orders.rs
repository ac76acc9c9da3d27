//! Requests on the control socket of a running unit: each is recorded, then carried out between two turns of the loop.

use crate::control::{self, Lockout, Order, Reply, Request};
use crate::lockdown::{LockdownReport, Ordered};
use crate::unit::{People, Unit};
use anyhow::anyhow;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::Receiver;
use terminal::{Help, ShowPath};

/// Waiting requests.
pub(super) struct Orders {
    waiting: Option<Receiver<Order>>,
}

impl Orders {
    /// Listens for requests on this socket. If it cannot be opened, the unit runs without it.
    ///
    /// # Errors
    /// If another unit answers there.
    pub(super) fn heard_on(socket: &Path) -> anyhow::Result<Self> {
        let shown = socket.shown();
        match control::serve(socket) {
            Ok(waiting) => Ok(Self { waiting: Some(waiting) }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(anyhow!("a unit runs already: {shown} answers"))
                    .help("stop it first (`systemctl stop edge-agent`), or set another [control] socket for this unit")
            }
            Err(error) => {
                tracing::warn!(
                    "[control] socket {shown}: {error}; this unit will not answer `edge-agent lockout` and `rollback`"
                );
                Ok(Self::none())
            }
        }
    }

    /// No requests.
    pub(super) fn none() -> Self {
        Self { waiting: None }
    }

    /// Carries out the waiting requests. A request that cannot be recorded is refused.
    pub(super) fn carry_out(&self, unit: &mut Unit, people: &mut People) {
        while let Some(order) = self.waiting.as_ref().and_then(|waiting| waiting.try_recv().ok()) {
            match unit.record_request(order.request.code(), order.uid) {
                Ok(()) => carry_out(order, unit, people),
                // The log reports its own failures.
                Err(_) if order.request.only_tightens() => carry_out(order, unit, people),
                Err(error) => order.answer(Reply::refused(format!("the request cannot be recorded: {error}"))),
            }
        }
    }
}

fn carry_out(order: Order, unit: &mut Unit, people: &mut People) {
    let uid = order.uid;
    match order.request.clone() {
        Request::Rollback { digest } => people.roll_back(digest, order),
        Request::ListLockouts {} => {
            order.answer(Reply::lockouts(unit.locked_out().iter().map(Lockout::now).collect()));
        }
        Request::ClearLockouts { of } => order.answer(match unit.clear_lockouts(of.kind()) {
            Ok(forgiven) => Reply::lockouts(forgiven.iter().map(Lockout::cleared).collect()),
            Err(error) => Reply::refused(format!("the request cannot be recorded: {error}")),
        }),
        Request::LockDown { admits } => {
            let not_saved = unit.lock_down(Ordered { admits }).err().map(|error| error.to_string());
            let report = LockdownReport::new(unit.lockdowns(), unit.gallery());
            order.answer(Reply::lockdown(report.map(|report| LockdownReport { not_saved, ..report })));
        }
        Request::TestLock {} => order.answer(match unit.test_lock(uid) {
            Ok(()) => Reply::done(),
            Err(error) => Reply::refused(error.to_string()),
        }),
        Request::EndLockdown {} => order.answer(match unit.end_lockdown() {
            Ok(_) => Reply::lockdown(LockdownReport::new(unit.lockdowns(), unit.gallery())),
            Err(error) => Reply::refused(format!("the unit stays locked down: {error}")),
        }),
    }
}
