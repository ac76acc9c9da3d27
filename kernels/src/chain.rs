//! Chains of layers, computed band by band: every layer computes only the rows that the next one needs, so that large
//! intermediate pictures stay in the cache.
//!
//! The result is bit-identical to running the layers one after the other.

use crate::aligned::Aligned;
use crate::convolution::FloatConvolution;
use crate::depthwise::Depthwise;
use crate::error::LayerError;
use crate::finish::Outputs;
use crate::largest::Largest;
use crate::pool;
use crate::shape::{Extent, Window};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::cell::Cell;
use std::ops::Range;

/// A chain of float layers, ready to run. Each layer reads the output of the previous one.
#[derive(Clone, Debug)]
pub struct Chain {
    links: Vec<Link>,
}

/// One layer of a [`Chain`].
#[derive(Clone, Debug)]
pub struct Link {
    kind: Kind,
    window: Window,
    input: Extent,
    output: Extent,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Writes rows with this many columns of zeros before them, and zeros after them up to the length of the output
    /// rows.
    Interleave {
        left: usize,
    },
    Convolution(FloatConvolution),
    Depthwise(Depthwise<f32>),
    Largest(Largest),
}

/// Number of output numbers that the last layer computes at a time, at least one row.
const BAND: usize = 8192;
/// Number of output numbers that every other layer computes at a time, at least one row. If a layer computed all rows
/// that the next layer needs at once, every layer would have to keep more rows than the next.
const MISSING: usize = 32768;

/// The rows of a link's output that are still needed.
#[derive(Debug, Default)]
struct Band {
    numbers: Aligned<f32>,
    rows: Range<usize>,
}

thread_local! {
    /// The bands of the last run, reused by the next one.
    static BANDS: Cell<Vec<Band>> = const { Cell::new(Vec::new()) };
}

impl Link {
    /// Converts planes (NCHW) to channels side by side. Must be the first link.
    pub fn interleave(input: Extent) -> Self {
        Self { kind: Kind::Interleave { left: 0 }, window: Window::PIXEL, input, output: input }
    }

    /// A convolution of a picture of this size.
    ///
    /// # Errors
    /// As for [`FloatConvolution::output`].
    pub fn convolution(convolution: FloatConvolution, input: Extent) -> Result<Self, LayerError> {
        let (window, output) = (convolution.window(), convolution.output(input)?);
        Ok(Self { kind: Kind::Convolution(convolution), window, input, output })
    }

    /// A depthwise convolution of a picture of this size.
    ///
    /// # Errors
    /// As for [`Depthwise::output`].
    pub fn depthwise(depthwise: Depthwise<f32>, input: Extent) -> Result<Self, LayerError> {
        let (window, output) = (depthwise.window(), depthwise.output(input)?);
        Ok(Self { kind: Kind::Depthwise(depthwise), window, input, output })
    }

    /// A max pool without padding.
    ///
    /// # Errors
    /// [`LayerError::Padded`] if the window has padding, or as for [`Window::output`].
    pub fn largest(largest: Largest, input: Extent) -> Result<Self, LayerError> {
        let window = largest.window();
        if window.is_padded() {
            return Err(LayerError::Padded);
        }
        let output = window.output(input, input.channels)?;
        Ok(Self { kind: Kind::Largest(largest), window, input, output })
    }

    /// The extent of the output.
    pub fn output(&self) -> Extent {
        self.output
    }

    /// The input rows for these output rows, and the numbers of padding rows above and below them.
    fn sees(&self, rows: &Range<usize>) -> (Range<usize>, [usize; 2]) {
        let Window { size, stride, before, .. } = self.window;
        let (begin, end) = (rows.start * stride[0], (rows.end - 1) * stride[0] + size[0]);
        let above = before[0].saturating_sub(begin);
        let seen = begin.saturating_sub(before[0])..(end - before[0].min(end)).min(self.input.height);
        (seen, [above, end.saturating_sub(before[0] + self.input.height)])
    }

