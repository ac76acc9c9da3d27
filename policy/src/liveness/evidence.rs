//! The evidence about the tracked face: what each signal has reported, and whether that is enough for a grant.

use super::challenge::Challenge;
use super::network::NetworkOutputs;
use crate::credential::Credential;
use crate::observation::ObservedFace;
use crate::reason::Reason;
use crate::signals::{Finding, IfUnsure, LampReport, LivenessRules, Report, Reports, Signal, Signals, Trial};

/// How long a signal may take to report, in milliseconds. After that it cannot tell.
pub const LONGEST_ANSWER_MS: u64 = 4000;

/// How old the report of the infrared camera may be at the grant, in milliseconds: a few frames.
const FRESH_MS: u64 = 1000;

/// How often the lamp's code is played for one face if the lamp cannot tell, for example because the face moved.
const MAX_TRIALS: usize = 3;

/// What the signals say about the tracked face.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The signals that have been asked for, and since when.
    asked: Option<Asked>,
    lamp: Option<Report>,
    /// The trials that could not tell.
    vain_trials: usize,
    infrared: Option<(Report, u64)>,
    network: NetworkOutputs,
    /// The last trial that was begun, for this face or an earlier one.
    last_trial: Trial,
    /// Whether a presentation attack has been counted as a failed attempt.
    is_counted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    signals: Signals,
    since_ms: u64,
    trial_since_ms: u64,
}

impl Evidence {
    /// Discards everything, for another face.
    pub(crate) fn start_over(&mut self) {
        *self = Self { last_trial: self.last_trial, ..Self::default() };
    }

    /// Notes what a frame shows of the tracked face.
    pub(crate) fn see(&mut self, face: &ObservedFace, is_fit_to_judge: bool) {
        if is_fit_to_judge && self.asked.is_some_and(|asked| asked.signals.contains(Signal::Network)) {
            self.network.note(face.bona_fide);
        }
    }

    /// Notes the infrared camera's report on a frame.
    pub(crate) fn note_infrared(&mut self, report: &Report, now_ms: u64) {
        self.infrared = Some((report.clone(), now_ms));
    }

    /// Notes the lamp's report. One of another trial than the current one is ignored.
    pub(crate) fn note_lamp(&mut self, answer: &LampReport, now_ms: u64) {
        let Some(asked) = &mut self.asked else { return };
        if answer.trial != self.last_trial || self.lamp.is_some() {
            return;
        }
        self.vain_trials += usize::from(answer.report.finding == Finding::CannotTell);
        if answer.report.finding == Finding::CannotTell && self.vain_trials < MAX_TRIALS {
            self.last_trial = self.last_trial.next();
            asked.trial_since_ms = now_ms;
        } else {
            self.lamp = Some(answer.report.clone());
        }
    }

    /// Asks for these signals, because the face is about to let somebody in.
    pub(crate) fn ask(&mut self, signals: Signals, now_ms: u64) {
        if self.asked.is_none() {
            self.last_trial = self.last_trial.next();
            self.asked = Some(Asked { signals, since_ms: now_ms, trial_since_ms: now_ms });
        }
    }

    /// The trial that the lamp must play.
    pub(crate) fn trial(&self) -> Option<Trial> {
        let is_asked = self.asked.is_some_and(|asked| asked.signals.contains(Signal::Lamp));
        (is_asked && self.lamp.is_none()).then_some(self.last_trial)
    }

    /// Whether the PAD network or the infrared camera must look at the next frame.
    pub(crate) fn needs(&self, signal: Signal) -> bool {
        self.asked.is_some_and(|asked| asked.signals.contains(signal))
    }

    /// Checks the signals of a person who would otherwise be let in, apart from the head turn. Returns the reports.
    ///
    /// # Errors
    /// Why the signals do not allow the grant, or not yet.
    pub(crate) fn require(
        &self,
        rules: &LivenessRules,
        (credential, is_marked): (Credential, bool),
        now_ms: u64,
    ) -> Result<Reports, Reason> {
        let required = rules.required_of(is_marked);
        let mut reports = Reports::new();
        for signal in rules.measured_of(is_marked).iter().filter(|signal| *signal != Signal::HeadTurn) {
            let report = self.report(signal, rules, now_ms).ok_or(Reason::LivenessPending)?;
            if required.contains(signal) {
                let card_is_enough = rules.if_unsure == IfUnsure::Card && credential == Credential::CardAndFace;
                match report.finding {
                    Finding::Live => {}
                    Finding::CannotTell if card_is_enough => {}
                    Finding::CannotTell => return Err(signal.reason_if_unsure()),
                    Finding::NotLive => return Err(signal.reason_if_not_live()),
                }
            }
            reports.push(report);
        }
        Ok(reports)
    }

