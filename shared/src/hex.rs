//! Fixed-length byte strings as lower-case hexadecimal text. serde writes text in human-readable formats (JSON) and
//! bytes in others (postcard).

use core::fmt;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// Why a text is not the hexadecimal form of a byte string of the expected length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HexError {
    /// The text does not have two digits per byte.
    #[error("{found} characters instead of {expected} hexadecimal digits")]
    Length {
        /// Number of digits expected.
        expected: usize,
        /// Length of the text in bytes.
        found: usize,
    },
    /// A character is not a hexadecimal digit.
    #[error("character {position} is not a hexadecimal digit")]
    Digit {
        /// Its index, from 0.
        position: usize,
    },
}

/// Writes lower-case digits.
///
/// # Errors
/// The errors of the formatter.
pub fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", HEXLOWER.encode_display(bytes))
}

/// Reads digits of either case.
///
/// # Errors
/// [`HexError`], with the first invalid character.
pub fn parse<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return Err(HexError::Length { expected: 2 * N, found: text.len() });
    }
    match HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes) {
        Ok(_) => Ok(bytes),
        Err(partial) => Err(HexError::Digit { position: partial.error.position }),
    }
}

/// Gives a `struct Name(pub [u8; N])` its text form (Display, FromStr, Debug) and its serde form.
#[macro_export]
macro_rules! hex_text {
    ($name:ident, $length:literal) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::hex::write(&self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::hex::HexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::hex::parse(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return <[u8; $length]>::deserialize(deserializer).map(Self);
                }
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!(stringify!($name), " as hexadecimal digits"))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
pub use hex_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_or_refused() {
        let cases: [(&str, Result<[u8; 2], HexError>); 5] = [
            ("00ff", Ok([0, 255])),
            ("A0b1", Ok([0xa0, 0xb1])),
            ("00f", Err(HexError::Length { expected: 4, found: 3 })),
            ("00g0", Err(HexError::Digit { position: 2 })),
            ("ü00", Err(HexError::Digit { position: 0 })),
        ];
        for (text, expected) in cases {
            assert_eq!(parse::<2>(text), expected, "{text}");
        }
    }
}
