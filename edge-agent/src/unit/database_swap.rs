//! Changes the people database while the unit runs.

use super::Unit;
use crate::audit_log::AuditError;
use policy::audit::Event;
use policy::{Now, Reason, Rules, RulesError};
use shared::gallery::{DatabaseDigest, Gallery, Header};

impl Unit {
    /// Replaces the people and the rules, between two turns. Nothing seen before counts any more: neither frames that
    /// agreed nor a card that waits for its face.
    ///
    /// # Errors
    /// If a rule is out of range; the previous people and rules then stay in force.
    pub fn use_database(&mut self, gallery: Gallery, rules: Rules) -> Result<(), RulesError> {
        let now = self.clock.now();
        self.policy.start_afresh(rules, &now)?;
        self.gallery = gallery;
        self.apply_lockdowns();
        self.record_ended_approach(&now);
        self.record_database(&now);
        Ok(())
    }

    /// Records that a database was refused.
    pub fn note_refused_database(&mut self, digest: Option<DatabaseDigest>, code: &str) {
        let now = self.clock.now();
        self.record(Event::database_refused(digest, code), &now);
    }

    /// Records that the previous database is used again; call [`Unit::use_database`] next.
    pub fn note_returned_database(&mut self, sequence: u64, code: &str) {
        let now = self.clock.now();
        self.record(Event::database_returned(sequence, code), &now);
    }

    /// Records the request of a local user before it is carried out.
    ///
    /// # Errors
    /// [`AuditError`]; the request must then not be carried out.
    pub(crate) fn record_request(&mut self, code: &str, uid: u32) -> Result<(), AuditError> {
        let now = self.clock.now();
        self.audit.append(Event::requested(code, uid), &now)
    }

    /// Notes the result of the networks' self-test. After a failure, nobody is let in until a later one has passed.
    pub fn note_self_test(&mut self, passed: bool) {
        let barred = (!passed).then_some(Reason::SelfTestFailed);
        if barred.is_some() && self.barred != barred {
            let now = self.clock.now();
            self.record(Event::SelfTestFailed, &now);
        }
        self.barred = barred;
    }

    pub(super) fn record_database(&mut self, now: &Now) {
        let &Header { sequence: database_sequence, model, .. } = self.gallery.header();
        let Rules { threshold, grey_threshold, .. } = *self.policy.rules();
        let threshold_grey = (grey_threshold != threshold).then_some(grey_threshold);
        self.record(Event::DatabaseLoaded { database_sequence, model, threshold, threshold_grey }, now);
    }
}
