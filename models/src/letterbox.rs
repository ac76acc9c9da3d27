//! Converts a frame to the detector's input: scales it down to the working size and pads it on the right and below.

use crate::Frame;
use crate::bundle::Input;

/// Sides of the input are multiples of this, the largest stride of the network.
pub(crate) const SIDE_MULTIPLE: usize = 32;

/// Position and scale of a frame in the detector's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Letterbox {
    /// Width and height of the scaled frame, in pixels of the input.
    pub(crate) scaled: (usize, usize),
    /// Width and height of the input, multiples of 32.
    pub(crate) padded: (usize, usize),
    /// Frame pixels for each pixel of the input, in x and y; about 1 or more.
    pub(crate) step: (f32, f32),
}

impl Letterbox {
    /// Computes the layout for a frame. A frame whose longest side is above `working_size` is scaled down to it.
    pub(crate) fn fit(width: u32, height: u32, working_size: u32) -> Self {
        let longest = width.max(height);
        let side = |length: u32| match longest <= working_size {
            true => length as usize,
            false => {
                let scaled = f64::from(length) * f64::from(working_size) / f64::from(longest);
                (scaled.round() as usize).max(1)
            }
        };
        let (w, h) = (side(width), side(height));
        Self {
            scaled: (w, h),
            padded: (w.next_multiple_of(SIDE_MULTIPLE), h.next_multiple_of(SIDE_MULTIPLE)),
            step: (width as f32 / w as f32, height as f32 / h as f32),
        }
    }

    /// Writes the frame into three planes of `padded` size. Padding is black.
    ///
    /// Scaling down is area-weighted: each pixel of the input is the mean of the frame pixels under it.
    pub(crate) fn fill(&self, frame: &Frame, input: &Input, planes: &mut [f32]) {
        // A fast path without a division.
        match (input.subtract, input.divide) {
            (0.0, 1.0) => self.fill_with(frame, input, planes, |value| value),
            (subtract, divide) => self.fill_with(frame, input, planes, |value| (value - subtract) / divide),
        }
    }

    fn fill_with(&self, frame: &Frame, input: &Input, planes: &mut [f32], normalised: impl Fn(f32) -> f32) {
        let plane = self.padded.0 * self.padded.1;
        planes.fill(normalised(0.0));
        let order = input.planes();
        self.each_row(frame, |y, row| {
            for (target, &channel) in order.iter().enumerate() {
                let start = target * plane + y * self.padded.0;
                let line = &mut planes[start..start + self.scaled.0];
                for (value, pixel) in line.iter_mut().zip(row.as_chunks::<3>().0) {
                    *value = normalised(pixel[channel]);
                }
            }
        });
    }

    fn each_row(&self, frame: &Frame, mut each: impl FnMut(usize, &[f32])) {
        let mut row = vec![0.0; 3 * self.scaled.0];
        if self.scaled == (frame.width() as usize, frame.height() as usize) {
            for y in 0..self.scaled.1 {
                for (value, &byte) in row.iter_mut().zip(frame.row(y)) {
                    *value = f32::from(byte);
                }
                each(y, &row);
            }
            return;
        }
        let columns = shares(frame.width() as usize, self.scaled.0);
        let rows = shares(frame.height() as usize, self.scaled.1);
        let mut sums = vec![0.0f32; 3 * frame.width() as usize];
        for (y, share) in rows.iter().enumerate() {
            sums.fill(0.0);
            for (source, weight) in share.weights() {
                for (sum, &byte) in sums.iter_mut().zip(frame.row(source)) {
                    *sum += f32::from(byte) * weight;
                }
            }
            for (pixel, share) in row.as_chunks_mut::<3>().0.iter_mut().zip(&columns) {
                *pixel = share.mean_of(sums.as_chunks::<3>().0);
            }
            each(y, &row);
        }
    }
}

/// The source pixels under one target pixel, with weights. The first and the last may be covered only partly.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    pub(crate) first: usize,
    pub(crate) last: usize,
    first_weight: f32,
    last_weight: f32,
    weight: f32,
}

impl Share {
    pub(crate) fn weights(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        (self.first..=self.last).map(|source| match source {
            source if source == self.first => (source, self.first_weight),
            source if source == self.last => (source, self.last_weight),
            _ => (source, self.weight),
        })
    }
}

impl Share {
    /// The same pixels with indices relative to `first`, which must not be above the first index.
    pub(crate) fn from(self, first: usize) -> Self {
        Self { first: self.first - first, last: self.last - first, ..self }
    }

