//! Turns the fuzzer's bytes into choices, for targets that need more than a file.

/// A source of choices: one byte for each, then 0 when the bytes are used up.
pub(crate) struct Choices<'a> {
    left: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, left)) = self.left.split_first() else { return 0 };
        self.left = left;
        first
    }

    /// A number from 0 to `limit - 1`.
    pub(crate) fn below(&mut self, limit: u8) -> u8 {
        self.byte() % limit.max(1)
    }

    pub(crate) fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// An index into something of that length; 0 if it is empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::from(self.word()) % length.max(1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The bytes that are not used yet.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.left
    }
}
