//! Takes the weights of the network's layers from named arrays, one by one, and converts them to ONNX's layout.

use super::layer_names::Name;
use crate::import::arrays::{Array, Arrays, Format};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;

/// The arrays that no layer has taken yet.
pub(super) struct Weights {
    left: BTreeMap<String, Array>,
    format: Format,
}

/// The parameters of a batch norm, one number per channel.
pub(super) struct Norm {
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
}

/// The suffix of an array's name, after the name of the layer or of its batch norm.
enum Part {
    OfLayer { keras: &'static str, torch: &'static str },
    OfNorm { keras: &'static str, torch: &'static str },
}

const KERNEL: Part = Part::OfLayer { keras: "kernel", torch: "weight" };
const BIAS: Part = Part::OfLayer { keras: "bias", torch: "bias" };
const GAMMA: Part = Part::OfNorm { keras: "gamma", torch: "weight" };
const BETA: Part = Part::OfNorm { keras: "beta", torch: "bias" };
const MEAN: Part = Part::OfNorm { keras: "moving_mean", torch: "running_mean" };
const VARIANCE: Part = Part::OfNorm { keras: "moving_variance", torch: "running_var" };

/// The expected content of a folder of `.npy` files, for an error message.
const EXPECTED_NPY: &str = "expected: the arrays of FaceNet's Inception-ResNet-v1 with their Keras names: \
    `Conv2d_1a_3x3_kernel.npy`, `Conv2d_1a_3x3_BatchNorm_beta.npy`, `…_moving_mean.npy`, `…_moving_variance.npy`, and so \
    on for `Block35_1` to `5`, `Mixed_6a`, `Block17_1` to `10`, `Mixed_7a`, `Block8_1` to `6` and `Bottleneck`: 490 files";
const EXPECTED_TORCH: &str = "expected: the state dict of facenet-pytorch's InceptionResnetV1: \
    `conv2d_1a.conv.weight`, `conv2d_1a.bn.weight`, and so on to `last_linear.weight` and `last_bn.running_var`";

/// False for the arrays of facenet-pytorch that an import does not need: the training classes and the batch counters.
pub(crate) fn is_wanted_of_safetensors(name: &str) -> bool {
    !name.starts_with("logits.") && !name.ends_with(".num_batches_tracked")
}

impl Weights {
    /// Takes all arrays of a file or folder.
    ///
    /// # Errors
    /// If neither the first nor the last layer is among them: they belong to another network.
    pub(super) fn from_arrays(arrays: Arrays) -> Result<Self> {
        let weights = Self { left: arrays.by_name, format: arrays.format };
        let (first, expected) = match weights.format {
            Format::Npy => ("Conv2d_1a_3x3_kernel", EXPECTED_NPY),
            Format::Safetensors => ("conv2d_1a.conv.weight", EXPECTED_TORCH),
        };
        let last = weights.called(&Name::bottleneck(), &KERNEL);
        if !weights.left.contains_key(first) && !weights.left.contains_key(&last) {
            let found: Vec<&str> = weights.left.keys().take(3).map(String::as_str).collect();
            let (count, found) = (weights.left.len(), found.join("`, `"));
            bail!("it holds {count} arrays (`{found}`, …), which are not FaceNet's; {expected}");
        }
        Ok(weights)
    }

    /// The factors of a convolution or, with an empty kernel, of a matrix, laid out as outputs, inputs, kernel height
    /// and kernel width. The number of outputs is that of the array.
    ///
    /// # Errors
    /// If the array is missing or has another shape.
    pub(super) fn factors(&mut self, name: &Name, inputs: usize, kernel: &[usize]) -> Result<Array> {
        let called = self.called(name, &KERNEL);
        let array = self.take(&called)?;
        let (outputs, needed) = match (self.format, array.dims.as_slice()) {
            (Format::Npy, &[.., outputs]) => (outputs, [kernel, &[inputs, outputs]].concat()),
            (Format::Safetensors, &[outputs, ..]) => (outputs, [&[outputs, inputs], kernel].concat()),
            (_, []) => (0, vec![inputs]),
        };
        require_shape(&called, &array, &needed)?;
        ensure!(outputs > 0, "`{called}` has the shape {:?}, which has no outputs", array.dims);
        let dims = [&[outputs, inputs], kernel].concat();
        match self.format {
            Format::Npy => Ok(Array { values: outputs_first(&array.values, inputs, outputs), dims }),
            Format::Safetensors => Ok(array),
        }
    }

