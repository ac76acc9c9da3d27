//! The thresholds that a database stores, for pictures in colour and without.

use super::enrolment::Enrolment;
use crate::args::BuildDb;
use crate::calibrate;
use accuracy::calibration::{Risk, risk_at};
use models::Recogniser;
use models::bundle::Calibration;
use terminal::percent;

/// What was chosen, and from what.
pub(super) struct Thresholds<'r> {
    recogniser: &'r Recogniser,
    /// `None` leaves the threshold to the encoder.
    pub(super) risk: Option<Risk>,
    /// `None` leaves pictures without colour to the threshold in colour.
    pub(super) grey: Option<Risk>,
}

impl<'r> Thresholds<'r> {
    /// Those for this many people at the rate that was asked for.
    pub(super) fn choose(arguments: &BuildDb, enrolment: &Enrolment, recogniser: &'r Recogniser) -> Self {
        let [risk, grey] = risks_of(arguments, enrolment.enrolled.len(), recogniser);
        // Among themselves, photos without colour are as near as those in colour.
        let grey = grey.filter(|_| enrolment.grey_photos().is_empty());
        Self { recogniser, risk, grey }
    }

    /// L2 distance in colour, also if the encoder's own holds.
    pub(super) fn in_colour(&self) -> f32 {
        self.risk.as_ref().map_or(self.recogniser.threshold(), |risk| risk.threshold)
    }

    /// The looser of the two: look-alikes need a card without colour, too.
    pub(super) fn loosest(&self) -> f32 {
        self.grey.as_ref().map_or(self.in_colour(), |grey| grey.threshold.max(self.in_colour()))
    }

    pub(super) fn in_one_line(&self) -> String {
        let Some(risk) = &self.risk else { return self.encoders_own() };
        let grey = self.grey.as_ref().map(|grey| format!(", {:.3} without colour", grey.threshold)).unwrap_or_default();
        format!("Threshold {:.3}{grey}: names a stranger at a rate (FPIR) of {}.", risk.threshold, percent(risk.fpir))
    }

    /// With the statistics behind it.
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
        format!("Threshold {:.3}: the encoder's own, whatever the number of people.", self.recogniser.threshold())
    }
}

/// The threshold for this many people, in colour and without; `None` leaves it to the encoder's own, or to that in colour.
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
