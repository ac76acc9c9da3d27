//! Pools and other layers without weights. Inputs and outputs have their channels side by side, as everywhere in this
//! crate.

use crate::error::LayerError;
use crate::finish::CHUNK;
use crate::shape::{Extent, MOST_NUMBERS, Window, product};

/// Max pool: the largest number in each window, for each channel.
///
/// # Errors
/// [`LayerError`] if the window does not fit the picture, or a slice does not have as many numbers as its extent.
pub fn largest<T: Copy + PartialOrd>(
    picture: &[T],
    extent: Extent,
    window: &Window,
    into: &mut [T],
) -> Result<(), LayerError> {
    required(window, picture.len(), extent, into.len())?;
    largest_of_each(picture, extent, window, into);
    Ok(())
}

/// Checks the lengths of a pool's input and output, and returns the extent of the output.
pub(crate) fn required(window: &Window, numbers: usize, extent: Extent, room: usize) -> Result<Extent, LayerError> {
    let output = window.output(extent, extent.channels)?;
    LayerError::require_numbers("the picture", numbers, extent.numbers())?;
    LayerError::require_numbers("the output", room, output.numbers())?;
    Ok(output)
}

/// Like [`largest`], for slices that are already checked.
pub(crate) fn largest_of_each<T: Copy + PartialOrd>(picture: &[T], extent: Extent, window: &Window, into: &mut [T]) {
    let padded = window.before[1] + extent.width + window.after[1];
    let columns = (padded - window.size[1]) / window.stride[1] + 1;
    let along = |axis: usize, index: usize, length: usize| {
        let begin = index * window.stride[axis];
        let end = (begin + window.size[axis]).saturating_sub(window.before[axis]).min(length);
        begin.saturating_sub(window.before[axis])..end
    };
    for (index, into) in into.chunks_exact_mut(extent.channels).enumerate() {
        let (rows, columns) = (along(0, index / columns, extent.height), along(1, index % columns, extent.width));
        let pixel = |row: usize, column: usize| &picture[(row * extent.width + column) * extent.channels..];
        into.copy_from_slice(&pixel(rows.start, columns.start)[..extent.channels]);
        for row in rows {
            for column in columns.clone() {
                keep_larger(into, &pixel(row, column)[..extent.channels]);
            }
        }
    }
}

/// Works in chunks of constant length, then on the rest.
fn keep_larger<T: Copy + PartialOrd>(most: &mut [T], numbers: &[T]) {
    let larger = |most: &mut T, number: T| *most = if number > *most { number } else { *most };
    let ((chunks, rest), (numbers, numbers_rest)) = (most.as_chunks_mut::<CHUNK>(), numbers.as_chunks::<CHUNK>());
    for (most, numbers) in chunks.iter_mut().zip(numbers) {
        for (most, &number) in most.iter_mut().zip(numbers) {
            larger(most, number);
        }
    }
    rest.iter_mut().zip(numbers_rest).for_each(|(most, &number)| larger(most, number));
}

/// The mean of each channel over all pixels.
///
/// # Errors
/// [`LayerError::Numbers`] if a slice does not have as many numbers as its extent.
pub fn mean(picture: &[f32], extent: Extent, into: &mut [f32]) -> Result<(), LayerError> {
    LayerError::require_numbers("the picture", picture.len(), extent.numbers())?;
    LayerError::require_numbers("the means", into.len(), extent.channels)?;
    into.fill(0.0);
    for pixel in picture.chunks_exact(extent.channels) {
        into.iter_mut().zip(pixel).for_each(|(sum, number)| *sum += number);
    }
    let share = 1.0 / extent.pixels() as f32;
    into.iter_mut().for_each(|sum| *sum *= share);
    Ok(())
}

/// Repeats every pixel `times` times vertically and horizontally.
///
/// # Errors
/// [`LayerError`] if `times` is 0, or a slice does not have as many numbers as its extent.
pub fn repeat<T: Copy>(picture: &[T], extent: Extent, times: [usize; 2], into: &mut [T]) -> Result<(), LayerError> {
    let [down, right] = times;
    for times in times {
        LayerError::require_length("how often a pixel is repeated", times, MOST_NUMBERS)?;
    }
    LayerError::require_numbers("the picture", picture.len(), extent.numbers())?;
    LayerError::require_numbers("the output", into.len(), product([extent.numbers(), down, right]))?;
    let wide = extent.width * right * extent.channels;
    let rows = picture.chunks_exact(extent.width * extent.channels);
    for (row, into) in rows.zip(into.chunks_exact_mut(wide * down)) {
        let (first, others) = into.split_at_mut(wide);
        let pixels = row.chunks_exact(extent.channels);
        for (pixel, into) in pixels.zip(first.chunks_exact_mut(extent.channels * right)) {
            into.chunks_exact_mut(extent.channels).for_each(|into| into.copy_from_slice(pixel));
        }
        others.chunks_exact_mut(wide).for_each(|into| into.copy_from_slice(first));
    }
    Ok(())
}

