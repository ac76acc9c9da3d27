//! The shape of a simulated head: an ellipsoid with a jaw, and on it a nose, sockets, brows, cheeks, lips and a chin, each
//! of random size and place. The judge's own template is another and simpler shape.
//!
//! The relief is a height towards the camera over the plane of the face, in eye distances (about 63 mm).

use crate::chance::Chance;
use crate::picture::{EDGES, Picture};

/// The distance of the mesh's nodes, in eye distances.
pub(crate) const STEP: f32 = 0.044;

/// A bump of Gaussian profile: place, widths and height.
#[derive(Clone, Copy, Debug)]
struct Bump {
    x: f32,
    y: f32,
    across: f32,
    along: f32,
    height: f32,
}

impl Bump {
    fn at(&self, x: f32, y: f32) -> f32 {
        let (u, v) = ((x - self.x) / self.across, (y - self.y) / self.along);
        let power = u * u + v * v;
        if power > 12.0 { 0.0 } else { self.height * (-power).exp() }
    }
}

/// The sizes of one head.
#[derive(Clone, Debug)]
struct Build {
    half_width: f32,
    half_height: f32,
    depth: f32,
    exponent: f32,
    jaw: f32,
    nose: f32,
    nose_width: f32,
    nose_tip: f32,
    neck: f32,
    bumps: Vec<Bump>,
}

impl Build {
    fn random(chance: &mut Chance) -> Self {
        let mut bumps = Vec::new();
        let mut add = |x, y, across, along, height| bumps.push(Bump { x, y, across, along, height });
        let (sockets, brows) = (chance.between(0.10, 0.20), chance.between(0.03, 0.12));
        let (cheeks, hollow) = (chance.between(0.03, 0.13), chance.between(0.0, 0.09));
        let socket_width = chance.between(0.24, 0.32);
        for side in [-1.0, 1.0] {
            add(side * 0.5, 0.0, socket_width, chance.between(0.17, 0.23), -sockets);
            add(side * 0.52, 0.0, 0.17, 0.13, chance.between(0.04, 0.09));
            add(side * 0.48, chance.between(-0.36, -0.28), 0.36, 0.11, brows);
            add(side * chance.between(0.68, 0.85), chance.between(0.35, 0.55), 0.30, 0.26, cheeks);
            add(side * 0.75, chance.between(0.95, 1.15), 0.28, 0.32, -hollow);
            add(side * chance.between(0.17, 0.22), chance.between(0.58, 0.66), 0.10, 0.10, chance.between(0.06, 0.13));
            add(side * 0.36, 0.82, 0.09, 0.22, chance.between(-0.05, 0.0));
        }
        let mouth = chance.between(1.10, 1.20);
        add(0.0, mouth - 0.09, 0.32, 0.09, chance.between(0.03, 0.08));
        add(0.0, mouth + 0.10, 0.28, 0.09, chance.between(0.04, 0.09));
        add(0.0, mouth, 0.34, 0.035, -chance.between(0.03, 0.07));
        add(0.0, mouth + 0.30, 0.30, 0.10, -chance.between(0.02, 0.09));
        add(0.0, chance.between(1.68, 1.82), 0.32, 0.22, chance.between(0.06, 0.20));
        for _ in 0..10 {
            let (x, y) = (chance.between(-1.1, 1.1), chance.between(-1.3, 1.8));
            let (across, along) = (chance.between(0.12, 0.45), chance.between(0.12, 0.45));
            add(x, y, across, along, chance.normal(0.018));
        }
        Self {
            half_width: chance.between(1.10, 1.28),
            half_height: chance.between(1.78, 2.02),
            depth: chance.between(1.25, 1.60),
            exponent: chance.between(2.1, 2.7),
            jaw: chance.between(0.12, 0.34),
            nose: chance.between(0.24, 0.42),
            nose_width: chance.between(0.12, 0.18),
            nose_tip: chance.between(0.55, 0.66),
            neck: chance.between(0.68, 0.95),
            bumps,
        }
    }

