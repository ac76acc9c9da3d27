//! The unit's lamp in the simulated room: its own code, played frame by frame, through the detector to the finding.

use crate::chance::Chance;
use crate::experiment::{Conditions, Experiment};
use crate::faces::drawn;
use crate::instrument::Instrument;
use crate::pipeline::SIZE;
use edge_agent::camera::{CameraError, Captured, FrameSource};
use edge_agent::lamp::{Lamp, LampPlayer, LampSettings, ScriptedLamp};
use liveness::lamp::{LampKind, Timing};
use models::{Frame, Recogniser};
use policy::{Finding, LampUse, ObservedFace, Report};
use std::time::{Duration, Instant};

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

/// The report on a visitor that is drawn with this seed.
fn report(instrument: Instrument, seed: u64, recogniser: &mut Recogniser) -> Report {
    let conditions = Conditions { instrument, lux: 150.0, distance: 0.6, kind: LampKind::White };
    let experiment = Experiment::new(conditions, &drawn(4, 77), SIZE, true, Chance::new(seed));
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

/// Also a person is now and then taken for a picture, so most of them must be live.
#[test]
fn heads_are_live_and_pictures_are_not() {
    let mut recogniser = Recogniser::bundled().unwrap();
    let people: Vec<Report> = (1..=3).map(|seed| report(Instrument::Person, seed, &mut recogniser)).collect();
    let live = people.iter().filter(|report| report.finding == Finding::Live).count();
    assert!(live >= 2, "{people:?}");
    for instrument in [Instrument::MattePrint, Instrument::Tablet] {
        let report = report(instrument, 1, &mut recogniser);
        assert_ne!(report.finding, Finding::Live, "{instrument:?}: {report:?}");
    }
}
