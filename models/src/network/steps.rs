//! The steps of a lowered network, which run the arithmetic of the `kernels` crate on tract's tensors.

use super::layer::Step;
use kernels::chain::{Chain, Link};
use kernels::depthwise::Depthwise;
use kernels::{
    Activation, ByteConvolution, Extent, FloatConvolution, Largest, Level, Outputs, Quantization, Window, pool,
};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;

/// A convolution of any kind, with the operations fused into it.
#[derive(Debug)]
pub(super) struct Convolve {
    pub(super) kernel: Kernel,
    pub(super) extent: Extent,
    pub(super) output: Extent,
    /// Whether a second input is added before the activation.
    pub(super) residual: bool,
    /// Whether there is an output of floats; it is the first.
    pub(super) floats: bool,
    /// The quantisation of the output of bytes, if there is one.
    pub(super) bytes: Option<Quantization>,
    pub(super) threads: usize,
}

#[derive(Debug)]
pub(super) enum Kernel {
    Floats(FloatConvolution),
    Bytes(ByteConvolution),
    DepthwiseFloats(Depthwise<f32>),
    DepthwiseBytes(Depthwise<u8>),
}

impl Step for Convolve {
    fn name(&self) -> &'static str {
        match self.kernel {
            Kernel::Floats(_) => "FloatConvolution",
            Kernel::Bytes(_) => "ByteConvolution",
            Kernel::DepthwiseFloats(_) => "FloatDepthwise",
            Kernel::DepthwiseBytes(_) => "ByteDepthwise",
        }
    }

    fn outputs(&self) -> Vec<(DatumType, Vec<usize>)> {
        let wanted = [(self.floats, f32::datum_type()), (self.bytes.is_some(), u8::datum_type())];
        let wanted = wanted.into_iter().filter(|(wanted, _)| *wanted);
        wanted.map(|(_, numbers)| (numbers, shape(self.output))).collect()
    }

    fn is_link(&self) -> bool {
        let of_floats = matches!(self.kernel, Kernel::Floats(_) | Kernel::DepthwiseFloats(_));
        of_floats && self.floats && self.bytes.is_none() && !self.residual
    }

    fn link(&self) -> Option<Link> {
        match &self.kernel {
            Kernel::Floats(kernel) => Link::convolution(kernel.clone(), self.extent).ok(),
            Kernel::DepthwiseFloats(kernel) => Link::depthwise(kernel.clone(), self.extent).ok(),
            _ => None,
        }
    }

    fn run(&self, inputs: &[TValue], outputs: &mut [&mut Tensor]) -> TractResult<()> {
        let residual = match (self.residual, inputs.get(1)) {
            (true, Some(residual)) => Some(numbers::<f32>(residual)?),
            (false, None) => None,
            _ => bail!("a residual that is not expected, or none where one is"),
        };
        let (mut floats, mut bytes) = (None, None);
        let mut outputs = outputs.iter_mut();
        if self.floats {
            floats = outputs.next();
        }
        if self.bytes.is_some() {
            bytes = outputs.next();
        }
        let (mut floats, mut bytes) = (
            floats.map(|tensor| tensor.try_as_plain_ram_mut()).transpose()?,
            bytes.map(|tensor| tensor.try_as_plain_ram_mut()).transpose()?,
        );
        let bytes = bytes.as_mut().map(|view| view.as_slice_mut::<u8>()).transpose()?;
        let outputs = Outputs {
            floats: floats.as_mut().map(|view| view.as_slice_mut::<f32>()).transpose()?,
            bytes: bytes.zip(self.bytes),
        };
        let (extent, threads) = (self.extent, self.threads);
        match &self.kernel {
            Kernel::Floats(kernel) => kernel.run(numbers(&inputs[0])?, extent, residual, outputs, threads)?,
            Kernel::Bytes(kernel) => kernel.run(numbers(&inputs[0])?, extent, residual, outputs, threads)?,
            Kernel::DepthwiseFloats(kernel) => kernel.run(numbers(&inputs[0])?, extent, outputs, threads)?,
            Kernel::DepthwiseBytes(kernel) => kernel.run(numbers(&inputs[0])?, extent, outputs, threads)?,
        }
        Ok(())
    }
}

