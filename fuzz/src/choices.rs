//! Bytes as choices: what a fuzzer says, where something else than a file is wanted.

/// Makes choices, one byte after the other; 0 when there are no more.
pub(crate) struct Choices<'a> {
    left: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, left)) = self.left.split_first() else { return 0 };
        self.left = left;
        first
    }

    /// 0 to `limit - 1`.
    pub(crate) fn below(&mut self, limit: u8) -> u8 {
        self.byte() % limit.max(1)
    }

    pub(crate) fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// A place in something of that length; 0 in nothing.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::from(self.word()) % length.max(1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// All that has not been chosen from.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.left
    }
}
