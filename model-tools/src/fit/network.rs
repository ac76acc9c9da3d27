//! Appends the map to the network as one more matrix, so that a unit runs it like any other network.

use super::map::Map;
use crate::onnx_parts::{dims, floats_value, integer_attribute, node};
use anyhow::{Context, Result, ensure};
use models::onnx;
use models::onnx::pb::{GraphProto, NodeProto};
use models::onnx::tensor::float_tensor;

/// Appends the map to the network, whose output is `map.inputs` numbers.
///
/// # Errors
/// If the network does not have exactly one output.
pub(super) fn followed_by(network: &[u8], map: &Map) -> Result<Vec<u8>> {
    let mut model = onnx::decode(network)?;
    let graph = model.graph.as_mut().context("the network has no graph")?;
    ensure!(graph.output.len() == 1, "{} outputs where an encoder has one", graph.output.len());
    let made = graph.output[0].name.clone();
    let [row, matrix, fitted] = ["fitted_row", "fitted_matrix", "fitted"].map(|wanted| free_name(graph, wanted));
    graph.node.push(node("Flatten", &[&made], &row));
    let attribute = vec![integer_attribute("transB", 1)];
    graph.node.push(NodeProto { attribute, ..node("Gemm", &[&row, &matrix], &fitted) });
    graph.initializer.push(float_tensor(&matrix, &dims(&[map.outputs, map.inputs]), &map.rows));
    graph.output = vec![floats_value(&fitted, &dims(&[1, map.outputs]))];
    Ok(onnx::encode(model))
}

fn free_name(graph: &GraphProto, wanted: &str) -> String {
    let taken = |name: &str| {
        graph.input.iter().any(|input| input.name == name)
            || graph.initializer.iter().any(|constant| constant.name == name)
            || graph.node.iter().any(|node| node.output.iter().any(|output| output == name))
    };
    let mut name = wanted.to_owned();
    while taken(&name) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::bundle::{Bundles, EncoderBundle, EncoderManifest, Network, sha256};
    use models::encode::Encoder;
    use models::{Crop, onnx};

    /// Uses the bundled encoder, the only network in this repository.
    #[test]
    fn the_network_applies_the_map_to_its_output() {
        let bundle = Bundles::bundled().unwrap().encoder;
        let inputs = bundle.manifest.dimensions;
        let mut random = fastrand::Rng::with_seed(3);
        let map = Map { inputs, outputs: 7, rows: (0..7 * inputs).map(|_| random.f32() - 0.5).collect() };
        let network = followed_by(&bundle.network, &map).unwrap();
        let again = followed_by(&network, &Map { inputs: 7, outputs: 2, rows: vec![0.5; 14] }).unwrap();
        assert_eq!(onnx::decode(&again).unwrap().graph.unwrap().output[0].name, "fitted_");
        let network_of = Network { file: "model.onnx".to_owned(), sha256: sha256(&network) };
        let manifest = EncoderManifest { dimensions: 7, network: network_of, ..bundle.manifest.clone() };
        let fitted = EncoderBundle { manifest, network: network.into(), golden: None, ..bundle.clone() };
        let side = bundle.manifest.crop.side();
        let pixels = (0..3 * side * side).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let crop = Crop::from_rgb(side, pixels).unwrap();
        let expected = map.applied(Encoder::new(&bundle).unwrap().encode(&crop).unwrap().numbers());
        let length = expected.iter().map(|number| number * number).sum::<f32>().sqrt();
        let found = Encoder::new(&fitted).unwrap().encode(&crop).unwrap();
        for (found, expected) in found.numbers().iter().zip(&expected) {
            assert!((found - expected / length).abs() < 1e-4, "{found} {expected}");
        }
    }
}
