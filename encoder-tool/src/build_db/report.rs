//! What `build-db` tells when it is done.

use serde::Serialize;

/// The answer of `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Report {
    /// People in the database.
    pub(super) people: usize,
    /// Photos found.
    pub(super) photos: usize,
    /// Encodings in the database.
    pub(super) encodings: usize,
    pub(super) skipped: Vec<Skipped>,
    /// How long all of it took.
    pub(super) seconds: f64,
}

/// A photo that was left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Skipped {
    /// `person/photo`
    pub(super) photo: String,
    pub(super) reason: String,
}

impl Report {
    /// One line.
    pub(super) fn in_words(&self, database: &str) -> String {
        let Self { people, photos, encodings, skipped, seconds } = self;
        let (people, encodings) = (count(*people, "person", "people"), count(*encodings, "encoding", "encodings"));
        let (photos, skipped) = (count(*photos, "photo", "photos"), skipped.len());
        format!("{database}: {people} with {encodings} from {photos} ({skipped} left out) in {seconds:.1} s")
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    #[test]
    fn in_words_and_as_json() {
        let skipped = vec![Skipped { photo: "bo/1.jpg".to_owned(), reason: "no face".to_owned() }];
        let report = Report { people: 1, photos: 3, encodings: 2, skipped, seconds: 1.5 };
        assert_eq!(report.in_words("a.db"), "a.db: 1 person with 2 encodings from 3 photos (1 left out) in 1.5 s");
        assert_eq!(
            to_json(&report).unwrap(),
            r#"{"schema":1,"people":1,"photos":3,"encodings":2,"skipped":[{"photo":"bo/1.jpg","reason":"no face"}],"seconds":1.5}"#
        );
    }
}
