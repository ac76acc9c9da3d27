//! NEON, with and without dot products.
#![allow(unsafe_code, reason = "processor instructions")]

use super::{Lanes, Vector};
use std::arch::aarch64::*;
use std::arch::asm;

/// 16-bit inputs with 8-bit weights.
pub(crate) struct NeonBytes;
/// Four 8-bit inputs with four 8-bit weights, `sdot`.
pub(crate) struct DotBytes;

// SAFETY, for every block below: the caller of a trait function guarantees the instructions and the memory that the
// trait requires. None of the instructions requires alignment.

impl Vector for float32x4_t {
    const WIDTH: usize = 4;
    const MOST_VECTORS: usize = 4;
    const MOST_REGISTERS: usize = 24;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self) }
    }

    #[inline(always)]
    unsafe fn of_bytes(from: *const u8) -> Self {
        unsafe {
            let bytes = vreinterpret_u8_u32(vdup_n_u32(from.cast::<u32>().read_unaligned()));
            vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))))
        }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, zero: u8, to: *mut u8) {
        let zero = f32::from(zero);
        unsafe {
            // If one operand is NaN, the instruction returns the other.
            let clamped = vmaxnmq_f32(self, vdupq_n_f32(-zero));
            let clamped = vminnmq_f32(clamped, vdupq_n_f32(255.0 - zero));
            let steps = vmovn_s32(vaddq_s32(vcvtnq_s32_f32(clamped), vdupq_n_s32(zero as i32)));
            let bytes = vqmovun_s16(vcombine_s16(steps, steps));
            to.cast::<u32>().write_unaligned(vget_lane_u32::<0>(vreinterpret_u32_u8(bytes)));
        }
    }

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self {
        unsafe { vdupq_n_f32(number) }
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        unsafe { vaddq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        unsafe { vmulq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn fused(self, a: Self, b: Self) -> Self {
        unsafe { vfmaq_f32(self, a, b) }
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        unsafe { vbslq_f32(vcgtq_f32(other, self), other, self) }
    }

    #[inline(always)]
    unsafe fn bent(self, slope: Self) -> Self {
        unsafe { vbslq_f32(vcgtzq_f32(self), self, vmulq_f32(self, slope)) }
    }
}

impl Lanes for NeonBytes {
    type Input = i16;
    type Weight = i8;
    type Sum = i32;
    type Sums = [int32x4_t; 2];
    type Weights = int16x8_t;
    type Inputs = int16x8_t;
    type Floats = float32x4_t;
    const WIDTH: usize = 8;
    const STEP: usize = 1;
    const MOST_VECTORS: usize = 2;
    const MOST_REGISTERS: usize = 12;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> [int32x4_t; 2] {
        unsafe { [vld1q_s32(from), vld1q_s32(from.add(4))] }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> int16x8_t {
        unsafe { vmovl_s8(vld1_s8(from)) }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const i16) -> int16x8_t {
        unsafe { vld1q_dup_s16(from) }
    }

    #[inline(always)]
    unsafe fn accumulate([low, high]: [int32x4_t; 2], inputs: int16x8_t, weights: int16x8_t) -> [int32x4_t; 2] {
        unsafe {
            let low = vmlal_s16(low, vget_low_s16(inputs), vget_low_s16(weights));
            [low, vmlal_high_s16(high, inputs, weights)]
        }
    }

    #[inline(always)]
    unsafe fn scaled(
        sums: [int32x4_t; 2],
        scale: *const f32,
        bias: *const f32,
        mut then: impl FnMut(usize, float32x4_t),
    ) {
        for (index, sums) in sums.into_iter().enumerate() {
            let at = 4 * index;
            unsafe {
                let (scale, bias) = (float32x4_t::load(scale.add(at)), float32x4_t::load(bias.add(at)));
                then(at, vcvtq_f32_s32(sums).times(scale).plus(bias));
            }
        }
    }
}

impl Lanes for DotBytes {
    type Input = u8;
    type Weight = i8;
    type Sum = i32;
    type Sums = int32x4_t;
    type Weights = int8x16_t;
    type Inputs = int8x16_t;
    type Floats = float32x4_t;
    const WIDTH: usize = 4;
    const STEP: usize = 4;
    const MOST_VECTORS: usize = 4;
    const MOST_REGISTERS: usize = 24;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> int32x4_t {
        unsafe { vld1q_s32(from) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> int8x16_t {
        unsafe { vld1q_s8(from) }
    }

    /// The bytes minus 128, because `sdot` multiplies signed bytes (see [`Level::excess`](crate::Level)).
    #[inline(always)]
    unsafe fn inputs(from: *const u8) -> int8x16_t {
        unsafe {
            vreinterpretq_s8_u32(veorq_u32(vdupq_n_u32(from.cast::<u32>().read_unaligned()), vdupq_n_u32(0x8080_8080)))
        }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: int32x4_t, inputs: int8x16_t, weights: int8x16_t) -> int32x4_t {
        let mut sums = sums;
        // The intrinsic `vdotq_s32` is not stable yet. The instruction reads and writes only registers.
        unsafe {
            asm!(
                "sdot {sums:v}.4s, {inputs:v}.16b, {weights:v}.16b",
                sums = inout(vreg) sums,
                inputs = in(vreg) inputs,
                weights = in(vreg) weights,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }

    #[inline(always)]
    unsafe fn scaled(sums: int32x4_t, scale: *const f32, bias: *const f32, mut then: impl FnMut(usize, float32x4_t)) {
        unsafe {
            let (scale, bias) = (float32x4_t::load(scale), float32x4_t::load(bias));
            then(0, vcvtq_f32_s32(sums).times(scale).plus(bias));
        }
    }
}
