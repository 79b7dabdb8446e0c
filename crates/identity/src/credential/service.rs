//! Setting and changing passwords, and the lock of an account.

use std::collections::BTreeSet;

use kernel::Moment;
use store::{Store, Tx};

use super::cost::{PasswordCost, PasswordHash};
use super::rules::{PasswordFault, check_password};
use super::sql;
use crate::login::{self, Attempt, LoggedIn, LoginEventKind, NewEvent};
use crate::session::{self, NewSession};
use crate::sql::Change;
use crate::{AccessRules, IdentityError, Permission, Person, Session, Work, rules, service};

const MANAGE_PERSONS: Permission = Permission("identity.manage_persons");
/// Characters of a generated password: none that are taken for another, five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password that was checked and hashed for one person, ready to be stored.
#[derive(Debug, Clone)]
pub struct NewPassword {
    org_id: i64,
    person_id: i64,
    hash: PasswordHash,
}

/// A password nobody can guess, for the first login: 80 random bits in four groups.
pub fn generate_password() -> Result<String, IdentityError> {
    let bytes = crate::secret::random::<16>()?;
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let mut password = String::with_capacity(19);
    for (at, letter) in letters.enumerate() {
        if at > 0 && at % 4 == 0 {
            password.push('-');
        }
        password.push(letter);
    }
    Ok(password)
}

/// Checks `password` for the person and hashes it, outside every command: hashing takes long on purpose.
///
/// Refuses what [`check_password`] refuses, one of the last passwords, and a person who does not work there.
pub fn prepare_password(
    store: &Store,
    cost: PasswordCost,
    org_id: i64,
    person_id: i64,
    password: &str,
    now: Moment,
) -> Result<NewPassword, IdentityError> {
    let limits = AccessRules::on(now.date());
    let (person, used) = store.read(|tx| -> Result<_, IdentityError> {
        let person = crate::sql::person_by_id(tx, org_id, person_id)?;
        let person = person.filter(|person| person.active);
        let person = person.ok_or(IdentityError::UnknownPerson { person_id })?;
        let mut used: Vec<PasswordHash> = Vec::new();
        used.extend(sql::password(tx, org_id, person_id)?.map(|kept| kept.hash));
        used.extend(sql::older(tx, org_id, person_id, limits.password_remembered.saturating_sub(1))?);
        used.truncate(limits.password_remembered);
        Ok((person, used))
    })?;
    check_password(&limits, &person.login, &person.name, password)?;
    if used.iter().any(|hash| hash.is_of(password)) {
        return Err(PasswordFault::UsedBefore { last: limits.password_remembered }.into());
    }
    Ok(NewPassword { org_id, person_id, hash: cost.hash(password)? })
}

/// Stores the password, ends the sessions, keeps the change.
fn store_password(
    tx: &mut Tx<'_>,
    person: &Person,
    new: &NewPassword,
    by: i64,
    (kind, must_change): (LoginEventKind, bool),
    now: Moment,
) -> Result<(), IdentityError> {
    let keep = AccessRules::on(now.date()).password_remembered;
    let (org_id, person_id) = (new.org_id, new.person_id);
    let row = sql::NewRow { org_id, person_id, hash: &new.hash, must_change, set_by: by, keep };
    sql::replace(tx, &row, now)?;
    session::end_all(tx, org_id, person_id, "password", now)?;
    let said = match (kind, must_change) {
        (LoginEventKind::PasswordChanged, _) => "changed",
        (_, true) => "set, to be changed",
        (_, false) => "set",
    };
    note(tx, person, org_id, kind, "", now)?;
    let change = Change { subject: "password", subject_id: person_id, old: "", new: said };
    Ok(crate::sql::insert_change(tx, org_id, by, &change, now)?)
}

fn note(
    tx: &mut Tx<'_>,
    person: &Person,
    org_id: i64,
    kind: LoginEventKind,
    detail: &str,
    now: Moment,
) -> Result<(), IdentityError> {
    let event = NewEvent { kind, person_id: Some(person.id), login: &person.login, address: "", detail };
    Ok(login::note(tx, org_id, now, &event)?)
}

fn same_organisation(new: &NewPassword, org_id: i64) -> Result<(), IdentityError> {
    if new.org_id == org_id { Ok(()) } else { Err(IdentityError::UnknownPerson { person_id: new.person_id }) }
}

/// An administrator gives a person a password; with `must_change` the person chooses another at the next login. All
/// sessions of the person end. One's own password is changed by [`change_password`].
pub fn set_password(
    work: &mut Work<'_, '_>,
    new: &NewPassword,
    must_change: bool,
) -> Result<(), IdentityError> {
    same_organisation(new, work.org_id())?;
    let person = service::hold_person(work, new.person_id)?;
    work.require(MANAGE_PERSONS, person.unit_id)?;
    work.forbid_maker(person.id, "the password")?;
    let (by, now) = (work.actor().person_id, work.now());
    store_password(work.tx, &person, new, by, (LoginEventKind::PasswordSet, must_change), now)
}

