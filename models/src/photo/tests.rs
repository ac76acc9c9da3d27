//! Photo files of every kind: complete, truncated, with flipped bits, and oversized. The files in `fixtures` are of
//! kinds that `image` cannot write; all except `bilevel.png` show [`gradient`].

use super::*;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;

const WIDTH: u32 = 24;
const HEIGHT: u32 = 16;

fn gradient(x: u32, y: u32) -> [u8; 3] {
    [10 * x as u8, 15 * y as u8, 128]
}

fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(x, y)))
}

fn encoded(format: PhotoFormat, picture: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    fn written(mut encoder: impl ImageEncoder, picture: &RgbImage, exif: Option<Vec<u8>>) {
        exif.map(|exif| encoder.set_exif_metadata(exif)).transpose().unwrap();
        encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    }
    let mut bytes = Vec::new();
    match format {
        PhotoFormat::Jpeg => written(JpegEncoder::new_with_quality(&mut bytes, 95), picture, exif),
        PhotoFormat::Png => written(PngEncoder::new(&mut bytes), picture, exif),
        PhotoFormat::WebP => written(WebPEncoder::new_lossless(&mut bytes), picture, exif),
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Frame, PhotoError> {
    Photo::open(bytes)?.decode()
}

const FORMATS: [PhotoFormat; 3] = [PhotoFormat::Jpeg, PhotoFormat::Png, PhotoFormat::WebP];

/// A small photo of each kind that decoders handle differently.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut samples = vec![
        ("progressive.jpg", include_bytes!("fixtures/progressive.jpg").to_vec()),
        ("cmyk.jpg", include_bytes!("fixtures/cmyk.jpg").to_vec()),
        ("lossy.webp", include_bytes!("fixtures/lossy.webp").to_vec()),
        ("half_transparent.webp", include_bytes!("fixtures/half_transparent.webp").to_vec()),
        ("palette.png", include_bytes!("fixtures/palette.png").to_vec()),
        ("bilevel.png", include_bytes!("fixtures/bilevel.png").to_vec()),
    ];
    let picture = picture(WIDTH, HEIGHT, gradient);
    samples.extend(
        ["plain.jpg", "plain.png", "plain.webp"]
            .into_iter()
            .zip(FORMATS)
            .map(|(name, format)| (name, encoded(format, &picture, Some(exif_of_orientation(1))))),
    );
    samples
}

#[test]
fn every_kind_shows_the_same_picture() {
    for (name, bytes) in samples() {
        require_shows(name, &bytes, |x, y| match name {
            "bilevel.png" if x < WIDTH / 2 => [255; 3],
            "bilevel.png" => [0; 3],
            "half_transparent.webp" if x >= WIDTH / 2 => [255; 3],
            _ => gradient(x, y),
        });
    }
}

fn require_shows(name: &str, bytes: &[u8], expected: impl Fn(u32, u32) -> [u8; 3]) {
    let frame = decoded(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((frame.width(), frame.height()), (WIDTH, HEIGHT), "{name}");
    for (at, pixel) in frame.pixels().as_chunks::<3>().0.iter().enumerate() {
        let (x, y) = (at as u32 % WIDTH, at as u32 / WIDTH);
        let off = pixel.iter().zip(expected(x, y)).map(|(found, expected)| found.abs_diff(expected)).max();
        assert!(off <= Some(32), "{name} at {x},{y}: {pixel:?}, not {:?}", expected(x, y));
    }
}

/// A JPEG of `fixtures/jpeg`, written by libjpeg's `cjpeg -quality 95 -dct float` with the sampling and scans in its
/// name.
fn of_libjpeg(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/src/photo/fixtures/jpeg/{name}.jpg", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A regression: zune-jpeg decodes separate scans with subsampled chroma, and chroma finer than luma, to garbage. A
/// face was not found, or was enrolled from garbage.
#[test]
fn a_jpeg_is_decoded_as_by_libjpeg_or_refused_by_kind() {
    for (name, refused_for) in [
        ("444", None),
        ("422", None),
        ("440", None),
        ("420", None),
        ("411", None),
        ("410", None),
        ("unlike_chroma", None),
        ("restarts", None),
        ("rgb", None),
        ("progressive_separate_scans_420", None),
        ("progressive_separate_scans_440", None),
        ("separate_scans_444", Some("separate scans for colour components")),
        ("separate_scans_422", Some("separate scans for colour components")),
        ("separate_scans_440", Some("separate scans for colour components")),
        ("separate_scans_420", Some("separate scans for colour components")),
        ("chroma_in_a_scan_of_its_own", Some("separate scans for colour components")),
        ("chroma_finer_than_luma", Some("sampling 1x1,2x1,2x1")),
        ("chroma_across", Some("sampling 1x2,2x1,2x1")),
        ("three_to_one", Some("sampling 3x1,1x1,1x1")),
        ("four_down", Some("sampling 1x4,1x2,1x2")),
        ("arithmetic", Some("arithmetic coding")),
        ("arithmetic_progressive", Some("arithmetic coding")),
    ] {
        match refused_for {
            None => require_shows(name, &of_libjpeg(name), gradient),
            Some(reason) => {
                let refusal = decoded(&of_libjpeg(name)).map(|_| "shown").unwrap_err();
                let expected = PhotoError::Unsupported { format: PhotoFormat::Jpeg, reason: reason.to_owned() };
                assert_eq!(refusal, expected, "{name}");
                assert!(refusal.to_string().contains("export it as an ordinary JPEG"), "{refusal}");
            }
        }
    }
}

/// A regression: many cameras omit the Huffman tables, and all their pictures were reported as damaged.
#[test]
fn a_jpeg_without_huffman_tables_is_decoded_with_the_standard_ones() {
    let mut bytes = of_libjpeg("420");
    while let Some(at) = bytes.windows(2).position(|marker| marker == b"\xff\xc4") {
        let length = u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]);
        bytes.drain(at..at + 2 + usize::from(length));
    }
    assert!(decoded(&bytes).unwrap_err().to_string().contains("it has no Huffman tables"));
    require_shows("without tables", &with_standard_tables(&bytes), gradient);
    let whole = of_libjpeg("420");
    assert!(matches!(with_standard_tables(&whole), std::borrow::Cow::Borrowed(_)));
}

