//! Chooses the thresholds that a database stores, for pictures in colour and without colour.

use super::enrolment::Enrolment;
use crate::args::BuildDb;
use crate::calibrate;
use accuracy::calibration::{Risk, risk_at};
use models::Recogniser;
use models::bundle::Calibration;
use terminal::percent;

/// The chosen thresholds and their calibration.
pub(super) struct Thresholds<'r> {
    recogniser: &'r Recogniser,
    /// `None` if the encoder's own threshold applies.
    pub(super) risk: Option<Risk>,
    /// `None` if the threshold in colour applies to pictures without colour too.
    pub(super) grey: Option<Risk>,
}

impl<'r> Thresholds<'r> {
    /// Chooses the thresholds for the number of people with a face and the requested rate.
    pub(super) fn choose(arguments: &BuildDb, enrolment: &Enrolment, recogniser: &'r Recogniser) -> Self {
        let with_face = enrolment.enrolled.iter().filter(|person| !person.photos.is_empty()).count();
        let [risk, grey] = risks_of(arguments, with_face, recogniser);
        // Two photos without colour are as near to each other as two photos in colour.
        let grey = grey.filter(|_| enrolment.grey_photos().is_empty());
        Self { recogniser, risk, grey }
    }

    /// The threshold in colour, an L2 distance: the stored one, else the encoder's own.
    pub(super) fn in_colour(&self) -> f32 {
        self.risk.as_ref().map_or(self.recogniser.threshold(), |risk| risk.threshold)
    }

    /// The looser of the two: look-alikes must need a card without colour, too.
    pub(super) fn loosest(&self) -> f32 {
        self.grey.as_ref().map_or(self.in_colour(), |grey| grey.threshold.max(self.in_colour()))
    }

    pub(super) fn in_one_line(&self) -> String {
        let Some(risk) = &self.risk else { return self.encoders_own() };
        let grey = self.grey.as_ref().map(|grey| format!(", {:.3} without colour", grey.threshold)).unwrap_or_default();
        format!("Threshold {:.3}{grey}: names a stranger at a rate (FPIR) of {}.", risk.threshold, percent(risk.fpir))
    }

    /// The thresholds with the statistics behind them.
    pub(super) fn in_full(&self) -> String {
        let Calibration { non_mated, non_mated_grey, .. } = self.recogniser.calibration();
        let in_colour = match (&self.risk, non_mated) {
            (Some(risk), Some(non_mated)) => calibrate::in_words(risk, non_mated),
            _ => self.encoders_own(),
        };
        let in_grey = self.grey.as_ref().zip(non_mated_grey.as_ref());
        let in_grey = in_grey.map(|(grey, known)| calibrate::grey_in_words(grey, known));
        [in_colour].into_iter().chain(in_grey).collect::<Vec<_>>().join(" ")
    }

    fn encoders_own(&self) -> String {
        format!("Threshold {:.3}: the encoder's own, regardless of the number of people.", self.recogniser.threshold())
    }
}

/// The thresholds for this many people, in colour and without colour; `None` if the encoder's own applies, or the one
/// in colour.
fn risks_of(arguments: &BuildDb, people: usize, recogniser: &Recogniser) -> [Option<Risk>; 2] {
    let Calibration { non_mated: Some(non_mated), non_mated_grey, mated, .. } = recogniser.calibration() else {
        return [None; 2];
    };
    if arguments.uncalibrated || people == 0 {
        return [None; 2];
    }
    let risk = risk_at(arguments.fpir, people, non_mated, mated.as_ref());
    [Some(risk), non_mated_grey.as_ref().map(|non_mated| risk_at(arguments.fpir, people, non_mated, None))]
}
