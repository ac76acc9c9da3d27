//! Formats the results as a table.

use super::contest::Verdict;

const HEADINGS: [&str; 5] = ["what", "ours", "peer's", "ratio", "peer"];

/// A line of headings and one line for each contest.
pub(super) fn render(verdicts: &[Verdict]) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(verdicts.iter().map(|verdict| {
        let Verdict { what, ours_ms, peer, peer_ms, ratio } = verdict;
        [
            (*what).to_owned(),
            format!("{ours_ms:.3} ms"),
            format!("{peer_ms:.3} ms"),
            format!("{ratio:.2}"),
            (*peer).to_owned(),
        ]
    }));
    let widths: [usize; 5] = std::array::from_fn(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
    let [what_width, ours_width, peer_width, ratio_width, _] = widths;
    let line = |[what, ours, theirs, ratio, peer]: &[String; 5]| {
        format!("{what:what_width$}  {ours:>ours_width$}  {theirs:>peer_width$}  {ratio:>ratio_width$}  {peer}")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let verdict =
            |what, ours_ms, peer_ms| Verdict { what, ours_ms, peer: "abacus", peer_ms, ratio: ours_ms / peer_ms };
        let expected = "\
what          ours      peer's  ratio  peer
sum       2.000 ms    4.000 ms   0.50  abacus
product  30.500 ms  122.000 ms   0.25  abacus";
        assert_eq!(render(&[verdict("sum", 2.0, 4.0), verdict("product", 30.5, 122.0)]), expected);
    }
}
