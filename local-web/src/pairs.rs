//! Names and values of a form or of a query. Both are hostile text.

use crate::path;

/// Names and values, in the order in which they came. A name may stand several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `application/x-www-form-urlencoded`; `None` if an escape is cut off, or if it is not UTF-8.
    pub(crate) fn read(encoded: &str) -> Option<Self> {
        // What follows puts another letter in the place of what is not UTF-8. No escape extends over a separator.
        path::decoded(encoded)?;
        Some(Self(form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()))
    }

    /// The value of this name; `None` if there is none, or more than one.
    pub fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        let value = values.next()?;
        if values.next().is_some() { None } else { Some(value) }
    }

    /// All values of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        for (encoded, expected) in [
            ("", Some(&[][..])),
            ("a=1&b=2&a=3", Some(&[("a", "1"), ("b", "2"), ("a", "3")])),
            ("name=Zo%C3%AB+%26+S%c3%b6hne", Some(&[("name", "Zoë & Söhne")])),
            ("a&b=&=c&&", Some(&[("a", ""), ("b", ""), ("", "c")])),
            ("a=1=2%00", Some(&[("a", "1=2\0")])),
            ("a=%", None),
            ("a=%4", None),
            ("a=%ff", None),
            ("a=%C3&b=%AB", None),
            ("a=%C3+%AB", None),
        ] {
            let found = Pairs::read(encoded);
            let found = found.as_ref().map(|pairs| pairs.iter().collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expected, "{encoded}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_has_no_one_value() {
        let pairs = Pairs::read("a=1&b=2&a=3").unwrap();
        assert_eq!([pairs.one("a"), pairs.one("b"), pairs.one("c")], [None, Some("2"), None]);
        assert_eq!(pairs.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert!(!pairs.is_empty() && Pairs::default().is_empty());
    }
}
