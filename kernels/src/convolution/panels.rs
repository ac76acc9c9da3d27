//! Packs weights in the order in which the inner loop reads them.

use super::Weights;
use crate::aligned::Aligned;
use crate::lanes::Lanes;

/// A block of neighbouring output channels that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The first output channel.
    pub(super) first: usize,
    /// Registers of sums.
    pub(super) vectors: usize,
    /// The start of its weights.
    pub(super) panel: usize,
}

/// Packed weights: for each block, row of the window and step, all weights of the same inputs.
#[derive(Clone, Debug)]
pub(super) struct Panels<W: Copy + Default> {
    pub(super) weights: Aligned<W>,
    pub(super) blocks: Vec<Block>,
    /// Rows of the window.
    pub(super) rows: usize,
    /// Steps in a row of the window.
    pub(super) steps: usize,
}

/// A panel begins at a multiple of this many channels, the granularity of [`Finish`](crate::Finish).
const COLUMNS: usize = crate::finish::CHUNK;

impl<W: Copy + Default> Panels<W> {
    pub(super) fn pack<L: Lanes<Weight = W>>(weights: &Weights<'_, W>) -> Self {
        let [rows, columns] = weights.window.size;
        let length = columns * weights.inputs;
        let steps = length.div_ceil(L::STEP);
        let (mut packed, mut blocks, mut first) = (Vec::new(), Vec::new(), 0);
        while first < weights.outputs {
            let vectors = vectors_for::<L>(weights.outputs - first);
            blocks.push(Block { first, vectors, panel: packed.len() });
            let outputs = first..(first + vectors * L::WIDTH).min(weights.outputs);
            let begin = packed.len();
            packed.resize(begin + rows * steps * L::STEP * vectors * L::WIDTH, W::default());
            let panel = packed[begin..].chunks_exact_mut(L::STEP * vectors * L::WIDTH);
            for (index, panel) in panel.enumerate() {
                let (row, step) = (index / steps, index % steps);
                for place in (step * L::STEP..(step + 1) * L::STEP).take_while(|&place| place < length) {
                    let numbers = weights.of_outputs(outputs.clone(), row, place);
                    let places = panel[place % L::STEP..].iter_mut().step_by(L::STEP);
                    places.zip(numbers).for_each(|(packed, number)| *packed = number);
                }
            }
            first += vectors * L::WIDTH;
        }
        Self { weights: Aligned::from(&packed[..]), blocks, rows, steps }
    }
}

/// The width of the next block: limited by the remaining channels and the registers, in whole chunks of [`COLUMNS`].
fn vectors_for<L: Lanes>(left: usize) -> usize {
    let needed = left.next_multiple_of(COLUMNS).div_ceil(L::WIDTH);
    let mut vectors = L::MOST_VECTORS;
    while vectors > needed && (vectors / 2 * L::WIDTH).is_multiple_of(COLUMNS) && vectors > 1 {
        vectors /= 2;
    }
    vectors
}
