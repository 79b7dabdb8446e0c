//! Changes of units, persons and posts, taken into the log. Identity stands below the vault and keeps them in a table
//! of its own; here each becomes a leaf, in order, before the next act or checkpoint.

use std::collections::{HashMap, HashSet};

use identity::{KeptChange, Work};

use crate::append::{Appender, Hand, post};
use crate::sql::identity as sql;
use crate::{Act, VaultError};

/// The field of an absorbed change that holds its key.
pub(crate) const KEY_FIELD: &str = "identity_change";
/// The field that holds what changed.
pub(crate) const VALUE_FIELD: &str = "state";

/// The act that says what the change says.
pub(crate) fn act_of(change: &KeptChange) -> Act {
    let verb = match change.subject.as_str() {
        "unit" => "identity.manage_units",
        "person" => "identity.manage_persons",
        "assignment" => "identity.manage_posts",
        "password" => "identity.set_password",
        "lock" => "identity.lock_account",
        "second_factor" => "identity.ask_second_factor",
        "token" => "identity.make_token",
        "passkey" => "identity.add_passkey",
        "delegation" => "identity.delegate",
        "signature" => "identity.sign_act",
        _ => "identity.found",
    };
    let act = Act {
        verb: verb.to_owned(),
        unit_id: 0,
        document: crate::Document { kind: change.subject.clone(), number: change.subject_id.to_string() },
        before: None,
        after: None,
        changes: Vec::new(),
        batch: None,
    };
    let act = act.change(KEY_FIELD, "", change.id.to_string());
    // A person's row holds login and name; why somebody is locked out or absent may tell more about them.
    if matches!(change.subject.as_str(), "person" | "lock" | "delegation") {
        act.change_personal(VALUE_FIELD, &change.old, &change.new)
    } else {
        act.change(VALUE_FIELD, &change.old, &change.new)
    }
}

/// Takes every change into the log that is not there yet; answers how many.
pub fn absorb_identity(work: &mut Work<'_, '_>) -> Result<usize, VaultError> {
    let org_id = work.org_id();
    let mut log = Appender::open(work.tx, org_id)?;
    let have: HashSet<i64> = sql::absorbed(work.tx, org_id)?.into_iter().map(|(change, _)| change).collect();
    let all = identity::changes(work.tx, org_id)?;
    let missing: Vec<KeptChange> = all.into_iter().filter(|change| !have.contains(&change.id)).collect();
    take(work, &mut log, &missing)?;
    log.close(work.tx)?;
    Ok(missing.len())
}

/// Takes newer changes in, if there are any.
pub(crate) fn catch_up(work: &mut Work<'_, '_>) -> Result<(), VaultError> {
    let org_id = work.org_id();
    let last = sql::last_absorbed(work.tx, org_id)?;
    if identity::changes_after(work.tx, org_id, last)?.is_empty() {
        return Ok(());
    }
    let mut log = Appender::open(work.tx, org_id)?;
    newer(work, &mut log)?;
    log.close(work.tx)
}

/// Takes the changes in that are newer than the last one taken in. On PostgreSQL an older one may come late from
/// another program; [`absorb_identity`] finds it before the next checkpoint.
pub(crate) fn newer(work: &mut Work<'_, '_>, log: &mut Appender) -> Result<(), VaultError> {
    let org_id = work.org_id();
    let last = sql::last_absorbed(work.tx, org_id)?;
    let missing = identity::changes_after(work.tx, org_id, last)?;
    take(work, log, &missing)
}

fn take(work: &mut Work<'_, '_>, log: &mut Appender, changes: &[KeptChange]) -> Result<(), VaultError> {
    let org_id = work.org_id();
    let mut names: HashMap<i64, String> = HashMap::new();
    for change in changes {
        let by = change.by_person_id;
        if let std::collections::hash_map::Entry::Vacant(unknown) = names.entry(by) {
            let person = identity::person(work.tx, org_id, by)?;
            unknown.insert(person.map(|person| person.name).unwrap_or_default());
        }
        let act = act_of(change);
        let actor = work.actor();
        let post = if by == actor.person_id { post(actor, &act) } else { "" };
        let hand =
            Hand { person_id: by, person: names.get(&by).map_or("", String::as_str), post, at: change.at };
        let seq = log.append(work.tx, &hand, &act)?;
        sql::keep_absorbed(work.tx, org_id, change.id, seq)?;
    }
    Ok(())
}
