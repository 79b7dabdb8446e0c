//! One SQL text for both engines: what differs is translated here.

/// A stretch of SQL that is code, or text, quoted name or comment that is left alone.
enum Stretch<'s> {
    Code(&'s str),
    Other(&'s str),
}

/// Cuts SQL into code and what is not code. `''` inside a text is two texts beside each other, which does no harm.
fn stretches(sql: &str) -> Vec<Stretch<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let openings = [("'", "'"), ("\"", "\""), ("--", "\n"), ("/*", "*/")];
        let first = openings.iter().filter_map(|pair| rest.find(pair.0).map(|at| (at, pair))).min();
        let Some((start, (opening, closing))) = first else {
            found.push(Stretch::Code(rest));
            break;
        };
        let inside = start + opening.len();
        let end = rest[inside..].find(closing).map_or(rest.len(), |at| inside + at + closing.len());
        found.push(Stretch::Code(&rest[..start]));
        found.push(Stretch::Other(&rest[start..end]));
        rest = &rest[end..];
    }
    found
}

/// `?1` becomes `$1`; text, quoted names and comments are left alone.
pub(crate) fn placeholders_for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for stretch in stretches(sql) {
        match stretch {
            Stretch::Other(text) => out.push_str(text),
            Stretch::Code(code) => {
                let mut chars = code.chars().peekable();
                while let Some(char) = chars.next() {
                    let marks = char == '?' && chars.peek().is_some_and(char::is_ascii_digit);
                    out.push(if marks { '$' } else { char });
                }
            }
        }
    }
    out
}

/// Table definitions as SQLite writes them become PostgreSQL's: INTEGER is 64 bits wide in both.
pub(crate) fn definitions_for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for stretch in stretches(sql) {
        match stretch {
            Stretch::Other(text) => out.push_str(text),
            Stretch::Code(code) => {
                let mut words = String::with_capacity(code.len());
                let mut word = String::new();
                for char in code.chars() {
                    if char.is_ascii_alphanumeric() || char == '_' {
                        word.push(char);
                        continue;
                    }
                    words.push_str(word_for_postgres(&word));
                    word.clear();
                    words.push(char);
                }
                words.push_str(word_for_postgres(&word));
                for only_sqlite in [" STRICT, WITHOUT ROWID", " WITHOUT ROWID", " STRICT"] {
                    words = words.replace(only_sqlite, "");
                }
                out.push_str(&words);
            }
        }
    }
    out
}

fn word_for_postgres(word: &str) -> &str {
    match word {
        "INTEGER" => "BIGINT",
        "BLOB" => "BYTEA",
        word => word,
    }
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

    #[test]
    fn texts_names_and_comments_are_left_alone() {
        let sql = "SELECT 'it''s ?1', \"?2\", ?3 -- it's ?4\n , ?5 /* ' ?6 */, ?7";
        let same = "SELECT 'it''s ?1', \"?2\", $3 -- it's ?4\n , $5 /* ' ?6 */, $7";
        assert_eq!(placeholders_for_postgres(sql), same);
        let kinds =
            "kind TEXT CHECK (kind IN ('INTEGER', 'BLOB STRICT'))) STRICT; -- it's INTEGER\nx INTEGER";
        let same = "kind TEXT CHECK (kind IN ('INTEGER', 'BLOB STRICT'))); -- it's INTEGER\nx BIGINT";
        assert_eq!(definitions_for_postgres(kinds), same);
        assert_eq!(placeholders_for_postgres("an open 'text"), "an open 'text");
    }
}
