//! A scene: a visitor, the room behind, its light and what changes in it.

use crate::chance::Chance;
use crate::instrument::Visitor;
use crate::light::{Lamp, Room};
use crate::surface::{Pose, Seen};
use std::f32::consts::{PI, TAU};

/// A visitor in front of a wall, or of the sky.
pub(crate) struct Scene {
    pub(crate) visitor: Visitor,
    pub(crate) room: Room,
    pub(crate) lamp: Lamp,
    pub(crate) changes: Changes,
    background: Background,
}

/// A wall with a few large patterns and edges.
struct Background {
    distance: f32,
    reflectance: f32,
    /// Its illuminance by the room, lux.
    lux: f32,
    waves: [[f32; 4]; 4],
    edges: [[f32; 2]; 3],
    is_sky: bool,
}

impl Background {
    fn random(distance: f32, lux: f32, chance: &mut Chance) -> Self {
        Self {
            distance: distance + chance.between(0.5, 3.0),
            reflectance: chance.between(0.2, 0.8),
            lux: lux * chance.log_between(0.2, 1.5),
            waves: std::array::from_fn(|_| {
                [chance.normal(8.0), chance.normal(8.0), chance.between(0.0, TAU), chance.normal(0.1)]
            }),
            edges: std::array::from_fn(|_| [chance.normal(0.4), chance.between(0.3, 1.0)]),
            is_sky: lux >= 5000.0 && chance.happens(0.3),
        }
    }

    fn seen(&self, [u, v]: [f32; 2], lamp: &Lamp) -> Seen {
        let waved: f32 = self.waves.iter().map(|[a, b, phase, size]| size * (a * u + b * v + phase).sin()).sum();
        let edged: f32 = self.edges.iter().map(|[at, factor]| if u > *at { *factor } else { 1.0 }).product();
        let share = (self.reflectance * (1.0 + waved) * edged).clamp(0.03, 0.9) / PI;
        if self.is_sky {
            return Seen { room: [self.lux * (1.0 + 0.2 * waved).max(0.3) / PI; 3], ..Seen::default() };
        }
        let (lux, towards) = lamp.at([u * self.distance, v * self.distance, -self.distance]);
        Seen { room: [share * self.lux; 3], lamp: [share * lux * towards[2]; 3], ..Seen::default() }
    }
}

/// What changes in the room during a trial.
pub(crate) struct Changes {
    /// The mains' flicker: depth, and phase.
    flicker: [f32; 2],
    /// A shadow that passes: depth, moment and duration in seconds.
    shadow: [f32; 3],
    /// From when to when the person blinks, in seconds.
    blink: [f32; 2],
}

impl Changes {
    fn random(lux: f32, may_blink: bool, chance: &mut Chance) -> Self {
        let by_mains = lux < 5000.0 && chance.happens(0.5);
        let start = chance.between(-0.3, 1.5);
        let blinks = may_blink && chance.happens(0.3);
        Self {
            flicker: [if by_mains { chance.between(0.02, 0.35) } else { 0.0 }, chance.between(0.0, TAU)],
            shadow: [
                if chance.happens(0.1) { chance.between(0.03, 0.2) } else { 0.0 },
                chance.between(-0.2, 1.6),
                chance.between(0.15, 0.6),
            ],
            blink: if blinks { [start, start + chance.between(0.1, 0.25)] } else { [9.0, 9.0] },
        }
    }

    /// The factor on the room's light at a moment, for an exposure; both in seconds.
    pub(crate) fn room(&self, seconds: f32, exposure: f32) -> f32 {
        let [depth, phase] = self.flicker;
        // The mean of a sine of 100 Hz over the exposure.
        let half = PI * 100.0 * exposure;
        let flickered =
            1.0 + depth * (TAU * 100.0 * seconds + phase).sin() * if half > 1e-3 { half.sin() / half } else { 1.0 };
        let [dark, moment, duration] = self.shadow;
        let away = (seconds - moment) / duration;
        flickered * (1.0 - dark * (-away * away).exp())
    }

    pub(crate) fn blinks(&self, seconds: f32) -> bool {
        (self.blink[0]..self.blink[1]).contains(&seconds)
    }
}

impl Scene {
    pub(crate) fn new(visitor: Visitor, room: Room, lamp: Lamp, lux: f32, distance: f32, chance: &mut Chance) -> Self {
        let background = Background::random(distance, lux, chance);
        let may_blink = visitor.surface.shine.is_none();
        let changes = Changes::random(lux, may_blink, chance);
        Self { visitor, room, lamp, changes, background }
    }

    /// What a ray in the direction `(u, v, -1)` sees.
    pub(crate) fn seen(&self, pose: &Pose, direction: [f32; 2], blinks: bool) -> Seen {
        let surface = &self.visitor.surface;
        let front = surface.seen(pose, direction, &self.room, &self.lamp, blinks);
        front.unwrap_or_else(|| self.background.seen(direction, &self.lamp))
    }
}
