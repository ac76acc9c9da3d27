//! The inner loop over neighbouring pixels of a row, in full registers. All their windows overlap the picture in the
//! same positions.
#![allow(unsafe_code, reason = "vector loads; the caller has checked the slices")]

use super::Number;
use crate::finish::Whole;
use crate::lanes::Vector;

/// The inputs of neighbouring pixels, for `whole` channels. The pointers are already checked to be in bounds.
pub(super) struct Stretch<T> {
    pub(super) picture: *const T,
    pub(super) taps: *const f32,
    /// Zero point of the picture.
    pub(super) zero: f32,
    pub(super) start: *const f32,
    pub(super) scaling: [*const f32; 2],
    /// Rows of the window.
    pub(super) down: usize,
    /// Numbers from one row of the picture to the next.
    pub(super) line: usize,
    /// Taps from one row of the window to the next.
    pub(super) next_tap: usize,
    /// Taps from one column of the window to the next.
    pub(super) filled: usize,
    pub(super) channels: usize,
    pub(super) whole: usize,
}

impl<T: Number> Stretch<T> {
    /// Computes `count` pixels. Their windows have `SEEN` columns (at most 3) and begin `STEP` pixels apart.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(super) unsafe fn run<V: Vector, const STEP: usize, const SEEN: usize, const PLAIN: bool>(
        &self,
        count: usize,
        ends: &Whole,
    ) {
        // SAFETY: guaranteed by the caller.
        unsafe {
            match count {
                8.. => self.groups::<V, 8, STEP, SEEN, PLAIN>(count, ends),
                4.. => self.groups::<V, 4, STEP, SEEN, PLAIN>(count, ends),
                _ => self.groups::<V, 1, STEP, SEEN, PLAIN>(count, ends),
            }
        }
    }

    /// Like [`Self::run`], in groups of `N` pixels.
    ///
    /// # Safety
    /// As for [`Vector`]; `count` is at least `N`.
    #[inline(always)]
    pub(super) unsafe fn groups<V: Vector, const N: usize, const STEP: usize, const SEEN: usize, const PLAIN: bool>(
        &self,
        count: usize,
        ends: &Whole,
    ) {
        let mut done = 0;
        while done < count {
            // The last group is not smaller: it overlaps pixels that are already done.
            let from = done.min(count - N);
            // SAFETY: guaranteed by the caller.
            unsafe { self.group::<V, N, STEP, SEEN, PLAIN>(from, ends) };
            done = from + N;
        }
    }

    #[inline(always)]
    unsafe fn group<V: Vector, const N: usize, const STEP: usize, const SEEN: usize, const PLAIN: bool>(
        &self,
        from: usize,
        ends: &Whole,
    ) {
        // SAFETY: guaranteed by the caller.
        unsafe {
            let zero = V::splat(-self.zero);
            let pixel = self.picture.add(from * STEP * self.channels);
            for at in (0..self.whole).step_by(V::WIDTH) {
                let mut sums = [V::load(self.start.add(at)); N];
                let (mut picture, mut taps) = (pixel.add(at), self.taps.add(at));
                for _ in 0..self.down {
                    self.row::<V, N, STEP, SEEN>(picture, taps, zero, &mut sums);
                    (picture, taps) = (picture.wrapping_add(self.line), taps.wrapping_add(self.next_tap));
                }
                let [scale, bias] = self.scaling.map(|all| V::load(all.add(at)));
                for (index, sum) in sums.into_iter().enumerate() {
                    ends.put::<V, PLAIN>(from + index, at, T::scaled(sum, scale, bias));
                }
            }
        }
    }

    /// Adds one row of the windows: reads each number once and adds it to every sum whose window contains it.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    unsafe fn row<V: Vector, const N: usize, const STEP: usize, const SEEN: usize>(
        &self,
        picture: *const T,
        taps: *const f32,
        zero: V,
        sums: &mut [V; N],
    ) {
        let mut numbers = picture;
        // Unrolled by hand: sums with a variable index would be stored in memory.
        macro_rules! sweep {
            ($($place:literal)*) => {
                // SAFETY: guaranteed by the caller.
                unsafe {
                    let taps: [V; SEEN] = std::array::from_fn(|right| V::load(taps.add(right * self.filled)));
                    $(if $place < (N - 1) * STEP + SEEN {
                        if $place > 0 {
                            numbers = numbers.wrapping_add(self.channels);
                        }
                        let number = T::centred(T::load::<V>(numbers), zero);
                        add::<V, N, STEP, SEEN, $place, 0>(sums, number, &taps);
                        add::<V, N, STEP, SEEN, $place, 1>(sums, number, &taps);
                        add::<V, N, STEP, SEEN, $place, 2>(sums, number, &taps);
                    })*
                }
            };
        }
        sweep!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }
}

/// Adds the number at `PLACE` to the sum that has it in column `RIGHT` of its window, if there is such a sum.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn add<
    V: Vector,
    const N: usize,
    const STEP: usize,
    const SEEN: usize,
    const PLACE: usize,
    const RIGHT: usize,
>(
    sums: &mut [V; N],
    number: V,
    taps: &[V; SEEN],
) {
    if RIGHT < SEEN && PLACE >= RIGHT && (PLACE - RIGHT).is_multiple_of(STEP) && (PLACE - RIGHT) / STEP < N {
        let sum = &mut sums[(PLACE - RIGHT) / STEP];
        // SAFETY: guaranteed by the caller.
        *sum = unsafe { sum.fused(number, taps[RIGHT]) };
    }
}
