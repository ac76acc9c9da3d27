//! Recognises `max(x, 0) + slope * min(x, 0)`, as `model import` writes a `PRelu`, and writes it again.

use super::onnx::Wiring;
use crate::onnx_parts::node;
use models::onnx::pb::{NodeProto, TensorProto};
use models::onnx::tensor::float_tensor;

/// The input of a node of this form, or of a `PRelu`, and the slope of each channel.
pub(super) fn slopes<'g>(wiring: &Wiring<'g>, last: &'g NodeProto) -> Option<(&'g str, Vec<f32>)> {
    if last.op_type == "PRelu" {
        let [from, slope] = last.input.as_slice() else { return None };
        return Some((from, channel_slopes(wiring, slope)?));
    }
    let [above, lower] = inputs_of(last, "Add")?.map(|name| wiring.private_maker(name));
    let (above, lower) = (above?, lower?);
    let (above, lower) = if above.op_type == "Max" { (above, lower) } else { (lower, above) };
    let from = compared_with_zero(wiring, above, "Max")?;
    let [a, b] = inputs_of(lower, "Mul")?;
    let (below, slope) = if wiring.constant(b).is_some() { (a, b) } else { (b, a) };
    let below = compared_with_zero(wiring, wiring.private_maker(below)?, "Min")?;
    (below == from).then_some((from, channel_slopes(wiring, slope)?))
}

/// The value that is compared with zero.
fn compared_with_zero<'g>(wiring: &Wiring<'g>, node: &'g NodeProto, op: &str) -> Option<&'g str> {
    let [a, b] = inputs_of(node, op)?;
    let is_zero = |name: &str| wiring.floats(name).is_some_and(|values| values == [0.0]);
    match (is_zero(a), is_zero(b)) {
        (false, true) => Some(a),
        (true, false) => Some(b),
        _ => None,
    }
}

fn inputs_of<'g>(node: &'g NodeProto, op: &str) -> Option<[&'g str; 2]> {
    match node.input.as_slice() {
        [a, b] if node.op_type == op => Some([a, b]),
        _ => None,
    }
}

/// One slope for all channels, or one per channel: `[C, 1, 1]` or `[1, C, 1, 1]`.
fn channel_slopes(wiring: &Wiring<'_>, name: &str) -> Option<Vec<f32>> {
    let one_each = matches!(*wiring.constant(name)?.dims, [] | [1] | [_, 1, 1] | [1, _, 1, 1]);
    wiring.floats(name).filter(|values| one_each && !values.is_empty())
}

/// Writes a `PRelu` as `max(x, 0) + slope * min(x, 0)`.
pub(in crate::quantize) fn taken_apart(from: &str, slopes: &[f32], to: &str) -> (Vec<TensorProto>, Vec<NodeProto>) {
    let name = |part: &str| format!("{to}_{part}");
    let (above, below, lower, zero, slope) = (name("above"), name("below"), name("lower"), name("zero"), name("slope"));
    let constants = vec![float_tensor(&zero, &[1], &[0.0]), float_tensor(&slope, &[slopes.len() as i64, 1, 1], slopes)];
    let nodes = vec![
        node("Max", &[from, &zero], &above),
        node("Min", &[from, &zero], &below),
        node("Mul", &[&below, &slope], &lower),
        node("Add", &[&above, &lower], to),
    ];
    (constants, nodes)
}