/// A chain of several steps.
#[derive(Debug)]
pub(super) struct Chained {
    pub(super) chain: Chain,
    pub(super) threads: usize,
}

impl Step for Chained {
    fn name(&self) -> &'static str {
        "FloatChain"
    }

    fn outputs(&self) -> Vec<(DatumType, Vec<usize>)> {
        vec![(f32::datum_type(), shape(self.chain.output()))]
    }

    fn run(&self, inputs: &[TValue], outputs: &mut [&mut Tensor]) -> TractResult<()> {
        let [output] = outputs else { bail!("one output") };
        let mut view = output.try_as_plain_ram_mut()?;
        self.chain.run(numbers(&inputs[0])?, view.as_slice_mut::<f32>()?, self.threads)?;
        Ok(())
    }
}

/// A step without weights.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) what: What,
    /// Extent of the first input.
    pub(super) extent: Extent,
    /// Data type and shape of the output.
    pub(super) output: (DatumType, Vec<usize>),
}

#[derive(Debug)]
pub(super) enum What {
    /// The network's input, planes (NCHW), to a picture, optionally of bytes.
    Enter(Option<Quantization>),
    /// A picture to planes.
    Leave,
    /// Floats to bytes.
    Quantize(Quantization),
    /// Bytes to floats.
    Dequantize(Quantization),
    /// Max pool: the largest number in each window.
    Largest(Window),
    /// The mean of each channel.
    Mean,
    /// Repeats every pixel, vertically and horizontally.
    Repeat([usize; 2]),
    /// Concatenates channels; the numbers of channels of the inputs.
    SideBySide(Vec<usize>),
    /// A range of channels, from this one on.
    Part(usize),
    /// The sum of two pictures.
    Sum,
    /// A picture times one factor for each channel.
    Scale,
    /// A separate activation.
    Activate(Activation),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

impl Step for Plain {
    fn name(&self) -> &'static str {
        match self.what {
            What::Enter(_) => "Enter",
            What::Leave => "Leave",
            What::Quantize(_) => "Quantize",
            What::Dequantize(_) => "Dequantize",
            What::Largest(_) => "MaxPool",
            What::Mean => "Mean",
            What::Repeat(_) => "Repeat",
            What::SideBySide(_) => "SideBySide",
            What::Part(_) => "Part",
            What::Sum => "Sum",
            What::Scale => "Scale",
            What::Activate(_) => "Activate",
            What::Sigmoid => "Sigmoid",
        }
    }

    fn outputs(&self) -> Vec<(DatumType, Vec<usize>)> {
        vec![self.output.clone()]
    }

    fn is_link(&self) -> bool {
        let known = match self.what {
            What::Enter(None) => true,
            What::Largest(window) => !window.is_padded(),
            _ => false,
        };
        known && self.output.0 == f32::datum_type()
    }

    fn link(&self) -> Option<Link> {
        match self.what {
            What::Enter(None) => Some(Link::interleave(self.extent)),
            What::Largest(window) => Link::largest(Largest::new(Level::fastest(), window), self.extent).ok(),
            _ => None,
        }
    }

    fn run(&self, inputs: &[TValue], outputs: &mut [&mut Tensor]) -> TractResult<()> {
        let [output] = outputs else { bail!("one output") };
        let mut view = output.try_as_plain_ram_mut()?;
        match self.output.0 {
            DatumType::F32 => self.floats(inputs, view.as_slice_mut::<f32>()?),
            _ => self.bytes(inputs, view.as_slice_mut::<u8>()?),
        }
    }
}

