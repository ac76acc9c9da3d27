//! Times chains of layers, and for comparison the same layers one by one over a few rows that stay in the nearest
//! cache. Uses the large pictures of a face detector at 320x320, on one thread; prints microseconds for the whole
//! picture.

use kernels::chain::{Chain, Link};
use kernels::depthwise::Depthwise;
use kernels::{Activation, Extent, FloatConvolution, Largest, LayerError, Level, Weights, Window};
use std::time::Instant;

fn main() -> Result<(), LayerError> {
    let level = Level::fastest();
    let planes = Extent::new(320, 320, 3)?;
    let mut layers: Vec<Layer> = vec![Layer::Interleave, Layer::Convolution(16, 3, 2, 1)];
    layers.extend([Layer::Convolution(16, 1, 1, 0), Layer::Depthwise, Layer::Largest]);
    report("320x320x3", level, planes, &layers)?;
    let middle = Extent::new(80, 80, 16)?;
    let units = [16, 32, 32, 64].map(|outputs| [Layer::Convolution(outputs, 1, 1, 0), Layer::Depthwise]);
    let mut layers: Vec<Layer> = units.concat();
    layers.push(Layer::Largest);
    report("80x80x16", level, middle, &layers)?;
    let small = Extent::new(40, 40, 64)?;
    let units = [64, 64].map(|outputs| [Layer::Convolution(outputs, 1, 1, 0), Layer::Depthwise]);
    report("40x40x64", level, small, &units.concat())
}

#[derive(Clone, Copy, Debug)]
enum Layer {
    Interleave,
    /// Output channels, side, stride and padding of the window.
    Convolution(usize, usize, usize, usize),
    Depthwise,
    Largest,
}

fn report(name: &str, level: Level, input: Extent, layers: &[Layer]) -> Result<(), LayerError> {
    let mut links = Vec::new();
    let mut extent = input;
    let mut alone = Vec::new();
    for &layer in layers {
        let link = link(level, layer, extent)?;
        alone.push((layer, of_few_rows(level, layer, extent)?));
        extent = link.output();
        links.push(link);
    }
    let chain = fastest(&Chain::new(links)?, input)?;
    let sum: f64 = alone.iter().map(|(_, time)| time).sum();
    println!("{name}: chain {chain:.0}, one by one {sum:.0}");
    alone.iter().for_each(|(layer, time)| println!("    {time:6.1} {layer:?}"));
    Ok(())
}

/// The time of a layer for the whole picture, when only a few rows are worked on over and over.
fn of_few_rows(level: Level, layer: Layer, extent: Extent) -> Result<f64, LayerError> {
    let few = Extent::new(extent.height().min(8), extent.width(), extent.channels())?;
    let link = link(level, layer, few)?;
    Ok(fastest(&Chain::new(vec![link])?, few)? * extent.height() as f64 / few.height() as f64)
}

fn link(level: Level, layer: Layer, extent: Extent) -> Result<Link, LayerError> {
    let numbers = vec![0.25f32; 9 * 64 * 64];
    match layer {
        Layer::Interleave => Ok(Link::interleave(extent)),
        Layer::Convolution(outputs, size, stride, padding) => {
            let numbers = &numbers[..outputs * extent.channels() * size * size];
            let weights = Weights::new(numbers, outputs, extent.channels(), Window::square(size, stride, padding)?)?;
            let activation = if size == 3 { Activation::Relu } else { Activation::None };
            Link::convolution(FloatConvolution::new(level, &weights, &vec![0.0; outputs], &activation)?, extent)
        }
        Layer::Depthwise => {
            let numbers = &numbers[..extent.channels() * 9];
            let weights = Weights::depthwise(numbers, extent.channels(), Window::square(3, 1, 1)?)?;
            let bias = vec![0.0; extent.channels()];
            Link::depthwise(Depthwise::of_floats(level, &weights, &bias, &Activation::Relu)?, extent)
        }
        Layer::Largest => Link::largest(Largest::new(level, Window::square(2, 2, 0)?), extent),
    }
}

/// Microseconds of the fastest of some runs.
fn fastest(chain: &Chain, input: Extent) -> Result<f64, LayerError> {
    // As tensors do, they begin where a line of the cache does.
    let (mut picture, mut output) = (vec![0.5; input.numbers() + 16], vec![0.0; chain.output().numbers() + 16]);
    let (first, second) = (picture.as_ptr().align_offset(64), output.as_ptr().align_offset(64));
    let picture = &mut picture[first..][..input.numbers()];
    let output = &mut output[second..][..chain.output().numbers()];
    let mut fastest = f64::INFINITY;
    for _ in 0..200 {
        let started = Instant::now();
        chain.run(picture, output, 1)?;
        fastest = fastest.min(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(fastest)
}
