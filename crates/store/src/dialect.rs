//! One SQL text for both engines: what differs is translated here.

/// `?1` becomes `$1`; text in quotes is left alone.
pub(crate) fn placeholders_for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut chars = sql.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                quoted = !quoted;
                out.push(char);
            }
            '?' if !quoted && chars.peek().is_some_and(char::is_ascii_digit) => out.push('$'),
            _ => out.push(char),
        }
    }
    out
}

/// Table definitions as SQLite writes them become PostgreSQL's: INTEGER is 64 bits wide in both.
pub(crate) fn definitions_for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut word = String::new();
    for char in sql.chars().chain([' ']) {
        if char.is_ascii_alphanumeric() || char == '_' {
            word.push(char);
            continue;
        }
        out.push_str(match word.as_str() {
            "INTEGER" => "BIGINT",
            "BLOB" => "BYTEA",
            word => word,
        });
        word.clear();
        out.push(char);
    }
    let out = out.replace(" STRICT, WITHOUT ROWID", "").replace(" WITHOUT ROWID", "").replace(" STRICT", "");
    placeholders_for_postgres(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_serves_both_engines() {
        assert_eq!(
            placeholders_for_postgres("a = ?1 AND b = '?2' AND c = ?12"),
            "a = $1 AND b = '?2' AND c = $12"
        );
        assert_eq!(
            definitions_for_postgres("CREATE TABLE t (a INTEGER, integer_b BLOB) STRICT, WITHOUT ROWID;")
                .trim(),
            "CREATE TABLE t (a BIGINT, integer_b BYTEA);"
        );
    }
}
