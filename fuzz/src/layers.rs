//! Fuzzes the kernels below the networks through their whole public interface. Only the kernels read memory without
//! bounds checks, so this target is built with AddressSanitizer.

use crate::Answer;
use crate::choices::Choices;
use kernels::chain::{Chain, Link};
use kernels::depthwise::Depthwise;
use kernels::{
    Activation, ByteConvolution, Extent, Finish, FloatConvolution, Largest, LayerError, Level, Outputs, Quantization,
    Weights, Window, pool,
};
use shared::encoding::{Encoding, MAX_DIMENSIONS};
use shared::matching::{DotsOfRows, Probe, Rows, nearest, nearest_two};

/// Runs a layer of any shape on a picture of any size. The kernel either refuses it with a reason before it touches any
/// data, or computes it; then every instruction level gives the same numbers.
pub fn layers(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let computed = match choices.below(8) {
        0 => of_floats(&mut choices),
        1 => of_bytes(&mut choices),
        2 => depthwise_floats(&mut choices),
        3 => depthwise_bytes(&mut choices),
        4 => largest(&mut choices),
        5 => chain(&mut choices),
        6 => without_weights(&mut choices),
        _ => return rows(&mut choices),
    };
    match computed {
        Ok(()) => Answer::Accepted,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Answer::Refused
        }
    }
}

/// The maximum number of elements; more cost too much time.
const MOST: usize = 1 << 16;

/// A length: mostly small, sometimes near the largest value of the integer type.
fn length(choices: &mut Choices<'_>, below: u8) -> usize {
    match choices.byte() {
        255 => usize::MAX >> choices.below(64),
        254 => usize::from(choices.word()),
        small => usize::from(small % below.max(1)),
    }
}

fn pair(choices: &mut Choices<'_>, below: u8) -> [usize; 2] {
    [length(choices, below), length(choices, below)]
}

fn extent(choices: &mut Choices<'_>) -> Result<Extent, LayerError> {
    Extent::new(length(choices, 20), length(choices, 20), length(choices, 70))
}

fn window(choices: &mut Choices<'_>) -> Result<Window, LayerError> {
    Window::new(pair(choices, 6), pair(choices, 5), pair(choices, 4), pair(choices, 4))
}

/// A number of elements close to `wanted`, nearly always equal to it.
fn count(choices: &mut Choices<'_>, wanted: usize) -> usize {
    let wanted = wanted.min(MOST);
    match choices.byte() {
        255 => wanted.saturating_sub(1),
        254 => wanted + 1,
        253 => 0,
        _ => wanted,
    }
}

fn floats(choices: &mut Choices<'_>, wanted: usize) -> Vec<f32> {
    let (count, seed) = (count(choices, wanted), usize::from(choices.byte()));
    (0..count).map(|at| ((at * 7919 + seed * 104_729) % 509) as f32 / 254.5 - 1.0).collect()
}

fn steps(choices: &mut Choices<'_>, wanted: usize) -> Vec<u8> {
    let (count, seed) = (count(choices, wanted), usize::from(choices.byte()));
    (0..count).map(|at| ((at * 7919 + seed * 104_729) % 256) as u8).collect()
}

fn activation(choices: &mut Choices<'_>, channels: usize) -> Activation {
    match choices.below(3) {
        0 => Activation::None,
        1 => Activation::Relu,
        _ => Activation::PRelu(floats(choices, channels)),
    }
}

fn zero(choices: &mut Choices<'_>) -> u8 {
    [0, 128, 1, 37, 200, 255][usize::from(choices.below(6))]
}

fn finish(choices: &mut Choices<'_>, channels: usize) -> Result<Finish, LayerError> {
    let (scale, bias) = (floats(choices, channels), floats(choices, channels));
    Finish::new(&scale, &bias, &activation(choices, channels))
}

fn product(factors: &[usize]) -> usize {
    factors.iter().fold(1, |product: usize, &factor| product.saturating_mul(factor))
}

/// Checks that `run` writes the same bits at every level.
fn at_every_level<T: Clone + Default>(
    room: usize,
    bits: impl Fn(&T) -> u32,
    mut run: impl FnMut(Level, &mut [T]) -> Result<(), LayerError>,
) -> Result<(), LayerError> {
    let mut first: Option<Vec<u32>> = None;
    for level in Level::all() {
        let mut into = vec![T::default(); room];
        run(level, &mut into)?;
        let found: Vec<u32> = into.iter().map(&bits).collect();
        assert!(first.get_or_insert_with(|| found.clone()) == &found, "{level:?} gives other numbers");
    }
    Ok(())
}

