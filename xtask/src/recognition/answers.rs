//! What `encoder-tool identify --json` says, a line for each photo.

use anyhow::{Context, Result};
use serde::Deserialize;

/// About one photo.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Answer {
    /// The largest first.
    pub(super) faces: Vec<Face>,
}

/// About one face.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Face {
    /// Left, top, width, height in pixels of the photo.
    #[serde(rename = "box")]
    pub(super) bounds: [f32; 4],
    /// Who it is, if the nearest enrolled person is within the threshold.
    pub(super) name: Option<String>,
    /// L2 distance to the nearest enrolled person.
    pub(super) distance: f32,
    /// L2 distance.
    pub(super) threshold: f32,
}

impl Answer {
    /// The only one that counts: a photo shows the person who is largest in it.
    pub(super) fn largest_face(&self) -> Option<&Face> {
        self.faces.first()
    }
}

/// # Errors
/// If a line is not an answer, or is about a photo that could not be read.
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
