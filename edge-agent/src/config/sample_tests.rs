//! The sample configuration: each commented key can be uncommented where it is.

use super::Config;
use std::ops::Range;

const SAMPLE: &str = include_str!("../../../deploy/config.toml");

fn is_table(line: &str) -> bool {
    let line = line.strip_prefix("# ").unwrap_or(line);
    line.starts_with('[') && line.ends_with(']')
}

fn is_section(line: &str) -> bool {
    is_table(line) && !line.contains("[[")
}

fn is_commented_key(line: &str) -> bool {
    let key = line.strip_prefix("# ").and_then(|line| line.split_once(" = "));
    key.is_some_and(|(key, _)| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

/// The sample with the keys and tables on these lines.
fn with(uncommented: Range<usize>) -> String {
    let line = |(number, line): (usize, &'static str)| match line.strip_prefix("# ") {
        Some(content) if uncommented.contains(&number) && (is_table(line) || is_commented_key(line)) => content,
        _ => line,
    };
    SAMPLE.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// A key is uncommented alone or, if it needs others, together with all of its section.
#[test]
fn each_commented_key_is_in_its_place() {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let begins = (0..lines.len()).filter(|&number| is_section(lines[number]));
    let begins: Vec<usize> = begins.chain([lines.len()]).collect();
    let mut keys = 0;
    for section in begins.windows(2).map(|bounds| bounds[0]..bounds[1]) {
        let together = Config::parse(&with(section.clone())).map(drop);
        for number in section.clone().filter(|&number| is_commented_key(lines[number])) {
            let is_alone = !lines[section.start].starts_with("# ") && Config::parse(&with(number..number + 1)).is_ok();
            assert!(is_alone || together.is_ok(), "line {}: {}: {together:?}", number + 1, lines[number]);
            keys += 1;
        }
    }
    assert!(keys > 100, "{keys}");
}
