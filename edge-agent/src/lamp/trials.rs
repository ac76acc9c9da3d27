//! Runs the trials of the lamp: lights the face, holds the camera's exposure, plays a code, collects the frames, and
//! reports the finding to the policy.

use super::LampPlayer;
use crate::camera::FrameSource;
use liveness::lamp::{Code, Finding, Judgement, LampKind, Sample, Timing, Trial, View};
use models::Frame;
use policy::{LampReport, LampUse, ObservedFace, Report, Signal};
use std::collections::VecDeque;

/// How long the lamp lights the face before the exposure is held, so that the camera's automatic exposure settles.
const SETTLE_MS: u64 = 250;

/// If no trial begins for so long, the exposure settles again: the light of the room may have changed.
const HELD_MS: u64 = 5000;

/// The number of frames in steady light that a trial uses.
const FRAMES_BEFORE: usize = 4;

/// The steady light between two codes of a white lamp, so that their flashes do not add up to more than three in a second
/// (WCAG 2.3.1).
const PAUSE_MS: u64 = 1000;

/// A trial without frames of the camera's thread ends after this time.
const LONGEST_TRIAL_MS: u64 = 3000;

/// This many frames after the code, a trial is judged even if the face was not seen in them.
const FRAMES_AFTER: i32 = 8;

/// The settings of a lamp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LampSettings {
    /// What light it gives.
    pub kind: LampKind,
    /// The configured frame rate, until it is measured.
    pub frames_per_second: f64,
    /// How late the camera shows the lamp; `None` if that was never measured.
    pub timing: Option<Timing>,
}

/// The lamp of a unit. It goes off when this is dropped.
pub struct Lamp {
    player: LampPlayer,
    settings: LampSettings,
    state: State,
    /// From when on the next code may begin.
    rested_at_ms: u64,
}

enum State {
    Dark,
    /// The lamp lights the face steadily.
    Lit(Lit),
    Playing {
        id: policy::Trial,
        trial: Trial,
        since_ms: u64,
    },
    Reported {
        id: policy::Trial,
    },
}

struct Lit {
    since_ms: u64,
    /// The last views since the exposure was held; `None` before that.
    held: Option<VecDeque<View>>,
}

impl Lamp {
    /// A lamp that is dark.
    pub fn new(player: LampPlayer, settings: LampSettings) -> Self {
        Self { player, settings, state: State::Dark, rested_at_ms: 0 }
    }

    /// Does what the policy asks for until the next frame. `chance` gives unpredictable numbers.
    pub fn follow(
        &mut self,
        wanted: LampUse,
        camera: &mut dyn FrameSource,
        chance: &mut dyn FnMut() -> u64,
        now_ms: u64,
    ) {
        match (wanted, &mut self.state) {
            (LampUse::Off, State::Dark) => {}
            (LampUse::Off, _) => {
                self.rest(now_ms);
                self.player.off();
                camera.hold_exposure(false);
                self.state = State::Dark;
            }
            (LampUse::Play(id), State::Lit(Lit { held: Some(before), .. })) if now_ms >= self.rested_at_ms => {
                let before = std::mem::take(before);
                self.begin(id, before, chance, now_ms);
            }
            (LampUse::Play(id), State::Playing { id: playing, .. } | State::Reported { id: playing })
                if id == *playing => {}
            (_, State::Lit(lit)) if now_ms.saturating_sub(lit.since_ms) < SETTLE_MS => {}
            // Once at least, however long a turn of the loop takes.
            (_, State::Lit(lit)) if lit.held.is_none() || now_ms.saturating_sub(lit.since_ms) < HELD_MS => {
                camera.hold_exposure(true);
                lit.held.get_or_insert_default();
            }
            (LampUse::Light | LampUse::Play(_), _) => {
                self.rest(now_ms);
                self.player.light();
                camera.hold_exposure(false);
                self.state = State::Lit(Lit { since_ms: now_ms, held: None });
            }
        }
    }

    /// Notes the end of a code that is given up.
    fn rest(&mut self, now_ms: u64) {
        if matches!(self.state, State::Playing { .. }) && self.settings.kind == LampKind::White {
            self.rested_at_ms = now_ms.saturating_add(PAUSE_MS);
        }
    }

    fn begin(&mut self, id: policy::Trial, before: VecDeque<View>, chance: &mut dyn FnMut() -> u64, now_ms: u64) {
        let rate = self.player.frames_per_second().unwrap_or(self.settings.frames_per_second);
        let code = Code::random(self.settings.kind, rate, chance);
        self.player.play_code(code.clone());
        // Without a measured delay, the trial is reported before its first frame.
        let timing = self.settings.timing.unwrap_or(Timing { delay_frames: 0.0 });
        let mut trial = Trial::new(code, timing);
        // The frame that arrives next still belongs to the symbol -1.
        let symbols = (2..).map(|ago: i32| -ago);
        before.into_iter().rev().zip(symbols).for_each(|(view, symbol)| trial.add(Sample { symbol, view }));
        self.state = State::Playing { id, trial, since_ms: now_ms };
    }