    /// The bias: one number for each of `channels`.
    ///
    /// # Errors
    /// If it is missing or has another shape.
    pub(super) fn bias(&mut self, name: &Name, channels: usize) -> Result<Vec<f32>> {
        let called = self.called(name, &BIAS);
        self.by_channel(&called, channels)
    }

    /// The batch norm after a layer. The gamma is optional, because Keras can train without it.
    ///
    /// # Errors
    /// If a part is missing or has another shape, or a variance is negative.
    pub(super) fn norm(&mut self, name: &Name, channels: usize) -> Result<Norm> {
        let [gamma, beta, mean, variance] = [GAMMA, BETA, MEAN, VARIANCE].map(|part| self.called(name, &part));
        let without_gamma = self.format == Format::Npy && !self.left.contains_key(&gamma);
        let norm = Norm {
            gamma: if without_gamma { vec![1.0; channels] } else { self.by_channel(&gamma, channels)? },
            beta: self.by_channel(&beta, channels)?,
            mean: self.by_channel(&mean, channels)?,
            variance: self.by_channel(&variance, channels)?,
        };
        ensure!(norm.variance.iter().all(|&variance| variance >= 0.0), "`{variance}` holds a variance below 0");
        Ok(norm)
    }

    /// Requires that every array belongs to a layer.
    ///
    /// # Errors
    /// If arrays are left over: they belong to another network.
    pub(super) fn require_empty(&self) -> Result<()> {
        let Some(first) = self.left.keys().next() else { return Ok(()) };
        bail!("`{first}` and {} more belong to no layer of FaceNet", self.left.len() - 1)
    }

    fn by_channel(&mut self, called: &str, channels: usize) -> Result<Vec<f32>> {
        let array = self.take(called)?;
        require_shape(called, &array, &[channels])?;
        Ok(array.values)
    }

    fn take(&mut self, called: &str) -> Result<Array> {
        let ending = if self.format == Format::Npy { ".npy" } else { "" };
        let array = self
            .left
            .remove(called)
            .with_context(|| format!("`{called}{ending}` is missing from FaceNet's weights"))?;
        ensure!(array.values.iter().all(|value| value.is_finite()), "`{called}` contains NaN or infinity");
        Ok(array)
    }

    fn called(&self, name: &Name, part: &Part) -> String {
        let [linear, norm] = &name.torch;
        match (self.format, part) {
            (Format::Npy, Part::OfLayer { keras, .. }) => format!("{}_{keras}", name.keras),
            (Format::Npy, Part::OfNorm { keras, .. }) => format!("{}_BatchNorm_{keras}", name.keras),
            (Format::Safetensors, Part::OfLayer { torch, .. }) => format!("{linear}.{torch}"),
            (Format::Safetensors, Part::OfNorm { torch, .. }) => format!("{norm}.{torch}"),
        }
    }
}

fn require_shape(called: &str, array: &Array, needed: &[usize]) -> Result<()> {
    ensure!(array.dims == needed, "`{called}` has the shape {:?} where {needed:?} is needed", array.dims);
    Ok(())
}

/// Transposes from places, inputs, outputs to outputs, inputs, places.
fn outputs_first(values: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let channels = inputs * outputs;
    let places = values.len() / channels.max(1);
    let value = |output, input, place| values[place * channels + input * outputs + output];
    let of_output = |output| (0..inputs).flat_map(move |input| (0..places).map(move |place| (output, input, place)));
    (0..outputs).flat_map(of_output).map(|(output, input, place)| value(output, input, place)).collect()
}
