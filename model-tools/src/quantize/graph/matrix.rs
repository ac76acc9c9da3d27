//! Converts a matrix over a flattened map to a convolution whose kernel covers the map, and merges a batch norm between
//! the two. As a four-dimensional operator it runs like every other convolution.

use super::Convolution;
use super::onnx::Wiring;
use crate::onnx_parts::integers_attribute;
use models::onnx::attributes::{float, integer};
use models::onnx::pb::NodeProto;
use models::planned::Extent;
use std::collections::HashMap;

/// The convolution equivalent to a `Gemm`, and the four-dimensional value that it reads. `None` if there is none.
pub(super) fn as_convolution(
    wiring: &Wiring<'_>,
    extents: &HashMap<String, Extent>,
    gemm: &NodeProto,
) -> Option<(Convolution, String)> {
    let ([row, matrix], bias) = match gemm.input.as_slice() {
        [row, matrix] => ([row, matrix], None),
        [row, matrix, bias] => ([row, matrix], Some(bias)),
        _ => return None,
    };
    let plain = float(gemm, "alpha", 1.0) == 1.0 && float(gemm, "beta", 1.0) == 1.0;
    if gemm.op_type != "Gemm" || !plain || integer(gemm, "transA", 0) != 0 {
        return None;
    }
    let flatten =
        wiring.private_maker(row).filter(|node| node.op_type == "Flatten" && integer(node, "axis", 1) == 1)?;
    let mut from = flatten.input.first()?;
    let &[1, channels, height, width] = extents.get(from)?.shape.as_slice() else { return None };
    let &[a, b] = wiring.constant(matrix)?.dims.as_slice() else { return None };
    let by_rows = integer(gemm, "transB", 0) == 1;
    let (outputs, inputs) = if by_rows { (a, b) } else { (b, a) };
    let (outputs, inputs) = (usize::try_from(outputs).ok()?, usize::try_from(inputs).ok()?);
    if inputs != channels * height * width {
        return None;
    }
    let values = wiring.floats(matrix)?;
    let weights = if by_rows { values } else { transposed(&values, outputs) };
    let bias = match bias {
        Some(name) => wiring.floats(name).filter(|bias| bias.len() == outputs)?,
        None => vec![0.0; outputs],
    };
    let mut convolution = Convolution {
        name: gemm.name.clone(),
        dims: [outputs, channels, height, width],
        weights,
        bias,
        groups: 1,
        attributes: vec![integers_attribute("kernel_shape", &[height as i64, width as i64])],
        rectified: false,
    };
    if let Some(norm) = wiring.private_maker(from).filter(|node| node.op_type == "BatchNormalization") {
        fold_norm_before(&mut convolution, &affine(wiring, norm, channels)?);
        from = norm.input.first()?;
    }
    Some((convolution, from.clone()))
}

/// `matrix` has `columns` columns.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns)).copied().collect()
}

/// Scale and shift of each channel. Batch normalisation at inference: Ioffe and Szegedy 2015, algorithm 2.
fn affine(wiring: &Wiring<'_>, norm: &NodeProto, channels: usize) -> Option<Vec<(f64, f64)>> {
    let [_, gamma, beta, mean, variance] = norm.input.as_slice() else { return None };
    let parameter = |name: &str| wiring.floats(name).filter(|values| values.len() == channels);
    let (gamma, beta, mean, variance) = (parameter(gamma)?, parameter(beta)?, parameter(mean)?, parameter(variance)?);
    let epsilon = f64::from(float(norm, "epsilon", 1e-5));
    let of = |channel: usize| {
        let scale = f64::from(gamma[channel]) / (f64::from(variance[channel]) + epsilon).sqrt();
        (scale, f64::from(beta[channel]) - f64::from(mean[channel]) * scale)
    };
    Some((0..channels).map(of).collect())
}

/// Valid only for a kernel that covers the whole map without padding.
fn fold_norm_before(convolution: &mut Convolution, affine: &[(f64, f64)]) {
    let (row, area) = (convolution.row(), convolution.dims[2] * convolution.dims[3]);
    for (weights, bias) in convolution.weights.chunks_exact_mut(row.max(1)).zip(&mut convolution.bias) {
        let mut sum = f64::from(*bias);
        for (weights, &(scale, shift)) in weights.chunks_exact_mut(area.max(1)).zip(affine) {
            for weight in weights {
                sum += f64::from(*weight) * shift;
                *weight = (f64::from(*weight) * scale) as f32;
            }
        }
        *bias = sum as f32;
    }
}
