//! Quantises the input image without loss: its bytes are the pixels themselves.
//!
//! A normalised pixel is `(pixel - subtract) / divide`. A byte with zero point `subtract` and steps of `1 / divide`
//! represents it exactly if `subtract` is an integer. If it lies halfway between two integers (127.5), the lower one is
//! used instead, and the biases of the first convolutions compensate for the constant increase of all pixels.

use super::byte_steps::Steps;
use super::graph::{Graph, Op};
use models::bundle::Input;

/// The input and the graph with an integer to subtract, if possible.
pub(super) fn of_whole_numbers(input: &Input, graph: &Graph) -> (Input, Graph) {
    let (mut input, mut graph) = (*input, graph.clone());
    let readers = graph.nodes.iter().filter(|node| node.inputs.contains(&graph.input));
    if input.subtract.fract() != 0.5 || !readers.clone().all(|node| matches!(node.op, Op::Convolution(_))) {
        return (input, graph);
    }
    let larger_by = 0.5 / f64::from(input.divide);
    input.subtract = input.subtract.floor();
    for node in &mut graph.nodes {
        match &mut node.op {
            Op::Convolution(convolution) if node.inputs.contains(&graph.input) => {
                let row = convolution.row().max(1);
                for (bias, weights) in convolution.bias.iter_mut().zip(convolution.weights.chunks(row)) {
                    let sum: f64 = weights.iter().copied().map(f64::from).sum();
                    *bias = (f64::from(*bias) - sum * larger_by) as f32;
                }
            }
            _ => {}
        }
    }
    (input, graph)
}

/// The steps at which bytes are pixels; `None` if there are none.
pub(super) fn steps(input: &Input) -> Option<Steps> {
    let whole = input.subtract.fract() == 0.0 && (0.0..=255.0).contains(&input.subtract) && input.divide > 0.0;
    whole.then(|| Steps { scale: 1.0 / input.divide, zero: input.subtract as u8 })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{everything_read, pictures};
    use super::super::walk::outputs;
    use super::*;
    use models::bundle::ChannelOrder;

    #[test]
    fn pixels_become_bytes_without_changing_the_function() {
        let half = Input { channels: ChannelOrder::Rgb, subtract: 127.5, divide: 128.0 };
        let graph = everything_read();
        let (whole, shifted) = of_whole_numbers(&half, &graph);
        assert_eq!((whole.subtract, whole.divide), (127.0, 128.0));
        let steps = steps(&whole).unwrap();
        assert!(
            (0..=255_u8).map(|pixel| (f32::from(pixel) - 127.0) / 128.0).all(|number| steps.rounded(number) == number)
        );
        let pictures = pictures(3);
        let higher = pictures.iter().map(|picture| picture.iter().map(|number| number + 0.5 / 128.0).collect());
        let (before, after) =
            (outputs(&graph, None, &pictures).unwrap(), outputs(&shifted, None, &higher.collect::<Vec<_>>()).unwrap());
        // The padding has the value of the zero point, which has moved by half a step.
        for (a, b) in before.iter().flatten().zip(after.iter().flatten()) {
            assert!((a - b).abs() < 0.2, "{a} {b}");
        }
    }

    #[test]
    fn other_inputs_stay_as_they_are() {
        let graph = everything_read();
        for (subtract, divide, exact) in [(127.25, 128.0, false), (0.0, 255.0, true), (300.0, 1.0, false)] {
            let input = Input { channels: ChannelOrder::Bgr, subtract, divide };
            let (same, _) = of_whole_numbers(&input, &graph);
            assert_eq!(same.subtract, subtract);
            assert_eq!(steps(&same).is_some(), exact, "{subtract}");
        }
    }
}
