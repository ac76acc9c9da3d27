//! The number types of pictures: floats, or quantised bytes.
#![allow(unsafe_code, reason = "vector loads; the caller guarantees the memory")]
#![allow(private_bounds, reason = "registers are private to this crate")]

use crate::lanes::Vector;

/// The numbers of a picture: `f32` or `u8`.
pub trait Number: Copy + Default + Sync {
    /// Reads a register of numbers.
    ///
    /// # Safety
    /// The processor supports the register's instructions, and a register of numbers can be read at `from`.
    #[doc(hidden)]
    unsafe fn load<V: Vector>(from: *const Self) -> V;

    /// Subtracts the zero point from bytes; floats are unchanged.
    ///
    /// # Safety
    /// The processor supports the register's instructions.
    #[doc(hidden)]
    unsafe fn centred<V: Vector>(numbers: V, less_zero: V) -> V;

    /// Converts a sum to a number. Sums of floats have no scale and already include the bias.
    ///
    /// # Safety
    /// The processor supports the register's instructions.
    #[doc(hidden)]
    unsafe fn scaled<V: Vector>(sum: V, scale: V, bias: V) -> V;
}

impl Number for f32 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f32) -> V {
        // SAFETY: guaranteed by the caller.
        unsafe { V::load(from) }
    }

    #[inline(always)]
    unsafe fn centred<V: Vector>(numbers: V, _: V) -> V {
        numbers
    }

    #[inline(always)]
    unsafe fn scaled<V: Vector>(sum: V, _: V, _: V) -> V {
        sum
    }
}

impl Number for u8 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const u8) -> V {
        // SAFETY: guaranteed by the caller.
        unsafe { V::of_bytes(from) }
    }

    #[inline(always)]
    unsafe fn centred<V: Vector>(numbers: V, less_zero: V) -> V {
        // SAFETY: guaranteed by the caller.
        unsafe { numbers.plus(less_zero) }
    }

    #[inline(always)]
    unsafe fn scaled<V: Vector>(sum: V, scale: V, bias: V) -> V {
        // SAFETY: guaranteed by the caller.
        unsafe { sum.times(scale).plus(bias) }
    }
}
