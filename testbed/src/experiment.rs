//! One trial: a visitor, a code, and the frames that the camera shows of it.

use crate::camera::Camera;
use crate::chance::Chance;
use crate::faces::Face;
use crate::instrument::{Instrument, visitor};
use crate::light::{Lamp, Room};
use crate::picture::luma;
use crate::scene::Scene;
use crate::surface::{Pose, Seen};
use liveness::lamp::{CELL, COLUMNS, Code, Grid, LEFT, LampKind, ROWS, Sample, TEMPLATE, TOP, Timing, Trial, View};
use models::Point;

/// Illuminances of the face by the room, lux: from a dark corridor to the sun.
pub const LUX: [f32; 8] = [5.0, 50.0, 150.0, 500.0, 1000.0, 5000.0, 20_000.0, 50_000.0];

/// Distances, metres. Of a small picture: where a face of life size looks as large.
pub const DISTANCES: [f32; 4] = [0.4, 0.6, 0.8, 1.2];

/// The landmarks' noise: the standard deviation of each coordinate, in eye distances (`docs/liveness.md`).
const LANDMARK_NOISE: f32 = 0.02;

/// Nobody's eyes, nose and mouth are where the mean face has them: the standard deviation of each coordinate, which stays
/// the same during a trial, in eye distances.
const FEATURE_SPREAD: f32 = 0.03;

/// What a trial is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Who stands there.
    pub instrument: Instrument,
    /// The room's light on the face, lux.
    pub lux: f32,
    /// Metres.
    pub distance: f32,
    /// The lamp.
    pub kind: LampKind,
}

/// One trial, ready to be filmed.
pub struct Experiment {
    pub(crate) scene: Scene,
    pub(crate) camera: Camera,
    code: Code,
    /// The code that the light in the picture follows: another one for a recorded video.
    shown: Code,
    timing: Timing,
    pub(crate) frames: Vec<i32>,
    /// How far the landmarks are from those of the mean face, in eye distances.
    features: [[f32; 2]; 5],
    /// How far the lamp moves the landmarks, in eye distances.
    bias: [f32; 2],
    /// The mean radiance of the picture without the lamp, and what the lamp adds.
    mean: [f32; 2],
    chance: Chance,
}

/// One frame before it is rendered.
pub(crate) struct Shot {
    pub(crate) pose: Pose,
    pub(crate) symbol: i32,
    seconds: f32,
    pub(crate) blinks: bool,
}

/// The lights at one moment, as factors.
pub(crate) struct Lights {
    room: f32,
    lamp: f32,
    answer: f32,
}

impl Lights {
    /// The radiance of what a ray sees.
    pub(crate) fn on(&self, seen: &Seen) -> [f32; 3] {
        [0, 1, 2].map(|channel| {
            self.room * seen.room[channel]
                + self.lamp * seen.lamp[channel]
                + seen.shine[channel]
                + self.answer * seen.answer[channel]
        })
    }
}

