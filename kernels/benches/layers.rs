//! Times typical layers at each level, on one thread, in billions of multiplications a second.

use kernels::convolution::macs;
use kernels::depthwise::Depthwise;
use kernels::{
    Activation, ByteConvolution, Extent, Finish, FloatConvolution, LayerError, Level, Outputs, Quantization, Weights,
    Window,
};
use std::time::{Duration, Instant};

/// Height and width, input channels, output channels, side and stride of the window.
const LAYERS: [(usize, usize, usize, usize, usize); 11] = [
    (160, 3, 32, 3, 2),
    (77, 32, 64, 3, 1),
    (36, 192, 256, 3, 2),
    (17, 96, 256, 1, 1),
    (17, 32, 32, 3, 1),
    (8, 896, 128, 1, 1),
    (3, 1792, 192, 1, 1),
    (56, 64, 128, 1, 1),
    (28, 256, 256, 1, 1),
    (14, 512, 512, 1, 1),
    (80, 16, 64, 1, 1),
];

fn main() -> Result<(), LayerError> {
    for (side, inputs, outputs, size, stride) in LAYERS {
        let padding = if stride == 1 { size / 2 } else { 0 };
        let window = Window::square(size, stride, padding)?;
        let extent = Extent::new(side, side, inputs)?;
        let count = outputs * inputs * size * size;
        let macs = macs(&window, extent, outputs);
        print!("{side:3}x{side:<3} {inputs:4} -> {outputs:4} {size}x{size}/{stride} {:6.1} MMACs:", macs as f64 / 1e6);
        for level in Level::all() {
            let numbers = vec![0.5f32; count];
            let weights = Weights::new(&numbers, outputs, inputs, window)?;
            let layer = FloatConvolution::new(level, &weights, &vec![0.0; outputs], &Activation::Relu)?;
            let picture = vec![0.5; extent.numbers()];
            let output = layer.output(extent)?.numbers();
            let mut floats = vec![0.0; output];
            let of_floats = rate(macs, || {
                layer.run(&picture, extent, None, Outputs { floats: Some(&mut floats), bytes: None }, 1)
            })?;
            let numbers = vec![3i8; count];
            let weights = Weights::new(&numbers, outputs, inputs, window)?;
            let finish = Finish::new(&vec![0.01; outputs], &vec![0.0; outputs], &Activation::None)?;
            let layer = ByteConvolution::new(level, &weights, &vec![0; outputs], 0, finish)?;
            let picture = vec![5; extent.numbers()];
            let mut bytes = vec![0; output];
            let quantization = Quantization::new(0.5, 0)?;
            let of_bytes = rate(macs, || {
                layer.run(&picture, extent, None, Outputs { floats: None, bytes: Some((&mut bytes, quantization)) }, 1)
            })?;
            print!("  {level:?} {of_floats:.1} / {of_bytes:.1}");
        }
        println!();
    }
    for (side, channels, stride) in [(112, 32, 1), (56, 64, 1), (56, 128, 2), (14, 512, 1), (80, 64, 1)] {
        let window = Window::square(3, stride, 1)?;
        let extent = Extent::new(side, side, channels)?;
        let macs = macs(&window, extent, 1);
        print!("{side:3}x{side:<3} {channels:4} depthwise /{stride} {:6.1} MMACs:", macs as f64 / 1e6);
        for level in Level::all() {
            let numbers = vec![0.5f32; channels * 9];
            let weights = Weights::depthwise(&numbers, channels, window)?;
            let layer = Depthwise::of_floats(level, &weights, &vec![0.0; channels], &Activation::Relu)?;
            let picture = vec![0.5; extent.numbers()];
            let output = layer.output(extent)?.numbers();
            let mut floats = vec![0.0; output];
            let of_floats =
                rate(macs, || layer.run(&picture, extent, Outputs { floats: Some(&mut floats), bytes: None }, 1))?;
            let numbers = vec![3i8; channels * 9];
            let weights = Weights::depthwise(&numbers, channels, window)?;
            let finish = Finish::new(&vec![0.01; channels], &vec![0.0; channels], &Activation::None)?;
            let layer = Depthwise::of_bytes(level, &weights, &vec![0; channels], 128, finish)?;
            let picture = vec![5; extent.numbers()];
            let mut bytes = vec![0; output];
            let quantization = Quantization::new(0.5, 128)?;
            let of_bytes = rate(macs, || {
                layer.run(&picture, extent, Outputs { floats: None, bytes: Some((&mut bytes, quantization)) }, 1)
            })?;
            print!("  {level:?} {of_floats:.1} / {of_bytes:.1}");
        }
        println!();
    }
    Ok(())
}

/// Billions of multiplications a second, in the fastest of some runs.
fn rate(macs: usize, mut run: impl FnMut() -> Result<(), LayerError>) -> Result<f64, LayerError> {
    let mut fastest = Duration::MAX;
    for _ in 0..15 {
        let started = Instant::now();
        run()?;
        fastest = fastest.min(started.elapsed());
    }
    Ok(macs as f64 / fastest.as_secs_f64() / 1e9)
}