    /// Adds a frame to the trial in progress. `symbol` is what [`LampPlayer::frame_captured`] returned for it. Returns
    /// the report once the trial is over.
    pub fn see(
        &mut self,
        seen: Option<(&Frame, Option<i32>)>,
        face: Option<&ObservedFace>,
        now_ms: u64,
    ) -> Option<LampReport> {
        let view = || seen.and_then(|(frame, _)| face.and_then(|face| View::of(frame, face.landmarks.as_ref()?)));
        let (id, trial, since_ms) = match &mut self.state {
            State::Playing { id, trial, since_ms } => (id, trial, since_ms),
            State::Lit(Lit { held: Some(before), .. }) => {
                before.extend(view());
                before.drain(..before.len().saturating_sub(FRAMES_BEFORE));
                return None;
            }
            State::Dark | State::Lit(_) | State::Reported { .. } => return None,
        };
        let report = if self.settings.timing.is_none() {
            Some(Report::cannot_tell(Signal::Lamp, "not_calibrated"))
        } else if self.player.failure().is_some() {
            Some(Report::cannot_tell(Signal::Lamp, "lamp_failed"))
        } else {
            let symbol = seen.and_then(|(_, symbol)| symbol);
            if let Some((symbol, view)) = symbol.and_then(|symbol| Some((symbol, view()?))) {
                trial.add(Sample { symbol, view });
            }
            let length = trial.code().symbols().len() as i32;
            let is_over = symbol.is_some_and(|symbol| symbol >= length.saturating_add(FRAMES_AFTER))
                || now_ms.saturating_sub(*since_ms) >= LONGEST_TRIAL_MS;
            (trial.is_complete() || is_over).then(|| report(&trial.judge()))
        };
        let answer = report.map(|report| LampReport { trial: *id, report })?;
        tracing::info!("[lamp] played {}", trial.code());
        self.rest(now_ms);
        self.state = State::Reported { id: answer.trial };
        Some(answer)
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        self.player.off();
    }
}

/// The policy's form of a judgement.
fn report(judgement: &Judgement) -> Report {
    let found = match judgement.finding {
        Finding::Live => Report::live(Signal::Lamp),
        Finding::NotLive(because) => Report::not_live(Signal::Lamp, because.code()),
        Finding::CannotTell(because) => Report::cannot_tell(Signal::Lamp, because.code()),
    };
    let figures = &judgement.figures;
    found
        .with("snr", figures.signal_to_noise)
        .with("explained", figures.explained)
        .with("lamp_share", figures.lamp_share)
        .with("late_by", figures.late_by)
        .with("skin", figures.skin_likeness)
        .with("head", figures.head_likeness)
}

#[cfg(test)]
mod tests {
    use super::super::ScriptedLamp;
    use super::*;
    use crate::camera::{CameraError, Captured};
    use policy::Finding as Found;
    use shared::face::Point;
    use std::time::{Duration, Instant};

    const FRAME_MS: u64 = 66;

    /// A camera in front of a flat grey wall that the lamp lights, one frame late.
    struct Wall {
        player: LampPlayer,
        lamp: ScriptedLamp,
        frame: Frame,
        was_on: bool,
        is_held: bool,
        start: Instant,
        frames: u32,
    }

    impl FrameSource for Wall {
        fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
            let grey = if self.was_on { 140 } else { 90 };
            self.frame = Frame::from_rgb(160, 120, vec![grey; 3 * 160 * 120]).unwrap();
            self.was_on = self.lamp.is_on();
            self.frames += 1;
            let at = self.start + Duration::from_millis(FRAME_MS) * self.frames;
            let symbol = self.player.frame_captured(at);
            Ok(Captured::Frame(&self.frame, symbol))
        }

