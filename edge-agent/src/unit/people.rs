//! The people database of a running unit: opens it at the start, and replaces it while the unit runs.

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
use models::self_test::Tested;
use policy::audit::Part;
use shared::gallery::{DatabaseDigest, Gallery};
use std::sync::Arc;
use terminal::counted;

/// The state of the databases at the start of a unit, apart from the one in use.
pub(crate) struct Found {
    store: Store,
    returned: Option<Returned>,
    self_test: Result<Tested, String>,
}

/// Finds the database to use, and runs the self-test of the networks.
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
    /// Reports the findings, and starts to look for new databases.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn follow(
        self,
        unit: &mut Unit,
        board: &Board,
        audit: &config::Audit,
        clock: &Arc<SystemClock>,
    ) -> std::io::Result<People> {
        report_self_test(unit, board, self.self_test);
        if unit.gallery().audience().is_none() {
            tracing::warn!(
                "the people database does not say which doors it is for; make one that does with `encoder-tool build-db --for`"
            );
        }
        if let Some(Returned { why }) = self.returned {
            let sequence = unit.gallery().header().sequence;
            tracing::error!(
                "the people database cannot be used ({why}); the previous one is in use, sequence {sequence}"
            );
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
        Ok(People { watch: Some(watch), rollback: None, refusals: Allowance::default() })
    }
}

/// Looks for new people databases for a running unit.
pub(crate) struct People {
    watch: Option<Watch>,
    /// The request for a rollback in progress.
    rollback: Option<Order>,
    /// Limits the reports of refused databases.
    refusals: Allowance,
}

impl People {
    /// Never replaces the database.
    #[cfg(test)]
    pub(crate) fn unchanging() -> Self {
        Self { watch: None, rollback: None, refusals: Allowance::default() }
    }

    /// Requests a rollback to the previous database with this digest. Replies when it is in use or refused.
    pub(crate) fn roll_back(&mut self, wanted: DatabaseDigest, order: Order) {
        if self.rollback.is_some() {
            return order.answer(Reply::refused("another rollback is in progress"));
        }
        match &self.watch {
            Some(watch) if watch.roll_back(wanted) => self.rollback = Some(order),
            _ => order.answer(Reply::refused("the unit no longer looks for databases")),
        }
    }

    /// Handles the messages of the thread. Called between two turns.
    pub(crate) fn take_news(&mut self, unit: &mut Unit, board: &Board) {
        while let Some(news) = self.watch.as_ref().and_then(Watch::next) {
            match news {
                News::Use { database, is_asked_for } => {
                    take(unit, board, *database, is_asked_for);
                    self.reply_if_requested(is_asked_for, Reply::done);
                }
                News::Refused { refusal, is_asked_for } => {
                    let (digest, why) = (refusal.digest, &refusal.why);
                    if is_asked_for || self.refusals.take(since_start()).is_some() {
                        tracing::error!("a people database was refused, {}: {why}", shown(digest));
                        unit.note_refused_database(digest, why.code());
                    }
                    board.report_refused_database(digest, &why.to_string());
                    self.reply_if_requested(is_asked_for, || Reply::refused(why.to_string()));
                }
                News::Checking(result) => board.report_checking(result.err()),
                News::SelfTest(result) => report_self_test(unit, board, result),
            }
        }
    }
}

impl People {
    fn reply_if_requested(&mut self, is_asked_for: bool, reply: impl FnOnce() -> Reply) {
        if let Some(order) = self.rollback.take_if(|_| is_asked_for) {
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
            tracing::info!("people database {sequence} is in use, {}", counted(people, "person"));
            board.set_database(unit.gallery(), digest);
        }
        // Not expected: the rules were checked before.
        Err(error) => tracing::error!("people database {sequence} is not used: {error}"),
    }
}

fn report_self_test(unit: &mut Unit, board: &Board, result: Result<Tested, String>) {
    match &result {
        Ok(Tested::Passed) => {}
        Ok(Tested::NothingStored) => tracing::warn!(
            "the encoder's bundle has no golden.postcard, so the networks cannot be tested; \
             write one with `encoder-tool model golden BUNDLE`"
        ),
        Err(error) => tracing::error!("NOBODY IS LET IN: {error}"),
    }
    unit.note_self_test(result.is_ok());
    board.set_self_test(result);
}
