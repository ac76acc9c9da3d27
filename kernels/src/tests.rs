//! Compares every level with scalar sums, for shapes of all kinds.

use crate::depthwise::Depthwise;
use crate::{
    Activation, ByteConvolution, Extent, Finish, FloatConvolution, Level, Outputs, Quantization, Weights, Window,
};

fn window(size: [usize; 2], stride: [usize; 2], before: [usize; 2], after: [usize; 2]) -> Window {
    Window::new(size, stride, before, after).unwrap()
}

/// The number of random shapes.
const ANY_CASES: usize = 60;

/// Pictures and windows: what the networks have, and what is at the edge of a tile, a step or a chunk.
fn cases() -> Vec<(Extent, usize, Window)> {
    let square = |size, stride, padding| window([size; 2], [stride; 2], [padding; 2], [padding; 2]);
    let extent = |height, width, channels| Extent::new(height, width, channels).unwrap();
    let mut cases = vec![
        (extent(13, 17, 3), 32, square(3, 2, 0)),
        (extent(13, 12, 3), 16, square(3, 2, 1)),
        (extent(8, 8, 32), 64, square(1, 1, 0)),
        (extent(8, 8, 20), 80, square(1, 1, 0)),
        (extent(17, 17, 16), 96, square(3, 1, 1)),
        (extent(3, 3, 24), 192, window([1, 3], [1, 1], [0, 1], [0, 1])),
        (extent(8, 8, 12), 128, window([7, 1], [1, 1], [3, 0], [3, 0])),
        (extent(7, 7, 5), 128, square(7, 1, 0)),
        (extent(1, 1, 1), 1, square(1, 1, 0)),
        (extent(5, 6, 1), 1, square(3, 1, 1)),
        (extent(9, 4, 7), 10, square(2, 2, 0)),
        (extent(6, 5, 8), 4, window([3, 2], [2, 1], [0, 1], [1, 0])),
        // The outermost windows see a corner of the picture and no more.
        (extent(4, 5, 20), 16, square(3, 1, 2)),
        (extent(1, 1, 20), 16, square(5, 1, 4)),
    ];
    cases.extend([2, 3, 5, 11, 12, 13, 25].map(|width| (extent(1, width, 4), 48, square(1, 1, 0))));
    cases.extend(any_cases());
    cases
}

/// Random shapes.
fn any_cases() -> Vec<(Extent, usize, Window)> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut cases = Vec::new();
    while cases.len() < ANY_CASES {
        let extent = Extent::new(random.usize(1..9), random.usize(1..9), random.usize(1..40)).unwrap();
        let mut pair = |below: usize| [random.usize(0..below), random.usize(0..below)];
        let window = Window::new(pair(5), pair(4), pair(4), pair(4));
        let fits = |window: &Window| window.output(extent, 1).is_ok();
        cases.extend(window.ok().filter(fits).map(|window| (extent, random.usize(1..70), window)));
    }
    cases
}

fn activations(channels: usize) -> [Activation; 3] {
    let slopes = (0..channels).map(|channel| channel as f32 / channels as f32 - 0.3).collect();
    [Activation::None, Activation::Relu, Activation::PRelu(slopes)]
}

fn activate(activation: &Activation, channel: usize, value: f32) -> f32 {
    match activation {
        Activation::None => value,
        _ if value > 0.0 => value,
        Activation::Relu => 0.0,
        Activation::PRelu(slopes) => value * slopes[channel],
    }
}

/// Calls `visit` with the place in the picture and in the window of everything that a window sees.
fn seen(extent: Extent, window: &Window, [row, column]: [usize; 2], mut visit: impl FnMut(usize, [usize; 2])) {
    for down in 0..window.size[0] {
        for right in 0..window.size[1] {
            let y = (row * window.stride[0] + down).checked_sub(window.before[0]);
            let x = (column * window.stride[1] + right).checked_sub(window.before[1]);
            if let (Some(y), Some(x)) = (y, x)
                && y < extent.height
                && x < extent.width
            {
                visit((y * extent.width + x) * extent.channels, [down, right]);
            }
        }
    }
}

