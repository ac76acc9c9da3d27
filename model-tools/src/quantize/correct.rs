//! Bias correction: adjusts the bias of each channel by the shift of its mean that rounding causes.
//!
//! The float network and the quantised one run side by side over the same crops. Each convolution is corrected before
//! the next one reads its output, so that the correction includes the errors of all earlier ones (Nagel et al. 2019,
//! section 4.2, measured instead of derived).

use super::graph::{Convolution, Graph, Op};
use super::settings::Settings;
use super::walk::{Batch, Live, applied, convolved};
use super::weight_bytes::ByteWeights;
use anyhow::Result;

/// The graph with corrected biases.
///
/// # Errors
/// If a node cannot be run.
pub(super) fn corrected(
    graph: &Graph,
    settings: &Settings,
    crops: &[Vec<f32>],
    mut tell: impl FnMut(),
) -> Result<Graph> {
    let mut corrected = graph.clone();
    let (mut floats, mut integers) = (Live::at_start(graph, crops), Live::at_start(graph, crops));
    for (index, node) in graph.up_to_last_convolution().iter().enumerate() {
        let rounded = integers.rounded_inputs(node, settings)?;
        let rounded: Vec<&Batch> = rounded.iter().map(AsRef::as_ref).collect();
        let (exact, made) = match &node.op {
            Op::Convolution(convolution) if settings.integers.has(node) => {
                let bare = Convolution { rectified: false, ..convolution.clone() };
                let weights = ByteWeights::new(convolution, settings.weights).widened();
                let mut exact = convolved(&bare, &bare.weights, graph.operators, floats.inputs(node)?[0])?;
                let mut made = convolved(&bare, &weights, graph.operators, rounded[0])?;
                let by: Vec<f64> = exact.channel_means().iter().zip(made.channel_means()).map(|(a, b)| a - b).collect();
                if let Op::Convolution(convolution) = &mut corrected.nodes[index].op {
                    convolution.bias.iter_mut().zip(&by).for_each(|(bias, by)| *bias += *by as f32);
                }
                made.shift(&by, convolution.rectified);
                exact.shift(&vec![0.0; by.len()], convolution.rectified);
                (exact, made)
            }
            _ => (applied(node, graph.operators, &floats.inputs(node)?)?, applied(node, graph.operators, &rounded)?),
        };
        floats.made(node, exact);
        integers.made(node, made);
        tell();
    }
    Ok(corrected)
}
