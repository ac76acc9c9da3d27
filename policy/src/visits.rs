//! Visitors at the door: a pass is shown, judged, and used or withheld. `exit` makes the grant, `passes` keeps what was
//! shown.

use super::Policy;
use super::attempts::Attempt;
use super::decision::Refusal;
use super::exit::Visit;
use super::observation::{Now, Observation};
use super::passes::ShownPass;
use super::reason::Reason;
use super::signals::Reports;
use super::visitor_pass::PresentedPass;

impl Policy {
    /// Records a pass that was shown to the camera. The next frame decides what follows, even if it shows nobody.
    pub fn present_pass(&mut self, pass: &PresentedPass, now: &Now) {
        self.advance_to(now);
        self.passes.present(pass, now.monotonic_ms);
        self.approaches.see(now);
    }

    /// `None` if no pass was shown, or if everybody may walk in: that uses up no pass.
    pub(super) fn judge_pass(&mut self, observation: &Observation<'_>, now: &Now) -> Option<Result<Visit, Refusal>> {
        match self.passes.shown().filter(|_| self.holding.is_none())? {
            ShownPass::Notice(refusal) => Some(Err(refusal)),
            ShownPass::Pass(pass) => {
                let judged = self.let_in_visitor(&pass, observation, now);
                let judged = judged.map_err(|reason| Refusal::of_pass(reason, pass.id));
                if let Err(refusal) = &judged {
                    self.passes.note_refusal(refusal, now.monotonic_ms);
                }
                Some(judged)
            }
        }
    }

    /// The visitor's face, which nobody knows, is no failed attempt.
    pub(super) fn note_visit(&mut self, visit: &Visit) {
        self.start_over();
        self.attempt = Attempt::default();
        self.approaches.note_visit(visit);
        self.passes.note_visit();
        visit.host().iter().for_each(|host| self.cards.end_of(*host));
        self.remembered.note_visit(visit);
    }

    /// Revokes a visit that the door will not act on, and refuses the visitor for this reason. The pass must be shown
    /// again; the use is not counted.
    pub fn withhold_visit(&mut self, visit: Visit, reason: Reason) -> Refusal {
        let refusal = Refusal::of_pass(reason, visit.pass());
        self.approaches.take_back_visit(&visit);
        self.approaches.note_refusal(&refusal, Reports::new());
        self.remembered.take_back_visit();
        refusal
    }
}