    /// The height at a point, and whether the head or the neck is there at all.
    fn height(&self, x: f32, y: f32) -> Option<f32> {
        let lower = ((y - 0.5) / 1.4).clamp(0.0, 1.0);
        let half_width = self.half_width * (1.0 - self.jaw * lower * lower);
        let u = (x / half_width).abs();
        let v = ((y - 0.08) / self.half_height).abs();
        let rest = 1.0 - u.powf(self.exponent) - v.powf(self.exponent);
        let neck = (y > 0.6 && x.abs() < self.neck).then(|| {
            let u = x / self.neck;
            self.depth * -0.75 + 0.55 * (1.0 - u * u).sqrt()
        });
        if rest <= 0.0 {
            return neck;
        }
        let skull = self.depth * (rest.powf(1.0 / self.exponent) - 1.0);
        let relief: f32 = self.bumps.iter().map(|bump| bump.at(x, y)).sum();
        let head = skull + (relief + self.nose_at(x, y)) * (4.0 * rest).min(1.0);
        Some(neck.map_or(head, |neck| neck.max(head)))
    }

    /// The ridge rises from between the eyes to the tip, and falls steeply to the lip.
    fn nose_at(&self, x: f32, y: f32) -> f32 {
        let tip = self.nose_tip;
        let along = if y < tip {
            let rise = ((y + 0.12) / (tip + 0.12)).clamp(0.0, 1.0);
            rise.powf(1.15)
        } else {
            let fall = ((y - tip) / 0.2).clamp(0.0, 1.0);
            1.0 - fall * fall * (3.0 - 2.0 * fall)
        };
        let width = self.nose_width * (0.85 + 0.55 * ((y - 0.1) / 0.5).clamp(0.0, 1.0));
        let u = x / width;
        self.nose * along * (-u * u / 1.4).exp()
    }
}

/// The shape of one head on a mesh.
#[derive(Clone, Debug)]
pub struct Head {
    columns: usize,
    rows: usize,
    heights: Vec<f32>,
    present: Vec<bool>,
    /// Normal, and how open the surroundings are to a broad light.
    shading: Vec<[f32; 4]>,
}

impl Head {
    /// A random head.
    pub fn random(chance: &mut Chance) -> Self {
        let build = Build::random(chance);
        let [left, top, right, bottom] = EDGES;
        let columns = ((right - left) / STEP).ceil() as usize + 1;
        let rows = ((bottom - top) / STEP).ceil() as usize + 1;
        let place = |row: usize, column: usize| (left + STEP * column as f32, top + STEP * row as f32);
        let nodes = || (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let found: Vec<Option<f32>> =
            nodes().map(|(row, column)| place(row, column)).map(|(x, y)| build.height(x, y)).collect();
        let present: Vec<bool> = found.iter().map(Option::is_some).collect();
        let heights: Vec<f32> = found.into_iter().map(|height| height.unwrap_or(-1.8)).collect();
        let mut head = Self { columns, rows, heights, present, shading: Vec::new() };
        head.shading = nodes().map(|(row, column)| head.shaded(row, column)).collect();
        head
    }

    fn node(&self, row: i32, column: i32) -> f32 {
        let row = row.clamp(0, self.rows as i32 - 1) as usize;
        let column = column.clamp(0, self.columns as i32 - 1) as usize;
        self.heights[row * self.columns + column]
    }

    fn shaded(&self, row: usize, column: usize) -> [f32; 4] {
        let (row, column) = (row as i32, column as i32);
        let slope_x = (self.node(row, column + 1) - self.node(row, column - 1)) / (2.0 * STEP);
        let slope_y = (self.node(row + 1, column) - self.node(row - 1, column)) / (2.0 * STEP);
        let [x, y, z] = crate::vector::unit([-slope_x, -slope_y, 1.0]);
        // The horizon in eight directions: the sky that remains visible, in a rough integral.
        let here = self.node(row, column);
        let mut hidden = 0.0;
        for (right, down) in [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)] {
            let length = STEP * ((right * right + down * down) as f32).sqrt();
            let rises = [1, 2, 3, 5, 8, 12]
                .map(|far| (self.node(row + far * down, column + far * right) - here) / (far as f32 * length));
            let tangent_plane = slope_x * right as f32 * STEP / length + slope_y * down as f32 * STEP / length;
            let highest = rises.into_iter().fold(tangent_plane, f32::max);
            let angle = highest.atan() - tangent_plane.atan();
            hidden += angle.max(0.0).sin();
        }
        [x, y, z, (1.0 - hidden / 8.0).clamp(0.15, 1.0)]
    }