/// The sums of every output pixel and channel, by the definition of a convolution (rows, columns, inputs in order).
fn sums<T: Copy, S: Copy>(
    extent: Extent,
    outputs: usize,
    window: &Window,
    start: impl Fn(usize) -> S,
    add: impl Fn(S, usize, T) -> S,
    weights: &[T],
) -> Vec<S> {
    let Extent { height: rows, width: columns, .. } = window.output(extent, outputs).unwrap();
    let [height, width] = window.size;
    let mut sums = Vec::new();
    for pixel in 0..rows * columns {
        for output in 0..outputs {
            let mut sum = start(output);
            seen(extent, window, [pixel / columns, pixel % columns], |at, [down, right]| {
                for input in 0..extent.channels {
                    let weight = ((output * extent.channels + input) * height + down) * width + right;
                    sum = add(sum, at + input, weights[weight]);
                }
            });
            sums.push(sum);
        }
    }
    sums
}

fn threads() -> [usize; 2] {
    [1, 3]
}

#[test]
fn floats_are_summed_as_defined() {
    let mut random = fastrand::Rng::with_seed(7);
    for (extent, outputs, window) in cases() {
        let mut floats = |count: usize| (0..count).map(|_| random.f32() * 2.0 - 1.0).collect::<Vec<_>>();
        let picture = floats(extent.numbers());
        let numbers = floats(outputs * extent.channels * window.places());
        let bias = floats(outputs);
        let add = |sum: f32, at: usize, weight: f32| picture[at].mul_add(weight, sum);
        let sums = sums(extent, outputs, &window, |output| bias[output], add, &numbers);
        let residual = floats(sums.len());
        let weights = Weights::new(&numbers, outputs, extent.channels, window).unwrap();
        for activation in activations(outputs) {
            let expected: Vec<f32> =
                (0..sums.len()).map(|at| activate(&activation, at % outputs, sums[at] + residual[at])).collect();
            for (level, threads) in Level::all().flat_map(|level| threads().map(|threads| (level, threads))) {
                let layer = FloatConvolution::new(level, &weights, &bias, &activation).unwrap();
                let mut found = vec![f32::NAN; expected.len()];
                let outputs = Outputs { floats: Some(&mut found), bytes: None };
                layer.run(&picture, extent, Some(&residual), outputs, threads).unwrap();
                assert_eq!(found, expected, "{level:?}, {threads} threads: {extent:?}, {window:?}, {activation:?}");
            }
        }
    }
}

/// NaN must be preserved: a faulty network must not look as if it had found nothing.
#[test]
fn nan_passes_through_a_rectifier() {
    let picture = [f32::NAN, f32::NEG_INFINITY, -2.0, -0.0, 0.0, 3.0, f32::INFINITY];
    let extent = Extent::new(1, picture.len(), 1).unwrap();
    // Less than a register of channels, and a whole one.
    for (level, outputs) in Level::all().flat_map(|level| [1, 16].map(|outputs| (level, outputs))) {
        let weights = Weights::new(&[1.0; 16][..outputs], outputs, 1, Window::PIXEL).unwrap();
        let layer = FloatConvolution::new(level, &weights, &[0.0; 16][..outputs], &Activation::Relu).unwrap();
        let mut found = vec![7.0; picture.len() * outputs];
        layer.run(&picture, extent, None, Outputs::of_floats(&mut found), 1).unwrap();
        for channel in 0..outputs {
            let found: Vec<f32> = found[channel..].iter().step_by(outputs).copied().collect();
            assert!(found[0].is_nan(), "{level:?}: {found:?}");
            assert_eq!(found[1..], [0.0, 0.0, 0.0, 0.0, 3.0, f32::INFINITY], "{level:?}");
        }
    }
}

#[test]
fn bytes_are_summed_exactly() {
    let mut random = fastrand::Rng::with_seed(8);
    for (extent, outputs, window) in cases() {
        let picture: Vec<u8> = (0..extent.numbers()).map(|_| random.u8(..)).collect();
        let count = outputs * extent.channels * window.places();
        let numbers: Vec<i8> = (0..count).map(|_| random.i8(-127..)).collect();
        let bias: Vec<i32> = (0..outputs).map(|_| random.i32(-9999..9999)).collect();
        let scale: Vec<f32> = (0..outputs).map(|_| random.f32() / 9999.0).collect();
        let offset: Vec<f32> = (0..outputs).map(|_| random.f32() - 0.5).collect();
        let weights = Weights::new(&numbers, outputs, extent.channels, window).unwrap();
        for zero in [0, 37, 128] {
            let add =
                |sum: i32, at: usize, weight: i8| sum + (i32::from(picture[at]) - i32::from(zero)) * i32::from(weight);
            let sums = sums(extent, outputs, &window, |output| bias[output], add, &numbers);
            for activation in activations(outputs) {
                let scaled = |at: usize| sums[at] as f32 * scale[at % outputs] + offset[at % outputs];
                let expected: Vec<f32> =
                    (0..sums.len()).map(|at| activate(&activation, at % outputs, scaled(at))).collect();
                let quantization = Quantization::new(0.01, zero).unwrap();
                let expected_bytes: Vec<u8> = expected.iter().map(|&value| quantization.byte_of(value)).collect();
                for (level, threads) in Level::all().flat_map(|level| threads().map(|threads| (level, threads))) {
                    let finish = Finish::new(&scale, &offset, &activation).unwrap();
                    let layer = ByteConvolution::new(level, &weights, &bias, zero, finish).unwrap();
                    let (mut floats, mut bytes) = (vec![f32::NAN; expected.len()], vec![0; expected.len()]);
                    let outputs = Outputs { floats: Some(&mut floats), bytes: Some((&mut bytes, quantization)) };
                    layer.run(&picture, extent, None, outputs, threads).unwrap();
                    assert_eq!(floats, expected, "{level:?}, {threads} threads: {extent:?}, {window:?}, zero {zero}");
                    assert_eq!(bytes, expected_bytes, "{level:?}: {extent:?}, {window:?}, zero {zero}");
                }
            }
        }
    }
}