impl Plain {
    fn floats(&self, inputs: &[TValue], into: &mut [f32]) -> TractResult<()> {
        let bytes = |index: usize| numbers::<u8>(&inputs[index]);
        let floats = |index: usize| numbers::<f32>(&inputs[index]);
        match &self.what {
            What::Enter(_) => pool::interleave(floats(0)?, self.extent, into, |number| number)?,
            What::Leave => pool::planes(floats(0)?, self.extent, into)?,
            What::Dequantize(quantization) => {
                into.iter_mut().zip(bytes(0)?).for_each(|(place, &byte)| *place = quantization.number_of(byte));
            }
            What::Largest(window) => Largest::new(Level::fastest(), *window).run(floats(0)?, self.extent, into)?,
            What::Mean => pool::mean(floats(0)?, self.extent, into)?,
            What::Repeat(times) => pool::repeat(floats(0)?, self.extent, *times, into)?,
            What::SideBySide(channels) => side_by_side(inputs, channels, into)?,
            What::Part(first) => pool::part(floats(0)?, self.extent, *first, into)?,
            What::Sum => {
                into.iter_mut().zip(floats(0)?).zip(floats(1)?).for_each(|((place, a), b)| *place = a + b);
            }
            What::Scale => {
                let (picture, factors) = (floats(0)?, floats(1)?);
                let (pixels, places) = (picture.chunks_exact(factors.len()), into.chunks_exact_mut(factors.len()));
                for (places, pixel) in places.zip(pixels) {
                    places
                        .iter_mut()
                        .zip(pixel)
                        .zip(factors)
                        .for_each(|((place, number), factor)| *place = number * factor);
                }
            }
            What::Activate(activation) => activate(activation, floats(0)?, into),
            What::Sigmoid => {
                into.iter_mut().zip(floats(0)?).for_each(|(place, number)| *place = 1.0 / (1.0 + (-number).exp()));
            }
            What::Quantize(_) => bail!("floats where bytes are made"),
        }
        Ok(())
    }

    fn bytes(&self, inputs: &[TValue], into: &mut [u8]) -> TractResult<()> {
        match &self.what {
            What::Enter(Some(quantization)) => {
                pool::interleave(numbers(&inputs[0])?, self.extent, into, |number| quantization.byte_of(number))?;
            }
            What::Quantize(quantization) => {
                let floats = numbers::<f32>(&inputs[0])?;
                into.iter_mut().zip(floats).for_each(|(place, &number)| *place = quantization.byte_of(number));
            }
            What::Largest(window) => pool::largest(numbers(&inputs[0])?, self.extent, window, into)?,
            What::SideBySide(channels) => side_by_side(inputs, channels, into)?,
            What::Repeat(times) => pool::repeat(numbers(&inputs[0])?, self.extent, *times, into)?,
            what => bail!("{what:?} makes no bytes"),
        }
        Ok(())
    }
}

fn side_by_side<T: Datum + Copy>(inputs: &[TValue], channels: &[usize], into: &mut [T]) -> TractResult<()> {
    let slices = inputs.iter().map(numbers).collect::<TractResult<Vec<&[T]>>>()?;
    let pictures: Vec<(&[T], usize)> = slices.into_iter().zip(channels.iter().copied()).collect();
    Ok(pool::side_by_side(&pictures, into)?)
}

fn activate(activation: &Activation, numbers: &[f32], into: &mut [f32]) {
    let places = into.iter_mut().zip(numbers);
    match activation {
        Activation::None => places.for_each(|(place, &number)| *place = number),
        Activation::Relu => places.for_each(|(place, &number)| *place = if number > 0.0 { number } else { 0.0 }),
        Activation::PRelu(slopes) => {
            let bend = |((place, &number), slope): ((&mut f32, &f32), &f32)| {
                *place = if number > 0.0 { number } else { number * slope };
            };
            places.zip(slopes.iter().cycle()).for_each(bend);
        }
    }
}

/// The shape of the tensor of a picture.
pub(super) fn shape(extent: Extent) -> Vec<usize> {
    vec![1, extent.height(), extent.width(), extent.channels()]
}

fn numbers<T: Datum>(tensor: &TValue) -> TractResult<&[T]> {
    tensor.try_as_plain_ram()?.as_slice::<T>()
}
