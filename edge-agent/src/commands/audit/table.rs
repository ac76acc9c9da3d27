//! Tables as CSV for spreadsheets: RFC 4180, but with plain line feeds, because answers escape carriage returns.

use anyhow::Context;

/// A table with these columns.
///
/// # Errors
/// Never in practice: it is written to memory.
pub(super) fn csv<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.map(|cell| harmless(&cell)))?;
    }
    let bytes = writer.into_inner().context("the table cannot be written")?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV injection").
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_no_formula() {
        let rows = [["Lee, Ann".to_owned(), "1".to_owned()], ["=cmd|x!A1".to_owned(), "\"B\"".to_owned()]];
        let table = csv(["name", "entries"], rows).unwrap();
        assert_eq!(table, "name,entries\n\"Lee, Ann\",1\n'=cmd|x!A1,\"\"\"B\"\"\"");
    }
}