    /// The weighted mean of the pixels for each channel, with the weights and the order of [`Share::weights`].
    pub(crate) fn mean_of(&self, pixels: &[[f32; 3]]) -> [f32; 3] {
        let times = |pixel: &[f32; 3], weight: f32| pixel.map(|value| value * weight);
        let plus = |[a, b, c]: [f32; 3], [d, e, f]: [f32; 3]| [a + d, b + e, c + f];
        match &pixels[self.first..=self.last] {
            [] => [0.0; 3],
            [only] => times(only, self.first_weight),
            [first, between @ .., last] => {
                let sum = times(first, self.first_weight);
                let sum = between.iter().fold(sum, |sum, pixel| plus(sum, times(pixel, self.weight)));
                plus(sum, times(last, self.last_weight))
            }
        }
    }
}

/// The source pixels under each of `target` pixels; `source >= target`.
pub(crate) fn shares(source: usize, target: usize) -> Vec<Share> {
    let step = source as f64 / target as f64;
    (0..target)
        .map(|index| {
            let (from, until) = (index as f64 * step, ((index + 1) as f64 * step).min(source as f64));
            let first = from as usize;
            let last = (until.ceil() as usize - 1).max(first);
            let first_share = (first as f64 + 1.0).min(until) - from;
            let last_share = if last == first { first_share } else { until - last as f64 };
            Share {
                first,
                last,
                first_weight: (first_share / step) as f32,
                last_weight: (last_share / step) as f32,
                weight: (1.0 / step) as f32,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::ChannelOrder;

    const PLAIN: Input = Input { channels: ChannelOrder::Bgr, subtract: 0.0, divide: 1.0 };

    #[test]
    fn sizes() {
        for (width, height, scaled, padded) in [
            (250, 250, (250, 250), (256, 256)),
            (320, 320, (320, 320), (320, 320)),
            (1280, 720, (320, 180), (320, 192)),
            (720, 1280, (180, 320), (192, 320)),
            (1, 1, (1, 1), (32, 32)),
            (65536, 1, (320, 1), (320, 32)),
        ] {
            let fitted = Letterbox::fit(width, height, 320);
            assert_eq!((fitted.scaled, fitted.padded), (scaled, padded), "{width}x{height}");
        }
    }

    #[test]
    fn a_small_frame_is_copied_and_padded_in_the_order_of_the_network() {
        let frame = Frame::from_rgb(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let letterbox = Letterbox::fit(2, 1, 320);
        let mut planes = vec![9.0; 3 * 32 * 32];
        letterbox.fill(&frame, &PLAIN, &mut planes);
        for (plane, expected) in [(0, [3.0, 6.0, 0.0]), (1, [2.0, 5.0, 0.0]), (2, [1.0, 4.0, 0.0])] {
            assert_eq!(planes[plane * 1024..plane * 1024 + 3], expected);
            assert_eq!(planes[plane * 1024 + 32..plane * 1024 + 34], [0.0, 0.0], "the second row is padding");
        }
    }

    #[test]
    fn a_mean_is_the_sum_of_pixels_with_their_weights() {
        let pixels: Vec<[f32; 3]> = (0..40).map(|at| [at as f32, (at * 7 % 11) as f32, 255.0 - at as f32]).collect();
        for target in [40, 39, 20, 13, 7, 1] {
            for share in shares(pixels.len(), target) {
                let mut expected = [0.0; 3];
                for (source, weight) in share.weights() {
                    expected.iter_mut().zip(pixels[source]).for_each(|(sum, value)| *sum += value * weight);
                }
                assert_eq!(share.mean_of(&pixels), expected, "{target}");
            }
        }
    }

    #[test]
    fn scaling_down_averages_every_pixel_once() {
        for (source, target) in [(640, 320), (1000, 320), (641, 640), (5, 3), (7, 1)] {
            let mut covered = vec![0.0; source];
            for share in shares(source, target) {
                let weights: f32 = share.weights().map(|(_, weight)| weight).sum();
                assert!((weights - 1.0).abs() < 1e-5, "{source} to {target}: {weights}");
                share.weights().for_each(|(at, weight)| covered[at] += weight);
            }
            let even = target as f32 / source as f32;
            assert!(covered.iter().all(|weight| (weight - even).abs() < 1e-5), "{source} to {target}");
        }
    }
}
