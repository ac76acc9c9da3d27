//! A small FaceNet for tests, and its weights under the names of facenet-pytorch.

use super::layer_names::{
    BLOCKS_8, BLOCKS_17, BLOCKS_35, Block, Name, STEM, Stem, last_block, reduction_6a, reduction_7a,
};
use crate::import::arrays::{Array, Arrays, Format};
use std::collections::BTreeMap;

/// The factors of a layer: name, inputs, outputs and kernel.
struct Factors {
    name: Name,
    inputs: usize,
    outputs: usize,
    kernel: Vec<usize>,
    with_norm: bool,
}

/// Pseudo-random weights with Keras names, and `width` channels per layer.
pub(crate) fn small_weights(width: usize, dimensions: usize) -> Arrays {
    let mut by_name = BTreeMap::new();
    for factors in all_factors(width, dimensions) {
        let Factors { name, inputs, outputs, kernel, with_norm } = factors;
        let mut add = |part: &str, dims: Vec<usize>, least: f32, most: f32| {
            let seed = by_name.len();
            by_name.insert(format!("{}_{part}", name.keras), numbers(seed, dims, least, most));
        };
        add("kernel", [&kernel[..], &[inputs, outputs]].concat(), -1.0, 1.0);
        match with_norm {
            true => {
                add("BatchNorm_beta", vec![outputs], -0.2, 0.8);
                add("BatchNorm_moving_mean", vec![outputs], -0.5, 0.5);
                add("BatchNorm_moving_variance", vec![outputs], 0.5, 2.0);
            }
            false => add("bias", vec![outputs], -0.1, 0.1),
        }
    }
    Arrays { by_name, format: Format::Npy, sha256: "0".repeat(64) }
}

/// The same weights with the names and the layout of facenet-pytorch's state dict.
pub(crate) fn as_of_torch(keras: &Arrays) -> BTreeMap<String, Array> {
    let mut torch = BTreeMap::new();
    for Factors { name, with_norm, .. } in all_factors(1, 1) {
        let array = |part: &str| keras.by_name[&format!("{}_{part}", name.keras)].clone();
        let [linear, norm] = &name.torch;
        let kernel = array("kernel");
        let channels = vec![*kernel.dims.last().unwrap()];
        torch.insert(format!("{linear}.weight"), outputs_first(&kernel));
        if with_norm {
            let ones = Array { values: vec![1.0; channels[0]], dims: channels };
            torch.insert(format!("{norm}.weight"), ones);
            torch.insert(format!("{norm}.bias"), array("BatchNorm_beta"));
            torch.insert(format!("{norm}.running_mean"), array("BatchNorm_moving_mean"));
            torch.insert(format!("{norm}.running_var"), array("BatchNorm_moving_variance"));
        } else {
            torch.insert(format!("{linear}.bias"), array("bias"));
        }
    }
    torch
}

fn outputs_first(array: &Array) -> Array {
    let (places, channels) = array.dims.split_at(array.dims.len() - 2);
    let [inputs, outputs] = channels else { panic!("{:?}", array.dims) };
    let count: usize = places.iter().product();
    let mut values = Vec::with_capacity(array.values.len());
    for output in 0..*outputs {
        for input in 0..*inputs {
            values.extend((0..count).map(|place| array.values[(place * inputs + input) * outputs + output]));
        }
    }
    Array { values, dims: [&[*outputs, *inputs], places].concat() }
}

fn numbers(seed: usize, dims: Vec<usize>, least: f32, most: f32) -> Array {
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let values = (0..dims.iter().product()).map(|_: usize| least + (most - least) * random.f32()).collect();
    Array { dims, values }
}

fn all_factors(width: usize, dimensions: usize) -> Vec<Factors> {
    let (mut all, mut channels) = (Vec::new(), 3);
    for step in STEM {
        if let Stem::Layer(layer, torch) = step {
            let name = Name::followed_by_norm(layer.name.to_owned(), torch);
            let kernel = layer.kernel.to_vec();
            all.push(Factors { name, inputs: channels, outputs: width, kernel, with_norm: true });
            channels = width;
        }
    }
    (0..BLOCKS_35.count).for_each(|index| add_residual(&mut all, &BLOCKS_35.at(index), width, channels));
    channels += add_branches(&mut all, &reduction_6a(), width, channels);
    (0..BLOCKS_17.count).for_each(|index| add_residual(&mut all, &BLOCKS_17.at(index), width, channels));
    channels += add_branches(&mut all, &reduction_7a(), width, channels);
    (0..BLOCKS_8.count).for_each(|index| add_residual(&mut all, &BLOCKS_8.at(index), width, channels));
    add_residual(&mut all, &last_block(), width, channels);
    let name = Name::bottleneck();
    all.push(Factors { name, inputs: channels, outputs: dimensions, kernel: vec![], with_norm: true });
    all
}

fn add_residual(all: &mut Vec<Factors>, block: &Block, width: usize, channels: usize) {
    let inputs = add_branches(all, block, width, channels);
    all.push(Factors { name: block.widening(), inputs, outputs: channels, kernel: vec![1, 1], with_norm: false });
}

/// Adds the layers of all branches, and returns their total number of channels.
fn add_branches(all: &mut Vec<Factors>, block: &Block, width: usize, channels: usize) -> usize {
    let mut branches = 0;
    for branch in block.branches() {
        branches += 1;
        for (place, (layer, name)) in branch.into_iter().enumerate() {
            let inputs = if place == 0 { channels } else { width };
            let kernel = layer.kernel.to_vec();
            all.push(Factors { name, inputs, outputs: width, kernel, with_norm: true });
        }
    }
    branches * width
}
