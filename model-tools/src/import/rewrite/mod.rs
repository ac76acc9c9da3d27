//! Rewrites a graph into an equivalent one: lifts out the normalisation, folds batch norms, replaces `PRelu`, and
//! removes idle and dead nodes.
//!
//! Each rewrite applies only where it is known to be correct, and leaves everything else unchanged. The trial checks
//! whether the result runs. The graph is validated ([`models::onnx::decode`]), and each rewrite keeps it valid: every
//! value is made once, before it is read.

mod batch_norm;
mod classifier;
mod graph_queries;
mod idle;
mod normalisation;
mod planes;
mod prelu;
mod stored_weights;
#[cfg(test)]
pub(super) mod testing;

pub(super) use normalisation::Normalisation;

use super::input_image::Layout;
use models::onnx::pb::ModelProto;

/// Version of ONNX's file format that supports block-quantised weights.
const IR_VERSION: i64 = 10;

/// The input of a rewritten network.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Frames of any size.
    Frames,
    /// One square crop with sides of that many pixels. The layout of the original may differ.
    Crops { layout: Layout, side: u32 },
}

/// Rewrites a classifier of square crops with sides of that many pixels. Encoders are not rewritten in this way: their
/// bundles would get another hash.
pub(super) fn rewritten_classifier(mut model: ModelProto, side: u32) -> (ModelProto, Normalisation) {
    if let Some(graph) = model.graph.as_mut() {
        classifier::rewrite_end(graph);
    }
    rewritten(model, Takes::Crops { layout: Layout::Nchw, side })
}

/// Rewrites a model.
pub(super) fn rewritten(mut model: ModelProto, takes: Takes) -> (ModelProto, Normalisation) {
    let mut normalisation = Normalisation::NONE;
    if let Some(graph) = model.graph.as_mut() {
        idle::drop_idle(graph);
        normalisation = normalisation::lift(graph);
        if let Takes::Crops { layout: Layout::Nhwc, .. } = takes {
            planes::take_planes(graph);
        }
        batch_norm::fold(graph);
        prelu::take_apart(graph);
        graph_queries::prune(graph);
        graph_queries::forget_output_shapes(graph);
        match takes {
            Takes::Frames => graph_queries::open_input_size(graph),
            Takes::Crops { side, .. } => graph_queries::fix_input_shape(graph, Layout::Nchw.shape(side)),
        }
    }
    let rewritten = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "encoder-tool model import".to_owned(),
        opset_import: model.opset_import,
        graph: model.graph,
        ..ModelProto::default()
    };
    (rewritten, normalisation)
}
