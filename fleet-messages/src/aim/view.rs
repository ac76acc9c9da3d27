//! What a unit measures in a picture, in numbers and in words.

use super::MAX_AIM_SIDE;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most boxes in one picture: those of the largest faces.
pub const MAX_AIM_BOXES: usize = 8;
/// The longest text, in bytes.
pub const MAX_AIM_WORDS_BYTES: usize = 200;

/// What a unit sees in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AimView {
    /// Width of the picture that is sent, in pixels, at most [`MAX_AIM_SIDE`].
    pub width: u32,
    /// Its height, the same.
    pub height: u32,
    /// The faces, the largest first, in pixels of this picture.
    pub boxes: Vec<AimBox>,
    /// The largest face; `None` if there is none.
    pub face: Option<AimFace>,
    /// The light in the picture.
    pub light: AimLight,
    /// How sharp it is.
    pub sharpness: AimSharpness,
    /// What the unit's gate says about the largest face.
    pub gate: AimVerdict,
    /// The value for `[camera] rotate` that makes faces upright, in degrees, if it should be another one; `None` if faces are
    /// upright, or no face was found in any rotation.
    pub rotate: Option<u16>,
    /// How long the unit goes on sending pictures, in seconds.
    pub seconds_left: u16,
}

/// A box around a face, in pixels of the picture that is sent. It lies within the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AimBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// The size of the largest face, as the unit judges it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AimFace {
    /// The shorter side of its box, in pixels of the camera's picture.
    pub pixels: f32,
    /// The smallest face that the unit judges, in the same pixels.
    pub minimum: f32,
    /// Whether it is too small.
    pub is_too_small: bool,
    /// Mean luma of its aligned crop, 0 to 255; `None` if it was not measured.
    pub brightness: Option<f32>,
}

/// The light in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AimLight {
    /// Mean luma, 0 to 255.
    pub brightness: f32,
    /// The share of pixels that are as good as white, 0 to 1.
    pub clipped: f32,
    /// The same in words.
    pub words: String,
}

/// How sharp a picture is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AimSharpness {
    /// What was measured.
    pub of: Measured,
    /// Variance of the Laplacian now; larger is sharper.
    pub now: f32,
    /// The largest value since the viewer came, of the same kind.
    pub best: f32,
    /// What to do, in words.
    pub words: String,
}

/// Where sharpness was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// In the aligned crop of the largest face.
    Face,
    /// In the middle of the picture, because there is no face that the unit judges.
    Middle,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AimVerdict {
    /// The code of the reason why the face cannot be judged; `None` if it can, or if there is nothing to judge.
    pub refused_because: Option<String>,
    /// The same in words.
    pub words: String,
}

/// What a unit says that it sees is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAView {
    /// The size of the picture is out of range.
    #[error("a picture of {width}x{height} pixels: each side must be 1 to {MAX_AIM_SIDE}")]
    Size {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// There are too many boxes, or one is not within the picture.
    #[error("a picture has at most {MAX_AIM_BOXES} boxes, and each lies within it")]
    Boxes,
    /// A number is negative or not finite.
    #[error("what was measured is no finite number from 0 up")]
    Number,
    /// The rotation is none.
    #[error("[camera] rotate is 0, 90, 180 or 270")]
    Rotation,
    /// A text is too long, or has control characters.
    #[error("a text has at most {MAX_AIM_WORDS_BYTES} bytes and no control characters")]
    Words,
}

impl AimView {
    /// Checks what somebody sent.
    ///
    /// # Errors
    /// [`NotAView`]
    pub(super) fn check(&self) -> Result<(), NotAView> {
        let &Self { width, height, .. } = self;
        if [width, height].iter().any(|side| !(1..=MAX_AIM_SIDE).contains(side)) {
            return Err(NotAView::Size { width, height });
        }
        if self.boxes.len() > MAX_AIM_BOXES || !self.boxes.iter().all(|face| face.is_within(width, height)) {
            return Err(NotAView::Boxes);
        }
        let of_face = self.face.map(|face| [face.pixels, face.minimum, face.brightness.unwrap_or(0.0)]);
        let numbers = [self.light.brightness, self.light.clipped, self.sharpness.now, self.sharpness.best];
        let mut numbers = numbers.into_iter().chain(of_face.into_iter().flatten());
        if !numbers.all(|number| number.is_finite() && number >= 0.0) {
            return Err(NotAView::Number);
        }
        if self.rotate.is_some_and(|degrees| ![0, 90, 180, 270].contains(&degrees)) {
            return Err(NotAView::Rotation);
        }
        let texts = [&self.light.words, &self.sharpness.words, &self.gate.words];
        let mut texts = texts.into_iter().chain(&self.gate.refused_because);
        match texts.all(|text| text.len() <= MAX_AIM_WORDS_BYTES && !text.chars().any(char::is_control)) {
            true => Ok(()),
            false => Err(NotAView::Words),
        }
    }
}

