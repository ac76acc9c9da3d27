//! Carries out what the link asks for, between two turns of the loop: one request in each turn.
//!
//! What keeps people out takes effect first and is recorded then. What is in force already changes nothing and is not
//! recorded again, so a link cannot fill the log. An order that could let in more people, or erases a name, is carried out
//! once its number is saved and it is recorded.

use super::Unit;
use crate::audit_log::names;
use crate::link_requests::{Asked, LinkReply, Wanted};
use crate::signed_orders::{OrderReport, SignedOrders};
use shared::gallery::PersonId;
use shared::order::{Command, Order};
use shared::seal::Fingerprint;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use terminal::ShowPath;

/// The requests of the link, and the signed orders among them.
pub(crate) struct LinkDesk {
    asked: Receiver<Asked>,
    orders: SignedOrders,
    /// The audit log, beside which the names are.
    log: PathBuf,
    erasing: Option<Erasing>,
    is_report_new: bool,
}

/// A name that a thread erases: another program may hold the file for some seconds.
struct Erasing {
    order: Order,
    person: PersonId,
    asked: Asked,
    erased: Receiver<Result<bool, String>>,
}

impl LinkDesk {
    /// For these requests. Names are erased beside this audit log.
    pub(crate) fn new(asked: Receiver<Asked>, orders: SignedOrders, log: &Path) -> Self {
        Self { asked, orders, log: log.to_owned(), erasing: None, is_report_new: true }
    }

    /// Without a link.
    #[cfg(test)]
    pub(crate) fn without_link() -> Self {
        let file = crate::signed_orders::LastOrderFile::new(Box::new(files::Memory::default()), "order");
        let (_, asked) = std::sync::mpsc::channel();
        Self::new(asked, SignedOrders::restored(file, None, Vec::new()), Path::new("log"))
    }

    /// The report on the last signed order, if it may have changed since the last call.
    pub(crate) fn take_report(&mut self) -> Option<Option<OrderReport>> {
        std::mem::take(&mut self.is_report_new).then(|| self.orders.report().cloned())
    }

    /// Carries out the next request, and replies. Called between two turns.
    pub(crate) fn carry_out(&mut self, unit: &mut Unit) {
        self.finish_erasing(unit);
        let Ok(asked) = self.asked.try_recv() else { return };
        match asked.wanted.clone() {
            Wanted::Lockdown => {
                let reply = LinkReply::done(unit.lock_down_for_link(asked.uid));
                asked.answer(reply);
            }
            Wanted::FaceRecognitionOff => {
                let reply = LinkReply::done(unit.turn_off_face_recognition_for_link(asked.uid));
                asked.answer(reply);
            }
            Wanted::SignedOrder { order, signed_by } => self.take_order(unit, order, signed_by, asked),
        }
    }

    fn take_order(&mut self, unit: &mut Unit, order: Order, signed_by: Fingerprint, asked: Asked) {
        if self.erasing.is_some() && matches!(order.command(), Command::Forget { .. }) {
            return asked.answer(LinkReply::refused("another name is being erased: send the order again"));
        }
        let (now, tightens) = (unit.clock.now(), unit.only_tightens(order.command()));
        let loosens = !tightens && !matches!(order.command(), Command::Forget { .. });
        if let Err(refused) = self.orders.judge(&order, loosens, &now) {
            let why = refused.to_string();
            self.orders.note_refused(&order, &why);
            self.is_report_new = true;
            return asked.answer(LinkReply::refused(why));
        }
        if tightens {
            let became = unit.obey(order.command());
            self.orders.use_up(&order).ok();
            // The log reports its own failures.
            unit.record_signed_order(&order, signed_by, asked.uid).ok();
            return self.finish(&order, became, asked);
        }
        if let Err(error) = self.orders.use_up(&order) {
            let refused = format!("the number of the order cannot be saved: {error}; send a new order");
            return self.finish(&order, Err(refused), asked);
        }
        if let Err(error) = unit.record_signed_order(&order, signed_by, asked.uid) {
            return self.finish(&order, Err(format!("the order cannot be recorded: {error}; send a new one")), asked);
        }
        match *order.command() {
            Command::Forget { person } => self.begin_erasing(order, person, asked),
            _ => {
                let became = unit.obey(order.command());
                self.finish(&order, became, asked);
            }
        }
    }

    fn finish(&mut self, order: &Order, became: Result<String, String>, asked: Asked) {
        let reply = match &became {
            Ok(outcome) => LinkReply::done(outcome),
            Err(why) => LinkReply::refused(why),
        };
        if let Err(error) = self.orders.finish(order, became) {
            tracing::error!("what became of the signed order {} cannot be saved: {error}", order.number());
        }
        self.is_report_new = true;
        tracing::info!("signed order: {}", self.orders.report().map(OrderReport::in_words).unwrap_or_default());
        asked.answer(reply);
    }

    fn begin_erasing(&mut self, order: Order, person: PersonId, asked: Asked) {
        let (erased, result) = channel();
        let log = self.log.clone();
        let erasing = move || {
            erased.send(names::forget_beside(&log, &person).map_err(|error| format!("{error:#}"))).ok();
        };
        match thread::Builder::new().name("forget".to_owned()).spawn(erasing) {
            Ok(_) => self.erasing = Some(Erasing { order, person, asked, erased: result }),
            Err(error) => self.finish(&order, Err(format!("no thread can be started: {error}")), asked),
        }
    }

    fn finish_erasing(&mut self, unit: &Unit) {
        let Some(erasing) = &self.erasing else { return };
        let erased = match erasing.erased.try_recv() {
            Err(TryRecvError::Empty) => return,
            Ok(erased) => erased,
            Err(TryRecvError::Disconnected) => Err("the thread ended".to_owned()),
        };
        let Some(Erasing { order, person, asked, .. }) = self.erasing.take() else { return };
        let became = match erased {
            Ok(was_there) => Ok(forgotten(was_there, unit.gallery.person_by_id(&person).is_some(), &self.log)),
            Err(why) => Err(format!("the name cannot be erased: {why}; send a new order")),
        };
        self.finish(&order, became, asked);
    }
}

/// What a unit says that has erased a name, or had none.
fn forgotten(was_there: bool, is_in_database: bool, log: &Path) -> String {
    let names = names::beside(log).shown();
    let erased = if was_there { "erased the name in" } else { "there was no name in" };
    let database = match is_in_database {
        true => "the people database in use STILL CONTAINS the person: ship one without them",
        false => "the people database in use does not contain the person",
    };
    format!("{erased} {names}; {database}")
}