#[test]
fn depthwise_windows_are_summed_as_defined() {
    let mut random = fastrand::Rng::with_seed(9);
    for (extent, _, window) in cases() {
        let (channels, places) = (extent.channels, window.places());
        let Extent { height: rows, width: columns, .. } = window.output(extent, channels).unwrap();
        let floats: Vec<f32> = (0..extent.numbers()).map(|_| random.f32() - 0.5).collect();
        let float_taps: Vec<f32> = (0..channels * places).map(|_| random.f32() - 0.5).collect();
        let bytes: Vec<u8> = (0..extent.numbers()).map(|_| random.u8(..)).collect();
        let byte_taps: Vec<i8> = (0..channels * places).map(|_| random.i8(-127..)).collect();
        let activation = &activations(channels)[2];
        let (mut of_floats, mut of_bytes) = (Vec::new(), Vec::new());
        for (pixel, channel) in (0..rows * columns).flat_map(|pixel| (0..channels).map(move |channel| (pixel, channel)))
        {
            let (mut float_sum, mut byte_sum) = (0.25, 3);
            seen(extent, &window, [pixel / columns, pixel % columns], |at, [down, right]| {
                let tap = channel * places + down * window.size[1] + right;
                float_sum = floats[at + channel].mul_add(float_taps[tap], float_sum);
                byte_sum += (i32::from(bytes[at + channel]) - 128) * i32::from(byte_taps[tap]);
            });
            of_floats.push(activate(activation, channel, float_sum));
            of_bytes.push(activate(activation, channel, byte_sum as f32 * 0.5 + 0.125));
        }
        for (level, threads) in Level::all().flat_map(|level| threads().map(|threads| (level, threads))) {
            let weights = Weights::depthwise(&float_taps, channels, window).unwrap();
            let layer = Depthwise::of_floats(level, &weights, &vec![0.25; channels], activation).unwrap();
            let mut found = vec![f32::NAN; of_floats.len()];
            layer.run(&floats, extent, Outputs::of_floats(&mut found), threads).unwrap();
            assert_eq!(found, of_floats, "{level:?}, {threads} threads: {extent:?}, {window:?}");

            let weights = Weights::depthwise(&byte_taps, channels, window).unwrap();
            let finish = Finish::new(&vec![0.5; channels], &vec![0.125; channels], activation).unwrap();
            let layer = Depthwise::of_bytes(level, &weights, &vec![3; channels], 128, finish).unwrap();
            layer.run(&bytes, extent, Outputs::of_floats(&mut found), threads).unwrap();
            assert_eq!(found, of_bytes, "{level:?}, {threads} threads: {extent:?}, {window:?}");
        }
    }
}

