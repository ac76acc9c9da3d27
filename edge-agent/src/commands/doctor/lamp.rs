//! Flashes the lamp and looks: whether the camera sees it, and how many frames later.

use super::finding::Finding;
use crate::camera::{Captured, FrameSource};
use crate::lamp::LampPlayer;
use liveness::lamp::{Code, DelayError, LampKind, MeasuredDelay, linear, measure_delay};
use models::Frame;
use std::time::{Duration, Instant};

/// Frames in steady light before the code, so that the exposure settles.
const SETTLING: usize = 15;

/// Frames after the code, in which a late camera shows its end.
const FRAMES_AFTER: i32 = 8;

const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A larger difference from the configured delay makes the lamp's findings wrong, in frames.
const TOLERANCE: f32 = 0.3;

/// Less light of the lamp, relative to the light of the room, is too weak for most faces.
const WEAK: f32 = 0.05;

/// Flashes the lamp, and judges what the camera saw of it. `configured` is the configured delay.
pub(super) fn flash(
    player: &LampPlayer,
    camera: &mut dyn FrameSource,
    kind: LampKind,
    configured: Option<f32>,
    chance: &mut dyn FnMut() -> u64,
) -> Finding {
    let code = Code::random(kind, player.frames_per_second().unwrap_or(15.0), chance);
    let frames = film(player, camera, &code);
    player.off();
    camera.hold_exposure(false);
    match player.failure() {
        Some(failure) => Finding::bad(ABOUT, failure, "check [lamp] pin, and the permission for the pins"),
        None => judge(measure_delay(&code, &frames), configured),
    }
}

const ABOUT: &str = "lamp";

/// Plays the code, and returns the mean light of each frame with its symbol.
fn film(player: &LampPlayer, camera: &mut dyn FrameSource, code: &Code) -> Vec<(i32, f32)> {
    let until = Instant::now() + LONGEST_WAIT;
    let (mut frames, mut settled) = (Vec::new(), 0);
    player.light();
    while Instant::now() < until {
        let Ok(Captured::Frame(frame, symbol)) = camera.next_frame() else { continue };
        let light = mean_light(frame);
        match symbol {
            None => settled += 1,
            Some(symbol) if symbol > code.symbols().len() as i32 + FRAMES_AFTER => break,
            Some(symbol) => frames.push((symbol, light)),
        }
        if settled == SETTLING {
            settled += 1;
            camera.hold_exposure(true);
            player.play_code(code.clone());
        }
    }
    frames
}

/// Mean linear light of a frame, of one pixel in sixteen.
fn mean_light(frame: &Frame) -> f32 {
    let pixels = frame.pixels().chunks_exact(3 * 16);
    let count = pixels.len().max(1) as f32;
    pixels.map(|pixel| linear(pixel[1])).sum::<f32>() / count
}

fn judge(measured: Result<MeasuredDelay, DelayError>, configured: Option<f32>) -> Finding {
    let measured = match measured {
        Ok(measured) => measured,
        Err(error) => {
            let remedy = "check the wiring, the transistor and [lamp] on-level; point the camera at something that the lamp \
                          lights; an infrared lamp needs a camera without an infrared filter";
            return Finding::bad(ABOUT, error.to_string(), remedy);
        }
    };
    let MeasuredDelay { frames, error, lamp_share, .. } = measured;
    let found =
        format!("seen {frames:.1} frames later (± {error:.1}), {:.0} % of the light of the room", 100.0 * lamp_share);
    let set = format!("set [lamp] delay-frames = {frames:.1}");
    match configured {
        None => Finding::bad(ABOUT, found, set),
        Some(configured) if (configured - frames).abs() > TOLERANCE => {
            Finding::bad(ABOUT, format!("{found}, but [lamp] delay-frames is {configured}"), set)
        }
        Some(_) if lamp_share < WEAK => {
            Finding::note(ABOUT, found, "use a stronger lamp, or shade the place where people stand")
        }
        Some(_) => Finding::good(ABOUT, found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{self, Bad, Good, Note};
    use super::*;
    use crate::camera::CameraError;
    use crate::lamp::ScriptedLamp;

    /// A wall that the lamp lights; the camera shows it one frame late.
    struct Wall {
        player: LampPlayer,
        lamp: ScriptedLamp,
        frame: Frame,
        shown: bool,
        lit: u8,
        holds: usize,
    }

    impl FrameSource for Wall {
        fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
            let grey = if self.shown { self.lit } else { 100 };
            self.frame = Frame::from_rgb(64, 48, vec![grey; 3 * 64 * 48]).unwrap();
            self.shown = self.lamp.is_on();
            let symbol = self.player.frame_captured(Instant::now());
            Ok(Captured::Frame(&self.frame, symbol))
        }

        fn hold_exposure(&mut self, is_held: bool) {
            self.holds += usize::from(is_held);
        }
    }

    fn flashed(lit: u8, configured: Option<f32>, is_broken: bool) -> (Level, String) {
        let lamp = ScriptedLamp::default();
        let player = LampPlayer::new(Box::new(lamp.clone()));
        if is_broken {
            lamp.break_down();
        }
        let frame = Frame::from_rgb(1, 1, vec![0; 3]).unwrap();
        let mut wall = Wall { player: player.clone(), lamp: lamp.clone(), frame, shown: false, lit, holds: 0 };
        let finding = flash(&player, &mut wall, LampKind::White, configured, &mut || 1 << 40);
        assert!(is_broken || (!lamp.is_on() && wall.holds == 1));
        (finding.level, finding.in_words())
    }

    #[test]
    fn the_lamp_is_seen_or_not() {
        for (lit, configured, is_broken, level, expected) in [
            (140, Some(1.1), false, Good, "seen 1.0 frames later"),
            (140, None, false, Bad, "set [lamp] delay-frames = 1.0"),
            (140, Some(2.0), false, Bad, "but [lamp] delay-frames is 2"),
            (101, Some(1.0), false, Note, "use a stronger lamp"),
            (100, Some(1.0), false, Bad, "the camera does not see the lamp"),
            (140, Some(1.0), true, Bad, "it is broken"),
        ] {
            let (found, words) = flashed(lit, configured, is_broken);
            assert_eq!(found, level, "{words}");
            assert!(words.contains(expected), "{words}");
        }
    }
}
