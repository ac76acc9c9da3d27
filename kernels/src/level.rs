//! Which instructions are used, chosen once at run time. All levels give the same numbers, bit by bit.

/// The instructions that a layer is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub(crate) Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// What every processor of the architecture has. On x86_64 without fused multiply-add this is slow.
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
    /// Plain loops, which the others are compared with.
    pub const PORTABLE: Self = Self(Instructions::Portable);

    /// The fastest that this processor can run.
    pub fn fastest() -> Self {
        Self::all().last().unwrap_or(Self::PORTABLE)
    }

    /// Every one that this processor can run, slowest first.
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
    /// By how much the inputs that the dot products of this level see are larger than the steps that the bytes stand
    /// for: x86 takes the bytes as they are, ARM takes them 128 lower, as its dot products are of signed bytes.
    pub(crate) fn excess(self, zero: u8) -> i32 {
        let zero = i32::from(zero);
        match self.0 {
            #[cfg(target_arch = "aarch64")]
            Instructions::NeonDot => zero - 128,
            _ => zero,
        }
    }
}
