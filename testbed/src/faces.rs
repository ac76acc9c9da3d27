//! The reflectance of faces: from photos of volunteers where they are at hand, else drawn.

use crate::chance::Chance;
use crate::picture::{Picture, luma};
use anyhow::{Context, Result};
use liveness::lamp::{Grid, linear};
use models::{Frame, Photo, Recogniser};
use std::fs;
use std::path::Path;

/// The mesh of a picture that is rendered in full.
pub(crate) const FINE: f32 = 0.02;
/// The mesh of a picture that is rendered as cells.
pub(crate) const COARSE: f32 = 0.055;

/// The reflectance of one face.
#[derive(Clone, Debug)]
pub struct Face {
    /// For a picture in full.
    pub(crate) fine: Picture,
    /// For cells of a grid.
    pub(crate) coarse: Picture,
}

/// Reads the photos of a folder and of the folders in it. Photos without a face are skipped.
///
/// # Errors
/// If the folder or a file cannot be read, or the detector cannot run.
pub fn from_photos(folder: &Path, most: usize) -> Result<Vec<Face>> {
    let mut recogniser = Recogniser::bundled()?;
    let mut faces = Vec::new();
    for path in photos_in(folder)? {
        if faces.len() >= most {
            break;
        }
        let shown = path.to_string_lossy().into_owned();
        let bytes = fs::read(&path).with_context(|| format!("{shown}: cannot be read"))?;
        let photo = Photo::open(&bytes).with_context(|| format!("{shown}: is no photo"))?;
        let frame = photo.decode().with_context(|| format!("{shown}: cannot be decoded"))?;
        let found = recogniser.detect_in_photo(&frame)?;
        let Some(grid) = found.first().and_then(|face| Grid::between(&face.landmarks)) else { continue };
        faces.push(reflectance(&frame, &grid));
    }
    Ok(faces)
}

fn photos_in(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    let shown = folder.to_string_lossy();
    for entry in fs::read_dir(folder).with_context(|| format!("{shown}: cannot be read as a folder"))? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() {
            found.extend(photos_in(&path)?);
        } else if ["jpg", "jpeg", "png", "webp"].contains(&extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Takes the photo's linear light for the reflectance: studio light is soft, so the shading it contains is weak.
fn reflectance(frame: &Frame, grid: &Grid) -> Face {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let at = |x: f32, y: f32| {
        let (x, y) = grid.apply(x, y);
        let column = x.round().clamp(0.0, width as f32 - 1.0) as usize;
        let row = y.round().clamp(0.0, height as f32 - 1.0) as usize;
        [0, 1, 2].map(|channel| 0.95 * linear(frame.pixels()[3 * (row * width + column) + channel]))
    };
    let fine = Picture::new(FINE, at);
    let coarse = fine.coarser(COARSE);
    Face { fine, coarse }
}

/// Draws faces.
pub fn drawn(number: usize, seed: u64) -> Vec<Face> {
    let mut chance = Chance::new(seed);
    (0..number).map(|_| draw(&mut chance)).collect()
}

fn draw(chance: &mut Chance) -> Face {
    let skin = chance.log_between(0.09, 0.48);
    let hair = (skin * chance.log_between(0.08, 0.6)).max(0.012);
    let (brows, lips) = (chance.between(0.5, 0.95), chance.between(0.45, 0.75));
    let hairline = chance.between(-1.25, -0.75);
    let sides = chance.between(0.95, 1.25);
    let beard = if chance.happens(0.25) { chance.between(0.2, 0.8) } else { 0.0 };
    let glasses = chance.happens(0.25);
    let (brow_height, brow_thickness) = (chance.between(-0.42, -0.30), chance.between(0.04, 0.08));
    let spots: Vec<[f32; 4]> = (0..60)
        .map(|_| {
            let (x, y) = (chance.between(-1.2, 1.2), chance.between(-1.2, 1.9));
            [x, y, chance.between(0.03, 0.2), chance.normal(0.10)]
        })
        .collect();
    let soft = |distance: f32, width: f32| 1.0 / (1.0 + (distance / width).exp());
    let fine = Picture::new(FINE, |x, y| {
        let mut value = skin;
        for [at_x, at_y, size, strength] in &spots {
            let power = ((x - at_x).powi(2) + (y - at_y).powi(2)) / (size * size);
            value *= 1.0 + if power < 9.0 { strength * (-power).exp() } else { 0.0 };
        }
        let side = x.abs();
        let brow = soft(((side - 0.5) / 0.34).abs() - 1.0, 0.08)
            * soft(((y - brow_height - 0.1 * (side - 0.5).powi(2)) / brow_thickness).abs() - 1.0, 0.15);
        value += (hair - value) * brow * brows;
        let (u, v) = ((side - 0.5) / 0.21, y / 0.09);
        let white = soft(u * u + v * v - 1.0, 0.1);
        value += (0.42 - value) * white;
        let iris = soft(((side - 0.5).hypot(y) - 0.085) / 0.085, 0.12);
        value += (0.03 - value) * iris * white.max(0.3);
        let lash = soft((u.abs() - 1.1) / 0.1, 0.3) * soft(((y + 0.09) / 0.025).abs() - 1.0, 0.2);
        value += (hair.min(0.05) - value) * 0.6 * lash;
        let mouth = (x / 0.42).powi(2) + ((y - 1.155) / 0.13).powi(2);
        value *= 1.0 - (1.0 - lips) * soft(mouth - 1.0, 0.12);
        value *= 1.0 - 0.6 * soft((x / 0.36).abs() - 1.0, 0.1) * soft(((y - 1.155) / 0.02).abs() - 1.0, 0.3);
        let nostril = ((side - 0.12) / 0.07).powi(2) + ((y - 0.70) / 0.045).powi(2);
        value *= 1.0 - 0.75 * soft(nostril - 1.0, 0.2);
        let around_mouth = soft((0.95 - y) / 0.12, 0.5) * soft((1.15 - side) / -0.1, 0.5).min(1.0);
        value += (hair.max(0.03) - value) * beard * around_mouth * (1.0 - soft(mouth - 1.3, 0.2));
        let crown = soft((y - hairline - 0.25 * side * side) / 0.06, 0.5);
        let temple = soft((sides - side) / 0.06, 0.5) * soft((y - 0.6) / 0.15, 0.5);
        value += (hair - value) * crown.max(temple);
        if glasses {
            let ring = ((side - 0.5) / 0.38).hypot((y - 0.03) / 0.28);
            let frame = soft(((ring - 1.0) / 0.09).abs() - 1.0, 0.1);
            value += (0.03 - value) * frame;
        }
        let value = value.clamp(0.012, 0.9);
        [(value * 1.25).min(0.95), value * 0.95, value * 0.75]
    });
    let coarse = fine.coarser(COARSE);
    Face { fine, coarse }
}

impl Face {
    /// The mean reflectance of the cheeks and the forehead.
    pub fn skin(&self) -> f32 {
        let places = [[-0.65, 0.5], [0.65, 0.5], [-0.3, -0.65], [0.3, -0.65]];
        places.iter().map(|[x, y]| luma(self.coarse.at(*x, *y))).sum::<f32>() / 4.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_face_has_eyes_and_brows() {
        for face in drawn(20, 3) {
            let at = |x: f32, y: f32| luma(face.fine.at(x, y));
            assert!(at(0.5, 0.0) < 0.5 * at(0.64, 0.01).max(face.skin()), "an iris is dark");
            assert!((0.03..0.6).contains(&face.skin()), "{}", face.skin());
        }
    }
}
