//! The safetensors format: the length of a JSON header (8 bytes, little-endian), the header, the numbers. For each
//! array, the header has its type, its shape and its byte range.
//!
//! The crate `safetensors` (0.8.0) is not used. If the shape of an array does not fit its bytes, its error names
//! neither the array nor the number of bytes that are needed. It also adds features to `hashbrown`, from which tract is
//! built, so that tract would be compiled again.

use super::{Array, element_count, little_endian};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Largest header. The format's own limit is 100 MB; a network with a few hundred arrays has some ten thousand bytes.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Key of the header's free-text metadata, the only entry that is not an array.
const METADATA: &str = "__metadata__";

#[derive(Deserialize)]
struct Place {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// Reads the arrays whose names are `wanted`.
///
/// # Errors
/// If the header is invalid, or a wanted array lies outside the file or contains anything other than 32-bit floats.
pub(super) fn parse(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<BTreeMap<String, Array>> {
    let (header, data) = header(file).context("it is not a safetensors file, or cut off within its header")?;
    let header: Map<String, Value> = serde_json::from_slice(header).context("its header is not a JSON object")?;
    let mut left = data.len();
    let mut arrays = BTreeMap::new();
    for (name, place) in header.into_iter().filter(|(name, _)| name != METADATA && wanted(name)) {
        let place =
            Place::deserialize(place).with_context(|| format!("its header has an invalid entry for `{name}`"))?;
        let array = array_at(&place, data).with_context(|| format!("`{name}` cannot be read"))?;
        // Overlapping arrays would let a small file fill the memory.
        left = left.checked_sub(4 * array.values.len()).context("its arrays overlap")?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

/// Header and data of a file that starts like one in this format.
pub(super) fn header(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = Some(u64::from_le_bytes(*length)).filter(|&length| length <= MAX_HEADER_BYTES)?;
    rest.split_at_checked(usize::try_from(length).ok()?).filter(|(header, _)| header.starts_with(b"{"))
}

fn array_at(place: &Place, data: &[u8]) -> Result<Array> {
    let Place { dtype, shape, data_offsets: [from, to] } = place;
    ensure!(dtype == "F32", "it holds `{dtype}`; 32-bit floats (`F32`) are accepted");
    let needed = 4 * element_count(shape)?;
    let bytes = data.get(*from..*to).with_context(|| format!("bytes {from} to {to} are not in the file"))?;
    ensure!(bytes.len() == needed, "it has {} bytes of numbers, its shape {shape:?} needs {needed}", bytes.len());
    Ok(Array { dims: shape.clone(), values: little_endian(bytes) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{safetensors, safetensors_with_header};
    use super::*;

    #[test]
    fn arrays_are_found_by_name() {
        let array = |first: f32, dims: &[usize]| {
            let values = (0..dims.iter().product()).map(|value: usize| value as f32 + first).collect();
            Array { dims: dims.to_vec(), values }
        };
        let arrays: BTreeMap<String, Array> =
            [("one", array(0.0, &[2, 3])), ("scalar", array(7.0, &[])), ("none", array(0.0, &[0]))]
                .map(|(name, array)| (name.to_owned(), array))
                .into();
        let file = safetensors(&arrays);
        assert_eq!(parse(&file, |_| true).unwrap(), arrays);
        let one = parse(&file, |name| name == "one").unwrap();
        assert_eq!(one.into_iter().collect::<Vec<_>>(), [("one".to_owned(), arrays["one"].clone())]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let file = |place: &str| safetensors_with_header(&format!("{{\"__metadata__\":{{}},\"w\":{place}}}"), &[0; 8]);
        for (file, named) in [
            (b"".to_vec(), "not a safetensors file"),
            ([&[0xff; 8][..], b"{}"].concat(), "not a safetensors file"),
            (safetensors_with_header("{\"w\"", &[]), "not a JSON object"),
            (file("1"), "invalid entry for `w`"),
            (file(r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}"#), "invalid entry for `w`"),
            (file(r#"{"dtype":"F16","shape":[2],"data_offsets":[0,4]}"#), "`F16`"),
            (file(r#"{"dtype":"F32","shape":[2],"data_offsets":[4,12]}"#), "bytes 4 to 12"),
            (file(r#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#), "bytes 8 to 0"),
            (file(r#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#), "8 bytes of numbers, its shape [3] needs 12"),
            (file(r#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}"#), "larger than"),
            (
                file(
                    r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
                ),
                "arrays overlap",
            ),
        ] {
            let message = format!("{:#}", parse(&file, |_| true).unwrap_err());
            assert!(message.contains(named), "{named}: {message}");
        }
    }
}
