//! What stands in front of the camera: its shape, its reflectance, its gloss, and whether it shines.

use crate::head::Head;
use crate::light::{Gloss, Lamp, Room};
use crate::picture::Picture;
use crate::vector::{Rotation, Vector, dot, less, plus, times, unit};

/// A shape, as a height over a plane that faces the camera, in eye distances.
#[derive(Clone, Debug)]
pub(crate) enum Relief {
    Head(Box<Head>),
    Plane,
    /// A sheet bent about an axis in the picture: the radius, negative if hollow, and the direction across the axis.
    Cylinder {
        radius: f32,
        across: [f32; 2],
    },
}

/// Where a sheet ends, in eye distances.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outline {
    /// The shape's own.
    Own,
    /// From the middle of the face to the sides, up and down.
    Rectangle([f32; 3]),
    /// Cut out along the face.
    Face,
}

/// A screen's light.
#[derive(Clone, Debug)]
pub(crate) struct Shine {
    /// Radiance, cd/m^2.
    pub(crate) picture: Picture,
    /// Radiance that the screen adds when it answers that the lamp is on.
    pub(crate) answer: Option<Picture>,
}

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Surface {
    pub(crate) relief: Relief,
    pub(crate) outline: Outline,
    /// Metres of an eye distance.
    pub(crate) scale: f32,
    pub(crate) reflectance: Picture,
    pub(crate) gloss: Gloss,
    pub(crate) shine: Option<Shine>,
    /// Whether a person's own eyes look through holes: the head behind, with its reflectance.
    pub(crate) eyes_behind: Option<(Box<Head>, Picture)>,
    /// Whether each narrow source of the room reaches the nodes of the head; empty for a sheet.
    pub(crate) lit: Vec<Vec<f32>>,
}

/// Where an object is, and how it is turned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pose {
    pub(crate) place: Vector,
    pub(crate) rotation: Rotation,
}

/// What one ray sees, per unit of the room's, the lamp's and the answer's light: radiances, cd/m^2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) room: [f32; 3],
    pub(crate) lamp: [f32; 3],
    pub(crate) shine: [f32; 3],
    pub(crate) answer: [f32; 3],
}

impl Surface {
    /// What the ray from the camera in the direction `(u, v, -1)` sees; `None` if it misses.
    pub(crate) fn seen(&self, pose: &Pose, [u, v]: [f32; 2], room: &Room, lamp: &Lamp, blinks: bool) -> Option<Seen> {
        let mut depth = -pose.place[2];
        let mut local = [0.0; 3];
        for _ in 0..6 {
            let offset = less([u * depth, v * depth, -depth], pose.place);
            local = times(pose.rotation.undo(offset), 1.0 / self.scale);
            if local[0].abs().max(local[1].abs()) > self.reach() {
                return None;
            }
            let above = local[2] - self.height(local[0], local[1])?;
            if above.abs() < 1e-3 {
                break;
            }
            depth += 0.9 * above * self.scale;
        }
        let [x, y, _] = local;
        let on_sheet = self.on_sheet(x, y)?;
        if !self.is_within(x, y, on_sheet) {
            return None;
        }
        let mut point = [u * depth, v * depth, -depth];
        let (mut normal, mut open) = self.shading(x, y);
        let mut reflectance = self.reflectance.at(on_sheet[0], on_sheet[1]);
        let in_eye = is_in_eye(on_sheet);
        if let (Some((head, own)), true) = (&self.eyes_behind, in_eye) {
            (normal, open) = head.shading(x, y);
            reflectance = own.at(x, y);
            point[2] -= 0.015;
        }
        if blinks && in_eye {
            reflectance = self.reflectance.at(on_sheet[0], 0.32);
        }
        let normal = pose.rotation.apply(normal);
        let to_eye = unit(times(point, -1.0));
        let (lux, to_lamp) = lamp.at(point);
        let lit = |source: usize| match (&self.relief, self.lit.get(source)) {
            (Relief::Head(head), Some(nodes)) => head.mixed(x, y, |at| nodes[at]),
            _ => 1.0,
        };
        let from_room = room.on(normal, open, lit) / std::f32::consts::PI;
        let from_lamp = lux * dot(normal, to_lamp).max(0.0) / std::f32::consts::PI;
        let (gleam, glint) =
            (room.highlights(self.gloss, normal, to_eye), self.gloss.radiance(normal, to_lamp, to_eye, lux));
        let shone =
            |picture: Option<&Picture>| picture.map_or([0.0; 3], |picture| picture.at(on_sheet[0], on_sheet[1]));
        Some(Seen {
            room: reflectance.map(|share| share * from_room + gleam),
            lamp: reflectance.map(|share| share * from_lamp + glint),
            shine: shone(self.shine.as_ref().map(|shine| &shine.picture)),
            answer: shone(self.shine.as_ref().and_then(|shine| shine.answer.as_ref())),
        })
    }

    /// How far it reaches from the middle between the eyes, in eye distances, with a margin.
    fn reach(&self) -> f32 {
        match self.outline {
            Outline::Own | Outline::Face => 3.8,
            Outline::Rectangle(sides) => sides.into_iter().fold(0.0, f32::max) + 1.0,
        }
    }

