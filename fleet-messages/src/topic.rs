//! The topics of a unit, and which of them a collector subscribes to.

use shared::seal::Fingerprint;
use std::fmt;
use std::str::FromStr;

/// The topics of all units below one prefix.
///
/// A topic is `PREFIX/SHARD/UNIT/KIND`. `UNIT` is the unit's id, and `SHARD` its first two hexadecimal digits: a collector
/// that works on a part of the units subscribes to its shards only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
}

/// What a message is about: the last level of its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Lines of the audit log.
    Records,
    /// The record that a collector wants next.
    Want,
    /// A request for a statement.
    Ask,
    /// The signed report of a unit.
    Statement,
    /// A people database that can be fetched.
    Notice,
    /// A signed order.
    Order,
    /// Whether the link is connected.
    Presence,
}

/// One of `of` collectors, each of which works on its part of the units. Its text is `I/N`, from `1/N` to `N/N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    index: u16,
    of: u16,
}

/// Why a text is not a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a part such as 1/4: give I/N, with I from 1 to N, and N at most 256")]
pub struct ShardError(String);

/// Why a text is not the prefix of topics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot begin a topic: use 1 to 64 letters, digits, \"-\", \"_\", and \"/\" between them")]
pub struct NotATopicPrefix(String);

impl Topics {
    /// The topics below a prefix, such as `edge-agent` or `acme/doors`.
    ///
    /// # Errors
    /// [`NotATopicPrefix`]
    pub fn below(prefix: &str) -> Result<Self, NotATopicPrefix> {
        let is_level = |level: &str| {
            !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        match prefix.len() <= 64 && prefix.split('/').all(is_level) {
            true => Ok(Self { prefix: prefix.to_owned() }),
            false => Err(NotATopicPrefix(prefix.to_owned())),
        }
    }

    /// The prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The topic of a message.
    pub fn of(&self, unit: Fingerprint, kind: Kind) -> String {
        format!("{}/{}", self.unit(unit), kind.level())
    }

    /// The beginning of all topics of a unit, without a `/` at the end.
    pub fn unit(&self, unit: Fingerprint) -> String {
        let id = unit.to_string();
        format!("{}/{}/{id}", self.prefix, &id[..2])
    }

    /// The filters for messages of all units, or of those of one part.
    pub fn filters(&self, kind: Kind, part: Option<Shard>) -> Vec<String> {
        let (prefix, level) = (&self.prefix, kind.level());
        match part.filter(|part| part.of > 1) {
            None => vec![format!("{prefix}/+/+/{level}")],
            Some(part) => part.bytes().map(|byte| format!("{prefix}/{byte:02x}/+/{level}")).collect(),
        }
    }

    /// The unit and the kind of a topic; `None` if it is not a topic of these.
    pub fn parse(&self, topic: &str) -> Option<(Fingerprint, Kind)> {
        let mut levels = topic.strip_prefix(&self.prefix)?.strip_prefix('/')?.split('/');
        let (shard, id, level) = (levels.next()?, levels.next()?, levels.next()?);
        let unit: Fingerprint = id.parse().ok()?;
        // Only one spelling of an id is a topic: two would be two queues.
        let is_own = levels.next().is_none() && unit.to_string() == id && id.get(..2) == Some(shard);
        is_own.then_some((unit, Kind::ALL.into_iter().find(|kind| kind.level() == level)?))
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Records, Self::Want, Self::Ask, Self::Statement, Self::Notice, Self::Order, Self::Presence];

    const fn level(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Want => "want",
            Self::Ask => "ask",
            Self::Statement => "statement",
            Self::Notice => "notice",
            Self::Order => "order",
            Self::Presence => "presence",
        }
    }
}

impl Shard {
    /// The most parts: one for each value of the first two digits.
    pub const MOST: u16 = 256;

    /// Whether a unit belongs to this part.
    pub fn includes(self, unit: Fingerprint) -> bool {
        let digits = unit.to_string();
        u16::from_str_radix(&digits[..2], 16).is_ok_and(|byte| byte % self.of == self.index)
    }

    fn bytes(self) -> impl Iterator<Item = u16> {
        (self.index..Self::MOST).step_by(usize::from(self.of))
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let wrong = || ShardError(text.to_owned());
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let (number, of): (u16, u16) = number.parse().ok().zip(of.parse().ok()).ok_or_else(wrong)?;
        match of <= Self::MOST && (1..=of).contains(&number) {
            true => Ok(Self { index: number - 1, of }),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(byte: u8) -> Fingerprint {
        format!("{byte:02x}0c-8a71-0000-1111-2222").parse().unwrap()
    }

    #[test]
    fn a_topic_names_the_unit_and_the_kind() {
        let topics = Topics::below("acme/doors").unwrap();
        for kind in Kind::ALL {
            let topic = topics.of(unit(0x5f), kind);
            assert!(topic.starts_with("acme/doors/5f/5f0c-8a71-0000-1111-2222/"), "{topic}");
            assert_eq!(topics.parse(&topic), Some((unit(0x5f), kind)));
        }
        for other in [
            "",
            "acme/doors",
            "acme/doors/5f/5f0c-8a71-0000-1111-2222",
            "acme/doors/5f/5f0c-8a71-0000-1111-2222/unlock",
            "acme/doors/5f/5f0c-8a71-0000-1111-2222/records/x",
            "acme/doors/00/5f0c-8a71-0000-1111-2222/records",
            "acme/doors/5F/5F0C-8a71-0000-1111-2222/records",
            "acme/doorsx/5f/5f0c-8a71-0000-1111-2222/records",
            "other/5f/5f0c-8a71-0000-1111-2222/records",
        ] {
            assert_eq!(topics.parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_prefix_has_no_wildcards_and_no_empty_levels() {
        for (prefix, expected) in [
            ("edge-agent", true),
            ("a/b_c/D9", true),
            ("", false),
            ("/a", false),
            ("a/", false),
            ("a//b", false),
            ("a/+", false),
            ("#", false),
            ("$SYS", false),
            ("tür", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(Topics::below(prefix).is_ok(), expected, "{prefix}");
        }
    }

    #[test]
    fn each_unit_belongs_to_exactly_one_part() {
        let topics = Topics::below("p").unwrap();
        for of in [1, 2, 3, 7, 256] {
            let parts: Vec<Shard> = (1..=of).map(|number| format!("{number}/{of}").parse().unwrap()).collect();
            for byte in 0..=255 {
                assert_eq!(parts.iter().filter(|part| part.includes(unit(byte))).count(), 1);
            }
            let filters: Vec<String> =
                parts.iter().flat_map(|part| topics.filters(Kind::Records, Some(*part))).collect();
            assert_eq!(filters.len(), if of == 1 { 1 } else { 256 });
        }
        let half: Shard = "2/2".parse().unwrap();
        assert_eq!(topics.filters(Kind::Want, Some(half))[0], "p/01/+/want");
        assert!(half.includes(unit(1)) && !half.includes(unit(2)));
        assert_eq!(topics.filters(Kind::Want, None), ["p/+/+/want"]);
    }

    #[test]
    fn anything_else_is_not_a_part() {
        for text in ["", "1", "0/2", "3/2", "1/0", "1/257", "-1/2", "1/2/3", "a/b"] {
            let refused = text.parse::<Shard>().unwrap_err().to_string();
            assert!(refused.contains("1/4"), "{refused}");
        }
        assert_eq!("3/4".parse::<Shard>().unwrap().to_string(), "3/4");
    }
}
