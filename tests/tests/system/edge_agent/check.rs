//! `check`: could a unit run?

use super::super::encoder_tool::enrolled;
use super::{another_model, edge_agent, one_file};
use tests::said;

#[test]
fn a_unit_that_could_run() {
    let (_folder, config) = one_file("config.toml", format!("[database]\npath = {:?}\n", enrolled()));
    let checked = said(edge_agent(["check", "--json", "--config"]).arg(&config));
    assert_eq!(checked.code, 0, "{checked:?}");
    let found = checked.json();
    assert_eq!((&found["people"], &found["encodings"]), (&2.into(), &3.into()));
    assert_eq!((&found["dimensions"], &found["threshold_from"]), (&128.into(), &"database".into()));
    let words = said(edge_agent(["check", "--config"]).arg(config)).stdout;
    assert!(words.contains("2 people, 3 encodings"), "{words}");
}

#[test]
fn what_is_wrong_is_said_with_where() {
    let database = enrolled();
    let database = database.display();
    let other = another_model();
    let model = other.path().display();
    for (text, expected) in [
        ("[door]\nunlock_seconds = 5.0\n".to_owned(), &["config.toml", "unlock_seconds"][..]),
        ("[door]\nunlock-seconds = 0.0\n".to_owned(), &["config.toml", "door.unlock-seconds"]),
        ("[policy]\nthreshold = 1.9\n".to_owned(), &["config.toml", "threshold 1.9", "smaller is stricter"]),
        ("not toml".to_owned(), &["config.toml"]),
        ("[database]\npath = \"/nowhere/people.db\"\n".to_owned(), &["[database] path", "/nowhere/people.db"]),
        ("[database]\npath = \"/tmp\"\n".to_owned(), &["[database] path", "/tmp", "a folder, not a file"]),
        (format!("[database]\npath = \"{database}\"\n[model]\nbundles = [\"/nowhere\"]\n"), &["[model]", "/nowhere"]),
        (
            format!("[database]\npath = \"{database}\"\n[model]\nbundles = [\"{model}\"]\n"),
            &["was made with model", "this program runs model"],
        ),
    ] {
        let (_folder, config) = one_file("config.toml", &text);
        let refused = said(edge_agent(["check", "--config"]).arg(config));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{text}: {refused:?}");
        for expected in expected {
            assert!(refused.stderr.contains(expected), "{text}: {} has no {expected:?}", refused.stderr);
        }
    }
}
