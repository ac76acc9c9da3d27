//! The style sheet and the scripts. No page has inline code: the content security policy would refuse it.

use local_web::{Answer, Kind};

/// The file with this name.
pub(super) fn answer(name: &str) -> Option<Answer> {
    let (kind, text) = match name {
        "style.css" => (Kind::Css, include_str!("assets/style.css")),
        "icon.svg" => (Kind::Svg, include_str!("assets/icon.svg")),
        "desk.js" => (Kind::JavaScript, include_str!("assets/desk.js")),
        "camera.js" => (Kind::JavaScript, include_str!("assets/camera.js")),
        "enrol.js" => (Kind::JavaScript, include_str!("assets/enrol.js")),
        "check.js" => (Kind::JavaScript, include_str!("assets/check.js")),
        "aim.js" => (Kind::JavaScript, include_str!("assets/aim.js")),
        _ => return None,
    };
    Some(Answer::of(kind, text))
}
