//! Lowers convolutions and dense layers, with the operations fused into them.

use super::graph_index::{SIGNED_ZERO, window};
use super::{Lowering, Order, Value, activation};
use crate::network::steps::{Convolve, Kernel};
use crate::onnx::attributes::{attribute, integer};
use crate::onnx::tensor;
use kernels::depthwise::Depthwise;
use kernels::{Activation, ByteConvolution, Extent, Finish, FloatConvolution, Quantization, Weights, Window};
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::OutletId;

/// The operations fused into a convolution, and the names of its results.
pub(super) struct Tail {
    activation: Activation,
    residual: Option<OutletId>,
    /// The fused nodes.
    pub(super) nodes: Vec<usize>,
    /// The name of the result as floats.
    name: String,
    /// Whether any node reads the result as floats.
    pub(super) floats: bool,
    /// The names of the result as bytes, and its quantisation.
    pub(super) bytes: Option<(Vec<String>, Quantization)>,
}

/// The window of a kernel, and its input picture.
pub(super) struct Place {
    pub(super) window: Window,
    pub(super) outputs: usize,
    pub(super) extent: Extent,
    pub(super) output: Extent,
    pub(super) depthwise: bool,
}

impl Lowering<'_> {
    pub(super) fn convolution(&mut self, node: &NodeProto) -> Option<()> {
        let input = self.value(node, 0).filter(|value| value.order == Order::Planes)?;
        match node.op_type.as_str() {
            "Conv" => self.with_siblings(node, &input).or_else(|| self.of_floats(node, &input)),
            "ConvInteger" => self.of_bytes(node, &input),
            _ => self.of_bytes_to_bytes(node, &input),
        }
    }

    fn of_floats(&mut self, node: &NodeProto, input: &Value) -> Option<()> {
        if input.quantization.is_some() {
            return None;
        }
        let weights = self.graph.constant_input(node, 1)?;
        let place = self.place(node, input, &weights.dims)?;
        let numbers = tensor::floats(weights).ok()?;
        let bias = self.bias(node, place.outputs)?;
        let tail = self.tail(node.output.first()?, place.output)?;
        let kernel = self.float_kernel(&numbers, &bias, &place, &tail.activation)?;
        self.finish(input, kernel, place, tail)
    }

    pub(super) fn bias(&self, node: &NodeProto, outputs: usize) -> Option<Vec<f32>> {
        match node.input.get(2) {
            Some(_) => self.graph.floats(node, 2).filter(|bias| bias.len() == outputs),
            None => Some(vec![0.0; outputs]),
        }
    }

    /// `None` if the lengths do not match.
    pub(super) fn float_kernel(
        &self,
        numbers: &[f32],
        bias: &[f32],
        place: &Place,
        activation: &Activation,
    ) -> Option<Kernel> {
        let (outputs, window) = (place.outputs, place.window);
        let inputs = if place.depthwise { 1 } else { place.extent.channels() };
        let weights = Weights::new(numbers, outputs, inputs, window).ok()?;
        let level = self.level;
        Some(if place.depthwise {
            Kernel::DepthwiseFloats(Depthwise::of_floats(level, &weights, bias, activation).ok()?)
        } else {
            Kernel::Floats(FloatConvolution::new(level, &weights, bias, activation).ok()?)
        })
    }

    /// Lowers `ConvInteger`, `Cast`, `Mul` and `Add`: integer sums converted to floats.
    fn of_bytes(&mut self, node: &NodeProto, input: &Value) -> Option<()> {
        let zero = input.quantization?.zero();
        // An omitted zero point is 0, which signed bytes store with `SIGNED_ZERO` added.
        let has_zeros = match node.input.len() {
            0..=2 => [0, SIGNED_ZERO].contains(&zero),
            3 => self.graph.zero(node, 2) == Some(zero),
            _ => self.graph.zero(node, 2) == Some(zero) && self.graph.zero(node, 3) == Some(SIGNED_ZERO),
        };
        let weights = self.graph.constant_input(node, 1)?;
        let place = self.place(node, input, &weights.dims)?;
        let (cast, to_floats) = self.graph.only_reader(node.output.first()?)?;
        let (times, multiply) = self.graph.only_reader(to_floats.output.first()?)?;
        let (plus, add) = self.graph.only_reader(multiply.output.first()?)?;
        let kinds = [to_floats, multiply, add].map(|node| node.op_type.as_str());
        if !has_zeros || kinds != ["Cast", "Mul", "Add"] {
            return None;
        }
        let for_channels = |node: &NodeProto| {
            let of = |index| self.graph.for_channels(node, index, place.outputs);
            of(1).or_else(|| of(0))
        };
        let (scale, bias) = (for_channels(multiply)?, for_channels(add)?);
        let mut tail = self.tail(add.output.first()?, place.output)?;
        tail.nodes.extend([cast, times, plus]);
        let finish = Finish::new(&scale, &bias, &tail.activation).ok()?;
        let numbers = tensor::bytes(weights).ok()?;
        let kernel = self.byte_kernel(&numbers, &vec![0; place.outputs], zero, &place, finish)?;
        self.finish(input, kernel, place, tail)
    }

    fn of_bytes_to_bytes(&mut self, node: &NodeProto, input: &Value) -> Option<()> {
        let zero = input.quantization?.zero();
        let weights = self.graph.constant_input(node, 3)?;
        let place = self.place(node, input, &weights.dims)?;
        let same_input = self.graph.float(node, 1) == input.quantization.map(|quantization| quantization.scale());
        let zeros = self.graph.zero(node, 2) == Some(zero) && self.graph.zero(node, 5) == Some(SIGNED_ZERO);
        if !same_input || !zeros {
            return None;
        }
        let made = Quantization::new(self.graph.float(node, 6)?, self.graph.zero(node, 7)?).ok()?;
        let (from, weight_scales) = (self.graph.float(node, 1)?, self.graph.for_channels(node, 4, place.outputs)?);
        // Like onnxruntime: one multiplication by the product of the three scales.
        let scale: Vec<f32> = weight_scales.iter().map(|weight| from * weight / made.scale()).collect();
        let bias = match node.input.get(8) {
            Some(_) => tensor::words(self.graph.constant_input(node, 8)?).ok()?,
            None => vec![0; place.outputs],
        };
        let finish = Finish::new(&scale, &vec![0.0; place.outputs], &Activation::None).ok()?;
        let kernel = self.byte_kernel(&tensor::bytes(weights).ok()?, &bias, zero, &place, finish)?;
        let name = node.output.first()?.clone();
        let steps = Quantization::of_steps(made.zero());
        let step = self.step(kernel, &place, false, false, Some(steps));
        let (extent, order) = (place.output, Order::Planes);
        let outlet = self.wire(&name, step, &[input.outlet])?;
        self.values.insert(name, Value { outlet, extent, quantization: Some(made), order });
        Some(())
    }

    fn byte_kernel(&self, numbers: &[i8], bias: &[i32], zero: u8, place: &Place, finish: Finish) -> Option<Kernel> {
        let (outputs, window) = (place.outputs, place.window);
        let inputs = if place.depthwise { 1 } else { place.extent.channels() };
        let weights = Weights::new(numbers, outputs, inputs, window).ok()?;
        Some(if place.depthwise {
            Kernel::DepthwiseBytes(Depthwise::of_bytes(self.level, &weights, bias, zero, finish).ok()?)
        } else {
            Kernel::Bytes(ByteConvolution::new(self.level, &weights, bias, zero, finish).ok()?)
        })
    }

    /// Lowers a matrix product with a flattened picture: a convolution whose window is the whole picture.
    pub(super) fn dense(&mut self, node: &NodeProto) -> Option<()> {
        let input = self.value(node, 0).filter(|value| value.quantization.is_none())?;
        let one = |name: &str| attribute(node, name).is_none_or(|number| number.f == 1.0);
        if input.order != Order::Flattened || !one("alpha") || !one("beta") || integer(node, "transA", 0) != 0 {
            return None;
        }
        let weights = self.graph.constant_input(node, 1)?;
        let numbers = tensor::floats(weights).ok()?;
        let inputs = input.extent.numbers();
        let outputs = numbers.len().checked_div(inputs)?;
        let rows = [outputs as i64, inputs as i64];
        let numbers = match integer(node, "transB", 0) {
            0 if weights.dims == [rows[1], rows[0]] => turned(&numbers, outputs),
            1 if weights.dims == rows => numbers,
            _ => return None,
        };
        let bias = match node.input.get(2) {
            Some(_) => self.graph.for_channels(node, 2, outputs)?,
            None => vec![0.0; outputs],
        };
        let window = Window::new([input.extent.height(), input.extent.width()], [1, 1], [0, 0], [0, 0]).ok()?;
        let output = window.output(input.extent, outputs).ok()?;
        let place = Place { window, outputs, extent: input.extent, output, depthwise: false };
        let kernel = self.float_kernel(&numbers, &bias, &place, &Activation::None)?;
        let step = self.step(kernel, &place, false, true, None);
        let name = node.output.first()?.clone();
        let outlet = self.wire(&name, step, &[input.outlet])?;
        let made = Value { outlet, extent: output, quantization: None, order: Order::Flattened };
        self.values.insert(name, made);
        Some(())
    }

    /// Lowers a separate batch norm: a factor and an offset for each channel.
    pub(super) fn batch_norm(&mut self, node: &NodeProto) -> Option<()> {
        let input = self.floats(node, 0)?;
        let channels = input.extent.channels();
        let numbers = |place| self.graph.floats(node, place).filter(|numbers| numbers.len() == channels);
        let (gamma, beta, mean, variance) = (numbers(1)?, numbers(2)?, numbers(3)?, numbers(4)?);
        let epsilon = attribute(node, "epsilon").map_or(1e-5, |epsilon| epsilon.f);
        let factor: Vec<f32> =
            gamma.iter().zip(&variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt()).collect();
        let bias: Vec<f32> =
            beta.iter().zip(&mean).zip(&factor).map(|((beta, mean), factor)| beta - mean * factor).collect();
        let (extent, output, window) = (input.extent, input.extent, Window::PIXEL);
        let place = Place { window, outputs: channels, extent, output, depthwise: true };
        let tail = self.tail(node.output.first()?, output)?;
        let kernel = self.float_kernel(&factor, &bias, &place, &tail.activation)?;
        self.finish(&input, kernel, place, tail)
    }

    /// The window and input of a kernel with these dimensions; `None` if it is not supported.
    pub(super) fn place(&self, node: &NodeProto, input: &Value, kernel: &[i64]) -> Option<Place> {
        let &[outputs, inputs, height, width] = kernel else { return None };
        let length = |number: i64| usize::try_from(number).ok().filter(|&number| number > 0);
        let (outputs, inputs) = (length(outputs)?, length(inputs)?);
        let (extent, size) = (input.extent, [length(height)?, length(width)?]);
        let group = length(integer(node, "group", 1))?;
        let depthwise = group > 1;
        let known = if depthwise {
            (group, outputs, inputs) == (extent.channels(), extent.channels(), 1)
        } else {
            inputs == extent.channels()
        };
        let window = window(node, Some(size)).filter(|window| known && window.size() == size)?;
        let output = window.output(extent, outputs).ok()?;
        Some(Place { window, outputs, extent, output, depthwise })
    }

    /// Collects the operations after a convolution that can be fused into it.
    pub(super) fn tail(&self, sums: &str, output: Extent) -> Option<Tail> {
        let mut tail = Tail {
            activation: Activation::None,
            residual: None,
            nodes: Vec::new(),
            name: sums.to_owned(),
            floats: true,
            bytes: None,
        };
        if let Some((index, add)) = self.graph.only_reader(sums).filter(|(_, node)| node.op_type == "Add") {
            let other = add.input.iter().find(|name| *name != sums).and_then(|name| self.values.get(name));
            let fits =
                |value: &&Value| value.quantization.is_none() && value.order == Order::Planes && value.extent == output;
            if let Some(other) = other.filter(fits) {
                tail.residual = Some(other.outlet);
                tail.nodes.push(index);
                tail.name = add.output.first()?.clone();
            }
        }
        if let Some(found) = activation::after(self.graph, &tail.name, output.channels()) {
            tail.activation = found.activation;
            tail.nodes.extend(found.nodes);
            tail.name = found.output;
        }
        self.quantized_tail(&mut tail);
        Some(tail)
    }

    /// The result as bytes, if all its quantisations are the same.
    fn quantized_tail(&self, tail: &mut Tail) {
        let readers = self.graph.readers(&tail.name);
        let quantizing: Vec<usize> =
            readers.iter().copied().filter(|&index| self.graph.nodes[index].op_type == "QuantizeLinear").collect();
        let mut ways = quantizing.iter().map(|&index| self.quantization(&self.graph.nodes[index]));
        let Some(Some(first)) = ways.next() else { return };
        if ways.any(|way| way != Some(first)) {
            return;
        }
        tail.floats = quantizing.len() < readers.len() || self.graph.is_output(&tail.name);
        let names = quantizing.iter().filter_map(|&index| self.graph.nodes[index].output.first().cloned()).collect();
        tail.bytes = Some((names, first));
        tail.nodes.extend(quantizing);
    }

    fn finish(&mut self, input: &Value, kernel: Kernel, place: Place, tail: Tail) -> Option<()> {
        // Depthwise kernels do not support a residual.
        if place.depthwise && tail.residual.is_some() {
            return None;
        }
        let bytes = tail.bytes.as_ref().map(|(_, quantization)| *quantization);
        let step = self.step(kernel, &place, tail.residual.is_some(), tail.floats, bytes);
        let inputs: Vec<OutletId> = std::iter::once(input.outlet).chain(tail.residual).collect();
        let mut outlets = self.wire_all(&tail.name, step, &inputs)?.into_iter();
        self.done.extend(&tail.nodes);
        let (extent, order) = (place.output, Order::Planes);
        if tail.floats {
            let outlet = outlets.next()?;
            self.values.insert(tail.name, Value { outlet, extent, quantization: None, order });
        }
        if let Some((names, quantization)) = tail.bytes {
            let outlet = outlets.next()?;
            let value = Value { outlet, extent, quantization: Some(quantization), order };
            self.values.extend(names.into_iter().map(|name| (name, value.clone())));
        }
        Some(())
    }

    pub(super) fn step(
        &self,
        kernel: Kernel,
        place: &Place,
        residual: bool,
        floats: bool,
        bytes: Option<Quantization>,
    ) -> Convolve {
        let (extent, output, threads) = (place.extent, place.output, self.threads);
        Convolve { kernel, extent, output, residual, floats, bytes, threads }
    }
}

/// Transposes a matrix with this many columns.
fn turned(numbers: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| numbers[column..].iter().step_by(columns).copied()).collect()
}
