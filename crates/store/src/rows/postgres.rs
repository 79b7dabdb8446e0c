//! PostgreSQL: one trigger for each statement computes the fingerprints of the rows it changed, where they are.
//!
//! The triggers work for connections of this program only, which say so: whoever changes rows by another program leaves
//! no fingerprints.

use super::fingerprint::Described;
use crate::catalogue::quoted;
use crate::{Kind, StoreError, Tx};

/// Tells the triggers that the connection is this program's.
pub(crate) const OPEN: &str = "SET zhangfang.door = 'open'";
/// For the rest of a transaction nothing is recorded row by row.
pub(crate) const PAUSE: &str = "SET LOCAL zhangfang.door = ''";

/// The fingerprint of a row as PostgreSQL computes it.
fn expression(table: &Described) -> String {
    let fields = table.columns.iter().map(|(name, kind)| {
        // By the row's own name: a column may be called like one of the trigger's own.
        let (column, name) = (format!("r.{}", quoted(name)), name.replace('\'', "''"));
        let value = match kind {
            Kind::Int => format!("'{name}=i' || {column} || ';'"),
            Kind::Text => format!("'{name}=t' || octet_length({column}) || ':' || {column} || ';'"),
            Kind::Blob => {
                format!("'{name}=b' || octet_length({column}) || ':' || encode({column}, 'hex') || ';'")
            }
        };
        format!("COALESCE({value}, '')")
    });
    let fields: Vec<String> = fields.collect();
    format!("sha256(convert_to('{};' || {}, 'UTF8'))", table.name.replace('\'', "''"), fields.join(" || "))
}

/// Makes the function and the triggers of `table` anew.
pub(crate) fn watch(tx: &mut Tx<'_>, table: &Described) -> Result<(), StoreError> {
    let print = expression(table);
    let name = table.name.replace('\'', "''");
    let on = quoted(&table.name);
    let function = quoted(&format!("row_seen_{}", table.name));
    let prints = |side: &str| {
        format!("(SELECT r.org_id, string_agg({print}, ''::bytea) AS prints FROM {side} r GROUP BY r.org_id)")
    };
    let (fresh, gone) = (prints("fresh"), prints("gone"));
    let insert =
        "INSERT INTO row_change (id, org_id, table_name, added, removed) SELECT nextval('row_change_id'),";
    tx.run_as_is(&format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('zhangfang.door', true) IS DISTINCT FROM 'open' THEN RETURN NULL; END IF;
  IF TG_OP = 'INSERT' THEN
    {insert} f.org_id, '{name}', f.prints, ''::bytea FROM {fresh} f;
  ELSIF TG_OP = 'DELETE' THEN
    {insert} g.org_id, '{name}', ''::bytea, g.prints FROM {gone} g;
  ELSE
    {insert} COALESCE(f.org_id, g.org_id), '{name}', COALESCE(f.prints, ''::bytea), COALESCE(g.prints, ''::bytea)
      FROM {fresh} f FULL JOIN {gone} g ON g.org_id = f.org_id;
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS row_seen_insert ON {on};
DROP TRIGGER IF EXISTS row_seen_update ON {on};
DROP TRIGGER IF EXISTS row_seen_delete ON {on};
CREATE TRIGGER row_seen_insert AFTER INSERT ON {on} REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE TRIGGER row_seen_update AFTER UPDATE ON {on} REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE TRIGGER row_seen_delete AFTER DELETE ON {on} REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
    ))
}
