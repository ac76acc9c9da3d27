//! Vectors and rotations in three dimensions.

/// To the right, down, and towards the camera, as the camera sees it.
pub(crate) type Vector = [f32; 3];

pub(crate) fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn less(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn times(a: Vector, factor: f32) -> Vector {
    a.map(|value| value * factor)
}

pub(crate) fn length(a: Vector) -> f32 {
    dot(a, a).sqrt()
}

/// The vector of length 1 in this direction.
pub(crate) fn unit(a: Vector) -> Vector {
    times(a, 1.0 / length(a).max(1e-12))
}

/// A rotation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation([Vector; 3]);

impl Rotation {
    /// Yaw about the vertical, then pitch, then roll in the picture; radians.
    pub(crate) fn new(yaw: f32, pitch: f32, roll: f32) -> Self {
        let ((sy, cy), (sp, cp), (sr, cr)) = (yaw.sin_cos(), pitch.sin_cos(), roll.sin_cos());
        let turned = |v: Vector| {
            let v = [cy * v[0] + sy * v[2], v[1], cy * v[2] - sy * v[0]];
            let v = [v[0], cp * v[1] + sp * v[2], cp * v[2] - sp * v[1]];
            [cr * v[0] - sr * v[1], sr * v[0] + cr * v[1], v[2]]
        };
        Self([turned([1.0, 0.0, 0.0]), turned([0.0, 1.0, 0.0]), turned([0.0, 0.0, 1.0])])
    }

    pub(crate) fn apply(&self, v: Vector) -> Vector {
        let [x, y, z] = self.0;
        plus(plus(times(x, v[0]), times(y, v[1])), times(z, v[2]))
    }

    pub(crate) fn undo(&self, v: Vector) -> Vector {
        self.0.map(|axis| dot(axis, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_is_undone() {
        let rotation = Rotation::new(0.3, -0.2, 0.7);
        let v = [0.2, -1.0, 0.5];
        assert!(length(less(rotation.undo(rotation.apply(v)), v)) < 1e-6);
        assert!((length(rotation.apply(v)) - length(v)).abs() < 1e-6);
        let [x, _, z] = Rotation::new(0.1, 0.0, 0.0).apply([0.0, 0.0, 1.0]);
        assert!(x > 0.0 && z > 0.99);
    }
}
