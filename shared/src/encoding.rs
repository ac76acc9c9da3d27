//! The encoding of a face: the encoder network's output for an aligned crop, scaled to unit length and compared by L2
//! distance (Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering",
//! CVPR 2015, section 3.1).
//!
//! `gallery` defines how encodings are stored; `policy` decides which distance is near enough.

use heapless::Vec;
use zeroize::Zeroize;

/// Largest number of dimensions of an encoding.
pub const MAX_DIMENSIONS: usize = 512;

/// The encoding of a face: a unit vector of 1 to [`MAX_DIMENSIONS`] finite numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoding {
    numbers: Vec<f32, MAX_DIMENSIONS>,
}

/// Encodings are wiped from memory when they are dropped.
impl Drop for Encoding {
    fn drop(&mut self) {
        self.numbers.as_mut_slice().zeroize();
    }
}

/// Why numbers are not a valid encoding.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// There are no numbers.
    #[error("the encoding is empty: does the encoder network have an output?")]
    Empty,
    /// There are more than [`MAX_DIMENSIONS`].
    #[error("the encoding has {found} numbers: at most {MAX_DIMENSIONS} are supported")]
    TooManyNumbers {
        /// The number of dimensions.
        found: usize,
    },
    /// A number is infinite or NaN.
    #[error("number {position} of the encoding is {value}: the encoder network or its input is damaged")]
    NotFinite {
        /// Its index, from 0.
        position: usize,
        /// Its value.
        value: f32,
    },
    /// All numbers are zero, so there is no direction.
    #[error("the encoding has length zero: the encoder network returned only zeros")]
    ZeroLength,
}

/// An encoding and the length of the network's output before scaling. The length measures how recognisable the face is.
/// It is not stored in a database, and no distance depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// The encoding, of unit length.
    pub encoding: Encoding,
    /// L2 norm of the network's output; above 0.
    pub length: f32,
}

impl Encoded {
    /// Scales the network's output to unit length.
    ///
    /// # Errors
    /// As for [`Encoding::from_network`].
    pub fn from_network(raw: &[f32]) -> Result<Self, EncodingError> {
        if raw.is_empty() {
            return Err(EncodingError::Empty);
        }
        let too_many = EncodingError::TooManyNumbers { found: raw.len() };
        let mut numbers = Vec::from_slice(raw).map_err(|_| too_many)?;
        if let Some((position, &value)) = raw.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(EncodingError::NotFinite { position, value });
        }
        // f64, so that squares neither overflow (f32::MAX) nor underflow (tiny numbers).
        let length = libm::sqrt(raw.iter().map(|&x| f64::from(x) * f64::from(x)).sum());
        if length == 0.0 {
            return Err(EncodingError::ZeroLength);
        }
        numbers.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        Ok(Self { encoding: Encoding { numbers }, length: length as f32 })
    }
}

impl Encoding {
    /// Scales the network's output to unit length.
    ///
    /// # Errors
    /// If there are no numbers or too many, one is not finite, or all are zero.
    pub fn from_network(raw: &[f32]) -> Result<Self, EncodingError> {
        Encoded::from_network(raw).map(|encoded| encoded.encoding)
    }

    /// The numbers of the unit vector.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// Number of dimensions, 1 to [`MAX_DIMENSIONS`].
    pub fn dimensions(&self) -> usize {
        self.numbers.len()
    }

    /// The L2 distance, 0 (same) to 2 (opposite). Encodings of different dimensions come from different networks and
    /// are infinitely far apart.
    pub fn l2_distance(&self, other: &Self) -> f32 {
        if self.dimensions() != other.dimensions() {
            return f32::INFINITY;
        }
        let squared: f32 = self.numbers.iter().zip(&other.numbers).map(|(a, b)| (a - b) * (a - b)).sum();
        libm::sqrtf(squared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn network_output_becomes_unit_length_or_is_refused() {
        type Case<'a> = (&'a [f32], Result<&'a [f32], EncodingError>);
        let cases: [Case<'_>; 10] = [
            (&[3.0, 4.0], Ok(&[0.6, 0.8])),
            (&[-2.0], Ok(&[-1.0])),
            (&[f32::MAX, 0.0], Ok(&[1.0, 0.0])),
            (&[f32::MIN_POSITIVE, 0.0], Ok(&[1.0, 0.0])),
            (&[1e-45, 0.0], Ok(&[1.0, 0.0])),
            (&[], Err(EncodingError::Empty)),
            (&[0.0, -0.0], Err(EncodingError::ZeroLength)),
            (&[1.0, f32::INFINITY], Err(EncodingError::NotFinite { position: 1, value: f32::INFINITY })),
            (&[1.0; 512], Ok(&[0.044_194_173; 512])),
            (&[1.0; 513], Err(EncodingError::TooManyNumbers { found: 513 })),
        ];
        for (raw, expected) in cases {
            let made = Encoding::from_network(raw);
            assert_eq!(made.as_ref().map(Encoding::numbers), expected.as_ref().copied(), "{raw:?}");
        }
        assert_eq!(Encoded::from_network(&[3.0, 4.0]).unwrap().length, 5.0);
        let nan = Encoding::from_network(&[f32::NAN]);
        assert!(matches!(nan, Err(EncodingError::NotFinite { position: 0, .. })));
    }

    #[test]
    fn distance_is_l2() {
        let unit = |raw: &[f32]| Encoding::from_network(raw).unwrap();
        let cases = [
            (unit(&[1.0, 0.0]), unit(&[1.0, 0.0]), 0.0),
            (unit(&[1.0, 0.0]), unit(&[-5.0, 0.0]), 2.0),
            (unit(&[1.0, 0.0]), unit(&[0.0, 3.0]), core::f32::consts::SQRT_2),
            (unit(&[3.0, 4.0]), unit(&[4.0, 3.0]), 0.282_842_7),
            (unit(&[1.0, 0.0]), unit(&[1.0, 0.0, 0.0]), f32::INFINITY),
        ];
        for (a, b, expected) in cases {
            let distance = a.l2_distance(&b);
            assert!(distance == expected || (distance - expected).abs() < 1e-6, "{distance} {expected}");
            assert_eq!(distance, b.l2_distance(&a));
        }
        let longest = unit(&vec![1.0; MAX_DIMENSIONS]);
        assert_eq!(longest.l2_distance(&longest), 0.0);
    }
}
