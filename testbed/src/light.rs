//! Light: the room's, by a few broad or narrow sources, and the lamp beside the camera.
//!
//! Directions are those of the camera's picture: right, down, and towards the camera.

use crate::chance::Chance;
use crate::vector::{Vector, dot, length, less, times, unit};

/// A distant source. The illuminance of a surface falls from `lux`, facing it, to 0 at an angle beyond 90 degrees if the
/// source is broad: `((n . s + breadth) / (1 + breadth))`, wrap lighting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) towards: Vector,
    pub(crate) breadth: f32,
    pub(crate) lux: f32,
}

impl Source {
    /// The share of the source's illuminance that a surface with this normal gets.
    pub(crate) fn share(&self, normal: Vector) -> f32 {
        ((dot(normal, self.towards) + self.breadth) / (1.0 + self.breadth)).max(0.0)
    }

    /// Whether it casts shadows with an edge.
    pub(crate) fn is_narrow(&self) -> bool {
        self.breadth < 0.35
    }
}

/// The light of a room, or of the sky.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) sources: Vec<Source>,
    /// Illuminance from everywhere.
    pub(crate) uniform: f32,
}

impl Room {
    /// A random mixture that gives `lux` on a surface that faces the camera. From 20 000 lux, the sun may shine.
    pub(crate) fn random(lux: f32, chance: &mut Chance) -> Self {
        let mut sources = Vec::new();
        let forward = chance.between(-0.1, 0.9);
        let overhead = unit([chance.normal(0.25), -1.0, forward]);
        sources.push(Source { towards: overhead, breadth: chance.between(0.3, 1.0), lux: chance.between(0.3, 1.0) });
        let sun = lux >= 20_000.0 && chance.happens(0.6);
        if sun || chance.happens(0.6) {
            let (azimuth, height) = (chance.between(-1.5, 1.5), chance.between(-0.1, 1.0));
            let towards = unit([azimuth.sin(), -height, azimuth.cos()]);
            let breadth = if sun { 0.0 } else { chance.between(0.05, 0.5) };
            let strength = if sun { chance.between(1.0, 4.0) } else { chance.between(0.1, 1.2) };
            sources.push(Source { towards, breadth, lux: strength });
        }
        let mut room = Self { sources, uniform: chance.between(0.08, 0.5) };
        let facing =
            room.uniform + room.sources.iter().map(|source| source.lux * source.share([0.0, 0.0, 1.0])).sum::<f32>();
        let factor = lux / facing;
        room.uniform *= factor;
        room.sources.iter_mut().for_each(|source| source.lux *= factor);
        room
    }

    /// Illuminance of a surface, lux. `open` is the visible share of its surroundings, `lit` whether each source
    /// reaches it.
    pub(crate) fn on(&self, normal: Vector, open: f32, lit: impl Fn(usize) -> f32) -> f32 {
        let each = self.sources.iter().enumerate().map(|(index, source)| {
            let reaches = if source.is_narrow() { lit(index) } else { open };
            source.lux * source.share(normal) * reaches
        });
        self.uniform * open + each.sum::<f32>()
    }

    /// The highlights of the narrow sources on a glossy surface: radiance, cd/m^2.
    pub(crate) fn highlights(&self, gloss: Gloss, normal: Vector, to_eye: Vector) -> f32 {
        let narrow = self.sources.iter().filter(|source| source.is_narrow());
        let mirrored: f32 = narrow.map(|source| gloss.radiance(normal, source.towards, to_eye, source.lux)).sum();
        // What is broad appears as a veil.
        let rest = self.uniform
            + self.sources.iter().filter(|source| !source.is_narrow()).map(|source| source.lux * 0.5).sum::<f32>();
        mirrored + gloss.strength * 0.5 * rest / std::f32::consts::PI
    }
}

/// A lamp at a point, with a beam.
#[derive(Clone, Copy, Debug)]
pub struct Lamp {
    /// To the right of the camera and below it, metres.
    pub(crate) place: [f32; 2],
    /// Intensity on the axis, candela.
    pub(crate) candela: f32,
}

/// A white 3 W LED of 250 lm behind a lens of 60 degrees: 250 lm * 0.85 / 0.84 sr.
pub const CANDELA: f32 = 250.0;

/// `cos^m` is a half at 30 degrees from the axis.
const BEAM: f32 = 4.8;

impl Lamp {
    /// A lamp of 3 W, 3 to 6 cm beside the camera.
    pub(crate) fn random(chance: &mut Chance) -> Self {
        let place = [chance.side() * chance.between(0.03, 0.06), chance.normal(0.01)];
        Self { place, candela: CANDELA * chance.between(0.85, 1.15) }
    }

    /// The illuminance of a surface at `point` that faces the lamp, and the direction towards the lamp.
    pub(crate) fn at(&self, point: Vector) -> (f32, Vector) {
        let way = less([self.place[0], self.place[1], 0.0], point);
        let distance = length(way);
        let towards = times(way, 1.0 / distance);
        (self.candela * towards[2].max(0.0).powf(BEAM) / (distance * distance), towards)
    }
}

/// Blinn and Phong's highlight, normalised: strength is the reflected share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gloss {
    pub(crate) strength: f32,
    pub(crate) exponent: f32,
}

impl Gloss {
    /// Radiance, cd/m^2, of the highlight of a source that gives `lux` on a surface facing it.
    pub(crate) fn radiance(&self, normal: Vector, to_source: Vector, to_eye: Vector, lux: f32) -> f32 {
        if self.strength <= 0.0 || dot(normal, to_source) <= 0.0 {
            return 0.0;
        }
        let half = unit([to_source[0] + to_eye[0], to_source[1] + to_eye[1], to_source[2] + to_eye[2]]);
        let cosine = dot(normal, half).max(0.0);
        let lobe = (self.exponent + 8.0) / (8.0 * std::f32::consts::PI) * cosine.powf(self.exponent);
        self.strength * lobe * lux
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_gives_the_lux_that_was_asked_for() {
        for seed in 0..50 {
            let room = Room::random(500.0, &mut Chance::new(seed));
            assert!((room.on([0.0, 0.0, 1.0], 1.0, |_| 1.0) - 500.0).abs() < 0.5);
        }
    }

    #[test]
    fn the_lamp_falls_off_by_the_square_of_the_distance() {
        let lamp = Lamp { place: [0.0, 0.0], candela: 250.0 };
        let (near, towards) = lamp.at([0.0, 0.0, -0.5]);
        assert!((near - 1000.0).abs() < 0.1 && towards[2] > 0.999);
        assert!((lamp.at([0.0, 0.0, -1.0]).0 - 250.0).abs() < 0.1);
        let aside = [0.5 * 30_f32.to_radians().sin(), 0.0, -0.5 * 30_f32.to_radians().cos()];
        assert!((lamp.at(aside).0 - 500.0).abs() < 5.0, "half at 30 degrees");
    }
}