impl Experiment {
    /// Draws a trial. `size` is the camera's picture; `fine` textures are for a picture in full.
    pub fn new(conditions: Conditions, faces: &[Face], size: [f32; 2], fine: bool, mut chance: Chance) -> Self {
        let Conditions { instrument, lux, distance, kind } = conditions;
        let room = Room::random(lux, &mut chance);
        let lamp = Lamp::random(&mut chance);
        let visitor = visitor(instrument, faces, fine, &room, distance, &mut chance);
        let scene = Scene::new(visitor, room, lamp, lux, distance, &mut chance);
        let (radiance, mean) = metered(&scene);
        let by_lamp = lamp.at([0.0, 0.0, scene.visitor.motion.at(0.0).place[2]]).0;
        let as_lit =
            if scene.visitor.surface.shine.is_some() { radiance * std::f32::consts::PI / 0.4 } else { lux + by_lamp };
        let camera = Camera::random(size[0], size[1], radiance, as_lit, &mut chance);
        let code = Code::random(kind, f64::from(camera.frames_per_second), || chance.bits());
        let shown = match instrument {
            Instrument::Injected => Code::random(kind, f64::from(camera.frames_per_second), || chance.bits()),
            _ => code.clone(),
        };
        let error = chance.normal(0.15).clamp(-0.3, 0.3);
        let timing = Timing { delay_frames: (camera.delay + error).max(0.0) };
        let last = code.symbols().len() as i32 + camera.delay.ceil() as i32 + 2;
        let slow = chance.happens(0.3).then(|| chance.below(3) as i32);
        // A slow loop sees two of three frames; any loop misses some.
        let frames = (-4..last)
            .filter(|at| slow.is_none_or(|phase| at.rem_euclid(3) != phase) && chance.happens(0.97))
            .collect();
        let features = std::array::from_fn(|_| [chance.normal(FEATURE_SPREAD), chance.normal(FEATURE_SPREAD)]);
        let bias = [chance.normal(0.004), chance.normal(0.004)];
        Self { scene, camera, code, shown, timing, frames, features, bias, mean, chance }
    }

    /// Films the trial as cells of the grid, rendered directly.
    pub fn run(&mut self) -> Trial {
        let mut trial = Trial::new(self.code.clone(), self.timing);
        for symbol in self.frames.clone() {
            let shot = self.shot(symbol);
            let landmarks = self.landmarks(&shot);
            let view = Grid::between(&landmarks).and_then(|grid| self.view(&shot, &grid));
            if let Some(view) = view {
                trial.add(Sample { symbol, view });
            }
        }
        trial
    }

    /// Follows this lamp in place of its own code: whether it was on while each frame arrived, from the first one on.
    pub fn follow(&mut self, lamp: &[bool]) {
        self.code = Code::from_symbols(lamp.to_vec());
        self.shown = self.code.clone();
    }

    /// From the lamp's change to the first frame that shows it, in frames.
    pub fn delay_frames(&self) -> f32 {
        self.camera.delay
    }

    /// An empty trial of the same code.
    pub(crate) fn trial(&self) -> Trial {
        Trial::new(self.code.clone(), self.timing)
    }

    pub(crate) fn shot(&self, symbol: i32) -> Shot {
        let seconds = symbol as f32 / self.camera.frames_per_second;
        Shot {
            pose: self.scene.visitor.motion.at(seconds),
            symbol,
            seconds,
            blinks: self.scene.changes.blinks(seconds),
        }
    }

    /// The landmarks that a detector finds.
    fn landmarks(&mut self, shot: &Shot) -> [Point; 5] {
        let mut points = self.true_landmarks(shot);
        let eyes = (points[1].x - points[0].x).hypot(points[1].y - points[0].y);
        let is_lit = self.camera.light(&self.shown, shot.symbol as f32, self.camera.height / 2.0);
        for (point, [x, y]) in points.iter_mut().zip(self.features) {
            point.x += eyes * (self.chance.normal(LANDMARK_NOISE) + x + self.bias[0] * is_lit);
            point.y += eyes * (self.chance.normal(LANDMARK_NOISE) + y + self.bias[1] * is_lit);
        }
        points
    }

    pub(crate) fn true_landmarks(&self, shot: &Shot) -> [Point; 5] {
        TEMPLATE.map(|place| {
            let [x, y, z] = self.scene.visitor.surface.placed(&shot.pose, place);
            let Camera { focal, width, height, .. } = self.camera;
            Point { x: width / 2.0 - focal * x / z, y: height / 2.0 - focal * y / z }
        })
    }

    /// The direction of a pixel.
    pub(crate) fn direction(&self, x: f32, y: f32) -> [f32; 2] {
        let Camera { focal, width, height, .. } = self.camera;
        [(x - width / 2.0) / focal, (y - height / 2.0) / focal]
    }

