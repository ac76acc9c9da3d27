//! AVX2 and AVX-512.
#![allow(unsafe_code, reason = "processor instructions")]
#![allow(clippy::cast_ptr_alignment, reason = "all loads and stores here are unaligned ones")]

use super::{Lanes, Vector};
use std::arch::x86_64::*;

/// Pairs of 16-bit inputs with pairs of 8-bit weights, AVX2.
pub(crate) struct Avx2Bytes;
/// Pairs of 16-bit inputs with pairs of 8-bit weights, AVX-512BW.
pub(crate) struct Avx512Bytes;
/// Four 8-bit inputs with four 8-bit weights, AVX-512 VNNI.
pub(crate) struct VnniBytes;

// SAFETY, for every block below: the caller of a trait function guarantees the instructions and the memory that the
// trait requires. None of the instructions requires alignment.

impl Vector for __m256 {
    const WIDTH: usize = 8;
    const MOST_VECTORS: usize = 2;
    const MOST_REGISTERS: usize = 12;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn of_bytes(from: *const u8) -> Self {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, zero: u8, to: *mut u8) {
        let zero = f32::from(zero);
        unsafe {
            // If the first operand is NaN, the instruction returns the second.
            let clamped = _mm256_max_ps(self, _mm256_set1_ps(-zero));
            let clamped = _mm256_min_ps(clamped, _mm256_set1_ps(255.0 - zero));
            let steps = _mm256_add_epi32(_mm256_cvtps_epi32(clamped), _mm256_set1_epi32(zero as i32));
            let (low, high) = (_mm256_castsi256_si128(steps), _mm256_extracti128_si256::<1>(steps));
            let words = _mm_packus_epi32(low, high);
            _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self {
        unsafe { _mm256_set1_ps(number) }
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        unsafe { _mm256_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        unsafe { _mm256_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn fused(self, a: Self, b: Self) -> Self {
        unsafe { _mm256_fmadd_ps(a, b, self) }
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        // If neither is above the other, the instruction returns the second.
        unsafe { _mm256_max_ps(other, self) }
    }

    #[inline(always)]
    unsafe fn bent(self, slope: Self) -> Self {
        unsafe {
            let above = _mm256_cmp_ps::<_CMP_GT_OQ>(self, _mm256_setzero_ps());
            _mm256_blendv_ps(_mm256_mul_ps(self, slope), self, above)
        }
    }
}

impl Vector for __m512 {
    const WIDTH: usize = 16;
    const MOST_VECTORS: usize = 4;
    const MOST_REGISTERS: usize = 24;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn of_bytes(from: *const u8) -> Self {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, zero: u8, to: *mut u8) {
        let zero = f32::from(zero);
        unsafe {
            // If the first operand is NaN, the instruction returns the second.
            let clamped = _mm512_max_ps(self, _mm512_set1_ps(-zero));
            let clamped = _mm512_min_ps(clamped, _mm512_set1_ps(255.0 - zero));
            let steps = _mm512_add_epi32(_mm512_cvtps_epi32(clamped), _mm512_set1_epi32(zero as i32));
            _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(steps));
        }
    }

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self {
        unsafe { _mm512_set1_ps(number) }
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        unsafe { _mm512_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        unsafe { _mm512_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn fused(self, a: Self, b: Self) -> Self {
        unsafe { _mm512_fmadd_ps(a, b, self) }
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        // If neither is above the other, the instruction returns the second.
        unsafe { _mm512_max_ps(other, self) }
    }

    #[inline(always)]
    unsafe fn bent(self, slope: Self) -> Self {
        unsafe {
            let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self, _mm512_setzero_ps());
            _mm512_mask_blend_ps(above, _mm512_mul_ps(self, slope), self)
        }
    }
}

impl Lanes for Avx2Bytes {
    type Input = i16;
    type Weight = i8;
    type Sum = i32;
    type Sums = __m256i;
    type Weights = __m256i;
    type Inputs = __m256i;
    type Floats = __m256;
    const WIDTH: usize = 8;
    const STEP: usize = 2;
    const MOST_VECTORS: usize = 2;
    const MOST_REGISTERS: usize = 12;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> __m256i {
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> __m256i {
        unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const i16) -> __m256i {
        unsafe { _mm256_set1_epi32(from.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i {
        unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(inputs, weights)) }
    }

    #[inline(always)]
    unsafe fn scaled(sums: __m256i, scale: *const f32, bias: *const f32, mut then: impl FnMut(usize, __m256)) {
        unsafe { then(0, _mm256_cvtepi32_ps(sums).times(__m256::load(scale)).plus(__m256::load(bias))) }
    }
}

impl Lanes for Avx512Bytes {
    type Input = i16;
    type Weight = i8;
    type Sum = i32;
    type Sums = __m512i;
    type Weights = __m512i;
    type Inputs = __m512i;
    type Floats = __m512;
    const WIDTH: usize = 16;
    const STEP: usize = 2;
    const MOST_VECTORS: usize = 4;
    const MOST_REGISTERS: usize = 24;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> __m512i {
        unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const i16) -> __m512i {
        unsafe { _mm512_set1_epi32(from.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: __m512i, inputs: __m512i, weights: __m512i) -> __m512i {
        unsafe { _mm512_add_epi32(sums, _mm512_madd_epi16(inputs, weights)) }
    }

    #[inline(always)]
    unsafe fn scaled(sums: __m512i, scale: *const f32, bias: *const f32, mut then: impl FnMut(usize, __m512)) {
        unsafe { then(0, _mm512_cvtepi32_ps(sums).times(__m512::load(scale)).plus(__m512::load(bias))) }
    }
}

impl Lanes for VnniBytes {
    type Input = u8;
    type Weight = i8;
    type Sum = i32;
    type Sums = __m512i;
    type Weights = __m512i;
    type Inputs = __m512i;
    type Floats = __m512;
    const WIDTH: usize = 16;
    const STEP: usize = 4;
    const MOST_VECTORS: usize = 4;
    const MOST_REGISTERS: usize = 24;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn inputs(from: *const u8) -> __m512i {
        unsafe { _mm512_set1_epi32(from.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn accumulate(sums: __m512i, inputs: __m512i, weights: __m512i) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(sums, inputs, weights) }
    }

    #[inline(always)]
    unsafe fn scaled(sums: __m512i, scale: *const f32, bias: *const f32, mut then: impl FnMut(usize, __m512)) {
        unsafe { then(0, _mm512_cvtepi32_ps(sums).times(__m512::load(scale)).plus(__m512::load(bias))) }
    }
}
