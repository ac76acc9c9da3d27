//! Whether a link is connected to the broker.

/// The payload of a presence message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The link is connected.
    Online,
    /// The link has gone, or the broker has lost it.
    Offline,
}

impl Presence {
    /// The payload.
    pub const fn payload(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }

    /// Reads a payload; `None` if it is neither.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        [Self::Online, Self::Offline].into_iter().find(|presence| presence.payload().as_bytes() == payload)
    }
}