    /// Computes output rows from input rows.
    fn run(&self, input: &[f32], height: usize, beyond: [usize; 2], output: &mut [f32]) -> Result<(), LayerError> {
        let extent = Extent { height, ..self.input };
        let window = self.window.over_rows(beyond);
        match &self.kind {
            Kind::Interleave { left } => {
                interleave_rows(input, self, *left, 0..height, output);
                Ok(())
            }
            Kind::Convolution(kernel) => kernel.run_within(&window, input, extent, Outputs::of_floats(output)),
            Kind::Depthwise(kernel) => kernel.run_within(&window, input, extent, Outputs::of_floats(output)),
            Kind::Largest(kernel) => kernel.run(input, extent, output),
        }
    }
}

impl Chain {
    /// Makes a chain of layers.
    ///
    /// # Errors
    /// [`LayerError::NoLinks`] if there are no layers, [`LayerError::Unlinked`] if a layer does not accept the output
    /// of the one before it.
    pub fn new(mut links: Vec<Link>) -> Result<Self, LayerError> {
        if links.is_empty() {
            return Err(LayerError::NoLinks);
        }
        let fits = |pair: &[Link]| pair[0].output == pair[1].input && !matches!(pair[1].kind, Kind::Interleave { .. });
        if let Some(before) = links.windows(2).position(|pair| !fits(pair)) {
            return Err(LayerError::Unlinked { link: before + 1 });
        }
        if let [first, second, ..] = &mut links[..] {
            widen(first, second);
        }
        Ok(Self { links })
    }

    /// The extent of the input.
    pub fn input(&self) -> Extent {
        self.links[0].input
    }

    /// The extent of the output.
    pub fn output(&self) -> Extent {
        self.links[self.links.len() - 1].output
    }

    /// Runs the layers over a picture, on this many threads of the current pool.
    ///
    /// # Errors
    /// [`LayerError::Numbers`] if a slice does not have as many numbers as its extent.
    pub fn run(&self, picture: &[f32], output: &mut [f32], threads: usize) -> Result<(), LayerError> {
        let extent = self.output();
        LayerError::require_numbers("the picture", picture.len(), self.input().numbers())?;
        LayerError::require_numbers("the output", output.len(), extent.numbers())?;
        let row = extent.width * extent.channels;
        let share = extent.height.div_ceil(threads.max(1)).max(1);
        if share >= extent.height {
            return self.run_rows(picture, 0..extent.height, output);
        }
        output.par_chunks_mut(share * row).enumerate().try_for_each(|(index, output)| {
            let rows = index * share..index * share + output.len() / row;
            self.run_rows(picture, rows, output)
        })
    }

    fn run_rows(&self, picture: &[f32], rows: Range<usize>, output: &mut [f32]) -> Result<(), LayerError> {
        let last = self.links.len() - 1;
        let row = self.output().width * self.output().channels;
        let mut flow = Flow { links: &self.links, picture, bands: BANDS.take() };
        flow.bands.resize_with(last.max(flow.bands.len()), Band::default);
        flow.bands.iter_mut().for_each(|band| band.rows = 0..0);
        let height = (BAND / row.max(1)).max(1);
        for (index, output) in output.chunks_mut(height * row).enumerate() {
            let first = rows.start + index * height;
            flow.make(last, first..first + output.len() / row, output)?;
        }
        BANDS.set(flow.bands);
        Ok(())
    }
}

/// A running chain.
struct Flow<'a> {
    links: &'a [Link],
    picture: &'a [f32],
    /// The output rows of each link except the last.
    bands: Vec<Band>,
}

