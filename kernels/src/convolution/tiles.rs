//! The inner loop and the loops around it. A tile is a block of output pixels and output channels whose sums stay in
//! registers while all products are added.
#![allow(unsafe_code, reason = "the inner loop reads without a check for each number; see `require_within`")]

use super::panels::{Block, Panels};
use crate::finish::{Finish, Outputs, Place, Whole};
use crate::lanes::Lanes;
use crate::shape::{Extent, Window};

/// One convolution of one picture.
pub(super) struct Job<'a, L: Lanes> {
    pub(super) panels: &'a Panels<L::Weight>,
    /// The initial value of the sums, for each output channel, up to the end of the last block.
    pub(super) start: &'a [L::Sum],
    pub(super) finish: &'a Finish,
    /// The padded picture.
    pub(super) input: &'a [L::Input],
    pub(super) extent: Extent,
    pub(super) window: &'a Window,
    pub(super) output: Extent,
    /// A float for each output number.
    pub(super) residual: Option<&'a [f32]>,
}

impl<L: Lanes> Job<'_, L> {
    /// Computes the output pixels from `first` on, as many as `outputs` has room for.
    ///
    /// # Safety
    /// The processor supports the instructions of `L`, and this is compiled into a function that uses them.
    #[inline(always)]
    pub(super) unsafe fn run(&self, first: usize, count: usize, mut outputs: Outputs<'_>) {
        self.require_within();
        let place = Place { output: 0, residual: first * self.output.channels, channels: self.output.channels };
        for block in &self.panels.blocks {
            let rows = fastest_rows(block.vectors, L::MOST_REGISTERS, count);
            let across = [block.first, block.vectors * L::WIDTH];
            let ends = Ends {
                whole: self.finish.whole(across, count, place, self.residual, &mut outputs),
                scaling: self.finish.scaling(across),
            };
            // SAFETY: guaranteed by the caller; `require_within` has checked that all windows lie within the input.
            unsafe { self.tiles_of(block, rows, &ends, [first, count], &mut outputs) };
        }
    }

    /// The starts of the windows of neighbouring output pixels.
    #[inline(always)]
    fn bases<const ROWS: usize>(&self, first: usize) -> [usize; ROWS] {
        let (row, column) = (first / self.output.width, first % self.output.width);
        let apart = self.window.stride[1] * self.extent.channels;
        if column + ROWS <= self.output.width {
            let base = self.base(row, column);
            return std::array::from_fn(|pixel| base + pixel * apart);
        }
        std::array::from_fn(|pixel| self.base((first + pixel) / self.output.width, (first + pixel) % self.output.width))
    }

    /// The start of the window of an output pixel.
    fn base(&self, row: usize, column: usize) -> usize {
        let [down, right] = self.window.stride;
        (row * down * self.extent.width + column * right) * self.extent.channels
    }

    fn row_stride(&self) -> usize {
        self.extent.width * self.extent.channels
    }

    /// Checks that the last number that the last window reads is within the input, and that weights and initial sums of
    /// every block exist.
    fn require_within(&self) {
        let Panels { weights, blocks, rows, steps } = self.panels;
        let last =
            self.base(self.output.height - 1, self.output.width - 1) + (rows - 1) * self.row_stride() + steps * L::STEP;
        assert!(last <= self.input.len(), "a window reaches beyond the input");
        for block in blocks {
            let columns = block.vectors * L::WIDTH;
            assert!(
                block.panel + rows * steps * L::STEP * columns <= weights.len(),
                "a panel reaches beyond the weights"
            );
            assert!(block.first + columns <= self.start.len(), "a block has no initial sums");
        }
    }

    /// Computes a block of output channels for `pixels` (the first pixel, their count) in tiles of `rows` pixels.
    #[inline(always)]
    unsafe fn tiles_of(&self, block: &Block, rows: usize, ends: &Ends, pixels: [usize; 2], outputs: &mut Outputs<'_>) {
        macro_rules! shapes {
            ($($vectors:literal: $($rows:literal)*;)*) => {
                match (block.vectors, rows) {
                    $($(
                        // SAFETY: guaranteed by the caller.
                        ($vectors, $rows) if $vectors <= L::MOST_VECTORS && $rows * $vectors <= L::MOST_REGISTERS => unsafe {
                            self.tiles::<$rows, $vectors>(block, ends, pixels, outputs);
                        },
                    )*)*
                    _ => unreachable!("`fastest_rows` does not return this shape"),
                }
            };
        }
        shapes! { 4: 1 2 3 4 6; 2: 1 2 3 4 6; 1: 1 2 4 8; }
    }

    /// Like [`Self::tiles_of`], for one shape of tile. The outputs begin with the first pixel.
    #[inline(always)]
    unsafe fn tiles<const ROWS: usize, const VECTORS: usize>(
        &self,
        block: &Block,
        ends: &Ends,
        pixels: [usize; 2],
        outputs: &mut Outputs<'_>,
    ) {
        let [scale, bias] = ends.scaling;
        // SAFETY: guaranteed by the caller; `whole` and `scaling` have checked every slice.
        unsafe {
            match &ends.whole {
                Some(whole) if whole.is_plain() => {
                    self.each_tile::<ROWS, VECTORS>(block, pixels, |from, sums| {
                        Self::each(sums, scale, bias, |row, at, values| {
                            whole.put::<L::Floats, true>(from + row, at, values);
                        });
                    });
                }
                Some(whole) => {
                    self.each_tile::<ROWS, VECTORS>(block, pixels, |from, sums| {
                        Self::each(sums, scale, bias, |row, at, values| {
                            whole.put::<L::Floats, false>(from + row, at, values);
                        });
                    });
                }
                None => {
                    let channels = self.output.channels;
                    self.each_tile::<ROWS, VECTORS>(block, pixels, |from, sums| {
                        let place =
                            Place { output: from * channels, residual: (pixels[0] + from) * channels, channels };
                        self.put_some(sums, block, place, outputs);
                    });
                }
            }
        }
    }

    /// Computes the sums of every tile, and passes them on with the index of the tile's first pixel.
    #[inline(always)]
    unsafe fn each_tile<const ROWS: usize, const VECTORS: usize>(
        &self,
        block: &Block,
        [first, count]: [usize; 2],
        mut then: impl FnMut(usize, [[L::Sums; VECTORS]; ROWS]),
    ) {
        let mut done = 0;
        while done < count {
            // The last tile is not smaller: it overlaps pixels that are already done.
            let from = done.min(count - ROWS);
            // SAFETY: guaranteed by the caller.
            let sums = unsafe { self.products::<ROWS, VECTORS>(block, self.bases(first + from)) };
            then(from, sums);
            done = from + ROWS;
        }
    }

    /// Converts every register of a tile to floats, and passes it on with its pixel and first channel within the tile.
    #[inline(always)]
    unsafe fn each<const ROWS: usize, const VECTORS: usize>(
        sums: [[L::Sums; VECTORS]; ROWS],
        scale: *const f32,
        bias: *const f32,
        mut then: impl FnMut(usize, usize, L::Floats),
    ) {
        for (row, sums) in sums.into_iter().enumerate() {
            for (vector, sums) in sums.into_iter().enumerate() {
                let at = vector * L::WIDTH;
                // SAFETY: guaranteed by the caller.
                unsafe { L::scaled(sums, scale.add(at), bias.add(at), |more, values| then(row, at + more, values)) };
            }
        }
    }

    /// Like [`Whole::put`], for pixels that do not have all channels of the block.
    #[inline(always)]
    unsafe fn put_some<const ROWS: usize, const VECTORS: usize>(
        &self,
        sums: [[L::Sums; VECTORS]; ROWS],
        block: &Block,
        first: Place,
        outputs: &mut Outputs<'_>,
    ) {
        for (row, sums) in sums.iter().enumerate() {
            let more = row * first.channels;
            let place = Place { output: first.output + more, residual: first.residual + more, ..first };
            for (vector, &sums) in sums.iter().enumerate() {
                let at = block.first + vector * L::WIDTH;
                let [scale, bias] = self.finish.scaling([at, L::WIDTH]);
                // SAFETY: guaranteed by the caller.
                unsafe {
                    L::scaled(sums, scale, bias, |more, values| {
                        self.finish.values(values, at + more, place, self.residual, outputs);
                    });
                }
            }
        }
    }

    /// Computes the sums of `ROWS` pixels and `VECTORS` registers of channels.
    #[inline(always)]
    unsafe fn products<const ROWS: usize, const VECTORS: usize>(
        &self,
        block: &Block,
        bases: [usize; ROWS],
    ) -> [[L::Sums; VECTORS]; ROWS] {
        let columns = VECTORS * L::WIDTH;
        // SAFETY: `require_within` has checked every read.
        unsafe {
            let start = self.start.as_ptr().add(block.first);
            let first: [L::Sums; VECTORS] = std::array::from_fn(|vector| L::load(start.add(vector * L::WIDTH)));
            let mut tile = [first; ROWS];
            let mut panel = self.panels.weights.as_ptr().add(block.panel);
            for row in 0..self.panels.rows {
                let beginning = self.input.as_ptr().add(row * self.row_stride());
                let pixels: [*const L::Input; ROWS] = std::array::from_fn(|pixel| beginning.add(bases[pixel]));
                for step in 0..self.panels.steps {
                    let weights: [L::Weights; VECTORS] =
                        std::array::from_fn(|vector| L::weights(panel.add(vector * L::WIDTH * L::STEP)));
                    panel = panel.add(columns * L::STEP);
                    for (pixel, sums) in pixels.iter().zip(&mut tile) {
                        let inputs = L::inputs(pixel.add(step * L::STEP));
                        for (sums, &weights) in sums.iter_mut().zip(&weights) {
                            *sums = L::accumulate(*sums, inputs, weights);
                        }
                    }
                }
            }
            tile
        }
    }
}

/// The destination of the sums of a block, and their conversion to floats.
struct Ends {
    whole: Option<Whole>,
    scaling: [*const f32; 2],
}

/// The number of pixels of a tile: the available shape that is fastest for `count` pixels.
fn fastest_rows(vectors: usize, most_registers: usize, count: usize) -> usize {
    let shapes: &[usize] = match vectors {
        4 => &[1, 2, 3, 4, 6],
        2 => &[1, 2, 3, 4, 6],
        _ => &[1, 2, 4, 8],
    };
    // A step reads one register of weights for each vector, whatever the number of rows.
    let cost = |rows: usize| count.div_ceil(rows) * (rows * vectors + vectors + 1);
    let fits = |&rows: &usize| rows <= count && rows * vectors <= most_registers;
    shapes.iter().copied().filter(fits).min_by_key(|&rows| cost(rows)).unwrap_or(1)
}
