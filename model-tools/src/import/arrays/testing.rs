//! Small files for tests.

use super::Array;
use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write;

/// A `.npy` file as NumPy writes it.
pub(crate) fn npy(array: &Array) -> Vec<u8> {
    let dims: String = array.dims.iter().map(|dim| format!("{dim}, ")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", dims.trim_end());
    npy_with_header(&header, &bytes_of(array))
}

pub(super) fn npy_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// A `.safetensors` file.
pub(crate) fn safetensors<'a>(arrays: impl IntoIterator<Item = (&'a String, &'a Array)>) -> Vec<u8> {
    let (mut described, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, array) in arrays {
        let from = data.len();
        data.extend(bytes_of(array));
        let place = serde_json::json!({"dtype": "F32", "shape": array.dims, "data_offsets": [from, data.len()]});
        described.insert(name.clone(), place);
    }
    safetensors_with_header(&serde_json::Value::from(described).to_string(), &data)
}

pub(super) fn safetensors_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// A zip archive in which every second file is deflated.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (index, (name, content)) in files.iter().enumerate() {
        let method: u16 = if index % 2 == 0 { 0 } else { 8 };
        let stored = if method == 0 { content.clone() } else { deflated(content) };
        let mut crc = Crc::new();
        crc.update(content);
        let sizes = [crc.sum(), stored.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        // Version needed, flags, method, time and date; then sizes, and the lengths of name and extra field.
        let common = [&[20, 0, 0, 0][..], &method.to_le_bytes(), &[0; 4], &sizes, &name_length, &[0; 2]].concat();
        let at = u32::try_from(archive.len()).unwrap().to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &at, name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &stored].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let place = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    [&archive[..], &directory, b"PK\x05\x06\x00\x00\x00\x00", &count, &count, &place, &[0, 0]].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bytes_of(array: &Array) -> Vec<u8> {
    array.values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
