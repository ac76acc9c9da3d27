//! Distributes the pixels of a layer over threads.

use crate::finish::Outputs;
use crate::shape::Extent;

/// The fewest pixels for each thread.
const FEWEST_PIXELS: usize = 12;

/// Passes each thread of the current rayon pool its pixels: the first, their number, and their part of the outputs.
pub(crate) fn over_pixels(
    threads: usize,
    output: Extent,
    outputs: Outputs<'_>,
    run: impl Fn(usize, usize, Outputs<'_>) + Sync,
) {
    let pixels = output.pixels();
    let share = pixels.div_ceil(threads.max(1)).max(FEWEST_PIXELS);
    if share >= pixels {
        return run(0, pixels, outputs);
    }
    let numbers = share * output.channels;
    let count = pixels.div_ceil(share);
    let mut floats = parts(outputs.floats.map(|floats| floats.chunks_mut(numbers)), count);
    let (bytes, quantization) = match outputs.bytes {
        Some((bytes, quantization)) => (Some(bytes.chunks_mut(numbers)), Some(quantization)),
        None => (None, None),
    };
    let bytes = parts(bytes, count);
    rayon::scope(|scope| {
        for (index, (floats, bytes)) in floats.drain(..).zip(bytes).enumerate() {
            let first = index * share;
            let outputs = Outputs { floats, bytes: bytes.zip(quantization) };
            let run = &run;
            scope.spawn(move |_| run(first, share.min(pixels - first), outputs));
        }
    });
}

fn parts<'a, T>(chunks: Option<std::slice::ChunksMut<'a, T>>, count: usize) -> Vec<Option<&'a mut [T]>> {
    match chunks {
        Some(chunks) => chunks.map(Some).collect(),
        None => (0..count).map(|_| None).collect(),
    }
}
