//! The judgement of a trial: one test after another, each of which can only refuse.

use super::code::Code;
use super::finding::{CannotTell, Figures, Finding, Judgement, NotLive};
use super::response::{Clock, Overall, Response};
use super::robust::median;
use super::shape::Shape;
use super::skin::Texture;
use super::steady::{Steady, is_on_face};
use super::trial::{Sample, Timing};

/// Frames before the code that are used, and frames after it.
const AROUND: [i32; 2] = [4, 8];
/// The fewest frames of the code, of its bright and of its dark symbols.
const FEWEST: [usize; 3] = [9, 3, 3];
/// The share of the face's cells that must be usable.
const LEAST_USABLE: f32 = 0.6;
/// How far the face may move from frame to frame, and during the trial, in eye distances.
const MOST_MOVED: [f32; 2] = [0.6, 1.2];
/// How much the size of the face may change.
const MOST_RESIZED: f32 = 1.2;
/// The room's light, relative to the lamp's intensity, above which the lamp is drowned: about 2500 lux for a lamp of 250
/// candela and a camera that sees 62 degrees. In units of the eyes' share of the picture, squared: see [`ambient`].
const TOO_BRIGHT: f32 = 0.028;
/// The lamp's light must exceed the unexplained deviation this many times, and the code explain this share.
const LEAST_SIGNAL: f32 = 3.5;
const LEAST_EXPLAINED: f32 = 0.75;
/// How much earlier or later than calibrated a face may follow, in frames.
const MOST_LATE: f32 = 0.5;
/// The part of the texture that answers later, above which something measures the lamp and answers.
const LATE_TEXTURE: f32 = 0.5;
/// The part of the texture that must answer at once.
const LEAST_TEXTURE: f32 = 0.4;
/// Beyond this standard error, the texture says nothing.
const MOST_UNCERTAIN: f32 = 0.25;
/// The logarithm of the odds that a head must reach.
const LEAST_HEAD: f32 = 0.0;

/// Judges a trial.
pub(super) fn judge(code: &Code, timing: Timing, samples: &[Sample]) -> Judgement {
    let mut figures = Figures::default();
    let finding = match find(code, timing, samples, &mut figures) {
        Ok(()) => Finding::Live,
        Err(finding) => finding,
    };
    Judgement { finding, figures }
}

/// The shading of the face in a trial; for training.
pub(super) fn shape(code: &Code, timing: Timing, samples: &[Sample]) -> Option<Shape> {
    let used = used(code, samples);
    let clock = clock(code, timing, &used);
    let steady = Steady::new(&used);
    let overall = Overall::new(&clock, &steady)?;
    Shape::new(&Response::new(&clock, &steady, &overall))
}

fn find(code: &Code, timing: Timing, samples: &[Sample], figures: &mut Figures) -> Result<(), Finding> {
    let used = used(code, samples);
    let clock = clock(code, timing, &used);
    has_enough_frames(&clock)?;
    has_held_still(&used)?;
    let steady = Steady::new(&used);
    let on_face = || (0..steady.usable.len()).filter(|cell| is_on_face(*cell));
    let usable = on_face().filter(|cell| steady.usable[*cell]).count();
    if (usable as f32) < LEAST_USABLE * on_face().count() as f32 {
        return Err(Finding::CannotTell(CannotTell::BadExposure));
    }
    let overall = Overall::new(&clock, &steady).ok_or(Finding::CannotTell(CannotTell::TooFewFrames))?;
    figures.frames = overall.kept.iter().filter(|kept| **kept).count() as u32;
    figures.late_by = overall.late_by;
    figures.explained = overall.explained;
    figures.signal_to_noise = overall.signal_to_noise;
    let response = Response::new(&clock, &steady, &overall);
    let answers = on_face().filter(|cell| response.usable[*cell]).map(|cell| response.lamp[cell] / response.off[cell]);
    figures.lamp_share = median(answers);
    follows(&overall, figures.lamp_share, ambient(figures.lamp_share, &used))?;
    let texture =
        Texture::new(&clock, &steady, &overall, &response).ok_or(Finding::CannotTell(CannotTell::Uncertain))?;
    (figures.skin_likeness, figures.late_texture) = (texture.at_once, texture.late);
    reflects(&texture)?;
    let shape = Shape::new(&response).ok_or(Finding::CannotTell(CannotTell::Uncertain))?;
    figures.head_likeness = shape.head_likeness();
    if figures.head_likeness < LEAST_HEAD { Err(Finding::NotLive(NotLive::NotAHead)) } else { Ok(()) }
}