    fn height(&self, x: f32, y: f32) -> Option<f32> {
        match &self.relief {
            Relief::Head(head) => Some(head.height(x, y)),
            Relief::Plane => Some(0.0),
            Relief::Cylinder { radius, across } => {
                let along = x * across[0] + y * across[1];
                let rest = radius * radius - along * along;
                (rest > 0.0).then(|| radius.signum() * (rest.sqrt() - radius.abs()))
            }
        }
    }

    fn shading(&self, x: f32, y: f32) -> (Vector, f32) {
        match &self.relief {
            Relief::Head(head) => head.shading(x, y),
            Relief::Plane => ([0.0, 0.0, 1.0], 1.0),
            Relief::Cylinder { radius, across } => {
                let part = ((x * across[0] + y * across[1]) / radius).clamp(-1.0, 1.0);
                ([part * across[0], part * across[1], (1.0 - part * part).sqrt()], 1.0)
            }
        }
    }

    /// The place on the sheet before it was bent.
    fn on_sheet(&self, x: f32, y: f32) -> Option<[f32; 2]> {
        let Relief::Cylinder { radius, across } = &self.relief else { return Some([x, y]) };
        let along = x * across[0] + y * across[1];
        let part = along / radius;
        (part.abs() < 1.0).then(|| {
            let more = radius * part.asin() - along;
            [x + more * across[0], y + more * across[1]]
        })
    }

    /// The reverse of [`Self::on_sheet`]: the place in space of a point of the face, in metres.
    pub(crate) fn placed(&self, pose: &Pose, [x, y]: [f32; 2]) -> Vector {
        let [x, y] = match &self.relief {
            Relief::Cylinder { radius, across } => {
                let along = x * across[0] + y * across[1];
                let less = radius * (along / radius).sin() - along;
                [x + less * across[0], y + less * across[1]]
            }
            _ => [x, y],
        };
        let height = self.height(x, y).unwrap_or(0.0);
        plus(pose.place, pose.rotation.apply(times([x, y, height], self.scale)))
    }

    fn is_within(&self, x: f32, y: f32, on_sheet: [f32; 2]) -> bool {
        match self.outline {
            Outline::Own => match &self.relief {
                Relief::Head(head) => head.is_present(x, y),
                _ => true,
            },
            Outline::Rectangle([sides, up, down]) => {
                on_sheet[0].abs() < sides && on_sheet[1] > -up && on_sheet[1] < down
            }
            Outline::Face => {
                let (u, v) = (on_sheet[0] / 1.22, (on_sheet[1] - 0.12) / 1.88);
                u * u + v * v < 1.0
            }
        }
    }
}

fn is_in_eye([x, y]: [f32; 2]) -> bool {
    let (u, v) = ((x.abs() - 0.5) / 0.22, y / 0.11);
    u * u + v * v < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(relief: Relief) -> Surface {
        Surface {
            relief,
            outline: Outline::Rectangle([1.6, 1.8, 2.2]),
            scale: 0.06,
            reflectance: Picture::new(0.1, |x, y| [0.5 + 0.1 * x, 0.5 + 0.1 * y, 0.5]),
            gloss: Gloss::default(),
            shine: None,
            eyes_behind: None,
            lit: Vec::new(),
        }
    }

    #[test]
    fn a_ray_meets_the_point_that_it_looks_at() {
        let room = Room { sources: Vec::new(), uniform: 100.0 };
        let lamp = Lamp { place: [0.05, 0.0], candela: 250.0 };
        for relief in [Relief::Plane, Relief::Cylinder { radius: 1.8, across: [0.8, 0.6] }] {
            let surface = sheet(relief);
            let pose = Pose { place: [0.01, -0.02, -0.5], rotation: Rotation::new(0.1, 0.05, 0.02) };
            for [x, y] in [[0.0, 0.0], [0.5, 0.9], [-0.7, -0.4]] {
                let [px, py, pz] = surface.placed(&pose, [x, y]);
                let seen = surface.seen(&pose, [px / -pz, py / -pz], &room, &lamp, false).unwrap();
                let share = seen.room.map(|value| value * std::f32::consts::PI / 100.0);
                assert!((share[0] - 0.5 - 0.1 * x).abs() < 2e-3 && (share[1] - 0.5 - 0.1 * y).abs() < 2e-3, "{x} {y}");
            }
            assert!(surface.seen(&pose, [0.9, 0.0], &room, &lamp, false).is_none());
        }
    }

    /// By hand: 250 cd at half a metre give 1000 lux, and a reflectance of a half gives 1000 / 2 / pi cd/m^2.
    #[test]
    fn light_is_in_candela_per_square_metre() {
        let room = Room { sources: Vec::new(), uniform: 0.0 };
        let lamp = Lamp { place: [0.0, 0.0], candela: 250.0 };
        let pose = Pose { place: [0.0, 0.0, -0.5], rotation: Rotation::new(0.0, 0.0, 0.0) };
        let seen = sheet(Relief::Plane).seen(&pose, [0.0, 0.0], &room, &lamp, false).unwrap();
        assert!((seen.lamp[2] - 159.15).abs() < 0.1, "{seen:?}");
    }
}
