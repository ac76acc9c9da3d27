//! Files that no camera takes and no tool writes.

use super::enrolled_photo;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with files in it.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        put(folder.path(), name, content);
    }
    folder
}

/// Puts a file, with the folders on the way to it.
pub(crate) fn put(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A portrait that is whole.
pub(super) fn portrait() -> Vec<u8> {
    fs::read(enrolled_photo()).unwrap()
}

/// The same portrait, cut off in the middle.
pub(super) fn truncated_jpeg() -> Vec<u8> {
    let mut photo = portrait();
    photo.truncate(photo.len() / 2);
    photo
}

/// The beginning of what an iPhone writes.
pub(super) const HEIC: &[u8] = b"\0\0\0\x24ftypheic\0\0\0\0mif1MiHBheicmiaftmapMiPr";

pub(super) fn one_pixel() -> Vec<u8> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&[200, 180, 160], 1, 1, ExtendedColorType::Rgb8).unwrap();
    png
}

/// A small file whose header names a picture of 30 000 x 20 000 pixels: 1.8 GB.
pub(super) fn enormous_png() -> Vec<u8> {
    let mut png = one_pixel();
    png[16..20].copy_from_slice(&30_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&20_000u32.to_be_bytes());
    let checksum = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&checksum);
    png
}

/// The database with some bytes replaced by as many others, and a checksum that agrees.
pub(super) fn altered_database(database: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut altered = database.to_vec();
    let at = altered.windows(old.len()).position(|bytes| bytes == old).unwrap();
    altered[at..at + old.len()].copy_from_slice(new);
    let body = altered.len() - 4;
    let checksum = crc32(&altered[..body]).to_le_bytes();
    altered[body..].copy_from_slice(&checksum);
    altered
}

/// CRC-32 (ISO-HDLC), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