fn used<'a>(code: &Code, samples: &'a [Sample]) -> Vec<&'a Sample> {
    let [before, after] = AROUND;
    // A code is short.
    let around = -before..code.symbols().len() as i32 + after;
    let mut used: Vec<&Sample> = samples.iter().filter(|sample| around.contains(&sample.symbol)).collect();
    used.sort_by_key(|sample| sample.symbol);
    used
}

fn clock<'a>(code: &'a Code, timing: Timing, used: &[&Sample]) -> Clock<'a> {
    let delay = if timing.delay_frames.is_finite() { timing.delay_frames } else { 0.0 };
    Clock { code, delay, symbols: used.iter().map(|sample| sample.symbol).collect() }
}

fn has_enough_frames(clock: &Clock) -> Result<(), Finding> {
    let shown = |frame: usize| (clock.symbols[frame] as f32 - clock.delay).round() as i32;
    let length = clock.code.symbols().len() as i32;
    let within: Vec<i32> = (0..clock.symbols.len()).map(shown).filter(|symbol| (0..length).contains(symbol)).collect();
    let bright = within.iter().filter(|symbol| clock.code.is_on(**symbol)).count();
    let [frames, of_bright, of_dark] = FEWEST;
    let enough = within.len() >= frames && bright >= of_bright && within.len() - bright >= of_dark;
    if enough { Ok(()) } else { Err(Finding::CannotTell(CannotTell::TooFewFrames)) }
}

fn has_held_still(used: &[&Sample]) -> Result<(), Finding> {
    let size = median(used.iter().map(|sample| sample.view.place().eye_share));
    let places = || used.iter().map(|sample| sample.view.place());
    // In the trial's own eye distance: each frame's contains the noise of its landmarks.
    let at = |place: super::Place| (place.x * place.eye_share / size, place.y * place.eye_share / size);
    let apart = |a: super::Place, b: super::Place| (at(a).0 - at(b).0).hypot(at(a).1 - at(b).1);
    let [from_frame, in_all] = MOST_MOVED;
    let jumped = places().zip(places().skip(1)).any(|(a, b)| apart(a, b) > from_frame);
    let drifted = places().next().is_some_and(|first| places().any(|place| apart(first, place) > in_all));
    let sizes = || places().map(|place| place.eye_share);
    let (smallest, largest) = (sizes().fold(f32::MAX, f32::min), sizes().fold(0.0, f32::max));
    if jumped || drifted || largest > MOST_RESIZED * smallest {
        return Err(Finding::CannotTell(CannotTell::Moved));
    }
    Ok(())
}

/// The room's light in units of the lamp's intensity. The lamp's light falls off by the square of the distance, and the
/// eyes' share of the picture is inverse to the distance.
fn ambient(lamp_share: f32, used: &[&Sample]) -> f32 {
    let eyes = median(used.iter().map(|sample| sample.view.place().eye_share));
    if lamp_share > 0.0 { eyes * eyes / lamp_share } else { f32::INFINITY }
}

fn follows(overall: &Overall, lamp_share: f32, ambient: f32) -> Result<(), Finding> {
    if ambient > TOO_BRIGHT {
        return Err(Finding::CannotTell(CannotTell::TooBright));
    }
    let answers = lamp_share > 0.0 && overall.signal_to_noise > LEAST_SIGNAL;
    if !answers || overall.explained < LEAST_EXPLAINED {
        return Err(Finding::CannotTell(CannotTell::Uncertain));
    }
    if overall.late_by.abs() > MOST_LATE {
        return Err(Finding::NotLive(NotLive::Late));
    }
    Ok(())
}

fn reflects(texture: &Texture) -> Result<(), Finding> {
    if texture.late > LATE_TEXTURE.max(3.0 * texture.error) {
        return Err(Finding::NotLive(NotLive::Late));
    }
    if texture.at_once < LEAST_TEXTURE {
        return Err(Finding::NotLive(NotLive::ShinesByItself));
    }
    if texture.error > MOST_UNCERTAIN {
        return Err(Finding::CannotTell(CannotTell::Uncertain));
    }
    Ok(())
}
