//! Chooses among the formats, sizes and rates that a camera offers.

use crate::camera::layout::PixelFormat;

/// The requested size, rate and format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wanted {
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// Frames per second.
    pub(crate) rate: f64,
    /// The required format; `None` for the best one.
    pub(crate) format: Option<PixelFormat>,
}

/// A format, size and rate that a camera offers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Offer {
    pub(super) format: PixelFormat,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The highest rate in frames per second; `None` if the driver does not report it.
    pub(super) rate: Option<f64>,
}

/// Rates are fractions: 30000/1001 a second is good enough for 30.
const RATE_TOLERANCE: f64 = 0.95;

impl Offer {
    /// The best offer. Size comes first: the smallest that is large enough, else the largest. Then the rate: fast
    /// enough, else the fastest. Then the format: the most detail for the least work, and grey last, because it has no
    /// colours.
    pub(super) fn best(offers: &[Self], wanted: &Wanted) -> Option<Self> {
        let possible = offers.iter().filter(|offer| wanted.format.is_none_or(|format| offer.format == format));
        let best = possible.min_by(|a, b| {
            let (a, b) = (a.shortcomings(wanted), b.shortcomings(wanted));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
        });
        best.copied()
    }

    /// The shortcomings in size, rate and format; smaller is better.
    fn shortcomings(&self, wanted: &Wanted) -> ((bool, u64), f64, usize) {
        let too_small = self.width < wanted.width || self.height < wanted.height;
        let pixels = u64::from(self.width) * u64::from(self.height);
        let size = if too_small { u64::MAX - pixels } else { pixels };
        let rate = self.rate.map_or(0.0, |rate| (wanted.rate - rate / RATE_TOLERANCE).max(0.0));
        ((too_small, size), rate, self.rank())
    }

    /// The preference among formats. YUYV has twice the colour resolution of NV12, and needs a third less space than
    /// RGB3.
    fn rank(&self) -> usize {
        match self.format {
            PixelFormat::Yuyv => 0,
            PixelFormat::Nv12 | PixelFormat::Yu12 => 1,
            PixelFormat::Rgb3 => 2,
            PixelFormat::Mjpg => 3,
            PixelFormat::Grey => 4,
            // Only the upper eight bits are used.
            PixelFormat::Y10 | PixelFormat::Y16 => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PixelFormat::{Grey, Mjpg, Nv12, Rgb3, Yuyv};

    const HD: Wanted = Wanted { width: 1280, height: 720, rate: 15.0, format: None };

    fn offer(format: PixelFormat, (width, height): (u32, u32), rate: f64) -> Offer {
        Offer { format, width, height, rate: Some(rate) }
    }

    #[test]
    fn the_best_offer_for_a_request() {
        let (hd, full, vga, xga) = ((1280, 720), (1920, 1080), (640, 480), (1024, 768));
        for (case, offers, expected) in [
            ("USB 2 is too slow for raw HD", vec![offer(Yuyv, hd, 10.0), offer(Mjpg, hd, 30.0)], 1),
            ("raw where it is fast enough", vec![offer(Mjpg, hd, 30.0), offer(Yuyv, hd, 30.0)], 1),
            ("almost the rate is the rate", vec![offer(Mjpg, hd, 60.0), offer(Yuyv, hd, 14.985)], 1),
            ("the size before the rate", vec![offer(Yuyv, vga, 30.0), offer(Yuyv, hd, 10.0)], 1),
            ("no larger than needed", vec![offer(Mjpg, full, 30.0), offer(Mjpg, hd, 30.0)], 1),
            ("larger rather than smaller", vec![offer(Mjpg, vga, 30.0), offer(Mjpg, full, 30.0)], 1),
            ("wide enough and too low is too small", vec![offer(Nv12, xga, 30.0), offer(Mjpg, full, 30.0)], 1),
            ("the largest of those too small", vec![offer(Nv12, vga, 90.0), offer(Nv12, xga, 5.0)], 1),
            ("the fastest of those too slow", vec![offer(Nv12, hd, 5.0), offer(Yuyv, hd, 9.0)], 1),
            (
                "raw formats in their order",
                vec![offer(Rgb3, hd, 30.0), offer(Nv12, hd, 30.0), offer(Yuyv, hd, 30.0)],
                2,
            ),
            ("colours rather than grey", vec![offer(Grey, hd, 30.0), offer(Mjpg, hd, 30.0)], 1),
            ("grey if there is nothing else", vec![offer(Grey, vga, 30.0)], 0),
            (
                "an unknown rate counts as fast enough",
                vec![offer(Yuyv, hd, 10.0), Offer { rate: None, ..offer(Mjpg, hd, 0.0) }],
                1,
            ),
        ] {
            assert_eq!(Offer::best(&offers, &HD), Some(offers[expected]), "{case}");
        }
        assert_eq!(Offer::best(&[], &HD), None);
    }

    #[test]
    fn only_the_required_format_is_chosen() {
        let offers = [offer(Yuyv, (1280, 720), 30.0), offer(Grey, (640, 480), 5.0)];
        let wanted = |format| Wanted { format: Some(format), ..HD };
        assert_eq!(Offer::best(&offers, &wanted(Grey)), Some(offers[1]));
        assert_eq!(Offer::best(&offers, &wanted(Mjpg)), None);
    }
}
