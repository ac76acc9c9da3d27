//! Folds batch norms: merges `y = scale * x + shift` per channel into the weights and the bias of the convolution or
//! matrix before it. Any other batch norm stays.

use super::graph_queries::{add_floats, constant_floats, maker, only_reader};
use super::stored_weights::{Rows, rows_of, widened};
use models::onnx::attributes::{float, integer};
use models::onnx::pb::{GraphProto, NodeProto};
use models::onnx::tensor;

/// Folds every batch norm that can be folded.
pub(super) fn fold(graph: &mut GraphProto) {
    let mut index = 0;
    while index < graph.node.len() {
        let folded = graph.node[index].op_type == "BatchNormalization" && fold_one(graph, index).is_some();
        if !folded {
            index += 1;
        }
    }
}

/// Folds one batch norm. Returns `None` and changes nothing if it cannot be folded.
fn fold_one(graph: &mut GraphProto, index: usize) -> Option<()> {
    let affine = Affine::from_node(graph, &graph.node[index])?;
    let (from, to) = (graph.node[index].input.first()?, graph.node[index].output.first()?.clone());
    let before = maker(graph, from).filter(|_| only_reader(graph, from) == Some(index))?;
    let linear = Linear::from_node(graph, &graph.node[before], affine.scale.len())?;
    linear.apply(graph, before, &affine);
    graph.node[before].output = vec![to];
    graph.node.remove(index);
    Some(())
}

/// Scale and shift of each channel by a batch norm.
struct Affine {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl Affine {
    /// Batch normalisation at inference: Ioffe and Szegedy 2015, algorithm 2.
    fn from_node(graph: &GraphProto, norm: &NodeProto) -> Option<Self> {
        let [_, gamma, beta, mean, variance] = norm.input.as_slice() else { return None };
        let inference = norm.output.len() == 1 && integer(norm, "training_mode", 0) == 0;
        // Before version 9 of the operator, 0 means a separate norm for each place of each channel.
        let by_channel = integer(norm, "spatial", 1) == 1;
        let parameter = |name| constant_floats(graph, name);
        let (gamma, beta, mean, variance) =
            (parameter(gamma)?, parameter(beta)?, parameter(mean)?, parameter(variance)?);
        let channels = gamma.len();
        if !inference || !by_channel || [beta.len(), mean.len(), variance.len()] != [channels; 3] {
            return None;
        }
        let epsilon = f64::from(float(norm, "epsilon", 1e-5));
        let scale: Vec<f64> =
            gamma.iter().zip(&variance).map(|(&g, &v)| f64::from(g) / (f64::from(v) + epsilon).sqrt()).collect();
        let shift = beta.iter().zip(&mean).zip(&scale).map(|((&b, &m), s)| f64::from(b) - f64::from(m) * s).collect();
        scale.iter().all(|scale| scale.is_finite()).then_some(Self { scale, shift })
    }
}

/// A convolution or matrix whose outputs can be scaled and shifted individually.
struct Linear {
    weights: Rows,
    bias: Vec<f64>,
}

impl Linear {
    fn from_node(graph: &GraphProto, node: &NodeProto, channels: usize) -> Option<Self> {
        let rows_are_outputs = match node.op_type.as_str() {
            "Conv" => true,
            "Gemm" => is_plain_matrix(node),
            _ => false,
        };
        let [_, weights, rest @ ..] = node.input.as_slice() else { return None };
        let weights = rows_of(graph, weights, channels).filter(|_| rows_are_outputs && node.output.len() == 1)?;
        let bias = match rest.first() {
            Some(name) => bias_of(graph, name, channels)?,
            None => vec![0.0; channels],
        };
        Some(Self { weights, bias })
    }

