//! Lowers operators without weights.

use super::graph_index::window;
use super::{Lowering, Order, Value};
use crate::network::steps::{Plain, What, shape};
use crate::onnx::attributes::{attribute, integer};
use crate::onnx::tensor;
use kernels::Extent;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::*;

impl Lowering<'_> {
    pub(super) fn other(&mut self, node: &NodeProto) -> Option<()> {
        match node.op_type.as_str() {
            "QuantizeLinear" => self.quantize(node),
            "DequantizeLinear" => self.dequantize(node),
            "MaxPool" => self.largest(node),
            "GlobalAveragePool" => self.mean(node),
            "Concat" => self.side_by_side(node),
            "Add" => self.sum(node),
            "Mul" => self.scaled(node),
            "Resize" => self.repeat(node),
            "Flatten" | "Reshape" | "Transpose" | "Identity" => self.same_numbers(node),
            _ => None,
        }
    }

    fn quantize(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.floats(node, 0)?;
        let quantization = self.quantization(node)?;
        let output = (u8::datum_type(), shape(value.extent));
        let step = Plain { what: What::Quantize(quantization), extent: value.extent, output };
        self.converted(node, step, Value { quantization: Some(quantization), ..value })
    }

    fn dequantize(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.value(node, 0)?;
        let quantization = value.quantization.filter(|&as_made| self.quantization(node) == Some(as_made))?;
        let output = (f32::datum_type(), shape(value.extent));
        let step = Plain { what: What::Dequantize(quantization), extent: value.extent, output };
        self.converted(node, step, Value { quantization: None, ..value })
    }

    fn converted(&mut self, node: &NodeProto, step: Plain, value: Value) -> Option<()> {
        let name = node.output.first()?;
        let outlet = self.wire(name, step, &[value.outlet])?;
        self.values.insert(name.clone(), Value { outlet, ..value });
        Some(())
    }

    fn picture(&self, node: &NodeProto, place: usize) -> Option<Value> {
        self.value(node, place).filter(|value| value.order == Order::Planes)
    }

    fn largest(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.picture(node, 0)?;
        let window = window(node, None)?;
        let extent = window.output(value.extent, value.extent.channels()).ok()?;
        (node.output.len() == 1).then(|| self.plain(node, What::Largest(window), &value, &[value.outlet], extent))?
    }

    fn mean(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.floats(node, 0)?;
        let extent = Extent::new(1, 1, value.extent.channels()).ok()?;
        self.plain(node, What::Mean, &value, &[value.outlet], extent)
    }

    fn side_by_side(&mut self, node: &NodeProto) -> Option<()> {
        let parts = (0..node.input.len()).map(|place| self.picture(node, place)).collect::<Option<Vec<Value>>>()?;
        let first = parts.first()?;
        let alike = |part: &Value| {
            part.quantization == first.quantization
                && (part.extent.height(), part.extent.width()) == (first.extent.height(), first.extent.width())
        };
        if integer(node, "axis", 0) != 1 || !parts.iter().all(alike) {
            return None;
        }
        let channels: Vec<usize> = parts.iter().map(|part| part.extent.channels()).collect();
        let extent = first.extent.with_channels(channels.iter().sum()).ok()?;
        let outlets: Vec<OutletId> = parts.iter().map(|part| part.outlet).collect();
        self.plain(node, What::SideBySide(channels), first, &outlets, extent)
    }

    fn sum(&mut self, node: &NodeProto) -> Option<()> {
        let (a, b) = (self.floats(node, 0)?, self.floats(node, 1)?);
        (a.extent == b.extent).then(|| self.plain(node, What::Sum, &a, &[a.outlet, b.outlet], a.extent))?
    }

    /// Lowers the product of a picture and one factor for each channel, as in squeeze and excitation (Hu, Shen and Sun,
    /// "Squeeze-and-excitation networks", 2018).
    fn scaled(&mut self, node: &NodeProto) -> Option<()> {
        let (a, b) = (self.floats(node, 0)?, self.floats(node, 1)?);
        let is_factors_of = |factors: &Value, picture: &Value| {
            let one_pixel = (factors.extent.height(), factors.extent.width()) == (1, 1);
            one_pixel && factors.extent.channels() == picture.extent.channels()
        };
        let (picture, factors) = if is_factors_of(&b, &a) { (a, b) } else { (b, a) };
        let inputs = [picture.outlet, factors.outlet];
        is_factors_of(&factors, &picture).then(|| self.plain(node, What::Scale, &picture, &inputs, picture.extent))?
    }

    /// Lowers `Resize` to an integer multiple with nearest-neighbour interpolation.
    fn repeat(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.picture(node, 0)?;
        let is = |name: &str, expected: &[u8]| attribute(node, name).is_some_and(|attribute| attribute.s == expected);
        let repeats = is("mode", b"nearest")
            && is("coordinate_transformation_mode", b"asymmetric")
            && is("nearest_mode", b"floor")
            && node.input.len() == 3;
        let scales = self.graph.floats(node, 2)?;
        let &[1.0, 1.0, down, right] = scales.as_slice() else { return None };
        let whole = [down, right].iter().all(|&times| times.fract() == 0.0 && (1.0..=16.0).contains(&times));
        if !repeats || !whole {
            return None;
        }
        let times = [down as usize, right as usize];
        let from = value.extent;
        let extent = Extent::new(from.height() * times[0], from.width() * times[1], from.channels()).ok()?;
        self.plain(node, What::Repeat(times), &value, &[value.outlet], extent)
    }

    /// Lowers operators that only change the order of numbers.
    fn same_numbers(&mut self, node: &NodeProto) -> Option<()> {
        let value = self.value(node, 0)?;
        let order = match (node.op_type.as_str(), value.order) {
            ("Identity", order) => order,
            ("Flatten", Order::Planes) if integer(node, "axis", 1) == 1 => Order::Flattened,
            ("Transpose", Order::Planes) if attribute(node, "perm")?.ints == [0, 2, 3, 1] => Order::ChannelsLast,
            ("Reshape", from) => {
                let wanted = tensor::integers(self.graph.constant_input(node, 1)?).ok()?;
                let count = |number: usize| i64::try_from(number).ok();
                let (numbers, channels) = (count(value.extent.numbers())?, count(value.extent.channels())?);
                match (from, wanted.as_slice()) {
                    (Order::Planes, &[1 | -1, all]) if all == numbers => Order::Flattened,
                    (Order::Planes, &[1, -1]) => Order::Flattened,
                    (Order::ChannelsLast, &[1, -1, last]) if last == channels => Order::PixelsInRow,
                    _ => return None,
                }
            }
            _ => return None,
        };
        self.values.insert(node.output.first()?.clone(), Value { order, ..value });
        Some(())
    }
}
