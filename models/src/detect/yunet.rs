//! Decodes YuNet's outputs to faces in pixels of its input.
//!
//! For each of the strides 8, 16 and 32 there is a grid of cells, row by row. A cell gives the confidence (class
//! and objectness, 0 to 1 each), a box (centre offset in cells, logarithm of width and height in cells) and
//! five landmarks (offsets in cells). Source: the 2023 model of OpenCV's model zoo and its post-processing there.

use crate::network::floats;
use crate::{Face, FaceBox, ModelError, Point};
use tract_onnx::prelude::TValue;

const STRIDES: [usize; 3] = [8, 16, 32];

/// Decodes the faces with at least `min_confidence`. `outputs` are class, objectness, box and landmarks, three strides
/// each; `size` is the width and height of the network's input, multiples of 32.
pub(super) fn decode(outputs: &[TValue], size: (usize, usize), min_confidence: f32) -> Result<Vec<Face>, ModelError> {
    if outputs.len() != 4 * STRIDES.len() {
        return Err(ModelError::Inference(format!("{} outputs, but YuNet has 12", outputs.len())));
    }
    let mut faces = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let columns = size.0 / stride;
        let cells = columns * (size.1 / stride);
        let output = |kind: usize, numbers: usize| {
            floats(&outputs[STRIDES.len() * kind + level]).and_then(|values| counted(values, cells * numbers))
        };
        let (class, object, boxes, landmarks) = (output(0, 1)?, output(1, 1)?, output(2, 4)?, output(3, 10)?);
        let cells = class.iter().zip(object).zip(boxes.as_chunks::<4>().0).zip(landmarks.as_chunks::<10>().0);
        for (index, (((class, object), offsets), landmarks)) in cells.enumerate() {
            let confidence = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            if confidence >= min_confidence {
                let cell =
                    Cell { column: (index % columns) as f32, row: (index / columns) as f32, stride: stride as f32 };
                faces.extend(cell.face(offsets, landmarks, confidence));
            }
        }
    }
    Ok(faces)
}

struct Cell {
    column: f32,
    row: f32,
    stride: f32,
}

impl Cell {
    fn face(&self, offsets: &[f32; 4], landmarks: &[f32; 10], confidence: f32) -> Option<Face> {
        let [x, y, log_width, log_height] = *offsets;
        let centre = self.point(x, y);
        let (width, height) = (log_width.exp() * self.stride, log_height.exp() * self.stride);
        let bounds = FaceBox { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height };
        let landmarks = std::array::from_fn(|index| self.point(landmarks[2 * index], landmarks[2 * index + 1]));
        let finite = landmarks.iter().all(|point| point.x.is_finite() && point.y.is_finite());
        let sized = bounds.area().is_finite() && bounds.area() > 0.0 && bounds.x.is_finite() && bounds.y.is_finite();
        (finite && sized).then_some(Face { bounds, landmarks, confidence })
    }

    fn point(&self, x: f32, y: f32) -> Point {
        Point { x: (self.column + x) * self.stride, y: (self.row + y) * self.stride }
    }
}

fn counted(values: &[f32], count: usize) -> Result<&[f32], ModelError> {
    if values.len() == count {
        return Ok(values);
    }
    Err(ModelError::Inference(format!("an output has {} numbers, but YuNet has {count}", values.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::prelude::{IntoTValue, tensor1};

    fn outputs(mut change: impl FnMut(&mut [Vec<f32>])) -> Vec<TValue> {
        let mut values: Vec<Vec<f32>> =
            [1, 1, 4, 10].iter().flat_map(|n| [16, 4, 1].map(|cells| vec![0.0; cells * n])).collect();
        change(&mut values);
        values.iter().map(|values| tensor1(values.as_slice()).into_tvalue()).collect()
    }

    #[test]
    fn a_cell_becomes_a_face_in_input_pixels() {
        let outputs = outputs(|values| {
            values[1][3] = 1.0; // class at stride 16, column 1, row 1
            values[4][3] = 0.81;
            values[7][12..16].copy_from_slice(&[0.5, 0.25, 0.0, std::f32::consts::LN_2]);
            values[10][30..40].copy_from_slice(&[0.0, 0.5, 1.0, 0.5, 0.5, 0.75, 0.25, 1.0, 0.75, 1.0]);
        });
        let faces = decode(&outputs, (32, 32), 0.6).unwrap();
        assert_eq!(faces.len(), 1);
        assert!((faces[0].confidence - 0.9).abs() < 1e-6);
        let bounds = faces[0].bounds;
        assert_eq!((bounds.x, bounds.y, bounds.width), (16.0, 4.0, 16.0));
        assert!((bounds.height - 32.0).abs() < 1e-4);
        assert_eq!(faces[0].landmarks[2], Point { x: 24.0, y: 28.0 });
    }

    #[test]
    fn outputs_that_are_no_face_are_skipped() {
        for (what, wrong) in [("an infinite box", f32::INFINITY), ("not a number", f32::NAN)] {
            let outputs = outputs(|values| {
                values[2][0] = 1.0;
                values[5][0] = 1.0;
                values[8][2] = wrong;
            });
            assert!(decode(&outputs, (32, 32), 0.6).unwrap().is_empty(), "{what}");
        }
    }

    #[test]
    fn outputs_of_another_network_are_refused() {
        let short = outputs(|values| values[4].truncate(3));
        assert!(decode(&short, (32, 32), 0.6).is_err());
        assert!(decode(&outputs(|_| ())[..11], (32, 32), 0.6).is_err());
    }
}
