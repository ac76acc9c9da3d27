//! Camera frames and photos.

use crate::Answer;
use crate::choices::Choices;
use edge_agent::camera::{Layout, PixelFormat, into_frame};
use edge_agent::fuzz_entry_points;
use models::Frame;
use models::photo::Photo;

/// The maximum number of pixels; larger pictures only take longer.
const MAX_PIXELS: u64 = 1 << 20;

/// Decodes a camera frame: the first bytes choose the format and size, the rest is the data.
///
/// It becomes a frame of that size or is refused. Then the previous frame is unchanged or gone, never partly
/// overwritten.
pub fn camera_frame(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let format = PixelFormat::ALL[usize::from(choices.below(PixelFormat::ALL.len() as u8))];
    let (width, height) = (u32::from(choices.word()) % 300, u32::from(choices.word()) % 300);
    let packed = Layout::packed(format, width, height);
    let layout = Layout { stride: packed.stride + usize::from(choices.byte() & 0x1f), ..packed };
    let before = Frame::from_rgb(1, 1, vec![1, 2, 3]).ok();
    let mut frame = before.clone();
    let picture = choices.rest();
    let _size = str::from_utf8(picture).ok().and_then(fuzz_entry_points::rpicam_size);
    match into_frame(picture, &layout, &mut frame) {
        Ok(()) => {
            let Some(frame) = frame else { panic!("a picture without a frame") };
            assert_eq!((frame.width(), frame.height()), (width, height));
            assert_eq!(frame.pixels().len() as u64, 3 * u64::from(width) * u64::from(height));
            Answer::Accepted
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(frame == before || frame.is_none());
            Answer::Refused
        }
    }
}

/// Decodes a photo file: JPEG, PNG or WebP. It becomes a frame of the size in its header, or is refused.
pub fn photo(bytes: &[u8]) -> Answer {
    let Ok(photo) = Photo::open(bytes) else { return Answer::Refused };
    let pixels = photo.pixels();
    if pixels > MAX_PIXELS {
        return Answer::Refused;
    }
    let Ok(frame) = photo.decode() else { return Answer::Refused };
    assert_eq!(u64::from(frame.width()) * u64::from(frame.height()), pixels);
    assert_eq!(frame.pixels().len() as u64, 3 * pixels);
    Answer::Accepted
}