fn bits(number: &f32) -> u32 {
    number.to_bits()
}

fn byte_bits(byte: &u8) -> u32 {
    u32::from(*byte)
}

/// The length of the output buffer: close to the length of the output, at most [`MOST`].
fn room(choices: &mut Choices<'_>, output: &Result<Extent, LayerError>) -> usize {
    let wanted = output.as_ref().map_or(1, Extent::numbers);
    count(choices, wanted)
}

fn of_floats(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let (extent, window, outputs) = (extent(choices)?, window(choices)?, length(choices, 130));
    let inputs = if choices.below(16) == 0 { length(choices, 70) } else { extent.channels() };
    let numbers = floats(choices, product(&[outputs, inputs, window.places()]));
    let weights = Weights::new(&numbers, outputs, inputs, window)?;
    let (bias, activation, picture) =
        (floats(choices, outputs), activation(choices, outputs), floats(choices, extent.numbers()));
    let room = room(choices, &window.output(extent, outputs));
    let residual = (choices.below(2) == 0).then(|| floats(choices, room));
    let (wants_bytes, threads) = (choices.below(2) == 0, length(choices, 4));
    let quantization = Quantization::new(0.25, zero(choices))?;
    at_every_level(room, bits, |level, into| {
        let layer = FloatConvolution::new(level, &weights, &bias, &activation)?;
        let mut bytes = vec![0; room];
        let bytes = wants_bytes.then_some((bytes.as_mut_slice(), quantization));
        layer.run(&picture, extent, residual.as_deref(), Outputs { floats: Some(into), bytes }, threads)
    })
}

fn of_bytes(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let (extent, window, outputs) = (extent(choices)?, window(choices)?, length(choices, 130));
    let inputs = if choices.below(16) == 0 { length(choices, 70) } else { extent.channels() };
    let numbers = signed(steps(choices, product(&[outputs, inputs, window.places()])));
    let weights = Weights::new(&numbers, outputs, inputs, window)?;
    let bias = vec![i32::from(choices.byte()) << choices.below(24); count(choices, outputs)];
    let (finish, zero, picture) = (finish(choices, outputs)?, zero(choices), steps(choices, extent.numbers()));
    let room = room(choices, &window.output(extent, outputs));
    let residual = (choices.below(2) == 0).then(|| floats(choices, room));
    let quantization = Quantization::new(0.25, zero)?;
    let threads = length(choices, 4);
    at_every_level(room, byte_bits, |level, into| {
        let layer = ByteConvolution::new(level, &weights, &bias, zero, finish.clone())?;
        let mut floats = vec![0.0; room];
        let outputs = Outputs { floats: Some(&mut floats), bytes: Some((into, quantization)) };
        layer.run(&picture, extent, residual.as_deref(), outputs, threads)
    })
}

fn depthwise_floats(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let (extent, window) = (extent(choices)?, window(choices)?);
    let channels = if choices.below(16) == 0 { length(choices, 70) } else { extent.channels() };
    let taps = floats(choices, product(&[channels, window.places()]));
    let weights = Weights::depthwise(&taps, channels, window)?;
    let (bias, activation, picture) =
        (floats(choices, channels), activation(choices, channels), floats(choices, extent.numbers()));
    let (room, threads) = (room(choices, &window.output(extent, channels)), length(choices, 4));
    at_every_level(room, bits, |level, into| {
        let layer = Depthwise::of_floats(level, &weights, &bias, &activation)?;
        layer.run(&picture, extent, Outputs::of_floats(into), threads)
    })
}

fn depthwise_bytes(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let (extent, window) = (extent(choices)?, window(choices)?);
    let channels = if choices.below(16) == 0 { length(choices, 70) } else { extent.channels() };
    let taps = signed(steps(choices, product(&[channels, window.places()])));
    let weights = Weights::depthwise(&taps, channels, window)?;
    let (finish, zero, picture) = (finish(choices, channels)?, zero(choices), steps(choices, extent.numbers()));
    let bias = vec![i32::from(choices.byte()); count(choices, channels)];
    let (room, threads) = (room(choices, &window.output(extent, channels)), length(choices, 4));
    let quantization = Quantization::of_steps(zero);
    at_every_level(room, byte_bits, |level, into| {
        let layer = Depthwise::of_bytes(level, &weights, &bias, zero, finish.clone())?;
        layer.run(&picture, extent, Outputs { floats: None, bytes: Some((into, quantization)) }, threads)
    })
}

