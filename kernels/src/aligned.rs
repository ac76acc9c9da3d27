//! Slices aligned to cache lines. Reading a register across two cache lines takes twice as long.

use std::ops::{Deref, DerefMut};

/// Size of a cache line in bytes.
const LINE: usize = 64;

/// An owned slice that is aligned to a cache line.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    /// The allocation, with room for alignment.
    numbers: Vec<T>,
    first: usize,
    count: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// Makes a slice of this many zeros.
    pub(crate) fn new(count: usize) -> Self {
        let line = LINE / size_of::<T>().max(1);
        // Saturating: the vector refuses an impossible size.
        let numbers = vec![T::default(); count.saturating_add(line)];
        let first = numbers.as_ptr().align_offset(LINE).min(line);
        Self { numbers, first, count }
    }
}

impl<T: Copy + Default> From<&[T]> for Aligned<T> {
    fn from(numbers: &[T]) -> Self {
        let mut aligned = Self::new(numbers.len());
        aligned.copy_from_slice(numbers);
        aligned
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.first..][..self.count]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.first..][..self.count]
    }
}

impl<T: Copy + Default> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl<T: PartialEq> PartialEq for Aligned<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_a_line_and_are_those_given() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let numbers: Vec<f32> = (0..count).map(|number| number as f32).collect();
            let aligned = Aligned::from(&numbers[..]);
            let copy = aligned.clone();
            for aligned in [&aligned, &copy] {
                assert_eq!((&**aligned, aligned.as_ptr().addr() % LINE), (&numbers[..], 0));
            }
            assert_eq!(aligned, copy);
        }
        assert_eq!(&*Aligned::<i8>::new(3), [0; 3]);
    }
}
