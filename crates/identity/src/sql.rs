//! The tables of organisations, units, persons and posts; the only file that names them.

use std::collections::HashMap;

use kernel::{Date, Moment, Text};
use store::{Migration, Row, Schema, StoreError, Tx, params};

use crate::{
    Authority, HeldPost, KeptAuthority, KeptChange, NewAssignment, NewOrganisation, NewUnit, Person, Unit,
};

/// The tables of this crate.
pub const SCHEMA: Schema = Schema {
    module: "identity",
    unrecorded: &["identity_ceremony", "identity_session", "identity_throttle"],
    migrations: &[Migration {
        number: 1,
        name: "organisations, units, persons, posts",
        both: "
CREATE TABLE identity_organisation (
  org_id INTEGER NOT NULL, code TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id), UNIQUE (code)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_unit (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, parent_id INTEGER, kind TEXT NOT NULL, code TEXT NOT NULL,
  name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  PRIMARY KEY (org_id, id), UNIQUE (org_id, code)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_person (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, unit_id INTEGER NOT NULL, login TEXT NOT NULL, name TEXT NOT NULL,
  active INTEGER NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, id), UNIQUE (org_id, login)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_assignment (
  org_id INTEGER NOT NULL, person_id INTEGER NOT NULL, id INTEGER NOT NULL, unit_id INTEGER NOT NULL, post TEXT NOT NULL,
  from_day INTEGER NOT NULL, until_day INTEGER, made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, person_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_assignment_unit (
  org_id INTEGER NOT NULL, assignment_id INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  PRIMARY KEY (org_id, assignment_id, unit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_authority (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, person_id INTEGER NOT NULL, authority_id INTEGER NOT NULL,
  authority_post TEXT NOT NULL, permission TEXT NOT NULL, unit_id INTEGER NOT NULL, what TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_change (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, by_person_id INTEGER NOT NULL, at INTEGER NOT NULL,
  subject TEXT NOT NULL, subject_id INTEGER NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL,
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 2,
        name: "changes and authorities stay",
        both: "",
        sqlite: "
CREATE TRIGGER identity_change_no_update BEFORE UPDATE ON identity_change BEGIN SELECT RAISE(ABORT, 'identity: a change stays as it was'); END;
CREATE TRIGGER identity_change_no_delete BEFORE DELETE ON identity_change BEGIN SELECT RAISE(ABORT, 'identity: a change stays as it was'); END;
CREATE TRIGGER identity_authority_no_update BEFORE UPDATE ON identity_authority BEGIN SELECT RAISE(ABORT, 'identity: an authority stays as it was'); END;
CREATE TRIGGER identity_authority_no_delete BEFORE DELETE ON identity_authority BEGIN SELECT RAISE(ABORT, 'identity: an authority stays as it was'); END;",
        postgres: "
CREATE FUNCTION identity_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'identity: this stays as it was (%)', TG_TABLE_NAME; END $$;
CREATE TRIGGER identity_change_never BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_change FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
CREATE TRIGGER identity_authority_never BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_authority FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
REVOKE UPDATE, DELETE, TRUNCATE ON identity_change, identity_authority FROM PUBLIC, CURRENT_USER;",
    }, crate::alarm::MIGRATION, crate::entry_schema::MIGRATION, crate::delegation::MIGRATION, crate::passkey::MIGRATION,
    crate::delegation::WITHDRAWN],
};

const UNIT: &str = "SELECT id, parent_id, kind, code, name_zh, name_en FROM identity_unit";
const PERSON: &str = "SELECT id, unit_id, login, name, active FROM identity_person";

fn unit(row: &Row<'_>) -> Result<Unit, StoreError> {
    Ok(Unit {
        id: row.int(0)?,
        parent_id: row.int_or_null(1)?,
        kind: row.text(2)?,
        code: row.text(3)?,
        name: Text::new(row.text(4)?, row.text(5)?),
    })
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.int(0)?,
        unit_id: row.int(1)?,
        login: row.text(2)?,
        name: row.text(3)?,
        active: row.flag(4)?,
    })
}

pub(crate) fn insert_organisation(
    tx: &mut Tx<'_>,
    org_id: i64,
    new: &NewOrganisation<'_>,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_organisation (org_id, code, name_zh, name_en, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![org_id, new.code, &new.name.zh, &new.name.en, now],
    )?;
    Ok(())
}

pub(crate) fn organisation_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<i64>, StoreError> {
    tx.one("SELECT org_id FROM identity_organisation WHERE code = ?1", params![code], |row| row.int(0))
}

pub(crate) fn organisation_code(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<String>, StoreError> {
    tx.one("SELECT code FROM identity_organisation WHERE org_id = ?1", params![org_id], |row| row.text(0))
}

pub(crate) fn insert_unit(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    parent_id: Option<i64>,
    new: &NewUnit<'_>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_unit (org_id, id, parent_id, kind, code, name_zh, name_en)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, id, parent_id, new.kind, new.code, &new.name.zh, &new.name.en],
    )?;
    Ok(())
}

pub(crate) fn find_unit(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Unit>, StoreError> {
    tx.one(&format!("{UNIT} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], unit)
}

pub(crate) fn units(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Unit>, StoreError> {
    tx.list(&format!("{UNIT} WHERE org_id = ?1 ORDER BY code"), params![org_id], unit)
}

pub(crate) fn insert_person(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    unit_id: i64,
    login: &str,
    name: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_person (org_id, id, unit_id, login, name, active, version)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, 1)",
        params![org_id, id, unit_id, login, name],
    )?;
    Ok(())
}

pub(crate) fn person_by_login(
    tx: &mut Tx<'_>,
    org_id: i64,
    login: &str,
) -> Result<Option<Person>, StoreError> {
    tx.one(&format!("{PERSON} WHERE org_id = ?1 AND login = ?2"), params![org_id, login], person)
}

pub(crate) fn person_by_id(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Person>, StoreError> {
    tx.one(&format!("{PERSON} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], person)
}

pub(crate) fn persons(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Person>, StoreError> {
    tx.list(&format!("{PERSON} WHERE org_id = ?1 ORDER BY login"), params![org_id], person)
}

/// Persons whose mark of being active is no such mark.
pub(crate) fn oddly_active(tx: &mut Tx<'_>, org_id: i64) -> Result<i64, StoreError> {
    let found = tx.one(
        "SELECT COUNT(*) FROM identity_person WHERE org_id = ?1 AND active NOT IN (0, 1)",
        params![org_id],
        |row| row.int(0),
    )?;
    Ok(found.unwrap_or(0))
}

/// Takes the person's row, so that two commands about the same person's posts come one after the other.
pub(crate) fn hold_person(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_person SET version = version + 1 WHERE org_id = ?1 AND id = ?2 AND active = 1",
        params![org_id, id],
    )?;
    Ok(touched == 1)
}

pub(crate) fn retire_person(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<(), StoreError> {
    tx.execute_one(
        "person",
        "UPDATE identity_person SET active = 0, version = version + 1 WHERE org_id = ?1 AND id = ?2",
        params![org_id, id],
    )
}

pub(crate) fn held_posts(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<HeldPost>, StoreError> {
    tx.list(
        "SELECT id, person_id, unit_id, post, from_day, until_day FROM identity_assignment
         WHERE org_id = ?1 AND person_id = ?2 ORDER BY id",
        params![org_id, person_id],
        |row| {
            Ok(HeldPost {
                id: row.int(0)?,
                person_id: row.int(1)?,
                unit_id: row.int(2)?,
                post: row.text(3)?,
                from: row.date(4)?,
                until: row.date_or_null(5)?,
            })
        },
    )
}

/// Every post held on `day`, by person.
pub(crate) fn posts_on(tx: &mut Tx<'_>, org_id: i64, day: Date) -> Result<Vec<HeldPost>, StoreError> {
    tx.list(
        "SELECT id, person_id, unit_id, post, from_day, until_day FROM identity_assignment
         WHERE org_id = ?1 AND from_day <= ?2 AND (until_day IS NULL OR until_day >= ?2) ORDER BY person_id, id",
        params![org_id, day],
        |row| {
            Ok(HeldPost {
                id: row.int(0)?,
                person_id: row.int(1)?,
                unit_id: row.int(2)?,
                post: row.text(3)?,
                from: row.date(4)?,
                until: row.date_or_null(5)?,
            })
        },
    )
}

pub(crate) fn served_units(tx: &mut Tx<'_>, org_id: i64, assignment_id: i64) -> Result<Vec<i64>, StoreError> {
    tx.list(
        "SELECT unit_id FROM identity_assignment_unit WHERE org_id = ?1 AND assignment_id = ?2 ORDER BY unit_id",
        params![org_id, assignment_id],
        |row| row.int(0),
    )
}

pub(crate) fn insert_assignment(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    new: &NewAssignment<'_>,
    made_by: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_assignment (org_id, person_id, id, unit_id, post, from_day, until_day, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![org_id, new.person_id, id, new.unit_id, new.post, new.from, new.until, made_by, now],
    )?;
    for unit_id in new.serves {
        tx.execute(
            "INSERT INTO identity_assignment_unit (org_id, assignment_id, unit_id) VALUES (?1, ?2, ?3)",
            params![org_id, id, *unit_id],
        )?;
    }
    Ok(())
}

/// Ends a holding on `last_day`; answers whether there was one that was open on that day and began by then.
pub(crate) fn end_assignment(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    id: i64,
    last_day: Date,
) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_assignment SET until_day = ?4
         WHERE org_id = ?1 AND person_id = ?2 AND id = ?3 AND from_day <= ?4 AND (until_day IS NULL OR until_day > ?4)",
        params![org_id, person_id, id, last_day],
    )?;
    Ok(touched == 1)
}

pub(crate) fn insert_authority(
    tx: &mut Tx<'_>,
    org_id: i64,
    authority: &Authority,
    unit_id: i64,
    what: &str,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_authority (org_id, id, person_id, authority_id, authority_post, permission, unit_id, what, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            authority.id,
            authority.person_id,
            authority.authority_id,
            &authority.authority_post,
            authority.permission,
            unit_id,
            what,
            now
        ],
    )?;
    Ok(())
}

pub(crate) fn authorities(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<KeptAuthority>, StoreError> {
    tx.list(
        "SELECT person_id, authority_id, authority_post, permission, what, at FROM identity_authority
         WHERE org_id = ?1 ORDER BY id",
        params![org_id],
        |row| {
            Ok(KeptAuthority {
                person_id: row.int(0)?,
                authority_id: row.int(1)?,
                authority_post: row.text(2)?,
                permission: row.text(3)?,
                what: row.text(4)?,
                at: row.moment(5)?,
            })
        },
    )
}

pub(crate) struct Change<'a> {
    pub subject: &'static str,
    pub subject_id: i64,
    pub old: &'a str,
    pub new: &'a str,
}

pub(crate) fn insert_change(
    tx: &mut Tx<'_>,
    org_id: i64,
    by_person_id: i64,
    change: &Change<'_>,
    now: Moment,
) -> Result<(), StoreError> {
    let id = tx.next_key(now);
    tx.execute(
        "INSERT INTO identity_change (org_id, id, by_person_id, at, subject, subject_id, old, new)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, id, by_person_id, now, change.subject, change.subject_id, change.old, change.new],
    )?;
    Ok(())
}

/// Changes with a key above `after`, in order.
pub(crate) fn changes_after(tx: &mut Tx<'_>, org_id: i64, after: i64) -> Result<Vec<KeptChange>, StoreError> {
    tx.list(
        "SELECT by_person_id, at, subject, subject_id, old, new, id FROM identity_change
         WHERE org_id = ?1 AND id > ?2 ORDER BY id",
        params![org_id, after],
        |row| {
            Ok(KeptChange {
                id: row.int(6)?,
                by_person_id: row.int(0)?,
                at: row.moment(1)?,
                subject: row.text(2)?,
                subject_id: row.int(3)?,
                old: row.text(4)?,
                new: row.text(5)?,
            })
        },
    )
}

/// The first administrator of the organisation, who was registered by founding it.
pub(crate) fn founder(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<i64>, StoreError> {
    tx.one(
        "SELECT by_person_id FROM identity_change WHERE org_id = ?1 AND subject = 'organisation' ORDER BY id LIMIT 1",
        params![org_id],
        |row| row.int(0),
    )
}

/// Every post ever held, with who gave it and when.
pub(crate) fn all_posts(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(HeldPost, i64, Moment)>, StoreError> {
    tx.list(
        "SELECT id, person_id, unit_id, post, from_day, until_day, made_by, made_at FROM identity_assignment
         WHERE org_id = ?1 ORDER BY person_id, id",
        params![org_id],
        |row| {
            let held = HeldPost {
                id: row.int(0)?,
                person_id: row.int(1)?,
                unit_id: row.int(2)?,
                post: row.text(3)?,
                from: row.date(4)?,
                until: row.date_or_null(5)?,
            };
            Ok((held, row.int(6)?, row.moment(7)?))
        },
    )
}

/// The units that posts serve beside their own, by holding.
pub(crate) fn all_served(tx: &mut Tx<'_>, org_id: i64) -> Result<HashMap<i64, Vec<i64>>, StoreError> {
    let mut served: HashMap<i64, Vec<i64>> = HashMap::new();
    tx.each(
        "SELECT assignment_id, unit_id FROM identity_assignment_unit WHERE org_id = ?1 ORDER BY assignment_id, unit_id",
        params![org_id],
        |row| {
            served.entry(row.int(0)?).or_default().push(row.int(1)?);
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(served)
}
