//! Formats a number with its noun.

use std::fmt::Display;

/// Formats a number with its noun: `1 photo`, `2 photos`, `0 people`. `noun` is singular, and other words may precede
/// it.
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) {
        return format!("{number} {noun}");
    }
    match noun.strip_suffix("person") {
        Some(before) => format!("{number} {before}people"),
        None => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_and_plural() {
        for (number, noun, expected) in [
            (1, "enrolled encoding", "1 enrolled encoding"),
            (2, "enrolled encoding", "2 enrolled encodings"),
            (0, "frame", "0 frames"),
            (1, "person", "1 person"),
            (21, "person", "21 people"),
            (0, "other person", "0 other people"),
        ] {
            assert_eq!(counted(number, noun), expected);
        }
    }
}