#[test]
fn slices_of_wrong_length_are_refused_at_every_level() {
    let (extent, window) = (Extent::new(4, 5, 16).unwrap(), Window::square(3, 1, 1).unwrap());
    let (floats, bytes) = (vec![1.0; 16 * 16 * 9], vec![1; 16 * 16 * 9]);
    let other = Extent::new(4, 5, 15).unwrap();
    let small = Extent::new(1, 1, 16).unwrap();
    let valid = Window::square(3, 1, 0).unwrap();
    for level in Level::all() {
        let finish = Finish::new(&[1.0; 16], &[0.0; 16], &Activation::None).unwrap();
        let weights = Weights::new(&floats, 16, 16, window).unwrap();
        let of_floats = FloatConvolution::new(level, &weights, &[0.0; 16], &Activation::None).unwrap();
        let taps = Weights::depthwise(&floats[..16 * 9], 16, window).unwrap();
        let depthwise = Depthwise::of_floats(level, &taps, &[0.0; 16], &Activation::None).unwrap();
        let weights = Weights::new(&bytes, 16, 16, window).unwrap();
        let of_bytes = ByteConvolution::new(level, &weights, &[0; 16], 128, finish).unwrap();
        for (picture, extent, room) in [(319, extent, 320), (320, extent, 319), (300, other, 320), (320, other, 320)] {
            let (numbers, pixels) = (vec![0.5; picture], vec![5; picture]);
            let (mut into, mut bytes_into) = (vec![7.0; room], vec![7; room]);
            let quantization = Quantization::of_steps(128);
            let refused = [
                of_floats.run(&numbers, extent, None, Outputs::of_floats(&mut into), 2),
                depthwise.run(&numbers, extent, Outputs::of_floats(&mut into), 2),
                of_bytes.run(&pixels, extent, None, Outputs::of_floats(&mut into), 2),
                of_bytes.run(
                    &pixels,
                    extent,
                    None,
                    Outputs { floats: None, bytes: Some((&mut bytes_into, quantization)) },
                    2,
                ),
                crate::Largest::new(level, window).run(&numbers, extent, &mut into[1..]),
            ];
            assert!(refused.iter().all(Result::is_err), "{level:?}, {picture} numbers: {refused:?}");
            assert!(into.iter().all(|&number| number == 7.0) && bytes_into.iter().all(|&byte| byte == 7));
        }
        let mut into = vec![7.0; 320];
        let residual = of_floats.run(&[0.5; 320], extent, Some(&[0.0; 319]), Outputs::of_floats(&mut into), 1);
        let beyond = crate::Largest::new(level, valid).run(&[0.5; 16], small, &mut into);
        assert!(residual.is_err() && beyond.is_err(), "{level:?}: {residual:?}, {beyond:?}");
    }
}

#[test]
fn layers_with_wrong_parameter_counts_are_refused() {
    let (level, window) = (Level::fastest(), Window::square(3, 1, 1).unwrap());
    let numbers = [1.0; 4 * 2 * 9];
    for (count, outputs, inputs, made) in
        [(72, 4, 2, true), (71, 4, 2, false), (0, 0, 2, false), (0, 4, 0, false), (72, usize::MAX, 2, false)]
    {
        assert_eq!(Weights::new(&numbers[..count], outputs, inputs, window).is_ok(), made, "{count} weights");
    }
    let weights = Weights::new(&numbers, 4, 2, window).unwrap();
    let taps = Weights::depthwise(&numbers[..36], 4, window).unwrap();
    let slopes = |count| Activation::PRelu(vec![0.5; count]);
    for (biases, slopes, made) in [(4, slopes(4), true), (3, slopes(4), false), (4, slopes(3), false)] {
        let bias = vec![0.0; biases];
        assert_eq!(FloatConvolution::new(level, &weights, &bias, &slopes).is_ok(), made);
        assert_eq!(Depthwise::of_floats(level, &taps, &bias, &slopes).is_ok(), made);
        assert_eq!(Finish::new(&[1.0; 4], &bias, &slopes).is_ok(), made);
    }
    // One input alone is a window for each channel.
    assert!(Depthwise::of_floats(level, &weights, &[0.0; 4], &Activation::None).is_err());
    let finish = |channels| Finish::new(&vec![1.0; channels], &vec![0.0; channels], &Activation::None).unwrap();
    let bytes = vec![1; 4 * 24 * 24];
    let wide = Weights::depthwise(&bytes, 4, Window::square(24, 1, 0).unwrap()).unwrap();
    assert!(matches!(
        Depthwise::of_bytes(level, &wide, &[0; 4], 128, finish(4)),
        Err(crate::LayerError::Products { found: 576, .. })
    ));
    let narrow = Weights::new(&bytes[..36], 2, 2, window).unwrap();
    for (biases, channels, made) in [(2, 2, true), (1, 2, false), (2, 1, false), (2, 3, false)] {
        let layer = ByteConvolution::new(level, &narrow, &vec![0; biases], 0, finish(channels));
        assert_eq!(layer.is_ok(), made, "{biases} biases, {channels} channels");
    }
    for step in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(Quantization::new(step, 128).is_err(), "{step}");
    }
}
