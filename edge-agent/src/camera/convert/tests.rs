use super::*;
use PixelFormat::{Grey, Mjpg, Nv12, Rgb3, Y10, Y16, Yu12, Yuyv};
use proptest::prelude::*;

fn converted(bytes: &[u8], layout: Layout) -> Vec<u8> {
    let mut frame = None;
    into_frame(bytes, &layout, &mut frame).unwrap();
    let frame = frame.unwrap();
    assert_eq!((frame.width(), frame.height()), (layout.width, layout.height));
    frame.into_pixels()
}

/// The 100 % colour bars of ITU-R BT.601, within the rounding of the integers.
#[test]
fn colours_of_bt_601() {
    for (yuv, rgb) in [
        ([16, 128, 128], [0, 0, 0]),
        ([235, 128, 128], [255, 255, 255]),
        ([81, 90, 240], [255, 0, 0]),
        ([145, 54, 34], [0, 255, 0]),
        ([41, 240, 110], [0, 0, 255]),
        ([210, 16, 146], [255, 255, 0]),
        ([170, 166, 16], [0, 255, 255]),
        ([106, 202, 222], [255, 0, 255]),
        ([126, 128, 128], [128, 128, 128]),
        ([0, 128, 128], [0, 0, 0]),
        ([255, 255, 255], [255, 125, 255]),
    ] {
        let [y, u, v] = yuv;
        let found = Chroma::new(u, v).with(y);
        let near = found.iter().zip(rgb).all(|(&found, expected): (&u8, u8)| found.abs_diff(expected) <= 2);
        assert!(near, "{yuv:?} became {found:?}, not {rgb:?}");
    }
}