    /// The reports so far, for the record of a refusal.
    pub(crate) fn so_far(&self, rules: &LivenessRules, challenge: &Challenge, now_ms: u64) -> Reports {
        let measured = self.asked.map_or(Signals::NONE, |asked| asked.signals);
        let reports = measured.iter().filter_map(|signal| match signal {
            Signal::HeadTurn => challenge.report(),
            _ => self.report(signal, rules, now_ms),
        });
        reports.collect()
    }

    /// Whether this refusal is of a presentation attack that was not counted yet as a failed attempt.
    pub(crate) fn is_failed_attempt(&mut self, reason: Reason) -> bool {
        let is_attack = Signal::ALL.into_iter().any(|signal| signal.reason_if_not_live() == reason);
        is_attack && reason != Reason::LivenessFailed && !core::mem::replace(&mut self.is_counted, true)
    }

    /// `None` while the signal may still report.
    fn report(&self, signal: Signal, rules: &LivenessRules, now_ms: u64) -> Option<Report> {
        let report = match signal {
            Signal::Network => self.network.report(rules.bona_fide_from),
            Signal::Infrared => self
                .infrared
                .as_ref()
                .and_then(|(report, at_ms)| (now_ms.saturating_sub(*at_ms) <= FRESH_MS).then(|| report.clone())),
            Signal::Lamp => self.lamp.clone(),
            Signal::HeadTurn => None,
        };
        let since_ms = match signal {
            Signal::Lamp => self.asked.map(|asked| asked.trial_since_ms),
            _ => self.asked.map(|asked| asked.since_ms),
        };
        let is_late = since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= LONGEST_ANSWER_MS);
        report.or_else(|| is_late.then(|| Report::cannot_tell(signal, "no_answer")))
    }
}

impl Signal {
    /// The reason for a refusal if this signal reports a presentation attack.
    pub const fn reason_if_not_live(self) -> Reason {
        match self {
            Self::Network => Reason::LooksLikeAPicture,
            Self::Infrared => Reason::NotInInfrared,
            Self::Lamp => Reason::NotLitLikeAHead,
            Self::HeadTurn => Reason::LivenessFailed,
        }
    }