impl Flow<'_> {
    /// Computes output rows of a link.
    fn make(&mut self, index: usize, rows: Range<usize>, output: &mut [f32]) -> Result<(), LayerError> {
        let link = &self.links[index];
        let (seen, beyond) = link.sees(&rows);
        let row = link.input.width * link.input.channels;
        match (&link.kind, index.checked_sub(1)) {
            (Kind::Interleave { left }, _) => {
                interleave_rows(self.picture, link, *left, seen, output);
                Ok(())
            }
            (_, None) => link.run(&self.picture[seen.start * row..seen.end * row], seen.len(), beyond, output),
            (_, Some(before)) => {
                self.provide(before, &seen)?;
                let band = &self.bands[before];
                let first = (seen.start - band.rows.start) * row;
                link.run(&band.numbers[first..first + seen.len() * row], seen.len(), beyond, output)
            }
        }
    }

    /// Computes missing output rows of a link. Earlier rows are dropped.
    fn provide(&mut self, index: usize, rows: &Range<usize>) -> Result<(), LayerError> {
        let row = self.links[index].output.width * self.links[index].output.channels;
        let mut band = std::mem::take(&mut self.bands[index]);
        let kept = if band.rows.contains(&rows.start) { rows.start..band.rows.end } else { rows.start..rows.start };
        let end = kept.end.max(rows.end);
        let from = if kept.is_empty() { 0 } else { (kept.start - band.rows.start) * row };
        let kept_numbers = from..from + kept.len() * row;
        if band.numbers.len() < (end - kept.start) * row {
            let mut larger = Aligned::new((end - kept.start) * row);
            larger[..kept_numbers.len()].copy_from_slice(&band.numbers[kept_numbers]);
            band.numbers = larger;
        } else {
            band.numbers.copy_within(kept_numbers, 0);
        }
        let missing = kept.end..rows.end;
        let height = (MISSING / row.max(1)).max(1);
        for first in missing.clone().step_by(height) {
            let rows = first..missing.end.min(first + height);
            let numbers = (rows.start - kept.start) * row..(rows.end - kept.start) * row;
            self.make(index, rows, &mut band.numbers[numbers])?;
        }
        band.rows = kept.start..end;
        self.bands[index] = band;
        Ok(())
    }
}

/// Lets each link write its output together with the padding of the following convolution, which then needs no padded
/// copy.
fn widen(interleave: &mut Link, convolution: &mut Link) {
    if let (Kind::Interleave { left }, Kind::Convolution(_)) = (&mut interleave.kind, &convolution.kind) {
        let window = &mut convolution.window;
        *left = std::mem::take(&mut window.before[1]);
        interleave.output.width += *left + std::mem::take(&mut window.after[1]);
        convolution.input = interleave.output;
    }
}