/// Puts the channels of several pictures of one size side by side. `pictures` are slices with their channels.
///
/// # Errors
/// [`LayerError`] if a picture has no channels, the pictures have different numbers of pixels, or the length of `into`
/// is not the sum of their lengths.
pub fn side_by_side<T: Copy>(pictures: &[(&[T], usize)], into: &mut [T]) -> Result<(), LayerError> {
    let channels = pictures.iter().fold(0, |sum: usize, (_, channels)| sum.saturating_add(*channels));
    LayerError::require_length("channels side by side", channels, MOST_NUMBERS)?;
    let pixels = into.len() / channels;
    LayerError::require_numbers("the output", into.len(), pixels * channels)?;
    for &(picture, width) in pictures {
        LayerError::require_length("channels of a picture", width, MOST_NUMBERS)?;
        LayerError::require_numbers("a picture beside others", picture.len(), product([pixels, width]))?;
    }
    let mut first = 0;
    for &(picture, width) in pictures {
        for (pixel, into) in picture.chunks_exact(width).zip(into.chunks_exact_mut(channels)) {
            into[first..first + width].copy_from_slice(pixel);
        }
        first += width;
    }
    Ok(())
}

/// Copies channels `first` and on of a picture, as many as `into` has for each pixel.
///
/// # Errors
/// [`LayerError`] if the length of a slice does not fit the number of pixels, or the picture has too few channels.
pub fn part<T: Copy>(picture: &[T], extent: Extent, first: usize, into: &mut [T]) -> Result<(), LayerError> {
    let width = into.len() / extent.pixels();
    LayerError::require_numbers("the picture", picture.len(), extent.numbers())?;
    LayerError::require_numbers("the output", into.len(), extent.pixels() * width)?;
    LayerError::require_length("channels of a part", width, extent.channels)?;
    if first > extent.channels - width {
        return Err(LayerError::Channels { found: extent.channels, wanted: first.saturating_add(width) });
    }
    for (pixel, into) in picture.chunks_exact(extent.channels).zip(into.chunks_exact_mut(width)) {
        into.copy_from_slice(&pixel[first..first + width]);
    }
    Ok(())
}

/// Converts planes (NCHW) to channels side by side, and applies `convert` to each number.
///
/// # Errors
/// [`LayerError::Numbers`] if a slice does not have as many numbers as the extent.
pub fn interleave<T: Copy, U>(
    planes: &[T],
    extent: Extent,
    into: &mut [U],
    convert: impl Fn(T) -> U,
) -> Result<(), LayerError> {
    let pixels = extent.pixels();
    LayerError::require_numbers("the planes", planes.len(), extent.numbers())?;
    LayerError::require_numbers("the picture", into.len(), extent.numbers())?;
    interleave_planes(extent.channels, |channel| &planes[channel * pixels..][..pixels], into, convert);
    Ok(())
}

/// Like [`interleave`], for planes of the same length that need not be contiguous.
pub(crate) fn interleave_planes<'a, T: Copy + 'a, U>(
    channels: usize,
    plane: impl Fn(usize) -> &'a [T],
    into: &mut [U],
    convert: impl Fn(T) -> U,
) {
    if channels == 3 {
        return interleave_three([plane(0), plane(1), plane(2)], into, convert);
    }
    for channel in 0..channels {
        let places = into[channel..].iter_mut().step_by(channels);
        places.zip(plane(channel)).for_each(|(place, &number)| *place = convert(number));
    }
}

/// Works in groups of four pixels, which the compiler vectorises, then on the rest.
fn interleave_three<T: Copy, U>(planes: [&[T]; 3], into: &mut [U], convert: impl Fn(T) -> U) {
    let [red, green, blue] = planes.map(<[T]>::as_chunks::<4>);
    let (fours, rest) = into.as_chunks_mut::<12>();
    for (((pixels, r), g), b) in fours.iter_mut().zip(red.0).zip(green.0).zip(blue.0) {
        let (r, g, b) = (r.map(&convert), g.map(&convert), b.map(&convert));
        let ([r0, r1, r2, r3], [g0, g1, g2, g3], [b0, b1, b2, b3]) = (r, g, b);
        *pixels = [r0, g0, b0, r1, g1, b1, r2, g2, b2, r3, g3, b3];
    }
    let left = rest.as_chunks_mut::<3>().0.iter_mut();
    for (((pixel, &r), &g), &b) in left.zip(red.1).zip(green.1).zip(blue.1) {
        *pixel = [convert(r), convert(g), convert(b)];
    }
}