    fn apply(self, graph: &mut GraphProto, index: usize, affine: &Affine) {
        self.weights.scale(graph, &affine.scale);
        let bias = self.bias.iter().zip(&affine.scale).zip(&affine.shift);
        let bias: Vec<f32> = bias.map(|((bias, scale), shift)| (bias * scale + shift) as f32).collect();
        let name = format!("{}_bias", graph.node[index].input[1]);
        let name = add_floats(graph, &name, &[bias.len() as i64], &bias);
        let inputs = &mut graph.node[index].input;
        inputs.truncate(2);
        inputs.push(name);
    }
}

/// True for `x W^T + b` without other factors.
fn is_plain_matrix(gemm: &NodeProto) -> bool {
    let whole = float(gemm, "alpha", 1.0) == 1.0 && float(gemm, "beta", 1.0) == 1.0;
    whole && integer(gemm, "transA", 0) == 0 && integer(gemm, "transB", 0) == 1
}

/// The bias, one number per channel. `None` if it is not a constant, or has another layout.
fn bias_of(graph: &GraphProto, name: &str, channels: usize) -> Option<Vec<f64>> {
    let bias = widened(graph, name)?;
    let one_row = matches!(*bias.dims, [count] | [1, count] if count == channels as i64);
    let values = tensor::floats(&bias).ok().filter(|_| one_row)?;
    Some(values.into_iter().map(f64::from).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bytes, check_rewrite, float_attribute, floats, graph, node, shape, with};
    use super::*;
    use models::onnx::pb::TensorProto;

    const NORM: [&str; 4] = ["gamma", "beta", "mean", "variance"];

    fn parameters() -> Vec<TensorProto> {
        vec![
            floats("gamma", &[4], &[1.0, -2.0, 0.5, 0.0]),
            floats("beta", &[4], &[0.0, 1.0, -3.0, 4.0]),
            floats("mean", &[4], &[0.5, 0.0, -1.0, 2.0]),
            floats("variance", &[4], &[1.0, 0.25, 4.0, 0.0]),
        ]
    }

    fn norm(from: &str, to: &str) -> NodeProto {
        node("BatchNormalization", &[from, NORM[0], NORM[1], NORM[2], NORM[3]], to)
    }

    fn ramp(count: usize) -> Vec<f32> {
        (0..count).map(|index| (index % 7) as f32 - 2.5).collect()
    }

    fn check(what: &str, nodes: Vec<NodeProto>, constants: Vec<TensorProto>, input: &[usize], left: &[&str]) {
        let original = graph(nodes, parameters().into_iter().chain(constants).collect(), &["y"]);
        check_rewrite(what, &original, fold, left, input);
    }

    #[test]
    fn folded_into_a_convolution() {
        let picture = [1, 3, 4, 4];
        let weights = || floats("w", &[4, 3, 2, 2], &ramp(48));
        let bias = || floats("b", &[4], &[1.0, 2.0, 3.0, 4.0]);
        let conv = |inputs: &[&str]| node("Conv", inputs, "a");
        check("without a bias", vec![conv(&["x", "w"]), norm("a", "y")], vec![weights()], &picture, &["Conv"]);
        check(
            "with a bias",
            vec![conv(&["x", "w", "b"]), norm("a", "y")],
            vec![weights(), bias()],
            &picture,
            &["Conv"],
        );
        let taken = floats("w_bias", &[4], &[5.0; 4]);
        let nodes = vec![conv(&["x", "w", "w_bias"]), norm("a", "c"), node("Add", &["c", "place"], "y")];
        let place = floats("place", &[1], &[1.0]);
        check("the bias has the name of the new one", nodes, vec![weights(), taken, place], &picture, &["Conv", "Add"]);
        let grouped = with(conv(&["x", "w"]), &[("group", 2)]);
        let depthwise = floats("w", &[4, 2, 1, 1], &ramp(8));
        check("in groups", vec![grouped, norm("a", "y")], vec![depthwise], &[1, 4, 3, 3], &["Conv"]);
        let epsilon = |mut norm: NodeProto| {
            norm.attribute.push(float_attribute("epsilon", 0.5));
            norm
        };
        let nodes = vec![conv(&["x", "w"]), epsilon(norm("a", "y"))];
        check("with an epsilon of its own", nodes, vec![weights()], &picture, &["Conv"]);
        let twice = vec![conv(&["x", "w"]), norm("a", "c"), norm("c", "y")];
        check("two in a row", twice, vec![weights()], &picture, &["Conv"]);
    }

    #[test]
    fn folded_into_8_bit_weights() {
        let picture = [1, 3, 4, 4];
        let q = || bytes("q", &[4, 12], &(0..48).map(|value| value - 20).collect::<Vec<i8>>());
        let blocks = |dims: &[i64]| {
            let count = dims.iter().product::<i64>() as usize;
            let scales: Vec<f32> = (0..count).map(|index| 0.1 + index as f32 / 10.0).collect();
            vec![floats("s", dims, &scales), bytes("z", dims, &(0..count as i8).collect::<Vec<i8>>())]
        };
        let dequantize = |axis, size| {
            with(node("DequantizeLinear", &["q", "s", "z"], "flat"), &[("axis", axis), ("block_size", size)])
        };
        let rest = || vec![node("Reshape", &["flat", "shape"], "w"), node("Conv", &["x", "w"], "a"), norm("a", "y")];
        let constants = |scales: Vec<TensorProto>| [vec![q(), shape("shape", &[4, 3, 2, 2])], scales].concat();
        let all = |first: NodeProto| [vec![first], rest()].concat();
        let folded = ["DequantizeLinear", "Reshape", "Conv"];
        let kept = ["DequantizeLinear", "Reshape", "Conv", "BatchNormalization"];
        check("in blocks", all(dequantize(1, 5)), constants(blocks(&[4, 3])), &picture, &folded);
        check("in blocks, from the end", all(dequantize(-1, 12)), constants(blocks(&[4, 1])), &picture, &folded);
        check("a scale for a row", all(dequantize(0, 0)), constants(blocks(&[4])), &picture, &folded);
        check("a scale for a column", all(dequantize(1, 0)), constants(blocks(&[12])), &picture, &kept);
        check("a scale for all", all(dequantize(1, 0)), constants(blocks(&[])), &picture, &kept);
    }

    #[test]
    fn folded_into_a_matrix() {
        let row = [1, 6];
        let weights = || floats("w", &[4, 6], &ramp(24));
        let gemm = |inputs: &[&str], trans_b| with(node("Gemm", inputs, "a"), &[("transB", trans_b)]);
        let nodes = |gemm| vec![gemm, norm("a", "y")];
        check("no bias", nodes(gemm(&["x", "w"], 1)), vec![weights()], &row, &["Gemm"]);
        for dims in [&[4][..], &[1, 4]] {
            let bias = floats("b", dims, &[1.0, 2.0, 3.0, 4.0]);
            check("a bias", nodes(gemm(&["x", "w", "b"], 1)), vec![weights(), bias], &row, &["Gemm"]);
        }
        let one = floats("b", &[1], &[1.0]);
        let kept = ["Gemm", "BatchNormalization"];
        check("one bias for all", nodes(gemm(&["x", "w", "b"], 1)), vec![weights(), one], &row, &kept);
        check("columns are outputs", nodes(gemm(&["x", "w"], 0)), vec![floats("w", &[6, 4], &ramp(24))], &row, &kept);
        let mut halved = gemm(&["x", "w"], 1);
        halved.attribute.push(float_attribute("alpha", 0.5));
        check("a factor", nodes(halved), vec![weights()], &row, &kept);
        let narrow = bytes("bq", &[4], &[1, -2, 3, -4]);
        let bias = with(node("DequantizeLinear", &["bq", "bs"], "b"), &[("axis", 0), ("block_size", 2)]);
        let nodes = vec![bias, gemm(&["x", "w", "b"], 1), norm("a", "y")];
        let constants = vec![weights(), narrow, floats("bs", &[2], &[0.5, 2.0])];
        check("an 8-bit bias", nodes, constants, &row, &["DequantizeLinear", "Gemm"]);
    }

    #[test]
    fn kept_if_it_cannot_be_folded() {
        let picture = [1, 4, 4, 4];
        let weights = || floats("w", &[4, 4, 1, 1], &ramp(16));
        let conv = || node("Conv", &["x", "w"], "a");
        let kept = ["Conv", "BatchNormalization", "Add"];
        check("no convolution", vec![norm("x", "y")], vec![], &picture, &["BatchNormalization"]);
        let nodes = vec![node("Relu", &["x"], "a"), norm("a", "y")];
        check("another node", nodes, vec![], &picture, &["Relu", "BatchNormalization"]);
        let nodes = vec![conv(), norm("a", "b"), node("Add", &["a", "b"], "y")];
        check("another reader", nodes, vec![weights()], &picture, &kept);
        let nodes = vec![conv(), node("Conv", &["a", "w"], "b"), norm("b", "y")];
        check("shared weights", nodes, vec![weights()], &picture, &["Conv", "Conv", "BatchNormalization"]);
        let nodes = vec![node("Neg", &["w"], "v"), node("Conv", &["x", "v"], "a"), norm("a", "y")];
        check("weights that are made", nodes, vec![weights()], &picture, &["Neg", "Conv", "BatchNormalization"]);
    }

    #[test]
    fn parameters_that_do_not_fit_are_left_to_tract() {
        let nodes = || vec![node("Conv", &["x", "w"], "a"), norm("a", "y")];
        let weights = || floats("w", &[4, 3, 1, 1], &ramp(12));
        for (name, values) in
            [("mean", vec![1.0; 3]), ("gamma", vec![]), ("variance", vec![-1.0; 4]), ("gamma", vec![1.0; 8])]
        {
            let mut constants = parameters();
            constants.retain(|tensor| tensor.name != name);
            constants.push(floats(name, &[values.len() as i64], &values));
            constants.push(weights());
            let mut rewritten = graph(nodes(), constants, &["y"]);
            fold(&mut rewritten);
            assert_eq!(rewritten.node.len(), 2, "{name}: {values:?}");
        }
        for attribute in ["training_mode", "spatial"] {
            let value = i64::from(attribute == "training_mode");
            let nodes = vec![node("Conv", &["x", "w"], "a"), with(norm("a", "y"), &[(attribute, value)])];
            let mut rewritten = graph(nodes, [parameters(), vec![weights()]].concat(), &["y"]);
            fold(&mut rewritten);
            assert_eq!(rewritten.node.len(), 2, "{attribute}");
        }
    }
}
