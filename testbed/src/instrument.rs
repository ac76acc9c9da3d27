//! Who or what stands in front of the camera: people, and presentation attack instruments (ISO/IEC 30107-3).

use crate::chance::Chance;
use crate::faces::{COARSE, Face};
use crate::head::Head;
use crate::light::{Gloss, Room};
use crate::motion::Motion;
use crate::picture::{Picture, luma};
use crate::surface::{Outline, Relief, Shine, Surface};
use crate::vector::{dot, less, unit};
use std::fmt;

/// A kind of visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
pub enum Instrument {
    /// A person: bona fide.
    Person,
    /// A print on matte paper, flat.
    MattePrint,
    /// A print on glossy paper, flat.
    GlossyPrint,
    /// A print bent about the vertical, the horizontal or a slanted axis, radius 8 to 30 cm.
    BentPrint,
    /// A print, flat or bent, with holes through which the attacker's eyes look.
    EyesCutOut,
    /// A phone, 80 to 1000 cd/m^2.
    Phone,
    /// A tablet with the face in life size, 80 to 600 cd/m^2.
    Tablet,
    /// A monitor, 80 to 400 cd/m^2.
    Monitor,
    /// A tablet that is dimmed to 2 to 80 cd/m^2, so that the lamp's reflection counts more.
    DimScreen,
    /// A screen that shows the answer of a head to the lamp, perfect but two to five frames late.
    LateScreen,
    /// The same, one frame late.
    LateByOne,
    /// A recorded trial of a person, with another code, fed in in place of the camera.
    Injected,
    /// A mask of matte paper worn on the face, in its shape. Expected to pass.
    PaperMask,
}

impl Instrument {
    /// Every kind, people first.
    pub const ALL: [Self; 13] = [
        Self::Person,
        Self::MattePrint,
        Self::GlossyPrint,
        Self::BentPrint,
        Self::EyesCutOut,
        Self::Phone,
        Self::Tablet,
        Self::Monitor,
        Self::DimScreen,
        Self::LateScreen,
        Self::LateByOne,
        Self::Injected,
        Self::PaperMask,
    ];

    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::MattePrint => "matte print",
            Self::GlossyPrint => "glossy print",
            Self::BentPrint => "bent print",
            Self::EyesCutOut => "print, eyes cut out",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Monitor => "monitor",
            Self::DimScreen => "dimmed screen",
            Self::LateScreen => "screen, 2-5 frames late",
            Self::LateByOne => "screen, 1 frame late",
            Self::Injected => "injected video",
            Self::PaperMask => "paper mask",
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.in_words())
    }
}

/// What stands there, and how it moves.
pub(crate) struct Visitor {
    pub(crate) surface: Surface,
    pub(crate) motion: Motion,
    /// How late a screen answers, in frames.
    pub(crate) answers_after: Option<f32>,
}

/// The distance at which a face of life size looks as large as this one; a small picture is held nearer.
pub(crate) fn visitor(
    instrument: Instrument,
    faces: &[Face],
    fine: bool,
    room: &Room,
    distance: f32,
    chance: &mut Chance,
) -> Visitor {
    let face = &faces[chance.below(faces.len())];
    let other = &faces[chance.below(faces.len())];
    let map = |face: &Face| if fine { face.fine.clone() } else { face.coarse.clone() };
    let scale = chance.between(0.059, 0.067);
    let mut maker = Maker { instrument, face: map(face), other: map(other), scale, fine, distance, chance };
    let surface = maker.surface(room);
    let distance = distance * surface.scale / scale;
    let motion = match instrument {
        Instrument::Person | Instrument::Injected | Instrument::PaperMask => Motion::of_person(distance, chance),
        _ => Motion::of_hand(distance, chance),
    };
    let answers_after = match instrument {
        Instrument::LateByOne => Some(1.0 + chance.between(0.0, 0.3)),
        Instrument::LateScreen => Some(2.0 + chance.below(4) as f32 + chance.between(0.0, 0.3)),
        _ => None,
    };
    Visitor { surface, motion, answers_after }
}