    /// The reason for a refusal if this signal cannot tell.
    pub const fn reason_if_unsure(self) -> Reason {
        match self {
            Self::Network => Reason::NetworkUnsure,
            Self::Infrared => Reason::InfraredUnsure,
            Self::Lamp => Reason::LampUnsure,
            Self::HeadTurn => Reason::LivenessFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: (Credential, bool) = (Credential::Face, false);
    const WITH_CARD: (Credential, bool) = (Credential::CardAndFace, false);

    fn rules(required: &[Signal], recorded: &[Signal]) -> LivenessRules {
        let set = |signals: &[Signal]| signals.iter().copied().collect();
        LivenessRules { required: set(required), recorded: set(recorded), ..LivenessRules::NONE }
    }

    /// Evidence with this report of the lamp.
    fn lit(rules: &LivenessRules, report: Report) -> Evidence {
        let mut evidence = Evidence::default();
        evidence.ask(rules.measured(), 0);
        while let Some(trial) = evidence.trial() {
            evidence.note_lamp(&LampReport { trial, report: report.clone() }, 0);
        }
        evidence
    }

    #[test]
    fn a_signal_can_only_refuse() {
        let live = Report::live(Signal::Lamp);
        let attack = Report::not_live(Signal::Lamp, "late");
        let drowned = Report::cannot_tell(Signal::Lamp, "drowned");
        let (required, recorded) = (rules(&[Signal::Lamp], &[]), rules(&[], &[Signal::Lamp]));
        let strict = LivenessRules { if_unsure: IfUnsure::Refuse, ..required };
        let cases = [
            ("live", &required, FACE, &live, Ok(1)),
            ("an attack", &required, FACE, &attack, Err(Reason::NotLitLikeAHead)),
            ("an attack with a card", &required, WITH_CARD, &attack, Err(Reason::NotLitLikeAHead)),
            ("unsure", &required, FACE, &drowned, Err(Reason::LampUnsure)),
            ("unsure with a card", &required, WITH_CARD, &drowned, Ok(1)),
            ("unsure with a card at a strict door", &strict, WITH_CARD, &drowned, Err(Reason::LampUnsure)),
            ("recorded only", &recorded, FACE, &attack, Ok(1)),
            ("not asked for", &LivenessRules::NONE, FACE, &attack, Ok(0)),
        ];
        for (what, rules, who, report, expected) in cases {
            let found = lit(rules, report.clone()).require(rules, who, 0);
            assert_eq!(found.map(|reports| reports.len()), expected, "{what}");
        }
    }

    #[test]
    fn every_required_signal_must_report_a_live_person() {
        let rules = rules(&[Signal::Lamp, Signal::Infrared], &[]);
        let mut evidence = lit(&rules, Report::live(Signal::Lamp));
        assert_eq!(evidence.require(&rules, FACE, 0), Err(Reason::LivenessPending));
        evidence.note_infrared(&Report::not_live(Signal::Infrared, "no_face"), 0);
        assert_eq!(evidence.require(&rules, FACE, 0), Err(Reason::NotInInfrared));
        evidence.note_infrared(&Report::live(Signal::Infrared), 100);
        assert!(evidence.require(&rules, FACE, 1100).is_ok());
        assert_eq!(evidence.require(&rules, FACE, 1101), Err(Reason::LivenessPending), "an old report");
        assert_eq!(evidence.require(&rules, FACE, LONGEST_ANSWER_MS), Err(Reason::InfraredUnsure), "a silent camera");
        assert_eq!(evidence.require(&rules, WITH_CARD, LONGEST_ANSWER_MS).map(|reports| reports.len()), Ok(2));
    }

    #[test]
    fn a_silent_lamp_cannot_tell() {
        let rules = rules(&[Signal::Lamp], &[]);
        let mut evidence = Evidence::default();
        evidence.ask(rules.measured(), 1000);
        assert_eq!(evidence.require(&rules, FACE, 4999), Err(Reason::LivenessPending));
        assert_eq!(evidence.require(&rules, FACE, 5000), Err(Reason::LampUnsure));
    }

    #[test]
    fn a_report_counts_for_its_trial_only_and_the_code_is_repeated_a_few_times() {
        let rules = rules(&[Signal::Lamp], &[]);
        let mut evidence = Evidence::default();
        assert_eq!(evidence.trial(), None, "nobody is recognised");
        evidence.ask(rules.measured(), 0);
        let first = evidence.trial().unwrap();
        evidence.start_over();
        assert_eq!(evidence.trial(), None);
        evidence.ask(rules.measured(), 0);
        let second = evidence.trial().unwrap();
        assert_ne!(first, second);
        evidence.note_lamp(&LampReport { trial: first, report: Report::live(Signal::Lamp) }, 0);
        assert_eq!(evidence.require(&rules, FACE, 0), Err(Reason::LivenessPending), "it was another face's");
        let vain = |trial| LampReport { trial, report: Report::cannot_tell(Signal::Lamp, "moved") };
        let trials = core::iter::from_fn(|| {
            let trial = evidence.trial()?;
            evidence.note_lamp(&vain(trial), 0);
            Some(trial)
        });
        assert_eq!(trials.count(), MAX_TRIALS);
        assert_eq!(evidence.require(&rules, FACE, 0), Err(Reason::LampUnsure));
    }

    #[test]
    fn an_attack_is_one_failed_attempt() {
        let mut evidence = Evidence::default();
        assert!(!evidence.is_failed_attempt(Reason::LampUnsure));
        assert!(evidence.is_failed_attempt(Reason::NotLitLikeAHead));
        assert!(!evidence.is_failed_attempt(Reason::LooksLikeAPicture));
        evidence.start_over();
        assert!(evidence.is_failed_attempt(Reason::LooksLikeAPicture));
    }
}
