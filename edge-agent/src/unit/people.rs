//! The people database of a running unit: opened at the start, and followed while it runs.

use crate::audit_log::names;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::control::{Order, Reply};
use crate::database::watch::{News, Watch, shown};
use crate::database::{InUse, Judge, Opened, Returned, Store, Trust};
use crate::part_reports::PartReports;
use crate::reports::{Allowance, since_start};
use crate::status::Board;
use crate::unit::Unit;
use anyhow::Context;
use models::Recogniser;
use models::golden::Tested;
use policy::audit::Part;
use shared::gallery::{DatabaseDigest, Gallery};
use std::sync::Arc;
use terminal::counted;

/// The databases of a unit that starts, beside the one that it uses.
pub(crate) struct Found {
    store: Store,
    returned: Option<Returned>,
    self_test: Result<Tested, String>,
}

/// Finds the database that is to be used, and tests the networks.
///
/// # Errors
/// If no database can be used.
pub(crate) fn find(config: &Config, recogniser: &Recogniser) -> anyhow::Result<(InUse, Found)> {
    let mut judge = Judge::new(recogniser.clone(), config, Trust::from_config(config)?);
    let self_test = judge.self_test().map_err(|error| error.to_string());
    let Opened { store, in_use, returned } = Store::open_at(&config.database.path, judge).context("[database] path")?;
    Ok((in_use, Found { store, returned, self_test }))
}

impl Found {
    /// Tells what was found, and looks for new databases from now on.
    pub(crate) fn follow(
        self,
        unit: &mut Unit,
        board: &Board,
        audit: &config::Audit,
        clock: &Arc<SystemClock>,
    ) -> std::io::Result<People> {
        tell_self_test(unit, board, self.self_test);
        if unit.gallery().audience().is_none() {
            tracing::warn!(
                "the people database does not say for which doors it is; `encoder-tool build-db --for` makes one that does"
            );
        }
        if let Some(Returned { why }) = self.returned {
            let sequence = unit.gallery().header().sequence;
            tracing::error!("the people database cannot be used ({why}); the one before is, sequence {sequence}");
            unit.note_returned_database(sequence, why.code());
            board.report_fallback(&why.to_string());
        }
        let (audit, clock) = (audit.clone(), Arc::clone(clock));
        let known = move |gallery: &Gallery| {
            names::update_beside(&audit.path, audit.keep_days, gallery, &clock.now());
        };
        known(unit.gallery());
        let part = PartReports::new(Part::Database);
        let watch = Watch::start(self.store, part.clone(), known)?;
        unit.follow_part(part);
        Ok(People { watch: Some(watch), going_back: None, refusals: Allowance::default() })
    }
}

/// The people that a running unit knows, and who may take their place.
pub(crate) struct People {
    watch: Option<Watch>,
    /// The one who asked to go back, until that is done.
    going_back: Option<Order>,
    /// How often refused ones are reported.
    refusals: Allowance,
}

impl People {
    /// Always the same ones.
    #[cfg(test)]
    pub(crate) fn unchanging() -> Self {
        Self { watch: None, going_back: None, refusals: Allowance::default() }
    }

    /// Asks for the previous database, whose digest is named. The order is answered when it is used, or refused.
    pub(crate) fn roll_back(&mut self, wanted: DatabaseDigest, order: Order) {
        if self.going_back.is_some() {
            return order.answer(Reply::refused("somebody else has asked for it at the same time"));
        }
        match &self.watch {
            Some(watch) if watch.roll_back(wanted) => self.going_back = Some(order),
            _ => order.answer(Reply::refused("the unit does not look for databases any more")),
        }
    }

    /// Between two turns: takes what has come.
    pub(crate) fn take_news(&mut self, unit: &mut Unit, board: &Board) {
        while let Some(news) = self.watch.as_ref().and_then(Watch::next) {
            match news {
                News::Use { database, is_asked_for } => {
                    take(unit, board, *database, is_asked_for);
                    self.answer_if(is_asked_for, Reply::done);
                }
                News::Refused { refusal, is_asked_for } => {
                    let (digest, why) = (refusal.digest, &refusal.why);
                    if is_asked_for || self.refusals.take(since_start()).is_some() {
                        tracing::error!("a people database was refused, {}: {why}", shown(digest));
                        unit.note_refused_database(digest, why.code());
                    }
                    board.report_refused_database(digest, &why.to_string());
                    self.answer_if(is_asked_for, || Reply::refused(why.to_string()));
                }
                News::Checking(result) => board.report_checking(result.err()),
                News::SelfTest(result) => tell_self_test(unit, board, result),
            }
        }
    }
}

impl People {
    fn answer_if(&mut self, is_asked_for: bool, reply: impl FnOnce() -> Reply) {
        if let Some(order) = self.going_back.take_if(|_| is_asked_for) {
            order.answer(reply());
        }
    }
}

fn take(unit: &mut Unit, board: &Board, database: InUse, is_asked_for: bool) {
    let InUse { gallery, rules, digest } = database;
    let (sequence, people) = (gallery.header().sequence, gallery.header().people);
    if is_asked_for {
        unit.note_returned_database(sequence, "asked_for");
    }
    match unit.use_database(gallery, rules) {
        Ok(()) => {
            tracing::info!("people database {sequence} is used, {}", counted(people, "person"));
            board.set_database(unit.gallery(), digest);
        }
        // The rules were tried before.
        Err(error) => tracing::error!("people database {sequence} is not used: {error}"),
    }
}

fn tell_self_test(unit: &mut Unit, board: &Board, result: Result<Tested, String>) {
    match &result {
        Ok(Tested::Passed) => {}
        Ok(Tested::NothingStored) => tracing::warn!(
            "the encoder's bundle has no golden.postcard, so that the networks cannot test themselves; \
             `encoder-tool model golden BUNDLE` writes one"
        ),
        Err(error) => tracing::error!("NOBODY IS LET IN: {error}"),
    }
    unit.note_self_test(result.is_ok());
    board.set_self_test(result);
}