    /// The lights at the moment when a row is exposed.
    pub(crate) fn lights(&self, shot: &Shot, y: f32) -> Lights {
        let rate = self.camera.frames_per_second;
        let moment = shot.seconds + self.camera.row_offset(y) / rate;
        let answers_after = self.scene.visitor.answers_after;
        Lights {
            room: self.scene.changes.room(moment, self.camera.exposure / rate),
            lamp: self.camera.light(&self.shown, shot.symbol as f32, y),
            answer: answers_after.map_or(0.0, |frames| self.camera.light(&self.shown, shot.symbol as f32 - frames, y)),
        }
    }

    /// The mean radiance of the picture, which the lens scatters.
    pub(crate) fn mean(&self, shot: &Shot) -> f32 {
        let [without, by_lamp] = self.mean;
        without + by_lamp * self.camera.light(&self.shown, shot.symbol as f32, self.camera.height / 2.0)
    }

    fn view(&mut self, shot: &Shot, grid: &Grid) -> Option<View> {
        let cell = CELL * grid.eye_distance();
        let (pixels, mean) = ((cell * cell).max(1.0), self.mean(shot));
        let mut cells = Vec::with_capacity(COLUMNS * ROWS);
        for (row, column) in (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
            let place = |right: f32, down: f32| {
                grid.apply(LEFT + CELL * (column as f32 + right), TOP + CELL * (row as f32 + down))
            };
            let lights = self.lights(shot, place(0.5, 0.5).1);
            let (mut sum, mut highest, mut is_whole) = (0.0, 0.0_f32, true);
            for [right, down] in [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]] {
                let (x, y) = place(right, down);
                is_whole &= x >= 0.0 && y >= 0.0 && x < self.camera.width && y < self.camera.height;
                let seen = self.scene.seen(&shot.pose, self.direction(x, y), shot.blinks);
                let radiance = luma(lights.on(&seen));
                sum += radiance;
                highest = highest.max(radiance);
            }
            let level = self.camera.shot(sum / 4.0, mean, pixels, &mut self.chance);
            let level = self.camera.compressed(level, pixels, &mut self.chance);
            let is_saturated = level >= 250.0 || self.camera.is_saturated(highest, mean);
            cells.push(if is_saturated || !is_whole { 1.0 } else { linear_between(level) });
        }
        View::from_grid(&cells, grid.place(self.camera.width))
    }
}

/// Linear light of a level that need not be whole.
fn linear_between(level: f32) -> f32 {
    let value = level / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// What the exposure settles to, with the lamp on: mostly the face; and the mean of the picture without the lamp, and
/// what the lamp adds. All cd/m^2.
fn metered(scene: &Scene) -> (f32, [f32; 2]) {
    let pose = scene.visitor.motion.at(0.0);
    let at = |x: f32, y: f32| {
        let [px, py, pz] = scene.visitor.surface.placed(&pose, [x, y]);
        let seen = scene.seen(&pose, [px / -pz, py / -pz], false);
        let lit = luma([0, 1, 2].map(|channel| seen.lamp[channel] + seen.answer[channel]));
        (luma([0, 1, 2].map(|channel| seen.room[channel] + seen.shine[channel])) + lit, lit)
    };
    let places =
        (0..8).flat_map(|row| (0..6).map(move |column| (-0.75 + 0.3 * column as f32, -0.7 + 0.3 * row as f32)));
    let mut face: Vec<(f32, f32)> = places.map(|(x, y)| at(x, y)).collect();
    face.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Highlights apart.
    let mean = |part: fn(&(f32, f32)) -> f32| face[..44].iter().map(part).sum::<f32>() / 44.0;
    let (face, lit) = (mean(|both| both.0), mean(|both| both.1));
    let behind = [[-0.6, -0.3], [0.6, -0.3], [-0.6, 0.2], [0.6, 0.2]];
    let behind = behind.iter().map(|direction| luma(scene.seen(&pose, *direction, false).room)).sum::<f32>() / 4.0;
    (0.85 * face + 0.15 * behind, [0.5 * (face - lit + behind), 0.5 * lit])
}