/// Converts rows of planes to rows with channels side by side.
fn interleave_rows(planes: &[f32], link: &Link, left: usize, rows: Range<usize>, output: &mut [f32]) {
    let Extent { width, channels, .. } = link.input;
    let pixels = link.input.pixels();
    for (row, output) in rows.zip(output.chunks_exact_mut((link.output.width * channels).max(1))) {
        let (before, output) = output.split_at_mut(left * channels);
        let (output, after) = output.split_at_mut(width * channels);
        before.fill(0.0);
        after.fill(0.0);
        let plane = |channel: usize| &planes[channel * pixels + row * width..][..width];
        pool::interleave_planes(channels, plane, output, |number| number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Level, Weights};

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|at| ((at * 7919 + seed * 104_729) % 509) as f32 / 254.5 - 1.0).collect()
    }

    fn square(size: usize, stride: usize, padding: usize) -> Window {
        Window::square(size, stride, padding).unwrap()
    }

    fn convolution(input: Extent, outputs: usize, window: Window) -> Link {
        let weights = numbers(outputs * input.channels * window.places(), outputs);
        let weights = Weights::new(&weights, outputs, input.channels, window).unwrap();
        let layer = FloatConvolution::new(Level::fastest(), &weights, &numbers(outputs, 3), &Activation::Relu);
        Link::convolution(layer.unwrap(), input).unwrap()
    }

    fn depthwise(input: Extent, window: Window) -> Link {
        let weights = numbers(input.channels * window.places(), 5);
        let weights = Weights::depthwise(&weights, input.channels, window).unwrap();
        let bias = numbers(input.channels, 7);
        let layer = Depthwise::of_floats(Level::fastest(), &weights, &bias, &Activation::None);
        Link::depthwise(layer.unwrap(), input).unwrap()
    }

    /// Runs the layers one after the other, each on its whole picture.
    fn one_by_one(links: &[Link], picture: &[f32]) -> Vec<f32> {
        links.iter().fold(picture.to_vec(), |picture, link| {
            let mut output = vec![0.0; link.output.numbers()];
            let Window { before, after, .. } = link.window;
            link.run(&picture, link.input.height, [before[0], after[0]], &mut output).unwrap();
            output
        })
    }

    #[test]
    fn bands_give_the_same_result_as_whole_pictures() {
        let odd = Window::new([3, 3], [2, 2], [0, 0], [1, 1]).unwrap();
        for (height, width) in [(64, 48), (33, 70), (5, 5), (4, 200)] {
            let input = Extent::new(height, width, 3).unwrap();
            let mut links = vec![Link::interleave(input)];
            links.push(convolution(input, 16, square(3, 2, 1)));
            links.push(convolution(links[1].output, 16, Window::PIXEL));
            links.push(depthwise(links[2].output, square(3, 1, 1)));
            links.push(Link::largest(Largest::new(Level::fastest(), square(2, 2, 0)), links[3].output).unwrap());
            links.push(depthwise(links[4].output, square(3, 1, 1)));
            links.push(convolution(links[5].output, 40, if height > 5 { odd } else { Window::PIXEL }));
            let picture = numbers(input.numbers(), 11);
            let expected = one_by_one(&links, &picture);
            let chain = Chain::new(links).unwrap();
            for threads in [1, 2, 3] {
                let mut found = vec![0.0; chain.output().numbers()];
                chain.run(&picture, &mut found, threads).unwrap();
                assert!(found == expected, "{height}x{width} on {threads} threads");
            }
        }
    }

    #[test]
    fn rows_are_seen_with_what_is_beyond_them() {
        let input = Extent::new(10, 4, 16).unwrap();
        let cases = [
            (square(3, 1, 1), 0..1, 0..2, [1, 0]),
            (square(3, 1, 1), 0..10, 0..10, [1, 1]),
            (square(3, 1, 1), 4..6, 3..7, [0, 0]),
            (square(3, 1, 1), 9..10, 8..10, [0, 1]),
            (square(3, 2, 1), 0..2, 0..4, [1, 0]),
            (square(3, 2, 1), 4..5, 7..10, [0, 0]),
            (Window::PIXEL, 3..5, 3..5, [0, 0]),
        ];
        for (window, rows, seen, beyond) in cases {
            assert_eq!(depthwise(input, window).sees(&rows), (seen, beyond), "{window:?} {rows:?}");
        }
    }

    #[test]
    fn links_that_do_not_fit_are_refused() {
        let (small, large) = (Extent::new(4, 4, 3).unwrap(), Extent::new(5, 5, 3).unwrap());
        let pool = |padding| Link::largest(Largest::new(Level::fastest(), square(2, 1, padding)), small);
        assert_eq!(pool(1).unwrap_err(), LayerError::Padded);
        let unlinked = |link| Some(LayerError::Unlinked { link });
        for (links, refused) in [
            (vec![], Some(LayerError::NoLinks)),
            (vec![Link::interleave(small)], None),
            (vec![Link::interleave(large), depthwise(small, Window::PIXEL)], unlinked(1)),
            (vec![depthwise(small, Window::PIXEL), Link::interleave(small)], unlinked(1)),
            (vec![Link::interleave(small), pool(0).unwrap(), pool(0).unwrap()], unlinked(2)),
        ] {
            assert_eq!(Chain::new(links).err(), refused);
        }
        let chain = Chain::new(vec![Link::interleave(small)]).unwrap();
        assert!(chain.run(&[0.0; 47], &mut [0.0; 48], 1).is_err());
        assert!(chain.run(&[0.0; 48], &mut [0.0; 47], 1).is_err());
    }
}
