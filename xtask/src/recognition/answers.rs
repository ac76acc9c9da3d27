//! Parses the output of `encoder-tool identify --json`: one line for each photo.

use anyhow::{Context, Result};
use serde::Deserialize;

/// The answer for one photo.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Answer {
    /// All faces, largest first.
    pub(super) faces: Vec<Face>,
}

/// The answer for one face.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Face {
    /// Left, top, width, height in pixels of the photo.
    #[serde(rename = "box")]
    pub(super) bounds: [f32; 4],
    /// The nearest enrolled person, if within the threshold.
    pub(super) name: Option<String>,
    /// L2 distance to the nearest enrolled person.
    pub(super) distance: f32,
    /// L2 distance up to which a face is named.
    pub(super) threshold: f32,
}

impl Answer {
    /// The largest face. Only this one counts as the person in the photo.
    pub(super) fn largest_face(&self) -> Option<&Face> {
        self.faces.first()
    }
}

/// # Errors
/// If a line is not an answer, or reports a photo that could not be read.
pub(super) fn parse_answers(lines: &str) -> Result<Vec<Answer>> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("encoder-tool identify answered {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_answers() {
        let lines = r#"{"schema":1,"photo":"a.jpg","faces":[{"box":[1.0,2.0,3.0,4.0],"name":"bo","distance":0.5,"threshold":1.02,"runner_up":null},{"box":[1.0,2.0,3.0,3.0],"name":null,"distance":1.5,"threshold":1.02,"runner_up":null}]}
{"schema":1,"photo":"b.jpg","faces":[]}
"#;
        let answers = parse_answers(lines).unwrap();
        let bo = Face { bounds: [1.0, 2.0, 3.0, 4.0], name: Some("bo".to_owned()), distance: 0.5, threshold: 1.02 };
        assert_eq!(answers.iter().map(Answer::largest_face).collect::<Vec<_>>(), [Some(&bo), None]);
    }

    #[test]
    fn a_photo_that_could_not_be_read_is_no_answer() {
        for line in [r#"{"schema":1,"photo":"a.jpg","faces":null,"error":"truncated"}"#, "Segmentation fault", "{}"] {
            assert!(parse_answers(line).is_err(), "{line}");
        }
    }
}
