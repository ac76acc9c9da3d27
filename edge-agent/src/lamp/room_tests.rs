//! The unit's lamp in the simulated room: its own code, played frame by frame, through the detector to the finding.

use super::{Lamp, LampPlayer, LampSettings, ScriptedLamp};
use crate::camera::{CameraError, Captured, FrameSource};
use liveness::lamp::{LampKind, Timing};
use models::{Frame, Recogniser};
use policy::{Finding, LampUse, ObservedFace, Report};
use std::time::{Duration, Instant};
use testbed::chance::Chance;
use testbed::experiment::{Conditions, Experiment};
use testbed::faces::drawn;
use testbed::instrument::Instrument;
use testbed::pipeline::SIZE;

const FRAME: Duration = Duration::from_millis(66);

/// A camera in the room, and what the lamp was doing while each frame arrived.
struct Room {
    experiment: Experiment,
    player: LampPlayer,
    lamp: ScriptedLamp,
    was_on: Vec<bool>,
    frame: Option<Frame>,
    start: Instant,
}

impl FrameSource for Room {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        let index = self.was_on.len();
        self.was_on.push(self.lamp.is_on());
        self.experiment.follow(&self.was_on);
        self.frame = self.experiment.rendered(index as i32, 5).ok();
        let symbol = self.player.frame_captured(self.start + FRAME * index as u32);
        Ok(self.frame.as_ref().map_or(Captured::Nothing, |frame| Captured::Frame(frame, symbol)))
    }
}

/// The report on this visitor.
fn report(instrument: Instrument, recogniser: &mut Recogniser) -> Report {
    let conditions = Conditions { instrument, lux: 150.0, distance: 0.6, kind: LampKind::White };
    let experiment = Experiment::new(conditions, &drawn(4, 77), SIZE, true, Chance::new(11));
    let timing = Some(Timing { delay_frames: experiment.delay_frames() });
    let output = ScriptedLamp::default();
    let player = LampPlayer::new(Box::new(output.clone()));
    let settings = LampSettings { kind: LampKind::White, frames_per_second: 15.0, timing };
    let mut lamp = Lamp::new(player.clone(), settings);
    let mut room = Room { experiment, player, lamp: output, was_on: Vec::new(), frame: None, start: Instant::now() };
    let (mut random, mut now_ms) = (Chance::new(3), 0);
    for _ in 0..60 {
        let wanted = if now_ms < 400 { LampUse::Light } else { LampUse::Play(policy::Trial::default()) };
        lamp.follow(wanted, &mut room, &mut || random.bits(), now_ms);
        now_ms += u64::try_from(FRAME.as_millis()).unwrap();
        let Captured::Frame(frame, symbol) = room.next_frame().unwrap() else { panic!("no frame") };
        let found = recogniser.detect(frame).unwrap();
        let face = found.first().map(|face| {
            let mut seen = ObservedFace::new(face.bounds);
            seen.landmarks = Some(face.landmarks);
            seen
        });
        if let Some(answer) = lamp.see(Some((frame, symbol)), face.as_ref(), now_ms) {
            return answer.report;
        }
    }
    panic!("the trial has no end");
}

#[test]
fn a_head_is_live_and_pictures_are_not() {
    let mut recogniser = Recogniser::bundled().unwrap();
    for (instrument, is_live) in
        [(Instrument::Person, true), (Instrument::MattePrint, false), (Instrument::Tablet, false)]
    {
        let report = report(instrument, &mut recogniser);
        assert_eq!(report.finding == Finding::Live, is_live, "{instrument:?}: {report:?}");
    }
}
