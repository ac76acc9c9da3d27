//! Fuses successive layers into one operator if the pictures between them do not fit into the nearest cache. `kernels`
//! then computes the layers band by band.

use crate::network::layer::{Layer, Memory};
use crate::network::steps::Chained;
use kernels::chain::{Chain, Link};
use std::collections::HashMap;
use tract_onnx::prelude::*;

/// The smallest intermediate picture, in numbers, for which fusing is faster.
const SMALLEST: usize = 100_000;

/// Replaces each chain of the network by one node.
pub(super) fn chained(model: &TypedModel, threads: usize, memory: &Memory) -> Option<TypedModel> {
    let chains: HashMap<usize, Vec<usize>> =
        chains(model).into_iter().filter_map(|chain| Some((*chain.last()?, chain))).collect();
    let inner: Vec<usize> = chains.values().flat_map(|chain| &chain[..chain.len() - 1]).copied().collect();
    let mut drawn = TypedModel::default();
    let mut places: HashMap<OutletId, OutletId> = HashMap::new();
    for node in model.nodes().iter().filter(|node| !inner.contains(&node.id)) {
        let wired = match chains.get(&node.id) {
            Some(chain) => {
                let links = chain.iter().map(|&id| link(model.node(id))).collect::<Option<Vec<Link>>>()?;
                let step = Chained { chain: Chain::new(links).ok()?, threads };
                let from = places.get(model.node(chain[0]).inputs.first()?)?;
                drawn.wire_node(&node.name, Layer::new(step, memory.clone()), &[*from]).ok()?
            }
            None if node.inputs.is_empty() => {
                tvec![drawn.add_source(&node.name, node.outputs.first()?.fact.clone()).ok()?]
            }
            None => {
                let inputs = node.inputs.iter().map(|input| places.get(input).copied());
                drawn.wire_node(&node.name, node.op.clone(), &inputs.collect::<Option<Vec<_>>>()?).ok()?
            }
        };
        places.extend(wired.into_iter().enumerate().map(|(slot, outlet)| (OutletId::new(node.id, slot), outlet)));
    }
    let outputs = model.output_outlets().ok()?.iter().map(|outlet| places.get(outlet).copied());
    drawn.select_output_outlets(&outputs.collect::<Option<Vec<_>>>()?).ok()?;
    Some(drawn)
}

/// Finds the chains: nodes that follow each other, at least two in each chain.
fn chains(model: &TypedModel) -> Vec<Vec<usize>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut taken = vec![false; model.nodes().len()];
    for node in model.nodes() {
        let mut chain = vec![node.id];
        while let Some(next) = chain.last().and_then(|&last| next_of(model, last)).filter(|&next| !taken[next]) {
            chain.push(next);
        }
        if chain.len() > 1 && !taken[node.id] {
            chain.iter().for_each(|&id| taken[id] = true);
            chains.push(chain);
        }
    }
    chains
}

/// The only reader of a node's output, if both nodes can be links and the picture between them is large.
fn next_of(model: &TypedModel, id: usize) -> Option<usize> {
    let node = model.node(id);
    let [output] = node.outputs.as_slice() else { return None };
    let [next] = output.successors.as_slice() else { return None };
    let given_out = model.output_outlets().ok()?.iter().any(|outlet| outlet.node == id);
    let numbers: usize = output.fact.shape.as_concrete()?.iter().product();
    let both = is_link(node) && is_link(model.node(next.node));
    (both && !given_out && numbers >= SMALLEST).then_some(next.node)
}

fn is_link(node: &TypedNode) -> bool {
    node.op.downcast_ref::<Layer>().is_some_and(|layer| layer.step().is_link())
}

fn link(node: &TypedNode) -> Option<Link> {
    node.op.downcast_ref::<Layer>()?.step().link()
}