        fn hold_exposure(&mut self, is_held: bool) {
            self.is_held = is_held;
        }
    }

    fn face() -> ObservedFace {
        let mut face = ObservedFace::default();
        face.landmarks =
            Some([(60.0, 40.0), (100.0, 40.0), (80.0, 60.0), (65.0, 85.0), (95.0, 85.0)].map(|(x, y)| Point { x, y }));
        face
    }

    struct Door {
        wall: Wall,
        lamp: Lamp,
        random: u64,
        now_ms: u64,
    }

    impl Door {
        fn new(timing: Option<Timing>) -> Self {
            let lamp = ScriptedLamp::default();
            let player = LampPlayer::new(Box::new(lamp.clone()));
            let settings = LampSettings { kind: LampKind::White, frames_per_second: 15.0, timing };
            let frame = Frame::from_rgb(1, 1, vec![0; 3]).unwrap();
            let (start, was_on, is_held) = (Instant::now(), false, false);
            let wall = Wall { player: player.clone(), lamp, frame, was_on, is_held, start, frames: 0 };
            Self { wall, lamp: Lamp::new(player, settings), random: 1, now_ms: 1000 }
        }

        /// One turn of the loop, in which the policy wants this.
        fn turn(&mut self, wanted: LampUse) -> Option<LampReport> {
            let random = &mut self.random;
            let mut chance = || {
                *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *random
            };
            self.lamp.follow(wanted, &mut self.wall, &mut chance, self.now_ms);
            self.now_ms += FRAME_MS;
            let Captured::Frame(frame, symbol) = self.wall.next_frame().unwrap() else { return None };
            let frame = frame.clone();
            self.lamp.see(Some((&frame, symbol)), Some(&face()), self.now_ms)
        }

        /// Turns until the trial is reported; the report, and how many frames that took.
        fn report(&mut self, id: policy::Trial) -> (Report, u64) {
            for turns in 1..100 {
                if let Some(LampReport { trial, report }) = self.turn(LampUse::Play(id)) {
                    assert_eq!(trial, id);
                    return (report, turns);
                }
            }
            panic!("the trial has no end");
        }
    }

    fn calibrated() -> Option<Timing> {
        Some(Timing { delay_frames: 1.0 })
    }

    #[test]
    fn a_wall_is_no_head_and_a_trial_takes_less_than_a_second_and_a_half() {
        let mut door = Door::new(calibrated());
        for frame in 0..8 {
            assert_eq!(door.turn(LampUse::Light), None);
            assert!(door.wall.lamp.is_on());
            assert_eq!(door.wall.is_held, frame * FRAME_MS >= SETTLE_MS, "{frame}");
        }
        let (report, frames) = door.report(policy::Trial::default());
        assert_ne!(report.finding, Found::Live, "{report:?}");
        assert!(frames * FRAME_MS <= 1500, "{frames} frames");
        assert!(door.wall.is_held);
        assert_eq!(door.turn(LampUse::Off), None);
        assert!(!door.wall.lamp.is_on() && !door.wall.is_held);
    }

    #[test]
    fn each_trial_plays_another_code_after_the_exposure_has_settled() {
        let mut door = Door::new(calibrated());
        let codes: Vec<Vec<bool>> = (0..2)
            .map(|_| {
                let before = door.wall.lamp.switched().len();
                let (_, frames) = door.report(policy::Trial::default());
                assert!((frames - 1) * FRAME_MS >= SETTLE_MS);
                let states = door.wall.lamp.switched().split_off(before);
                door.turn(LampUse::Off);
                states
            })
            .collect();
        assert!(codes.iter().all(|states| states.len() >= 5), "{codes:?}");
        let mut door = Door::new(calibrated());
        let mut states = |id| {
            let mut states = Vec::new();
            while door.turn(LampUse::Play(id)).is_none() {
                states.push(door.wall.lamp.is_on());
            }
            door.turn(LampUse::Off);
            states
        };
        assert_ne!(states(policy::Trial::default()), states(policy::Trial::default()));
    }

    #[test]
    fn a_lamp_that_cannot_be_used_cannot_tell() {
        let mut door = Door::new(None);
        let (report, _) = door.report(policy::Trial::default());
        assert_eq!(report, Report::cannot_tell(Signal::Lamp, "not_calibrated"));

        let mut door = Door::new(calibrated());
        door.turn(LampUse::Light);
        door.wall.lamp.break_down();
        let (report, _) = door.report(policy::Trial::default());
        assert_eq!(report, Report::cannot_tell(Signal::Lamp, "lamp_failed"));
    }

    #[test]
    fn the_exposure_settles_again_if_no_trial_begins() {
        let mut door = Door::new(calibrated());
        let held: Vec<bool> = (0..100)
            .map(|_| {
                door.turn(LampUse::Light);
                door.wall.is_held
            })
            .collect();
        let changes = held.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((3..=4).contains(&changes), "{held:?}");
    }

    /// Two codes in a row would flash more often than each of them.
    #[test]
    fn a_white_lamp_rests_for_a_second_between_codes() {
        for (kind, rests) in [(LampKind::White, true), (LampKind::Infrared, false)] {
            let mut door = Door::new(calibrated());
            door.lamp.settings.kind = kind;
            let first = policy::Trial::default();
            door.report(first);
            let (ended_ms, changes) = (door.now_ms, door.wall.lamp.switched().len());
            door.turn(LampUse::Light);
            while door.wall.lamp.switched().len() == changes {
                door.turn(LampUse::Play(first));
            }
            assert_eq!(door.now_ms - ended_ms >= PAUSE_MS, rests, "{kind:?}: {} ms", door.now_ms - ended_ms);
        }
    }

    /// The camera delivers nothing: the trial ends by time.
    #[test]
    fn a_trial_without_frames_ends() {
        let mut door = Door::new(calibrated());
        let id = policy::Trial::default();
        for _ in 0..6 {
            assert_eq!(door.turn(LampUse::Play(id)), None);
        }
        let answer = door.lamp.see(None, None, door.now_ms + LONGEST_TRIAL_MS).unwrap();
        assert_eq!(answer.report.finding, Found::CannotTell);
    }
}