fn largest(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let (extent, window) = (extent(choices)?, window(choices)?);
    let picture = floats(choices, extent.numbers());
    let room = room(choices, &window.output(extent, extent.channels()));
    at_every_level(room, bits, |level, into| Largest::new(level, window).run(&picture, extent, into))
}

/// A chain of layers with constant weights.
fn chain(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let input = extent(choices)?;
    let picture = floats(choices, input.numbers());
    let kinds: Vec<(u8, Window, usize)> = (0..1 + choices.below(4))
        .map(|_| Ok((choices.below(8), window(choices)?, length(choices, 40))))
        .collect::<Result<_, LayerError>>()?;
    let (spare, threads) = (choices.byte(), length(choices, 4));
    let linked = |level: Level| {
        let mut links: Vec<Link> = Vec::new();
        for &(kind, window, outputs) in &kinds {
            let extent = links.last().map_or(input, Link::output);
            let weights = |count: usize| vec![0.25; count.min(MOST)];
            links.push(match kind {
                0 => Link::interleave(extent),
                1..=3 => {
                    let numbers = weights(product(&[outputs, extent.channels(), window.places()]));
                    let weights = Weights::new(&numbers, outputs, extent.channels(), window)?;
                    let bias = vec![0.5; outputs.min(MOST)];
                    Link::convolution(FloatConvolution::new(level, &weights, &bias, &Activation::Relu)?, extent)?
                }
                4 | 5 => {
                    let numbers = weights(product(&[extent.channels(), window.places()]));
                    let weights = Weights::depthwise(&numbers, extent.channels(), window)?;
                    let bias = vec![0.5; extent.channels()];
                    Link::depthwise(Depthwise::of_floats(level, &weights, &bias, &Activation::None)?, extent)?
                }
                6 => Link::largest(Largest::new(level, window), extent)?,
                _ => Link::interleave(Extent::new(1, 1, 3)?),
            });
        }
        Chain::new(links)
    };
    let room = linked(Level::PORTABLE)?.output().numbers().min(MOST) + usize::from(spare == 255);
    at_every_level(room, bits, |level, into| linked(level)?.run(&picture, into, threads))
}

fn without_weights(choices: &mut Choices<'_>) -> Result<(), LayerError> {
    let extent = extent(choices)?;
    let picture = floats(choices, extent.numbers());
    let kind = choices.below(6);
    let times = pair(choices, 5);
    let wanted = match kind {
        0 => extent.channels(),
        1 => product(&[extent.numbers(), times[0], times[1]]),
        2 => product(&[extent.pixels(), times[1]]),
        3 => product(&[extent.numbers(), 2]),
        _ => extent.numbers(),
    };
    let mut into = vec![0.0; count(choices, wanted)];
    match kind {
        0 => pool::mean(&picture, extent, &mut into),
        1 => pool::repeat(&picture, extent, times, &mut into),
        2 => pool::part(&picture, extent, times[0], &mut into),
        3 => {
            let second = count(choices, extent.channels());
            pool::side_by_side(&[(&picture, extent.channels()), (&picture, second)], &mut into)
        }
        4 => pool::interleave(&picture, extent, &mut into, |number| number),
        _ => pool::planes(&picture, extent, &mut into),
    }
}

/// Checks that the fastest instructions find the same nearest gallery row as plain loops.
fn rows(choices: &mut Choices<'_>) -> Answer {
    let (dimensions, people) = (length(choices, 200), usize::from(choices.word() % 600));
    let numbers = signed(steps(choices, product(&[Rows::stride_of(dimensions.min(1 << 20)), people])));
    let scales = floats(choices, people);
    let Some(rows) = Rows::new(dimensions, &numbers, &scales) else { return Answer::Refused };
    assert!((1..=MAX_DIMENSIONS).contains(&dimensions));
    let probed = if choices.below(8) == 0 { length(choices, 200).clamp(1, MAX_DIMENSIONS) } else { dimensions };
    let Ok(encoding) = Encoding::from_network(&floats(choices, probed)) else { return Answer::Refused };
    let (probe, owners) = (Probe::new(&encoding), vec![7; count(choices, people)]);
    let plain: DotsOfRows = |rows, probe, dots| Level::PORTABLE.dots_of_rows(rows, probe, dots);
    let found = |dots| (nearest(&rows, &owners, &probe, dots), nearest_two(&rows, &owners, &probe, dots));
    assert!(found(kernels::dots_of_rows) == found(plain));
    Answer::Accepted
}

fn signed(bytes: Vec<u8>) -> Vec<i8> {
    bytes.into_iter().map(u8::cast_signed).collect()
}
