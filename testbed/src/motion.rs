//! How heads sway and hands tremble.

use crate::chance::Chance;
use crate::surface::Pose;
use crate::vector::Rotation;
use std::f32::consts::TAU;

/// Place and rotation over time: a constant, a slope, and two swings for each of six coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Motion {
    distance: f32,
    coordinates: [Course; 6],
}

#[derive(Clone, Copy, Debug)]
struct Course {
    start: f32,
    slope: f32,
    swings: [[f32; 3]; 2],
}

impl Course {
    fn random(start: f32, slope: f32, sway: f32, tremor: f32, chance: &mut Chance) -> Self {
        let slow = [chance.normal(sway), chance.between(0.3, 1.2), chance.between(0.0, TAU)];
        let fast = [chance.normal(tremor), chance.between(5.0, 9.0), chance.between(0.0, TAU)];
        Self { start, slope: chance.normal(slope), swings: [slow, fast] }
    }

    fn at(&self, seconds: f32) -> f32 {
        let swung = self.swings.map(|[size, pace, phase]| size * (TAU * pace * seconds + phase).sin());
        self.start + self.slope * seconds + swung[0] + swung[1]
    }
}

impl Motion {
    /// A person who waits for the door, `distance` metres away.
    pub(crate) fn of_person(distance: f32, chance: &mut Chance) -> Self {
        let degrees = |value: f32| value.to_radians();
        let (x, y) = (chance.normal(0.03), chance.normal(0.03));
        let turned = [6.0, 6.0, 3.0].map(|spread| degrees(chance.normal(spread)));
        Self {
            distance,
            coordinates: [
                Course::random(x, 0.006, 0.003, 0.0002, chance),
                Course::random(y, 0.004, 0.002, 0.0002, chance),
                Course::random(0.0, 0.008, 0.003, 0.0, chance),
                Course::random(turned[0], degrees(3.0), degrees(1.0), 0.0, chance),
                Course::random(turned[1], degrees(3.0), degrees(1.0), 0.0, chance),
                Course::random(turned[2], degrees(1.5), degrees(0.5), 0.0, chance),
            ],
        }
    }

    /// A hand that holds something up.
    pub(crate) fn of_hand(distance: f32, chance: &mut Chance) -> Self {
        let degrees = |value: f32| value.to_radians();
        let (x, y) = (chance.normal(0.02), chance.normal(0.02));
        let turned = [8.0, 8.0, 3.0].map(|spread| degrees(chance.normal(spread)));
        Self {
            distance,
            coordinates: [
                Course::random(x, 0.006, 0.002, 0.0006, chance),
                Course::random(y, 0.006, 0.002, 0.0006, chance),
                Course::random(0.0, 0.008, 0.002, 0.0004, chance),
                Course::random(turned[0], degrees(3.0), degrees(0.7), degrees(0.2), chance),
                Course::random(turned[1], degrees(3.0), degrees(0.7), degrees(0.2), chance),
                Course::random(turned[2], degrees(1.5), degrees(0.5), degrees(0.1), chance),
            ],
        }
    }

    /// Where it is after some seconds.
    pub(crate) fn at(&self, seconds: f32) -> Pose {
        let [x, y, nearer, yaw, pitch, roll] = self.coordinates.map(|course| course.at(seconds));
        Pose { place: [x, y, nearer - self.distance], rotation: Rotation::new(yaw, pitch, roll) }
    }
}
