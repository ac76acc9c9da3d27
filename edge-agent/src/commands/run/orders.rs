//! Requests on the control socket of a running unit: each is recorded, then carried out between two turns of the loop.
//! What can only keep people out is carried out first.

use crate::control::{self, Lockout, Order, Reply, Request};
use crate::lockdown::{LockdownReport, Ordered, Source};
use crate::unit::{OrderError, People, Unit};
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
                    "[control] socket {shown}: {error}; this unit will not answer `edge-agent lockdown`, `face-recognition`, \
                     `lockout`, `test-lock`, `aim` and `rollback`"
                );
                Ok(Self::none())
            }
        }
    }

    /// No requests.
    pub(super) fn none() -> Self {
        Self { waiting: None }
    }

    /// Carries out the waiting requests. A request that cannot be recorded is refused, unless it can only keep people out.
    pub(super) fn carry_out(&self, unit: &mut Unit, people: &mut People) {
        while let Some(order) = self.waiting.as_ref().and_then(|waiting| waiting.try_recv().ok()) {
            let (code, uid) = (order.request.code(), order.uid);
            if only_tightens(&order.request, unit) {
                carry_out(order, unit, people);
                // The log reports its own failures.
                unit.record_request(code, uid).ok();
                continue;
            }
            match unit.record_request(code, uid) {
                Ok(()) => carry_out(order, unit, people),
                Err(error) => order.answer(Reply::refused(format!("the request cannot be recorded: {error}"))),
            }
        }
    }
}

fn only_tightens(request: &Request, unit: &Unit) -> bool {
    match request {
        Request::LockDown { admits } => unit.lockdowns().only_tightens(&Ordered { admits: admits.clone() }),
        Request::TurnOffFaceRecognition {} => true,
        _ => false,
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
            order.answer(match unit.lock_down(Ordered { admits }, Source::Command) {
                // The report says that a restart may end it.
                Ok(()) | Err(OrderError::MayEnd(_)) => {
                    Reply::lockdown(LockdownReport::new(unit.lockdowns(), unit.gallery()))
                }
                Err(error) => Reply::refused(error.to_string()),
            });
        }
        Request::TurnOffFaceRecognition {} => {
            let not_saved = unit.turn_off_face_recognition(Source::Command).err().map(|error| error.to_string());
            order.answer(Reply { face_recognition_not_saved: not_saved, ..Reply::done() });
        }
        Request::TurnOnFaceRecognition {} => order.answer(match unit.turn_on_face_recognition() {
            Ok(_) => Reply::done(),
            Err(error) => Reply::refused(format!("face recognition stays off: {error}")),
        }),
        Request::TestLock {} => order.answer(match unit.test_lock(uid) {
            Ok(()) => Reply::done(),
            Err(error) => Reply::refused(error.to_string()),
        }),
        Request::Aim { seconds } => match unit.begin_aim(uid, seconds.into()) {
            Ok(showing) => order.show(showing),
            Err(error) => order.answer(Reply::refused(format!("the request cannot be recorded: {error}"))),
        },
        Request::EndLockdown {} => order.answer(match unit.end_lockdown() {
            Ok(_) => Reply::lockdown(LockdownReport::new(unit.lockdowns(), unit.gallery())),
            Err(error) => Reply::refused(format!("the unit stays locked down: {error}")),
        }),
    }
}