struct Maker<'a> {
    instrument: Instrument,
    face: Picture,
    other: Picture,
    scale: f32,
    fine: bool,
    distance: f32,
    chance: &'a mut Chance,
}

impl Maker<'_> {
    fn surface(&mut self, room: &Room) -> Surface {
        match self.instrument {
            Instrument::Person | Instrument::Injected => {
                let gloss =
                    Gloss { strength: self.chance.between(0.005, 0.045), exponent: self.chance.log_between(8.0, 40.0) };
                self.on_head(self.face.clone(), gloss, room)
            }
            Instrument::PaperMask => {
                let print = self.print();
                let gloss = Gloss { strength: self.chance.between(0.0, 0.01), exponent: 8.0 };
                self.on_head(print, gloss, room)
            }
            Instrument::MattePrint => self.sheet(Relief::Plane, false),
            Instrument::GlossyPrint => self.sheet(Relief::Plane, true),
            Instrument::BentPrint => {
                let glossy = self.chance.happens(0.3);
                let relief = self.bent();
                self.sheet(relief, glossy)
            }
            Instrument::EyesCutOut => {
                let relief = if self.chance.happens(0.5) { self.bent() } else { Relief::Plane };
                let glossy = self.chance.happens(0.3);
                let behind = (Box::new(Head::random(self.chance)), self.other.clone());
                Surface { eyes_behind: Some(behind), ..self.sheet(relief, glossy) }
            }
            Instrument::Phone => self.screen([80.0, 1000.0], self.scale * 0.5, [1.15, 2.0, 2.6]),
            Instrument::Tablet => self.screen([80.0, 600.0], self.scale, [1.3, 1.7, 2.2]),
            Instrument::Monitor => self.screen([80.0, 400.0], self.scale, [4.0, 3.0, 3.0]),
            Instrument::DimScreen => self.screen([2.0, 80.0], self.scale, [1.3, 1.7, 2.2]),
            Instrument::LateScreen | Instrument::LateByOne => self.answering(room),
        }
    }

    fn on_head(&mut self, reflectance: Picture, gloss: Gloss, room: &Room) -> Surface {
        let head = Box::new(Head::random(self.chance));
        let lit = room.sources.iter().map(|source| {
            if source.is_narrow() { head.shadows(source.towards, 0.15 + source.breadth) } else { Vec::new() }
        });
        let lit = lit.collect();
        Surface {
            relief: Relief::Head(head),
            outline: Outline::Own,
            scale: self.scale,
            reflectance,
            gloss,
            shine: None,
            eyes_behind: None,
            lit,
        }
    }

    /// A photo as a printer gives it: no blacker than ink, no whiter than paper.
    fn print(&mut self) -> Picture {
        let photo = self.photo();
        let white = brightest(&photo);
        let (ink, paper) = (self.chance.between(0.015, 0.05), self.chance.between(0.75, 0.9));
        Picture::new(self.step(), |x, y| photo.at(x, y).map(|value| ink + (paper - ink) * (value / white).min(1.0)))
    }

    /// A photo of the face: under soft light as it is, or under a light of the attacker's choice.
    fn photo(&mut self) -> Picture {
        if self.chance.happens(0.4) {
            return self.face.clone();
        }
        let towards = [self.chance.normal(0.4), -self.chance.between(0.0, 0.9), 1.0];
        Head::random(self.chance).photographed(&self.face, towards, self.step())
    }

    fn step(&self) -> f32 {
        if self.fine { crate::faces::FINE } else { COARSE }
    }

    fn bent(&mut self) -> Relief {
        let radius = self.chance.between(0.08, 0.30) / self.scale;
        let angle = match self.chance.below(4) {
            0 | 1 => 0.0,
            2 => std::f32::consts::FRAC_PI_2,
            _ => self.chance.between(0.0, std::f32::consts::PI),
        };
        let radius = if self.chance.happens(0.1) { -radius } else { radius };
        Relief::Cylinder { radius, across: [angle.cos(), angle.sin()] }
    }

    /// Life size, on A4 or larger, or cut out along the face.
    fn sheet(&mut self, relief: Relief, glossy: bool) -> Surface {
        let outline = if self.chance.happens(0.5) { Outline::Face } else { Outline::Rectangle([1.65, 2.1, 2.6]) };
        let gloss = if glossy {
            Gloss { strength: 0.04, exponent: self.chance.log_between(100.0, 2000.0) }
        } else {
            Gloss { strength: self.chance.between(0.0, 0.01), exponent: 6.0 }
        };
        let reflectance = self.print();
        Surface {
            relief,
            outline,
            scale: self.scale,
            reflectance,
            gloss,
            shine: None,
            eyes_behind: None,
            lit: Vec::new(),
        }
    }

    /// Glass reflects 4 % like a mirror, clear or etched, and what is below and on it 0.5 to 3 % in all directions.
    fn screen(&mut self, luminance: [f32; 2], scale: f32, outline: [f32; 3]) -> Surface {
        let photo = self.photo();
        let factor = self.chance.log_between(luminance[0], luminance[1]) / brightest(&photo);
        let picture = Picture::new(self.step(), |x, y| photo.at(x, y).map(|value| factor * value));
        self.glass(Shine { picture, answer: None }, scale, outline)
    }

    fn glass(&mut self, shine: Shine, scale: f32, outline: [f32; 3]) -> Surface {
        let haze = self.chance.log_between(0.005, 0.03);
        let exponent = if self.chance.happens(0.3) {
            self.chance.log_between(50.0, 600.0)
        } else {
            self.chance.log_between(2000.0, 20_000.0)
        };
        Surface {
            relief: Relief::Plane,
            outline: Outline::Rectangle(outline),
            scale,
            reflectance: Picture::new(1.0, |_, _| [haze; 3]),
            gloss: Gloss { strength: 0.04, exponent },
            shine: Some(shine),
            eyes_behind: None,
            lit: Vec::new(),
        }
    }

    /// The strongest attack by screen: it shows a head under this room's light, and adds this lamp's light on this head at
    /// this distance when it has seen the lamp.
    fn answering(&mut self, room: &Room) -> Surface {
        let head = Head::random(self.chance);
        let (scale, distance, step) = (self.scale, self.distance, self.step());
        let lamp = crate::light::Lamp { place: [0.045, 0.0], candela: crate::light::CANDELA };
        let albedo = self.face.clone();
        let place = |x: f32, y: f32| [scale * x, scale * y, scale * head.height(x, y) - distance];
        let without = Picture::new(step, |x, y| {
            let (normal, open) = head.shading(x, y);
            albedo.at(x, y).map(|share| share * room.on(normal, open, |_| open) / std::f32::consts::PI)
        });
        let added = Picture::new(step, |x, y| {
            let (normal, _) = head.shading(x, y);
            let point = place(x, y);
            let (lux, towards) = lamp.at(point);
            debug_assert!(dot(unit(less([0.0; 3], point)), [0.0, 0.0, 1.0]) > 0.0);
            let lux = if head.is_present(x, y) { lux * dot(normal, towards).max(0.0) } else { 0.02 * lux };
            albedo.at(x, y).map(|share| share * lux / std::f32::consts::PI)
        });
        let factor = self.chance.log_between(80.0, 600.0) / (brightest(&without) + brightest(&added));
        let dimmed = |picture: &Picture| Picture::new(step, |x, y| picture.at(x, y).map(|value| factor * value));
        let shine = Shine { picture: dimmed(&without), answer: Some(dimmed(&added)) };
        self.glass(shine, scale, [1.3, 1.7, 2.2])
    }
}

/// The brightest part of a face, apart from highlights: the 98th percentile.
fn brightest(picture: &Picture) -> f32 {
    let places = (0..40).flat_map(|row| (0..24).map(move |column| (row, column)));
    let mut values: Vec<f32> =
        places.map(|(row, column)| luma(picture.at(-1.2 + 0.1 * column as f32, -1.6 + 0.1 * row as f32))).collect();
    values.sort_by(f32::total_cmp);
    values[values.len() * 98 / 100].max(1e-3)
}
