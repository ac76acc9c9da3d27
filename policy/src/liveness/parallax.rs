//! The position of the nose relative to the plane of eyes and mouth.
//!
//! Four points of a plane determine its perspective: a point drawn on the plane keeps its position relative to them
//! from every viewpoint. The eyes and the corners of the mouth lie in one plane, because faces are symmetric. A nose
//! that is printed on the same sheet keeps its position relative to them, however the sheet is held. A nose that
//! protrudes from the plane moves across it.

use shared::face::Point;

/// The horizontal position of the nose on the plane of eyes and mouth, from the person's right side, 0, to the left, 1.
/// It is the first coordinate of the nose on the plane with the right eye at (0, 0), the left eye at (1, 0), the left
/// corner of the mouth at (1, 1) and the right one at (0, 1). It is about 0.5 for a face that looks into the camera.
/// The unit is the width of the face at the height of the nose, between the lines from the eyes to the corners of the
/// mouth: about nine tenths of the distance between the eyes.
///
/// The map from the plane to the picture is Heckbert's ("Fundamentals of Texture Mapping and Image Warping", 1989,
/// section 2.2.3), inverted. `None` if the points are not a plane seen from its front, or the nose is far outside.
///
/// `landmarks` are those of [`ObservedFace::landmarks`](crate::ObservedFace::landmarks).
pub fn nose_across(landmarks: &[Point; 5]) -> Option<f32> {
    let [right_eye, left_eye, nose, right_mouth, left_mouth] = *landmarks;
    let quadrilateral = [right_eye, left_eye, left_mouth, right_mouth];
    if !is_seen_from_the_front(&quadrilateral) {
        return None;
    }
    let (eyes, down) = (between(left_mouth, left_eye), between(left_mouth, right_mouth));
    let bent = Point {
        x: right_eye.x - left_eye.x + left_mouth.x - right_mouth.x,
        y: right_eye.y - left_eye.y + left_mouth.y - right_mouth.y,
    };
    let area = cross(eyes, down);
    let (g, h) = (cross(bent, down) / area, cross(eyes, bent) / area);
    // With the right eye as the origin, the point (u, v) of the plane is seen at
    // (u (1 + g) eye + v (1 + h) mouth) / (1 + g u + h v).
    let seen = between(right_eye, nose);
    let to_left = less(between(right_eye, left_eye), g, seen);
    let to_mouth = less(between(right_eye, right_mouth), h, seen);
    let u = cross(seen, to_mouth) / cross(to_left, to_mouth);
    (-1.0..=2.0).contains(&u).then_some(u)
}

/// The distance between the eyes divided by that from the eyes to the mouth. It shrinks as the head turns to a side.
pub(super) fn width_to_height(landmarks: &[Point; 5]) -> Option<f32> {
    let [right_eye, left_eye, _, right_mouth, left_mouth] = *landmarks;
    let eyes = between(right_eye, left_eye);
    let [to_left, to_right] = [between(left_eye, left_mouth), between(right_eye, right_mouth)];
    let down = Point { x: (to_left.x + to_right.x) / 2.0, y: (to_left.y + to_right.y) / 2.0 };
    let ratio = libm::sqrtf((eyes.x * eyes.x + eyes.y * eyes.y) / (down.x * down.x + down.y * down.y));
    ratio.is_finite().then_some(ratio)
}

/// Whether the four points, in order, form a convex quadrilateral, clockwise in the picture.
fn is_seen_from_the_front(points: &[Point; 4]) -> bool {
    (0..4).all(|index| {
        let at = |step: usize| points[(index + step) % 4];
        let corner = cross(between(at(0), at(1)), between(at(1), at(2)));
        corner.is_finite() && corner > 0.0
    })
}

/// `(1 + part) towards - part seen`
fn less(towards: Point, part: f32, seen: Point) -> Point {
    Point { x: (1.0 + part) * towards.x - part * seen.x, y: (1.0 + part) * towards.y - part * seen.y }
}

fn between(from: Point, to: Point) -> Point {
    Point { x: to.x - from.x, y: to.y - from.y }
}

fn cross(a: Point, b: Point) -> f32 {
    a.x * b.y - a.y * b.x
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Points of a plane, seen by a camera: turned, tilted, rolled and moved (degrees; the unit is the distance of the
    /// eyes).
    pub(in crate::liveness) fn seen(points: [[f32; 3]; 5], [yaw, pitch, roll]: [f32; 3], away: f32) -> [Point; 5] {
        let [(sy, cy), (sp, cp), (sr, cr)] = [yaw, pitch, roll].map(|degrees| libm::sincosf(degrees.to_radians()));
        points.map(|[x, y, z]| {
            let (x, z) = (x * cy + z * sy, z * cy - x * sy);
            let (y, z) = (y * cp - z * sp, y * sp + z * cp);
            let (x, y) = (x * cr - y * sr, x * sr + y * cr);
            Point { x: 640.0 + 900.0 * x / (away + z), y: 360.0 + 900.0 * y / (away + z) }
        })
    }

    /// Right eye, left eye, nose, right and left corner of the mouth, the nose so far towards the camera (below 0).
    pub(in crate::liveness) const fn head(nose: f32) -> [[f32; 3]; 5] {
        [[-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.0, 0.05, -nose], [-0.4, 0.5, 0.0], [0.4, 0.5, 0.0]]
    }

    #[test]
    fn a_nose_on_a_plane_keeps_its_position() {
        let ahead = nose_across(&seen(head(0.0), [0.0; 3], 8.0)).unwrap();
        assert!((ahead - 0.5).abs() < 1e-4, "{ahead}");
        for turns in [[30.0, 0.0, 0.0], [-45.0, 10.0, 20.0], [60.0, -20.0, -30.0], [10.0, 40.0, 90.0]] {
            for away in [3.0, 8.0, 20.0] {
                let nose = nose_across(&seen(head(0.0), turns, away)).unwrap();
                assert!((nose - ahead).abs() < 1e-3, "{turns:?} at {away}: {nose}");
            }
        }
    }

    #[test]
    fn a_protruding_nose_moves_with_the_turn_of_the_head() {
        // The person's left is to the right in the picture.
        for (yaw, moves) in [(-32.0, 0.25), (-20.0, 0.14), (0.0, 0.0), (32.0, -0.25)] {
            let nose = nose_across(&seen(head(0.36), [yaw, 0.0, 0.0], 12.0)).unwrap();
            assert!((nose - 0.5 - moves).abs() < 0.03, "{yaw}: {nose}");
        }
    }

    #[test]
    fn points_that_are_not_a_frontal_face_give_no_position() {
        let good = seen(head(0.3), [0.0; 3], 8.0);
        let swapped = [good[1], good[0], good[2], good[4], good[3]];
        let mut no_number = good;
        no_number[3].x = f32::NAN;
        let mut far_away = good;
        far_away[2].x += 500.0;
        for points in [swapped, no_number, far_away, [good[0]; 5]] {
            assert_eq!(nose_across(&points), None, "{points:?}");
        }
    }
}