/// The inverse of [`interleave`].
///
/// # Errors
/// [`LayerError::Numbers`] if a slice does not have as many numbers as the extent.
pub fn planes<T: Copy>(picture: &[T], extent: Extent, into: &mut [T]) -> Result<(), LayerError> {
    LayerError::require_numbers("the picture", picture.len(), extent.numbers())?;
    LayerError::require_numbers("the planes", into.len(), extent.numbers())?;
    for (channel, plane) in into.chunks_exact_mut(extent.pixels()).enumerate() {
        let numbers = picture[channel..].iter().step_by(extent.channels);
        plane.iter_mut().zip(numbers).for_each(|(place, &number)| *place = number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_BY_TWO: Extent = Extent { height: 2, width: 2, channels: 2 };
    const PICTURE: [i32; 8] = [1, 10, 2, 20, 3, 30, 4, 40];

    #[test]
    fn the_largest_of_each_window() {
        let mut into = [0; 2];
        largest(&PICTURE, TWO_BY_TWO, &Window::square(2, 2, 0).unwrap(), &mut into).unwrap();
        assert_eq!(into, [4, 40]);
        let mut into = [0; 8];
        largest(&PICTURE.map(|number| -number), TWO_BY_TWO, &Window::square(3, 1, 1).unwrap(), &mut into).unwrap();
        assert_eq!(into, [-1, -10].repeat(4)[..]);
    }

    #[test]
    fn means_and_repetitions() {
        let mut into = [0.0; 2];
        mean(&PICTURE.map(|number| number as f32), TWO_BY_TWO, &mut into).unwrap();
        assert_eq!(into, [2.5, 25.0]);
        let mut into = [0; 32];
        repeat(&PICTURE, TWO_BY_TWO, [2, 2], &mut into).unwrap();
        assert_eq!(into[..8], [1, 10, 1, 10, 2, 20, 2, 20]);
        assert_eq!((into[..8] == into[8..16], into[24..] == [3, 30, 3, 30, 4, 40, 4, 40]), (true, true));
    }

    #[test]
    fn channels_are_put_side_by_side_and_apart() {
        let mut into = [0; 12];
        side_by_side(&[(&PICTURE, 2), (&[7, 8, 9, 0], 1)], &mut into).unwrap();
        assert_eq!(into, [1, 10, 7, 2, 20, 8, 3, 30, 9, 4, 40, 0]);
        let (mut apart, mut again) = ([0; 8], [0; 8]);
        planes(&PICTURE, TWO_BY_TWO, &mut apart).unwrap();
        assert_eq!(apart, [1, 2, 3, 4, 10, 20, 30, 40]);
        interleave(&apart, TWO_BY_TWO, &mut again, |number| number).unwrap();
        assert_eq!(again, PICTURE);
        let mut colours = [0; 6];
        let two_pixels = Extent::new(1, 2, 3).unwrap();
        interleave(&[1, 2, 3, 4, 5, 6], two_pixels, &mut colours, |number| number).unwrap();
        assert_eq!(colours, [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn mismatched_shapes_are_refused_before_anything_is_written() {
        let one = Window::PIXEL;
        let three = Window::square(3, 1, 0).unwrap();
        let mut into = [7; 8];
        let refused = [
            largest(&PICTURE[..7], TWO_BY_TWO, &one, &mut into),
            largest(&PICTURE, TWO_BY_TWO, &one, &mut into[..7]),
            largest(&PICTURE, TWO_BY_TWO, &three, &mut into),
            mean(&[0.0; 7], TWO_BY_TWO, &mut [0.0; 2]),
            mean(&[0.0; 8], TWO_BY_TWO, &mut [0.0; 3]),
            repeat(&PICTURE, TWO_BY_TWO, [0, 1], &mut []),
            repeat(&PICTURE, TWO_BY_TWO, [1, 2], &mut into),
            repeat(&PICTURE, TWO_BY_TWO, [usize::MAX, 2], &mut into),
            side_by_side::<i32>(&[], &mut into),
            side_by_side(&[(&PICTURE, 0)], &mut into),
            side_by_side(&[(&PICTURE, 2), (&PICTURE, 0)], &mut into),
            side_by_side(&[(&PICTURE, 1), (&PICTURE, 1)], &mut into),
            side_by_side(&[(&PICTURE, usize::MAX), (&PICTURE, 2)], &mut into),
            part(&PICTURE, TWO_BY_TWO, 2, &mut into[..4]),
            part(&PICTURE, TWO_BY_TWO, usize::MAX, &mut into[..4]),
            part(&PICTURE, TWO_BY_TWO, 0, &mut into[..3]),
            interleave(&PICTURE, TWO_BY_TWO, &mut into[..7], |number| number),
            planes(&PICTURE[..6], TWO_BY_TWO, &mut into),
        ];
        assert!(refused.iter().all(Result::is_err), "{refused:?}");
        assert_eq!(into, [7; 8]);
    }
}
