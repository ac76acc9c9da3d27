//! Moves the normalisation at the start of a network out of the graph: the code that fills the input tensor applies it
//! at no cost.

use super::graph_queries::{constant, is_output, only_reader, redirect};
use models::onnx::pb::GraphProto;
use models::onnx::tensor;

/// `(pixel - subtract) / divide`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalisation {
    pub(crate) subtract: f32,
    pub(crate) divide: f32,
}

impl Normalisation {
    /// Leaves pixels unchanged.
    pub(crate) const NONE: Self = Self { subtract: 0.0, divide: 1.0 };

    /// Combines this normalisation with the `next` one.
    pub(crate) fn then(self, next: Self) -> Self {
        Self { subtract: self.subtract + next.subtract * self.divide, divide: self.divide * next.divide }
    }

    /// Normalises a pixel.
    pub(crate) fn apply(self, pixel: f32) -> f32 {
        (pixel - self.subtract) / self.divide
    }
}

/// Removes `input - constant` and then `input * constant` from the start of the graph.
pub(super) fn lift(graph: &mut GraphProto) -> Normalisation {
    let mut lifted = Normalisation::NONE;
    if let Some(constant) = take_first(graph, "Sub", |constant| (0.0..=255.0).contains(&constant)) {
        lifted.subtract = constant;
    }
    if let Some(constant) = take_first(graph, "Mul", |constant| constant > 0.0 && (1.0 / constant).is_normal()) {
        lifted.divide = 1.0 / constant;
    }
    lifted
}

fn take_first(graph: &mut GraphProto, op: &str, usable: impl Fn(f32) -> bool) -> Option<f32> {
    let input = graph.input.first()?.name.clone();
    let index = only_reader(graph, &input)?;
    let first = &graph.node[index];
    let ([data, factor], [output]) = (first.input.as_slice(), first.output.as_slice()) else { return None };
    // A constant with more dimensions than the image would add dimensions to the result.
    let constant = constant(graph, factor).filter(|constant| constant.dims.len() <= 4)?;
    let &[value] = tensor::floats(constant).ok()?.as_slice() else { return None };
    if first.op_type != op || *data != input || !usable(value) || is_output(graph, output) {
        return None;
    }
    let output = output.clone();
    graph.node.remove(index);
    redirect(graph, &output, &input);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{floats, graph, node, outputs_of, test_input};
    use super::*;
    use models::onnx::pb::NodeProto;

    const SHAPE: [usize; 4] = [1, 3, 2, 2];

    fn check(what: &str, nodes: Vec<NodeProto>, subtract: f32, divide: f32, left: &[&str]) {
        let constants = vec![
            floats("mean", &[1], &[127.5]),
            floats("share", &[1, 1, 1, 1], &[0.0078125]),
            floats("each", &[3, 1, 1], &[1.0, 2.0, 3.0]),
            floats("below", &[1], &[-1.0]),
            floats("deep", &[1, 1, 1, 1, 1], &[1.0]),
        ];
        let original = graph(nodes, constants, &["y"]);
        let mut rewritten = original.clone();
        let lifted = lift(&mut rewritten);
        assert_eq!(lifted, Normalisation { subtract, divide }, "{what}");
        let ops: Vec<&str> = rewritten.node.iter().map(|node| node.op_type.as_str()).collect();
        assert_eq!(ops, left, "{what}");
        let pixels = test_input(&SHAPE);
        let normalised: Vec<f32> = pixels.iter().map(|&pixel| lifted.apply(pixel)).collect();
        assert_eq!(outputs_of(original, &SHAPE, &pixels), outputs_of(rewritten, &SHAPE, &normalised), "{what}");
    }

    #[test]
    fn two_normalisations_combine_into_one() {
        let first = Normalisation { subtract: 127.5, divide: 128.0 };
        let next = Normalisation { subtract: 0.5, divide: 0.25 };
        assert_eq!(Normalisation::NONE.then(first), first);
        assert_eq!(first.then(Normalisation::NONE), first);
        for pixel in [0.0, 127.5, 255.0] {
            assert_eq!(first.then(next).apply(pixel), next.apply(first.apply(pixel)));
        }
    }

    #[test]
    fn a_lifted_normalisation_is_applied_to_the_input() {
        let sub = |by: &str| node("Sub", &["x", by], "a");
        let relu = || node("Relu", &["b"], "y");
        check("both", vec![sub("mean"), node("Mul", &["a", "share"], "b"), relu()], 127.5, 128.0, &["Relu"]);
        check("a difference", vec![sub("mean"), node("Relu", &["a"], "y")], 127.5, 1.0, &["Relu"]);
        check("a product", vec![node("Mul", &["x", "share"], "b"), relu()], 0.0, 128.0, &["Relu"]);
        check("nothing", vec![node("Relu", &["x"], "y")], 0.0, 1.0, &["Relu"]);
        let other_order = vec![node("Mul", &["x", "share"], "a"), node("Sub", &["a", "mean"], "b"), relu()];
        check("the product first", other_order, 0.0, 128.0, &["Sub", "Relu"]);
        check("one for each channel", vec![sub("each"), node("Relu", &["a"], "y")], 0.0, 1.0, &["Sub", "Relu"]);
        check("no pixel value", vec![sub("below"), node("Relu", &["a"], "y")], 0.0, 1.0, &["Sub", "Relu"]);
        check("a negative product", vec![node("Mul", &["x", "below"], "b"), relu()], 0.0, 1.0, &["Mul", "Relu"]);
        check("more dimensions", vec![sub("deep"), node("Relu", &["a"], "y")], 0.0, 1.0, &["Sub", "Relu"]);
        check("nothing else", vec![node("Sub", &["x", "mean"], "y")], 0.0, 1.0, &["Sub"]);
        let turned = vec![node("Sub", &["mean", "x"], "a"), node("Relu", &["a"], "y")];
        check("the pixel is subtracted", turned, 0.0, 1.0, &["Sub", "Relu"]);
        let also_raw = vec![sub("mean"), node("Add", &["a", "x"], "y")];
        check("raw pixels are read too", also_raw, 0.0, 1.0, &["Sub", "Add"]);
    }
}
