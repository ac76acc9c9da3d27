//! Selection of the instruction set at run time. All levels give bit-identical results.

/// The instruction set that a layer uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub(crate) Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// The baseline of the architecture. It is slow on x86_64 without fused multiply-add.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX-512 with the dot products of four bytes.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// NEON with the dot products of four bytes (Cortex-A76, as in the Raspberry Pi 5).
    #[cfg(target_arch = "aarch64")]
    NeonDot,
}

impl Level {
    /// Scalar loops, the reference for the other levels.
    pub const PORTABLE: Self = Self(Instructions::Portable);

    /// The fastest level that this processor supports.
    pub fn fastest() -> Self {
        Self::all().last().unwrap_or(Self::PORTABLE)
    }

    /// All levels that this processor supports, slowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Instructions::Portable).chain(detected().into_iter().flatten()).map(Self)
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> [Option<Instructions>; 3] {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    let vnni = avx512 && is_x86_feature_detected!("avx512vnni");
    [
        avx2.then_some(Instructions::Avx2),
        avx512.then_some(Instructions::Avx512),
        vnni.then_some(Instructions::Avx512Vnni),
    ]
}

#[cfg(target_arch = "aarch64")]
fn detected() -> [Option<Instructions>; 2] {
    let dot = std::arch::is_aarch64_feature_detected!("dotprod");
    [Some(Instructions::Neon), dot.then_some(Instructions::NeonDot)]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detected() -> [Option<Instructions>; 0] {
    []
}

impl Level {
    /// The offset of the inputs of this level's dot products relative to the bytes minus their zero point. x86 uses the
    /// bytes unchanged; ARM subtracts 128, because its dot products use signed bytes.
    pub(crate) fn excess(self, zero: u8) -> i32 {
        let zero = i32::from(zero);
        match self.0 {
            #[cfg(target_arch = "aarch64")]
            Instructions::NeonDot => zero - 128,
            _ => zero,
        }
    }
}
