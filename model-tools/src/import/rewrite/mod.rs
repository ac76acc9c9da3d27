//! A graph rewritten into another that computes the same: normalisation lifted out, batch norms folded, `PRelu` taken
//! apart, idle and dead nodes gone.
//!
//! Each rewrite is done where it is known to be right, and everything else is left as it is: whether the result can be
//! run is for the trial to find out. The graph is a checked one ([`models::onnx::decode`]) and stays so: every value is
//! made once, before it is read.

mod batch_norm;
mod graph;
mod idle;
mod normalisation;
mod planes;
mod prelu;
#[cfg(test)]
pub(super) mod testing;
mod weights;

pub(super) use normalisation::Normalisation;

use super::picture::Layout;
use models::onnx::pb::ModelProto;

/// The version of ONNX's file format that knows block-quantised weights.
const IR_VERSION: i64 = 10;

/// What a rewritten network takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Frames of any size.
    Frames,
    /// One square crop of that many pixels a side; the network may have taken it in another layout.
    Crops { layout: Layout, side: u32 },
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
        graph::prune(graph);
        graph::forget_output_shapes(graph);
        match takes {
            Takes::Frames => graph::open_input_size(graph),
            Takes::Crops { side, .. } => graph::fix_input_shape(graph, Layout::Nchw.shape(side)),
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
