//! Asks and sends until every unit has answered, or it takes too long: the loop around status, rollouts and orders.

use crate::fleet_toml::{Fleet, Unit};
use crate::reach::{Answer, NotNow, Reach};
use crate::shipment::Shipment;
use crate::statements::{Heard, Questions};
use crate::turns::Turns;
use shared::delivery::Receipt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The most questions, notices and orders in a second: each brings back a statement, which the broker has to keep for us if
/// we are slow.
pub(crate) const PER_SECOND: u64 = 200;
/// The most answers that are read before more is sent.
const MOST_TOGETHER: usize = 256;
/// How soon something is sent again that could not be sent.
const AGAIN_MS: u64 = 250;
/// How often a campaign is looked at if nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// What is done with many units. It decides; it sends through [`Outgoing`].
pub trait Campaign {
    /// A unit states something.
    fn heard(&mut self, unit: &Unit, heard: &Heard, now_ms: u64);
    /// A unit says what became of a database that came over ssh.
    fn receipt(&mut self, _unit: &Unit, _receipt: &Receipt, _now_ms: u64) {}
    /// A unit cannot be reached over ssh.
    fn failed(&mut self, unit: &Unit, why: &str, now_ms: u64);
    /// Sends what is due.
    fn send(&mut self, out: &mut Outgoing<'_>);
    /// Whether there is nothing more to do or to wait for.
    fn is_over(&self, now_ms: u64) -> bool;
}

/// What a campaign sends, at a bounded rate.
pub struct Outgoing<'a> {
    fleet: &'a Fleet,
    reach: &'a mut dyn Reach,
    questions: &'a mut Questions,
    now_ms: u64,
    allowance: &'a mut Allowance,
}

/// What may still be sent, in thousandths.
#[derive(Debug, Default)]
struct Allowance {
    thousandths: u64,
    counted_at_ms: u64,
}

impl Allowance {
    fn count(&mut self, now_ms: u64) {
        let earned = now_ms.saturating_sub(self.counted_at_ms).saturating_mul(PER_SECOND);
        self.thousandths = self.thousandths.saturating_add(earned).min(PER_SECOND * 1000);
        self.counted_at_ms = now_ms;
    }

    fn take_one(&mut self) {
        self.thousandths = self.thousandths.saturating_sub(1000);
    }
}

/// What somebody wants to see while a campaign runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sight {
    /// Something may have changed.
    Looked,
    /// There is a connection to the broker.
    Connected,
    /// There is none. Another one is tried.
    Disconnected {
        /// Why.
        why: String,
    },
    /// A unit's statement cannot be used.
    Unheard {
        /// The unit's name.
        unit: String,
        /// Why.
        why: String,
    },
}

impl Outgoing<'_> {
    /// The time, in milliseconds since the campaign began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Asks for a statement.
    ///
    /// # Errors
    /// If nothing can be sent now.
    pub fn ask(&mut self, unit: &Unit) -> Result<(), NotNow> {
        let nonce = self.questions.ask(unit.id).map_err(|_| NotNow)?;
        self.reach.ask(unit, &nonce)?;
        self.allowance.take_one();
        Ok(())
    }

    /// Ships a database.
    ///
    /// # Errors
    /// If nothing can be sent now.
    pub fn ship(
        &mut self,
        unit: &Unit,
        shipment: &Shipment,
        address: Option<&str>,
        within: Duration,
    ) -> Result<(), NotNow> {
        self.reach.ship(unit, shipment, address, within)?;
        self.allowance.take_one();
        Ok(())
    }

    /// Passes on a signed order.
    ///
    /// # Errors
    /// If nothing can be sent now.
    pub fn order(&mut self, unit: &Unit, order: &str) -> Result<(), NotNow> {
        self.reach.order(unit, order)?;
        self.allowance.take_one();
        Ok(())
    }

    /// Gives units their turns, as long as something can be sent.
    pub fn each_turn(&mut self, turns: &mut Turns, mut send: impl FnMut(&mut Self, &Unit) -> Result<(), NotNow>) {
        let fleet = self.fleet;
        while self.allowance.thousandths >= 1000 {
            let Some(id) = turns.next(self.now_ms) else { return };
            let Some(unit) = fleet.unit(id) else { continue };
            if send(self, unit) == Err(NotNow) {
                turns.put_back(id, self.now_ms + AGAIN_MS);
            }
        }
    }
}

/// A clock that counts milliseconds from now on.
pub fn clock() -> impl Fn() -> u64 {
    let began = Instant::now();
    move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Runs a campaign until it is over or `stop` is set. `now_ms` is the time in milliseconds since it began.
pub fn run<C: Campaign>(
    fleet: &Fleet,
    campaign: &mut C,
    reach: &mut dyn Reach,
    stop: &AtomicBool,
    now_ms: &dyn Fn() -> u64,
    see: &mut dyn FnMut(&C, &Sight),
) {
    let mut questions = Questions::default();
    let mut allowance = Allowance { thousandths: PER_SECOND * 1000, counted_at_ms: 0 };
    while !stop.load(Ordering::Relaxed) && !campaign.is_over(now_ms()) {
        let (questions, allowance) = (&mut questions, &mut allowance);
        let now = now_ms();
        allowance.count(now);
        campaign.send(&mut Outgoing { fleet, reach, questions, now_ms: now, allowance });
        let mut answer = reach.hear(TICK);
        for _ in 0..MOST_TOGETHER {
            let Some(heard) = answer else { break };
            let sight = take(fleet, campaign, questions, heard, now_ms());
            see(campaign, &sight);
            answer = reach.hear(Duration::ZERO);
        }
        see(campaign, &Sight::Looked);
    }
}

fn take<C: Campaign>(fleet: &Fleet, campaign: &mut C, questions: &mut Questions, answer: Answer, now_ms: u64) -> Sight {
    match answer {
        Answer::Connected => return Sight::Connected,
        Answer::Disconnected { why } => return Sight::Disconnected { why },
        Answer::Statement { unit, payload } => {
            // A unit that the fleet does not have is none of its business.
            let Some(unit) = fleet.unit(unit) else { return Sight::Looked };
            match questions.answer(unit, &payload) {
                Ok(heard) => campaign.heard(unit, &heard, now_ms),
                Err(why) => return Sight::Unheard { unit: unit.name.clone(), why: why.to_string() },
            }
        }
        Answer::Receipt { unit, receipt } => {
            if let Some(unit) = fleet.unit(unit) {
                campaign.receipt(unit, &receipt, now_ms);
            }
        }
        Answer::Failed { unit, why } => {
            if let Some(unit) = fleet.unit(unit) {
                campaign.failed(unit, &why, now_ms);
            }
        }
    }
    Sight::Looked
}
