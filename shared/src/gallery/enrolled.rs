//! All encodings of a gallery, stored by column for the search: the integers of all encodings are contiguous.

use super::{EnrolledEncoding, NewEncoding, PhotoDigest};
use crate::matching::{Rows, push_row, scale_of};
use alloc::vec::Vec;
use core::ops::Range;
use zeroize::Zeroize;

/// Each column has one entry per encoding; in `numbers` it is a padded row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Enrolled {
    dimensions: usize,
    numbers: Vec<i8>,
    scales: Vec<f32>,
    stretches: Vec<u16>,
    owners: Vec<u32>,
    photos: Vec<PhotoDigest>,
    made_at: Vec<i64>,
    plain: Vec<bool>,
}

/// Encodings are wiped from memory when they are dropped.
impl Drop for Enrolled {
    fn drop(&mut self) {
        self.numbers.zeroize();
        self.scales.zeroize();
        self.stretches.zeroize();
    }
}

impl Enrolled {
    /// No encodings, for 1 to 512 dimensions.
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            numbers: Vec::new(),
            scales: Vec::new(),
            stretches: Vec::new(),
            owners: Vec::new(),
            photos: Vec::new(),
            made_at: Vec::new(),
            plain: Vec::new(),
        }
    }

    pub(super) fn reserve(&mut self, encodings: usize) {
        self.numbers.reserve_exact(encodings.saturating_mul(self.stride()));
        self.scales.reserve_exact(encodings);
        self.stretches.reserve_exact(encodings);
        self.owners.reserve_exact(encodings);
        self.photos.reserve_exact(encodings);
        self.made_at.reserve_exact(encodings);
        self.plain.reserve_exact(encodings);
    }

    fn stride(&self) -> usize {
        Rows::stride_of(self.dimensions)
    }

    pub(super) fn rows(&self) -> Option<Rows<'_>> {
        Rows::new(self.dimensions, &self.numbers, &self.scales)
    }

    pub(super) fn owners(&self) -> &[u32] {
        &self.owners
    }

    pub(super) fn made_at(&self) -> &[i64] {
        &self.made_at
    }

    pub(super) fn origins(&self) -> impl Iterator<Item = (PhotoDigest, u16)> {
        self.photos.iter().copied().zip(self.stretches.iter().copied())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = EnrolledEncoding<'_>> {
        self.range(0..self.scales.len())
    }

    /// A range of them; empty if it is out of bounds.
    pub(super) fn range(&self, encodings: Range<usize>) -> impl Iterator<Item = EnrolledEncoding<'_>> {
        encodings.map_while(|index| {
            Some(EnrolledEncoding {
                scale: *self.scales.get(index)?,
                numbers: self.numbers.get(index * self.stride()..)?.get(..self.dimensions)?,
                photo: *self.photos.get(index)?,
                made_at: *self.made_at.get(index)?,
                is_plain: *self.plain.get(index)?,
            })
        })
    }

    pub(super) fn push_owner(&mut self, owner: u32, encodings: usize) {
        self.owners.extend(core::iter::repeat_n(owner, encodings));
    }

    pub(super) fn push_made_at(&mut self, made_at: i64, encodings: usize) {
        self.made_at.extend(core::iter::repeat_n(made_at, encodings));
    }

    /// Which encodings are of plain faces.
    pub(super) fn plain(&self) -> &[bool] {
        &self.plain
    }

    pub(super) fn push_plain(&mut self, is_plain: impl IntoIterator<Item = bool>) {
        self.plain.extend(is_plain);
    }

    /// Appends `dimensions` integers as bytes; `None` if they cannot come from an encoding.
    pub(super) fn push_row(&mut self, row: &[u8], stretch: u16, photo: PhotoDigest) -> Option<()> {
        let start = self.numbers.len();
        self.numbers.extend(row.iter().map(|&byte| byte as i8));
        self.scales.push(scale_of(&self.numbers[start..], stretch)?);
        self.numbers.resize(start + self.stride(), 0);
        self.stretches.push(stretch);
        self.photos.push(photo);
        Some(())
    }

    /// Appends an encoding with its columns. If the dimensions differ, appends nothing and returns `None`.
    pub(super) fn push(&mut self, new: &NewEncoding, owner: u32) -> Option<()> {
        let NewEncoding { encoding, photo, made_at, is_plain } = new;
        if encoding.dimensions() != self.dimensions {
            return None;
        }
        let start = self.numbers.len();
        let stretch = push_row(encoding, &mut self.numbers);
        let Some(scale) = scale_of(&self.numbers[start..], stretch) else {
            self.numbers.truncate(start);
            return None;
        };
        self.scales.push(scale);
        self.stretches.push(stretch);
        self.owners.push(owner);
        self.photos.push(*photo);
        self.made_at.push(*made_at);
        self.plain.push(*is_plain);
        Some(())
    }

    /// Removes the encodings of the owner with this number; higher owner numbers decrease by one.
    pub(super) fn remove(&mut self, owner: u32, encodings: Range<usize>) {
        let stride = self.stride();
        self.numbers.drain(encodings.start * stride..encodings.end * stride);
        self.scales.drain(encodings.clone());
        self.stretches.drain(encodings.clone());
        self.owners.drain(encodings.clone());
        self.photos.drain(encodings.clone());
        self.made_at.drain(encodings.clone());
        self.plain.drain(encodings);
        self.owners.iter_mut().filter(|other| **other > owner).for_each(|other| *other -= 1);
    }
}
