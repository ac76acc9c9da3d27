//! Reads NumPy's single-array files, as `numpy/lib/format.py` defines them (NEP 1).
//!
//! The crate `npyz` (0.9.1) is not used. It parses the header, one line of text, with `pest`, which depends on `psm`:
//! assembly that a C compiler builds. It also adds features to `libc`, `memchr` and `num-bigint`, so that tract would
//! be compiled again.

use super::{Array, element_count, little_endian};
use anyhow::{Context, Result, bail, ensure};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads the array of 32-bit floats in a file.
///
/// # Errors
/// If the file is not a NumPy file, is truncated, or contains anything else.
pub(super) fn parse(file: &[u8]) -> Result<Array> {
    let (header, data) = split(file)?;
    let header = str::from_utf8(header).ok().context("its header is not text")?;
    let element = value_of(header, "descr").context("its header has no element type (`descr`)")?;
    let element = element.split(['\'', '"']).nth(1).unwrap_or_default();
    ensure!(element == "<f4", "it holds `{element}`; 32-bit floats (`<f4`) are accepted");
    match value_of(header, "fortran_order") {
        Some(order) if order.starts_with("False") => {}
        _ => bail!("its array is not in C order; save it again with `numpy.ascontiguousarray`"),
    }
    let dims = value_of(header, "shape").and_then(lengths).context("its header has no valid shape")?;
    let needed = 4 * element_count(&dims)?;
    ensure!(data.len() == needed, "it holds {} bytes of numbers, its shape {dims:?} needs {needed}", data.len());
    Ok(Array { dims, values: little_endian(data) })
}

/// Splits a file into header and data.
fn split(file: &[u8]) -> Result<(&[u8], &[u8])> {
    let rest = file.strip_prefix(MAGIC).context("it is not a NumPy file")?;
    let parts = match rest {
        [1, _, a, b, rest @ ..] => rest.split_at_checked(usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, rest @ ..] => rest.split_at_checked(u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => bail!("it is cut off, or its format version is not 1 to 3"),
    };
    parts.context("it is cut off within its header")
}

/// The text after a key of the header, which is a Python dictionary of literals.
fn value_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, after) = header.split_once(&format!("'{key}'"))?;
    after.trim_start().strip_prefix(':').map(str::trim_start)
}

/// Parses a Python tuple of integers: `()`, `(7,)`, `(3, 4)`.
fn lengths(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{npy, npy_with_header};
    use super::*;

    #[test]
    fn files_of_numpy_are_read() {
        for dims in [&[][..], &[3], &[2, 3], &[1, 2, 1, 4]] {
            let values: Vec<f32> = (0..dims.iter().product()).map(|value: usize| value as f32 - 1.5).collect();
            let array = Array { dims: dims.to_vec(), values };
            assert_eq!(parse(&npy(&array)).unwrap(), array);
        }
        let long = npy_with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", &[0, 0, 0x80, 0x3f]);
        let version_2 = [b"\x93NUMPY\x02\x00", &long[8..10], &[0, 0], &long[10..]].concat();
        assert_eq!(parse(&version_2).unwrap(), Array { dims: vec![1], values: vec![1.0] });
    }

    #[test]
    fn other_content_is_named_in_the_error() {
        let header = |text: &str| npy_with_header(text, &[0; 8]);
        for (file, named) in [
            (b"".to_vec(), "not a NumPy file"),
            (b"\x93NUMPY\x01".to_vec(), "cut off"),
            (b"\x93NUMPY\x01\x00\xff\xff{'descr'".to_vec(), "cut off within its header"),
            (header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"), "`<f8`"),
            (header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "`|O`"),
            (header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }"), "ascontiguousarray"),
            (header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"), "8 bytes of numbers, its shape [3]"),
            (header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), "no valid shape"),
            (header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 9999999999), }"), "larger than"),
            (header("{'descr': '<f4', 'fortran_order': False}"), "no valid shape"),
            (header("{}"), "descr"),
        ] {
            let message = format!("{:#}", parse(&file).unwrap_err());
            assert!(message.contains(named), "{named}: {message}");
        }
    }
}