impl AimBox {
    fn is_within(&self, width: u32, height: u32) -> bool {
        let Self { x, y, width: across, height: down } = *self;
        // Not true of NaN.
        let is_positive = [x, y, across, down].iter().all(|number| *number >= 0.0);
        is_positive && x + across <= width as f32 && y + down <= height as f32
    }
}

impl fmt::Display for AimView {
    /// One line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.face, self.boxes.first()) {
            (Some(face), Some(at)) => {
                let AimFace { pixels, minimum, is_too_small, .. } = face;
                write!(f, "face {pixels:.0} pixels")?;
                if *is_too_small {
                    write!(f, ", TOO SMALL (minimum {minimum:.0})")?;
                }
                let AimBox { x, y, width, height } = at;
                write!(f, ", box {x:.0},{y:.0} {width:.0}x{height:.0} of {}x{}", self.width, self.height)?;
                if self.boxes.len() > 1 {
                    write!(f, ", {} faces", self.boxes.len())?;
                }
            }
            _ => f.write_str("no face")?,
        }
        let AimLight { brightness, words, .. } = &self.light;
        write!(f, "; light {brightness:.0}: {words}")?;
        let AimSharpness { now, best, words, .. } = &self.sharpness;
        write!(f, "; sharpness {now:.0}, best {best:.0}: {words}")?;
        write!(f, "; gate: {}", self.gate.words)?;
        if let Some(degrees) = self.rotate {
            write!(f, "; NOT UPRIGHT: set [camera] rotate = {degrees}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn view() -> AimView {
        AimView {
            width: 640,
            height: 360,
            boxes: vec![AimBox { x: 300.0, y: 100.0, width: 80.0, height: 100.0 }],
            face: Some(AimFace { pixels: 160.0, minimum: 40.0, is_too_small: false, brightness: Some(120.0) }),
            light: AimLight { brightness: 110.0, clipped: 0.0, words: "good".to_owned() },
            sharpness: AimSharpness {
                of: Measured::Face,
                now: 80.0,
                best: 100.0,
                words: "turn the lens until this number is highest".to_owned(),
            },
            gate: AimVerdict { refused_because: None, words: "the face can be judged".to_owned() },
            rotate: None,
            seconds_left: 600,
        }
    }

    #[test]
    fn impossible_views_are_refused() {
        type Change = fn(&mut AimView);
        let cases: [(Change, Result<(), NotAView>); 18] = [
            (|_| (), Ok(())),
            (|view| view.face = None, Ok(())),
            (|view| view.boxes = vec![view.boxes[0]; MAX_AIM_BOXES], Ok(())),
            (|view| view.boxes = vec![view.boxes[0]; MAX_AIM_BOXES + 1], Err(NotAView::Boxes)),
            (|view| view.boxes[0].width = 340.0, Ok(())),
            (|view| view.boxes[0].width = 340.5, Err(NotAView::Boxes)),
            (|view| view.boxes[0].y = -0.5, Err(NotAView::Boxes)),
            (|view| view.boxes[0].x = f32::NAN, Err(NotAView::Boxes)),
            (|view| view.height = 0, Err(NotAView::Size { width: 640, height: 0 })),
            (|view| view.width = 641, Err(NotAView::Size { width: 641, height: 360 })),
            (|view| view.light.brightness = f32::INFINITY, Err(NotAView::Number)),
            (|view| view.sharpness.best = -1.0, Err(NotAView::Number)),
            (|view| view.face.as_mut().unwrap().pixels = f32::NAN, Err(NotAView::Number)),
            (|view| view.rotate = Some(0), Ok(())),
            (|view| view.rotate = Some(45), Err(NotAView::Rotation)),
            (|view| view.gate.words = "\x1b[2J".to_owned(), Err(NotAView::Words)),
            (|view| view.light.words = "x".repeat(201), Err(NotAView::Words)),
            (|view| view.gate.refused_because = Some("a\nb".to_owned()), Err(NotAView::Words)),
        ];
        for (index, (change, expected)) in cases.into_iter().enumerate() {
            let mut changed = view();
            change(&mut changed);
            assert_eq!(changed.check(), expected, "case {index}");
        }
    }

    #[test]
    fn a_view_is_one_line() {
        let mut view = view();
        assert_eq!(
            view.to_string(),
            "face 160 pixels, box 300,100 80x100 of 640x360; light 110: good; sharpness 80, best 100: turn the lens until \
             this number is highest; gate: the face can be judged"
        );
        view.rotate = Some(90);
        view.face.as_mut().unwrap().is_too_small = true;
        let text = view.to_string();
        assert!(text.contains("TOO SMALL (minimum 40)") && text.ends_with("NOT UPRIGHT: set [camera] rotate = 90"));
        (view.face, view.boxes) = (None, Vec::new());
        assert!(view.to_string().starts_with("no face; light"));
    }
}
