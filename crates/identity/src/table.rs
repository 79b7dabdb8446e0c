//! The small data files embedded in the program: a heading and rows of plain fields, without quotes.

/// Rows of `N` fields of an embedded data file named `file`, without the heading. Refuses a row with another number
/// of fields, naming file and row, so that a slip in the data is found by the first test.
pub fn data_rows<const N: usize>(
    file: &'static str,
    text: &'static str,
) -> Result<Vec<[&'static str; N]>, String> {
    text.lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let fields: Vec<&'static str> = line.split(',').map(str::trim).collect();
            let found = fields.len();
            fields.try_into().map_err(|_| format!("{file}, row {}: {found} fields instead of {N}", index + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_another_width_is_named() {
        assert_eq!(data_rows::<2>("x.csv", "a,b\n1, 2\n\n3,4\n"), Ok(vec![["1", "2"], ["3", "4"]]));
        assert_eq!(
            data_rows::<2>("x.csv", "a,b\n1,2\n3\n"),
            Err("x.csv, row 3: 1 fields instead of 2".to_owned())
        );
    }
}
