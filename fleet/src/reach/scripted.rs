//! Units that answer from a script, for tests.

use super::{Answer, NotNow, Reach};
use crate::fleet_toml::Unit;
use crate::shipment::Shipment;
use ed25519_dalek::{Signer, SigningKey};
use fleet_messages::{Nonce, SignedStatement};
use serde_json::Value;
use shared::gallery::DatabaseDigest;
use shared::seal::Fingerprint;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// The id of the unit with this number, whose log key has the same number.
pub(crate) fn unit_id(number: u8) -> Fingerprint {
    format!("{number:02x}00-0000-0000-0000-0000").parse().unwrap()
}

/// What was sent to a unit so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sent {
    pub(crate) shipped: Vec<DatabaseDigest>,
    pub(crate) orders: Vec<String>,
    pub(crate) asked: usize,
}

type Script = Box<dyn FnMut(&Sent) -> Option<Value>>;

/// Units, each with a function that gives its report, or nothing if it does not answer.
#[derive(Default)]
pub(crate) struct ScriptedReach {
    units: HashMap<Fingerprint, (u8, Script)>,
    pub(crate) sent: HashMap<Fingerprint, Sent>,
    answers: VecDeque<Answer>,
    now_ms: Rc<Cell<u64>>,
    /// When there is a connection.
    pub(crate) connects_at_ms: u64,
    /// The hash of the last record of each log; zeros if empty.
    pub(crate) hash: String,
}

impl ScriptedReach {
    pub(crate) fn unit(&mut self, number: u8, script: impl FnMut(&Sent) -> Option<Value> + 'static) {
        self.units.insert(unit_id(number), (number, Box::new(script)));
    }

    /// A clock that moves on while nobody answers.
    pub(crate) fn clock(&self) -> impl Fn() -> u64 + use<> {
        let now_ms = self.now_ms.clone();
        let began = now_ms.get();
        move || now_ms.get() - began
    }

    pub(crate) fn clock_ms(&self) -> u64 {
        self.now_ms.get()
    }

    /// Somebody sends a statement that this unit made once.
    pub(crate) fn replay(&mut self, number: u8, report: &Value) {
        let payload = self.statement(number, "abcdef", report);
        self.answers.push_back(Answer::Statement { unit: unit_id(number), payload });
    }

    pub(crate) fn fail(&mut self, number: u8, why: &str) {
        self.answers.push_back(Answer::Failed { unit: unit_id(number), why: why.to_owned() });
    }

    fn statement(&self, number: u8, nonce: &str, report: &Value) -> Vec<u8> {
        let zeros = "0".repeat(64);
        let hash = if self.hash.is_empty() { &zeros } else { &self.hash };
        let unit = unit_id(number);
        let text = format!(
            r#"{{"schema":1,"unit":"{unit}","nonce":"{nonce}","utc_ms":5,"log_hash":"{hash}","report":{report}}}"#
        );
        let key = SigningKey::from_bytes(&[number; 32]);
        serde_json::to_vec(&SignedStatement::new(text, |bytes| key.sign(bytes).to_bytes())).unwrap()
    }
}

impl Reach for ScriptedReach {
    fn ask(&mut self, unit: &Unit, nonce: &Nonce) -> Result<(), NotNow> {
        if self.now_ms.get() < self.connects_at_ms {
            return Err(NotNow);
        }
        let sent = self.sent.entry(unit.id).or_default();
        sent.asked += 1;
        let Some((number, script)) = self.units.get_mut(&unit.id) else { return Ok(()) };
        let (number, Some(report)) = (*number, script(sent)) else { return Ok(()) };
        let payload = self.statement(number, nonce.as_str(), &report);
        self.answers.push_back(Answer::Statement { unit: unit.id, payload });
        Ok(())
    }

    fn ship(
        &mut self,
        unit: &Unit,
        shipment: &Shipment,
        _address: Option<&str>,
        _within: Duration,
    ) -> Result<(), NotNow> {
        self.sent.entry(unit.id).or_default().shipped.push(shipment.digest);
        Ok(())
    }

    fn order(&mut self, unit: &Unit, order: &str) -> Result<(), NotNow> {
        self.sent.entry(unit.id).or_default().orders.push(order.to_owned());
        Ok(())
    }

    fn hear(&mut self, wait: Duration) -> Option<Answer> {
        // Units answer at once: without an answer, time passes.
        let answer = self.answers.pop_front();
        if answer.is_none() {
            self.now_ms.set(self.now_ms.get() + u64::try_from(wait.as_millis()).unwrap());
        }
        answer
    }
}