    /// Whether light from a direction reaches each node: soft shadows by marching over the relief.
    pub(crate) fn shadows(&self, towards: [f32; 3], softness: f32) -> Vec<f32> {
        let nodes = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (row, column)));
        let flat = towards[0].hypot(towards[1]);
        nodes
            .map(|(row, column)| {
                if flat < 0.02 {
                    return 1.0;
                }
                let here = self.node(row as i32, column as i32);
                let (right, down, up) = (towards[0] / flat, towards[1] / flat, towards[2] / flat);
                let mut open: f32 = 1.0;
                for step in 1..=22 {
                    let far = step as f32 * 1.3;
                    let node = self
                        .node((row as f32 + far * down).round() as i32, (column as f32 + far * right).round() as i32);
                    let ray = here + 0.02 + far * STEP * up;
                    open = open.min(1.0 - (node - ray) / (softness * far * STEP + 0.03));
                }
                open.clamp(0.0, 1.0)
            })
            .collect()
    }

    /// The height at a point in eye distances.
    pub(crate) fn height(&self, x: f32, y: f32) -> f32 {
        self.mixed(x, y, |at| self.heights[at])
    }

    /// Whether the head or the neck is there.
    pub(crate) fn is_present(&self, x: f32, y: f32) -> bool {
        let column = ((x - EDGES[0]) / STEP).round();
        let row = ((y - EDGES[1]) / STEP).round();
        let inside = column >= 0.0 && row >= 0.0 && column < self.columns as f32 && row < self.rows as f32;
        inside && self.present[row as usize * self.columns + column as usize]
    }

    /// The normal, and how open the surroundings are.
    pub(crate) fn shading(&self, x: f32, y: f32) -> ([f32; 3], f32) {
        let at = |part: usize| self.mixed(x, y, |at| self.shading[at][part]);
        (crate::vector::unit([at(0), at(1), at(2)]), at(3))
    }

    /// A value of the mesh between its nodes.
    pub(crate) fn mixed(&self, x: f32, y: f32, node: impl Fn(usize) -> f32) -> f32 {
        let x = ((x - EDGES[0]) / STEP).clamp(0.0, self.columns as f32 - 1.001);
        let y = ((y - EDGES[1]) / STEP).clamp(0.0, self.rows as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let first = row * self.columns + column;
        let above = node(first) + (node(first + 1) - node(first)) * right;
        let (c, d) = (node(first + self.columns), node(first + self.columns + 1));
        let below = c + (d - c) * right;
        above + (below - above) * down
    }

    /// The face as a picture shows it: reflectance times shading by a broad light from `towards`.
    pub(crate) fn photographed(&self, reflectance: &Picture, towards: [f32; 3], step: f32) -> Picture {
        let towards = crate::vector::unit(towards);
        Picture::new(step, |x, y| {
            let shade = if self.is_present(x, y) {
                let (normal, open) = self.shading(x, y);
                open * (0.35 + 0.65 * (crate::vector::dot(normal, towards) + 0.3).max(0.0) / 1.3)
            } else {
                0.6
            };
            reflectance.at(x, y).map(|value| value * shade)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_a_nose_and_sockets() {
        for seed in 0..20 {
            let head = Head::random(&mut Chance::new(seed));
            assert!(head.height(0.0, 0.58) > head.height(0.5, 0.58) + 0.15, "nose");
            assert!(head.height(0.5, -0.3) > head.height(0.5, 0.0), "brow above socket");
            assert!(head.is_present(0.0, 0.0) && head.is_present(0.0, 2.4) && !head.is_present(1.9, 0.0));
            let (left, _) = head.shading(-0.9, 0.6);
            let (right, _) = head.shading(0.9, 0.6);
            assert!(left[0] < -0.2 && right[0] > 0.2, "cheeks look outwards");
            let (_, nostril) = head.shading(0.0, 0.85);
            let (_, forehead) = head.shading(0.0, -0.7);
            assert!(nostril < forehead, "below the nose it is less open");
        }
    }
}