/// An EXIF block that contains only the orientation.
fn exif_of_orientation(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

/// The displayed order of the stored cells for the eight orientations of EXIF 2.3 (tag 274). Stored are `ABC` above
/// `DEF`.
const SEEN: [&[&str]; 8] = [
    &["ABC", "DEF"],
    &["CBA", "FED"],
    &["FED", "CBA"],
    &["DEF", "ABC"],
    &["AD", "BE", "CF"],
    &["DA", "EB", "FC"],
    &["FC", "EB", "DA"],
    &["CF", "BE", "AD"],
];

const CELL: u32 = 16;

fn colour_of(cell: u8) -> [u8; 3] {
    [[250, 10, 10], [10, 250, 10], [10, 10, 250], [250, 250, 10], [10, 250, 250], [250, 250, 250]]
        [usize::from(cell - b'A')]
}

/// The letters of the cells in a frame.
fn cells_of(frame: &Frame) -> Vec<String> {
    let cell_at = |x: u32, y: u32| {
        let pixel = &frame.row(y as usize)[3 * x as usize..][..3];
        let off = |cell: &u8| pixel.iter().zip(colour_of(*cell)).map(|(a, b)| a.abs_diff(b) as u32).sum::<u32>();
        char::from((b'A'..=b'F').min_by_key(off).unwrap())
    };
    let middles = |length: u32| (0..length / CELL).map(|cell| cell * CELL + CELL / 2);
    middles(frame.height()).map(|y| middles(frame.width()).map(|x| cell_at(x, y)).collect()).collect()
}

#[test]
fn photos_are_turned_the_way_they_were_taken() {
    let stored = picture(3 * CELL, 2 * CELL, |x, y| colour_of(b'A' + (x / CELL + 3 * (y / CELL)) as u8));
    for format in FORMATS {
        for (orientation, seen) in (1..).zip(SEEN) {
            let frame = decoded(&encoded(format, &stored, Some(exif_of_orientation(orientation)))).unwrap();
            assert_eq!(cells_of(&frame), seen, "{format} of orientation {orientation}");
            let bytes = encoded(format, &stored, Some(exif_of_orientation(orientation)));
            let as_stored = Photo::open(&bytes).unwrap().decode_as_stored().unwrap();
            assert_eq!(cells_of(&as_stored), SEEN[0], "{format} of orientation {orientation}, as it is stored");
        }
        for no_orientation in [None, Some(exif_of_orientation(0)), Some(exif_of_orientation(9)), Some(b"MM\0".to_vec())]
        {
            let frame = decoded(&encoded(format, &stored, no_orientation.clone())).unwrap();
            assert_eq!(cells_of(&frame), SEEN[0], "{format} with EXIF {no_orientation:?}");
        }
    }
}

#[test]
fn the_prefix_that_some_programs_write_in_webp_is_passed_over() {
    let stored = picture(3 * CELL, 2 * CELL, |x, y| colour_of(b'A' + (x / CELL + 3 * (y / CELL)) as u8));
    let exif = [b"Exif\0\0", &exif_of_orientation(6)[..]].concat();
    assert_eq!(cells_of(&decoded(&encoded(PhotoFormat::WebP, &stored, Some(exif))).unwrap()), SEEN[5]);
}

/// A JPEG, PNG or WebP with a modified size in its header.
fn with_size(format: PhotoFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(format, &picture(WIDTH, HEIGHT, gradient), None);
    match format {
        PhotoFormat::Jpeg => {
            let frame = bytes.windows(2).position(|marker| marker == b"\xff\xc0").unwrap();
            bytes[frame + 5..frame + 7].copy_from_slice(&(height as u16).to_be_bytes());
            bytes[frame + 7..frame + 9].copy_from_slice(&(width as u16).to_be_bytes());
        }
        PhotoFormat::Png => {
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let checksum = crc32(&bytes[12..29]).to_be_bytes();
            bytes[29..33].copy_from_slice(&checksum);
        }
        PhotoFormat::WebP => {
            let header = &mut bytes[21..25];
            let old = u32::from_le_bytes(header.try_into().unwrap());
            header.copy_from_slice(&((old >> 28 << 28) | ((height - 1) << 14) | (width - 1)).to_le_bytes());
        }
    }
    bytes
}

/// CRC-32 of PNG's annex D, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[test]
fn too_many_pixels_are_refused_from_the_header() {
    for (format, width, height) in [
        (PhotoFormat::Png, 30_000, 20_000),
        (PhotoFormat::Jpeg, 30_000, 20_000),
        (PhotoFormat::WebP, 16_000, 16_000),
        (PhotoFormat::Png, 20_000, 10_001),
    ] {
        let refusal = decoded(&with_size(format, width, height)).unwrap_err();
        assert_eq!(refusal, PhotoError::TooManyPixels { width, height }, "{format}");
    }
    assert_eq!(Photo::open(&with_size(PhotoFormat::Png, 20_000, 10_000)).map(|photo| photo.pixels()), Ok(MAX_PIXELS));
    let refusal = decoded(&with_size(PhotoFormat::Png, 200_000, 1_000)).unwrap_err();
    assert!(matches!(refusal, PhotoError::NoFrame(_)), "{refusal}");
}

#[test]
fn a_header_that_promises_more_than_the_file_holds_is_no_picture() {
    for format in [PhotoFormat::Png, PhotoFormat::WebP] {
        let promised = with_size(format, WIDTH, 20 * HEIGHT);
        assert!(decoded(&promised).is_err(), "{format}");
    }
}

#[test]
fn the_smallest_photo_is_one() {
    for format in FORMATS {
        let frame = decoded(&encoded(format, &picture(1, 1, |_, _| [200; 3]), None)).unwrap();
        assert_eq!((frame.width(), frame.height()), (1, 1), "{format}");
    }
    for (width, height) in [(0, 1), (1, 0), (0, 0)] {
        assert!(decoded(&with_size(PhotoFormat::Png, width, height)).is_err());
        assert!(decoded(&with_size(PhotoFormat::Jpeg, width, height)).is_err());
    }
}

/// A regression: zune-jpeg fills in missing data and reports success. A face in the upper half of an incompletely
/// copied photo would have been enrolled.
#[test]
fn a_jpeg_that_is_cut_off_is_refused() {
    let photo = encoded(PhotoFormat::Jpeg, &picture(640, 480, |x, y| [x as u8, y as u8, (x * y) as u8]), None);
    for share in [4, 3, 2] {
        let cut = &photo[..photo.len() - photo.len() / share];
        assert_eq!(decoded(cut).err(), Some(PhotoError::CutOff { format: PhotoFormat::Jpeg }), "1/{share} is missing");
    }
}

#[test]
fn a_photo_cut_anywhere_is_refused_or_still_whole() {
    for (name, bytes) in samples() {
        let whole = decoded(&bytes).unwrap();
        for length in 0..bytes.len() {
            if let Ok(frame) = decoded(&bytes[..length]) {
                assert!(frame == whole, "{name} cut to {length} of {} bytes is another picture", bytes.len());
            }
        }
    }
}

proptest! {
    #[test]
    fn a_flipped_photo_is_refused_or_has_the_size_that_it_names(
        sample in 0..samples().len(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4),
    ) {
        let mut bytes = samples().swap_remove(sample).1;
        for (at, flip) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        if let Ok(photo) = Photo::open(&bytes) {
            let pixels = photo.pixels();
            // Larger pictures only make the test slower.
            prop_assume!(pixels <= 1 << 20);
            if let Ok(frame) = photo.decode() {
                prop_assert_eq!(u64::from(frame.width()) * u64::from(frame.height()), pixels);
            }
        }
    }

    #[test]
    fn what_only_begins_as_a_photo_is_refused(
        start in prop::sample::select(vec![&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b""]),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(decoded(&[start, &noise[..]].concat()).is_err());
    }
}
