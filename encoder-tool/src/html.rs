//! HTML reports in one file: self-contained, in a light or dark theme as the browser asks, readable on a phone.

use crate::portrait::Portrait;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --paper: #fbfbf9; --card: #ffffff; --line: #d9dde3;
        --mated: #1f7a5c; --other: #b3402e; --third: #3b5fa8; --fourth: #8a6d1d; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #15181d; --card: #1d2128; --line: #343b46;
          --mated: #5cc79f; --other: #f08a76; --third: #8fb0f5; --fourth: #d9bb63; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; }
figcaption { font-size: .9rem; color: var(--soft); padding-top: .3rem; overflow-wrap: anywhere; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.plots figure { min-width: 0; overflow-x: auto; }
.plots svg { display: block; width: 100%; min-width: 30rem; height: auto; color: var(--ink); }
.pairs { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); }
.faces { display: flex; gap: .3rem; }
.faces img { width: 50%; max-width: 7rem; height: auto; border-radius: .25rem; display: block; }
";

/// Renders a whole page.
pub(crate) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (body) }
        }
    };
    page.into_string()
}

/// Renders one face with a caption.
pub(crate) fn one_face(face: &Portrait, caption: &str) -> Markup {
    html! {
        figure {
            div.faces { img src=(data_address(face)) alt="" width=(face.side()) height=(face.side()); }
            figcaption { (caption) }
        }
    }
}

/// Renders two faces side by side with a caption.
pub(crate) fn two_faces(faces: [&Portrait; 2], caption: &str) -> Markup {
    html! {
        figure {
            div.faces { @for face in faces { img src=(data_address(face)) alt="" width=(face.side()) height=(face.side()); } }
            figcaption { (caption) }
        }
    }
}

fn data_address(face: &Portrait) -> String {
    format!("data:image/jpeg;base64,{}", data_encoding::BASE64.encode(face.jpeg()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Crop;

    #[test]
    fn names_cannot_become_markup() {
        let face = Portrait::of(&Crop::from_rgb(8, vec![90; 192]).unwrap());
        let page = page("<b>Bo</b>", &two_faces([&face, &face], "<script>alert(1)</script>"));
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
        assert_eq!(page.matches("data:image/jpeg;base64,/9j/").count(), 2);
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let page = page("Report", &html! { p { "text" } });
        assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    }
}
