//! Builds FaceNet's Inception-ResNet-v1 for images of 160x160 from its weights. The architecture is defined here; the
//! files contain only weights.
//!
//! The network is that of <https://github.com/davidsandberg/facenet> (`src/models/inception_resnet_v1.py`), after
//! Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning". The
//! weights determine the width of each layer and the number of outputs. Layers that do not fit each other are refused.

mod layer_names;
mod named_weights;
mod network_builder;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use super::arrays::Arrays;
use anyhow::Result;
use layer_names::{BLOCKS_8, BLOCKS_17, BLOCKS_35, Blocks, STEM, last_block, reduction_6a, reduction_7a};
use models::onnx::pb::ModelProto;
use named_weights::Weights;
use network_builder::{Chain, Value};

pub(super) use named_weights::is_wanted_of_safetensors;
pub(super) use network_builder::SIDE;

/// Builds the network from these weights, with its batch norms as trained.
///
/// # Errors
/// If the weights of a layer are missing or do not fit, or weights belong to no layer.
pub(super) fn network(arrays: Arrays) -> Result<ModelProto> {
    let mut weights = Weights::from_arrays(arrays)?;
    let mut chain = Chain::new(&mut weights);
    let mut x = chain.input();
    for step in &STEM {
        x = chain.stem(&x, step)?;
    }
    x = residuals(&mut chain, x, &BLOCKS_35)?;
    x = chain.reduction(&x, &reduction_6a())?;
    x = residuals(&mut chain, x, &BLOCKS_17)?;
    x = chain.reduction(&x, &reduction_7a())?;
    x = residuals(&mut chain, x, &BLOCKS_8)?;
    // The last block has a scale of 1 and no rectifier.
    x = chain.residual(&x, &last_block(), 1.0)?;
    let model = chain.encoding(&x)?;
    weights.require_empty()?;
    Ok(model)
}

fn residuals(chain: &mut Chain<'_>, mut x: Value, blocks: &Blocks) -> Result<Value> {
    for index in 0..blocks.count {
        let sum = chain.residual(&x, &blocks.at(index), blocks.scale)?;
        x = chain.rectified(&sum);
    }
    Ok(x)
}
