//! Scalar arithmetic, the reference for the other implementations.
#![allow(unsafe_code, reason = "the trait's functions take pointers")]

use super::{Lanes, Vector};
use crate::bytes::nearest_byte;

/// Pairs of 16-bit inputs with pairs of 8-bit weights.
pub(crate) struct PlainBytes;

/// Number of floats in the emulated register.
const WIDTH: usize = 8;

/// An emulated register of floats.
pub(crate) type PlainFloats = [f32; WIDTH];

impl Vector for [f32; WIDTH] {
    const WIDTH: usize = WIDTH;
    const MOST_VECTORS: usize = 2;
    const MOST_REGISTERS: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: guaranteed by the caller.
        unsafe { from.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: guaranteed by the caller.
        unsafe { to.cast::<Self>().write(self) };
    }

    #[inline(always)]
    unsafe fn of_bytes(from: *const u8) -> Self {
        // SAFETY: guaranteed by the caller.
        unsafe { from.cast::<[u8; WIDTH]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn store_bytes(self, zero: u8, to: *mut u8) {
        // SAFETY: guaranteed by the caller.
        unsafe { to.cast::<[u8; WIDTH]>().write(self.map(|steps| nearest_byte(steps, zero))) };
    }

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self {
        [number; WIDTH]
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }

    #[inline(always)]
    unsafe fn fused(self, a: Self, b: Self) -> Self {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], self[lane]))
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        std::array::from_fn(|lane| if other[lane] > self[lane] { other[lane] } else { self[lane] })
    }

    #[inline(always)]
    unsafe fn bent(self, slope: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] > 0.0 { self[lane] } else { self[lane] * slope[lane] })
    }
}

impl Lanes for PlainBytes {
    type Input = i16;
    type Weight = i8;
    type Sum = i32;
    type Sums = [i32; WIDTH];
    type Weights = [[i8; 2]; WIDTH];
    type Inputs = [i16; 2];
    type Floats = PlainFloats;
    const WIDTH: usize = WIDTH;
    const STEP: usize = 2;
    const MOST_VECTORS: usize = 2;
    const MOST_REGISTERS: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> [i32; WIDTH] {
        // SAFETY: guaranteed by the caller.
        unsafe { from.cast::<[i32; WIDTH]>().read() }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> [[i8; 2]; WIDTH] {
        // SAFETY: guaranteed by the caller.
        unsafe { from.cast::<[[i8; 2]; WIDTH]>().read() }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const i16) -> [i16; 2] {
        // SAFETY: guaranteed by the caller; the two 16-bit numbers are adjacent.
        unsafe { [*from, *from.add(1)] }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: [i32; WIDTH], inputs: [i16; 2], weights: [[i8; 2]; WIDTH]) -> [i32; WIDTH] {
        let product = |input: i16, weight: i8| i32::from(input).wrapping_mul(i32::from(weight));
        std::array::from_fn(|lane| {
            let [first, second] = weights[lane];
            sums[lane].wrapping_add(product(inputs[0], first)).wrapping_add(product(inputs[1], second))
        })
    }

    #[inline(always)]
    unsafe fn scaled(
        sums: [i32; WIDTH],
        scale: *const f32,
        bias: *const f32,
        mut then: impl FnMut(usize, PlainFloats),
    ) {
        // SAFETY: guaranteed by the caller.
        unsafe { then(0, sums.map(|sum| sum as f32).times(Vector::load(scale)).plus(Vector::load(bias))) }
    }
}
