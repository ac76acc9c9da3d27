//! How fast chains of layers are, beside the same layers one by one over a few rows that stay in the nearest cache: the
//! large pictures of a face detector at 320x320, on one thread, in microseconds for the whole picture.

use kernels::chain::{Chain, Link};
use kernels::depthwise::Depthwise;
use kernels::{Activation, Extent, FloatConvolution, Largest, Level, Weights, Window};
use std::time::Instant;

fn main() {
    let level = Level::fastest();
    let planes = Extent { height: 320, width: 320, channels: 3 };
    let mut layers: Vec<Layer> = vec![Layer::Interleave, Layer::Convolution(16, 3, 2, 1)];
    layers.extend([Layer::Convolution(16, 1, 1, 0), Layer::Depthwise, Layer::Largest]);
    report("320x320x3", level, planes, &layers);
    let middle = Extent { height: 80, width: 80, channels: 16 };
    let units = [16, 32, 32, 64].map(|outputs| [Layer::Convolution(outputs, 1, 1, 0), Layer::Depthwise]);
    let mut layers: Vec<Layer> = units.concat();
    layers.push(Layer::Largest);
    report("80x80x16", level, middle, &layers);
    let small = Extent { height: 40, width: 40, channels: 64 };
    let units = [64, 64].map(|outputs| [Layer::Convolution(outputs, 1, 1, 0), Layer::Depthwise]);
    report("40x40x64", level, small, &units.concat());
}

#[derive(Clone, Copy, Debug)]
enum Layer {
    Interleave,
    /// Output channels, side, stride and padding of the window.
    Convolution(usize, usize, usize, usize),
    Depthwise,
    Largest,
}

fn report(name: &str, level: Level, input: Extent, layers: &[Layer]) {
    let mut links = Vec::new();
    let mut extent = input;
    let mut alone = Vec::new();
    for &layer in layers {
        let link = link(level, layer, extent);
        alone.push((layer, of_few_rows(level, layer, extent)));
        extent = link.output();
        links.push(link);
    }
    let chain = fastest(&Chain::new(links), input);
    let sum: f64 = alone.iter().map(|(_, time)| time).sum();
    println!("{name}: chain {chain:.0}, one by one {sum:.0}");
    alone.iter().for_each(|(layer, time)| println!("    {time:6.1} {layer:?}"));
}

/// The time of a layer for the whole picture, when only a few rows are worked on over and over.
fn of_few_rows(level: Level, layer: Layer, extent: Extent) -> f64 {
    let few = Extent { height: extent.height.min(8), ..extent };
    let link = link(level, layer, few);
    fastest(&Chain::new(vec![link]), few) * extent.height as f64 / few.height as f64
}

fn link(level: Level, layer: Layer, extent: Extent) -> Link {
    let window = |size, stride, padding| Window {
        size: [size; 2],
        stride: [stride; 2],
        before: [padding; 2],
        after: [padding; 2],
    };
    let numbers = vec![0.25f32; 9 * 64 * 64];
    let made = match layer {
        Layer::Interleave => Some(Link::interleave(extent)),
        Layer::Convolution(outputs, size, stride, padding) => {
            let numbers = &numbers[..outputs * extent.channels * size * size];
            let weights = Weights { numbers, outputs, inputs: extent.channels, window: window(size, stride, padding) };
            let activation = if size == 3 { Activation::Relu } else { Activation::None };
            Link::convolution(FloatConvolution::new(level, &weights, &vec![0.0; outputs], &activation), extent)
        }
        Layer::Depthwise => {
            let numbers = &numbers[..extent.channels * 9];
            let weights = Weights { numbers, outputs: extent.channels, inputs: 1, window: window(3, 1, 1) };
            let bias = vec![0.0; extent.channels];
            Link::depthwise(Depthwise::of_floats(level, &weights, &bias, &Activation::Relu), extent)
        }
        Layer::Largest => Link::largest(Largest::new(level, window(2, 2, 0)), extent),
    };
    made.unwrap_or_else(|| panic!("{layer:?} does not fit {extent:?}"))
}

/// Microseconds of the fastest of some runs.
fn fastest(chain: &Chain, input: Extent) -> f64 {
    // As tensors do, they begin where a line of the cache does.
    let (mut picture, mut output) = (vec![0.5; input.numbers() + 16], vec![0.0; chain.output().numbers() + 16]);
    let (first, second) = (picture.as_ptr().align_offset(64), output.as_ptr().align_offset(64));
    let picture = &mut picture[first..][..input.numbers()];
    let output = &mut output[second..][..chain.output().numbers()];
    let time = |_| {
        let started = Instant::now();
        chain.run(picture, output, 1);
        started.elapsed().as_secs_f64() * 1e6
    };
    (0..200).map(time).fold(f64::INFINITY, f64::min)
}