/// Gives a person the first password of all, or a new one to an administrator who forgot theirs. It is given from the
/// machine itself, so it asks for no permission; the person must change it at the next login unless they typed it
/// themselves.
pub fn first_password(
    tx: &mut Tx<'_>,
    new: &NewPassword,
    must_change: bool,
    now: Moment,
) -> Result<(), IdentityError> {
    let person_id = new.person_id;
    let person = crate::sql::person_by_id(tx, new.org_id, person_id)?;
    let person = person.filter(|person| person.active).ok_or(IdentityError::UnknownPerson { person_id })?;
    store_password(tx, &person, new, person_id, (LoginEventKind::PasswordSet, must_change), now)
}

/// A person changes their own password, proving the old one with the same waits as a login. Every session ends, and a
/// new one is opened in place of this one.
pub fn change_password(
    store: &Store,
    cost: PasswordCost,
    session: &Session,
    old: &str,
    new: &str,
    now: Moment,
) -> Result<LoggedIn, IdentityError> {
    let name = login::login_of(store, session)?;
    let Session { org_id, person_id, .. } = *session;
    let (address, agent) = (session.address.as_str(), session.agent.as_str());
    let attempt = Attempt { org_id, login: &name, password: old, address, agent };
    let proven = login::prove(store, cost, &attempt, now)?;
    // The old one was right, whatever becomes of the new one.
    store.write(|tx| login::admit(tx, &attempt, person_id, LoginEventKind::Confirmed, now))?;
    let new = prepare_password(store, cost, org_id, person_id, new, now)?;
    store.write(|tx| {
        store_password(tx, &proven.person, &new, person_id, (LoginEventKind::PasswordChanged, false), now)?;
        let opened = session::open(tx, &NewSession { org_id, person_id, address, agent }, now)?;
        if session.second_factor_done {
            session::sql::second_factor_done(tx, &opened.session, now)?;
        }
        let again = session::find_session(tx, &opened.token, now)?;
        Ok(LoggedIn { session: again.unwrap_or(opened.session), token: opened.token })
    })
}

/// Locks an account (锁定): the person cannot log in, and every session ends. Not one's own.
pub fn lock_person(work: &mut Work<'_, '_>, person_id: i64, reason: &str) -> Result<(), IdentityError> {
    rules::check_name("reason", reason)?;
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let person = service::hold_person(work, person_id)?;
    work.require(MANAGE_PERSONS, person.unit_id)?;
    work.forbid_maker(person_id, "the account")?;
    let account = sql::account(work.tx, org_id, person_id)?;
    if account.locked {
        return Err(IdentityError::AlreadyLocked { person: person.name });
    }
    let locked = sql::Account {
        locked: true,
        locked_by: Some(by),
        locked_at: Some(now),
        lock_reason: reason.to_owned(),
        ..account
    };
    sql::keep_account(work.tx, org_id, person_id, &locked)?;
    session::end_all(work.tx, org_id, person_id, "locked", now)?;
    note(work.tx, &person, org_id, LoginEventKind::Locked, "", now)?;
    service::note(work, "lock", person_id, "", &format!("locked: {reason}"))
}

/// Unlocks an account.
pub fn unlock_person(work: &mut Work<'_, '_>, person_id: i64) -> Result<(), IdentityError> {
    let (org_id, now) = (work.org_id(), work.now());
    let person = service::hold_person(work, person_id)?;
    work.require(MANAGE_PERSONS, person.unit_id)?;
    work.forbid_maker(person_id, "the account")?;
    let account = sql::account(work.tx, org_id, person_id)?;
    if !account.locked {
        return Err(IdentityError::NotLocked { person: person.name });
    }
    let open = sql::Account {
        locked: false,
        locked_by: None,
        locked_at: None,
        lock_reason: String::new(),
        ..account
    };
    sql::keep_account(work.tx, org_id, person_id, &open)?;
    note(work.tx, &person, org_id, LoginEventKind::Unlocked, "", now)?;
    service::note(work, "lock", person_id, "locked", "unlocked")
}

/// The persons whose accounts are locked.
pub fn locked_persons(tx: &mut Tx<'_>, org_id: i64) -> Result<BTreeSet<i64>, IdentityError> {
    Ok(sql::locked(tx, org_id)?.into_iter().collect())
}

/// How an account stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountState {
    /// When the password was set; none when there is none and nobody can log in.
    pub password_set_at: Option<Moment>,
    /// It must be changed at the next login.
    pub must_change_password: bool,
    /// Locked since, by whom and why.
    pub locked: Option<(Moment, i64, String)>,
    /// The person's own switch: a second factor is asked at every login.
    pub second_factor: bool,
}

/// How the account of a person stands.
pub fn account_state(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<AccountState, IdentityError> {
    let password = sql::password(tx, org_id, person_id)?;
    let account = sql::account(tx, org_id, person_id)?;
    let locked = account.locked_at.zip(account.locked_by);
    Ok(AccountState {
        password_set_at: password.as_ref().map(|kept| kept.set_at),
        must_change_password: password.is_some_and(|kept| kept.must_change),
        locked: locked.map(|(at, by)| (at, by, account.lock_reason)),
        second_factor: account.second_factor,
    })
}