/// A red pixel, a blue one and so on: each format has its chroma in another place.
#[test]
fn every_format_puts_its_bytes_in_the_right_place() {
    let [dark, light] = [Chroma::new(90, 240).with(81), Chroma::new(90, 240).with(100)];
    let other = Chroma::new(54, 34).with(145);
    let two_by_two = [dark, light, light, dark].concat();
    for (bytes, layout, expected) in [
        (vec![81, 90, 100, 240], Layout::packed(Yuyv, 2, 1), [dark, light].concat()),
        (vec![81, 90, 100, 240, 145, 54, 0, 34], Layout::packed(Yuyv, 3, 1), [dark, light, other].concat()),
        (
            vec![81, 90, 0, 240, 9, 9, 100, 90, 0, 240],
            Layout { stride: 6, ..Layout::packed(Yuyv, 1, 2) },
            [dark, light].concat(),
        ),
        (vec![81, 100, 100, 81, 90, 240], Layout::packed(Nv12, 2, 2), two_by_two.clone()),
        (
            vec![81, 100, 7, 100, 81, 7, 90, 240, 7],
            Layout { stride: 3, ..Layout::packed(Nv12, 2, 2) },
            two_by_two.clone(),
        ),
        (vec![81, 100, 100, 81, 90, 240], Layout::packed(Yu12, 2, 2), two_by_two),
        (vec![81, 100, 145, 90, 54, 240, 34], Layout::packed(Yu12, 3, 1), [dark, light, other].concat()),
        (vec![7, 9], Layout::packed(Grey, 2, 1), vec![7, 7, 7, 9, 9, 9]),
        (vec![0xff, 0x03, 0x04, 0x00], Layout::packed(Y10, 2, 1), vec![255, 255, 255, 1, 1, 1]),
        (vec![0x00, 0xff], Layout::packed(Y10, 1, 1), vec![255; 3]),
        (
            vec![0xff, 0x07, 9, 0x00, 0x80, 9],
            Layout { stride: 3, ..Layout::packed(Y16, 1, 2) },
            vec![7, 7, 7, 128, 128, 128],
        ),
        (vec![1, 2, 3, 0, 4, 5, 6], Layout { stride: 4, ..Layout::packed(Rgb3, 1, 2) }, vec![1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(converted(&bytes, layout), expected, "{layout:?}");
    }
}

#[test]
fn damaged_pictures_are_errors() {
    let truncated =
        |layout: Layout, found| Err(Damaged::Truncated { layout, expected: layout.bytes().unwrap_or_default(), found });
    let yuyv = Layout::packed(Yuyv, 2, 2);
    let mut frame = None;
    assert_eq!(into_frame(&[0; 7], &yuyv, &mut frame), truncated(yuyv, 7));
    let impossible = Layout { stride: 3, ..yuyv };
    assert_eq!(into_frame(&[0; 99], &impossible, &mut frame), Err(Damaged::Layout { layout: impossible }));
    for garbage in [&b""[..], b"\xff\xd8\xff\xd9", b"no picture"] {
        assert!(matches!(into_frame(garbage, &Layout::packed(Mjpg, 2, 2), &mut frame), Err(Damaged::Jpeg(_))));
    }
}

#[test]
fn a_jpeg_must_have_the_size_agreed_on() {
    let photo = include_bytes!("../../../../tests/photos/door/wall.jpg");
    let whole = Photo::open(photo).unwrap().decode().unwrap();
    let layout = Layout::packed(Mjpg, whole.width(), whole.height());
    assert_eq!(converted(photo, layout), whole.into_pixels());
    let other = Layout { width: 64, ..layout };
    assert!(matches!(into_frame(photo, &other, &mut None), Err(Damaged::WrongSize { .. })));
}

/// A camera may choose its kind of JPEG; a kind that the decoder would decode to garbage is refused.
#[test]
fn an_unsupported_kind_of_jpeg_is_named() {
    let kind = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/src/photo/fixtures/jpeg");
        into_frame(&std::fs::read(format!("{folder}/{name}.jpg")).unwrap(), &Layout::packed(Mjpg, 24, 16), &mut None)
    };
    assert_eq!(kind("422"), Ok(()));
    for name in ["separate_scans_420", "chroma_finer_than_luma", "arithmetic"] {
        let refused = kind(name).unwrap_err();
        assert!(matches!(refused, Damaged::Jpeg(PhotoError::Unsupported { .. })), "{name}: {refused}");
    }
}

/// Found while writing a fuzz target: a JPEG was decoded before its size was checked. A damaged header could make it
/// fill 600 MB, which a door unit does not have.
#[test]
fn a_jpeg_that_promises_another_size_is_not_decoded() {
    let mut photo = include_bytes!("../../../../tests/photos/door/wall.jpg").to_vec();
    // Start of a baseline frame: marker, length (2 bytes), precision (1 byte), height, width.
    let header = photo.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    photo[header + 5..header + 9].copy_from_slice(&[3000_u16.to_be_bytes(), 60_000_u16.to_be_bytes()].concat());
    let layout = Layout::packed(Mjpg, 1280, 720);
    let refused = into_frame(&photo, &layout, &mut None).unwrap_err();
    assert_eq!(refused, Damaged::WrongSize { layout, width: 60_000, height: 3000 });
}

/// All frames use the same buffer, even after a damaged one.
#[test]
fn the_buffer_is_reused() {
    let layout = Layout::packed(Yuyv, 64, 48);
    let mut frame = None;
    into_frame(&vec![100; 64 * 48 * 2], &layout, &mut frame).unwrap();
    let first = frame.as_ref().map(|frame: &Frame| frame.pixels().as_ptr());
    assert!(into_frame(&[0; 7], &layout, &mut frame).is_err());
    into_frame(&vec![50; 64 * 48 * 2], &layout, &mut frame).unwrap();
    assert_eq!(frame.as_ref().map(|frame| frame.pixels().as_ptr()), first);
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_an_error(
        format in prop::sample::select(&PixelFormat::ALL[..]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        width in 0u32..40,
        height in 0u32..40,
        stride in 0usize..100,
    ) {
        let layout = Layout { format, width, height, stride };
        let mut frame = None;
        match into_frame(&bytes, &layout, &mut frame) {
            Ok(()) => prop_assert_eq!(frame.unwrap().pixels().len() as u32, 3 * width * height),
            Err(_) => prop_assert_eq!(frame, None),
        }
    }

    #[test]
    fn any_size_is_handled(
        format in prop::sample::select(&PixelFormat::ALL[..]),
        width in any::<u32>(),
        height in any::<u32>(),
        stride in any::<usize>(),
    ) {
        let layout = Layout { format, width, height, stride };
        let refused = into_frame(&[0; 64], &layout, &mut None).is_err();
        prop_assert!(refused || u64::from(width) * u64::from(height) <= 64);
    }
}
