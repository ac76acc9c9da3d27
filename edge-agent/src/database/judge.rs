//! Checks a database before it is used.

use super::acceptance::read_bytes;
use super::ledger::Past;
use super::refused::Refused;
use super::trust::Trust;
use crate::config::Config;
use models::Recogniser;
use models::self_test::{GoldenError, Tested};
use policy::{Policy, Rules, RulesError};
use shared::gallery::{Gallery, GateDigest, ModelHash};

type SelfTest = Box<dyn FnMut() -> Result<Tested, GoldenError> + Send>;
type GateWarning = Box<dyn Fn(Option<GateDigest>) -> Option<String> + Send>;
type RulesFor = Box<dyn Fn(&Gallery) -> Result<Rules, RulesError> + Send>;

/// Verifies databases for one unit.
pub(crate) struct Judge {
    model: ModelHash,
    trust: Trust,
    rules_for: RulesFor,
    gate_warning: GateWarning,
    self_test: SelfTest,
}

impl Judge {
    /// Creates a judge for these networks and this configuration.
    #[must_use]
    pub(crate) fn new(mut recogniser: Recogniser, config: &Config, trust: Trust) -> Self {
        let (model, encoder_threshold) = (recogniser.model_hash(), recogniser.threshold());
        let config = config.clone();
        let rules_for = move |gallery: &Gallery| {
            let rules = config.rules_for(gallery, encoder_threshold);
            Policy::new(rules).map(|_| rules)
        };
        let gate = recogniser.clone();
        let gate_warning = Box::new(move |of_database| gate.gate_warning(of_database));
        let self_test = Box::new(move || recogniser.self_test());
        Self { model, trust, rules_for: Box::new(rules_for), gate_warning, self_test }
    }

    /// Accepts every database of that model, for tests.
    #[cfg(test)]
    pub(crate) fn of_model(model: ModelHash, self_test: SelfTest) -> Self {
        let rules_for = Box::new(|_: &Gallery| Ok(Rules::face_alone(1.0)));
        Self { model, trust: Trust::default(), rules_for, gate_warning: Box::new(|_| None), self_test }
    }

    /// The same for a unit that controls a lock.
    #[cfg(test)]
    pub(super) fn at_a_door(self) -> Self {
        Self { trust: self.trust.at(&[], true), ..self }
    }

    /// Reads a database and computes the rules for its people.
    ///
    /// # Errors
    /// [`Refused`]
    pub(super) fn read(&self, bytes: &[u8], past: Past) -> Result<(Gallery, Rules), Refused> {
        let gallery = read_bytes(bytes, &self.model, &self.trust.given(past))?;
        let rules = (self.rules_for)(&gallery)?;
        Ok((gallery, rules))
    }

    /// Warns if people were enrolled with another gate than the unit's.
    pub(super) fn warn_about_gate(&self, gallery: &Gallery) {
        if let Some(warning) = (self.gate_warning)(gallery.gate()) {
            tracing::warn!("{warning}");
        }
    }

    /// Runs the self-test: the networks must give the expected encodings.
    ///
    /// # Errors
    /// [`GoldenError`]
    pub(crate) fn self_test(&mut self) -> Result<Tested, GoldenError> {
        (self.self_test)()
    }
}
