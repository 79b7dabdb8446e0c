//! Opening, finding and ending sessions.

use kernel::{Lang, Moment};
use store::{Store, StoreError, Tx};

use super::model::{Session, Theme, lang_key};
use super::sql;
use crate::login::{LoggedIn, LoginEventKind, NewEvent, note};
use crate::secret::Secret;
use crate::{AccessRules, Catalogue, IdentityError, credential};

/// The last request is written when the one written is older than this.
const TOUCH_MS: i64 = 60_000;
/// Longest name of a browser kept, in characters.
const AGENT_CHARS_MAX: usize = 200;

pub(crate) struct NewSession<'a> {
    pub org_id: i64,
    pub person_id: i64,
    pub address: &'a str,
    pub agent: &'a str,
}

/// Opens a session for a person whose password was just proved.
pub(crate) fn open(tx: &mut Tx<'_>, new: &NewSession<'_>, now: Moment) -> Result<LoggedIn, IdentityError> {
    let rules = AccessRules::on(now.date());
    let &NewSession { org_id, person_id, address, agent } = new;
    let made = now.plus_millis(-rules.session_ms);
    sql::delete_old(tx, org_id, person_id, made, now.plus_millis(-rules.session_idle_ms))?;
    let short = |text: &str| -> String {
        text.chars().filter(|char| !char.is_control()).take(AGENT_CHARS_MAX).collect()
    };
    let secret = Secret::new(org_id)?;
    let row = sql::NewRow {
        org_id,
        token_hash: &secret.digest(),
        id: tx.next_key(now),
        person_id,
        second_factor_wanted: second_factor_wanted(tx, org_id, person_id, now)?,
        address: &short(address),
        agent: &short(agent),
    };
    sql::insert(tx, &row, now)?;
    let token = secret.base64();
    let session = find_session(tx, &token, now)?.ok_or(IdentityError::UnknownPerson { person_id })?;
    Ok(LoggedIn { token, session })
}

/// Is a second factor asked of the person: by their own switch, or by a post they hold today?
pub(crate) fn second_factor_wanted(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    now: Moment,
) -> Result<bool, StoreError> {
    if credential::sql::account(tx, org_id, person_id)?.second_factor {
        return Ok(true);
    }
    let day = now.date();
    let held = crate::sql::held_posts(tx, org_id, person_id)?;
    let asked = |post: &str| Catalogue::built_in().asks_second_factor(post, day);
    Ok(held.iter().any(|held| held.on(day) && asked(&held.post)))
}

/// Fills in the limits; nothing when the session is over.
fn within_limits(found: sql::Found, now: Moment) -> Option<Session> {
    let rules = AccessRules::on(now.date());
    let sql::Found { mut session, password_set_at } = found;
    session.ends_at = session.made_at.plus_millis(rules.session_ms);
    let idle_until = session.touched_at.plus_millis(rules.session_idle_ms);
    if now >= session.ends_at || now >= idle_until {
        return None;
    }
    if let (days @ 1.., Some(set_at)) = (rules.password_days, password_set_at) {
        session.must_change_password |= now >= set_at.plus_millis(days * 86_400_000);
    }
    Some(session)
}

/// The session of `token`, if there is one: one query by the whole key, whoever's it is. Nothing for a session that is
/// over, and for a person who has left or is locked. The request itself is written by [`touch_session`].
pub fn find_session(tx: &mut Tx<'_>, token: &str, now: Moment) -> Result<Option<Session>, StoreError> {
    let Some(secret) = Secret::from_base64(token) else { return Ok(None) };
    let found = sql::by_token(tx, secret.org_id(), &secret.digest())?;
    let session = found.and_then(|found| within_limits(found, now));
    Ok(session.map(|session| Session { csrf: secret.derive("csrf"), ..session }))
}

/// Is the last request written a minute old?
pub fn is_touch_due(session: &Session, now: Moment) -> bool {
    now.millis() - session.touched_at.millis() >= TOUCH_MS
}

/// Writes that a request came at `now`, if the last one written is a minute old.
pub fn touch_session(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<(), StoreError> {
    if is_touch_due(session, now) {
        sql::touch(tx, session, now)?;
    }
    Ok(())
}

/// What every request does: finds the session of `token` and, once a minute, writes that it is in use. Most requests
/// write nothing.
pub fn pass_session(store: &Store, token: &str, now: Moment) -> Result<Option<Session>, StoreError> {
    let found = store.read(|tx| find_session(tx, token, now))?;
    if let Some(session) = &found
        && is_touch_due(session, now)
    {
        store.write(|tx| touch_session(tx, session, now))?;
    }
    Ok(found)
}

/// The person's sessions that are not over, newest first; their `csrf` is empty.
pub fn sessions(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    now: Moment,
) -> Result<Vec<Session>, StoreError> {
    let found = sql::of_person(tx, org_id, person_id)?;
    Ok(found.into_iter().filter_map(|found| within_limits(found, now)).collect())
}

fn noted(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    kind: LoginEventKind,
    detail: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let login = crate::sql::person_by_id(tx, org_id, person_id)?.map(|person| person.login);
    let login = login.unwrap_or_default();
    let event = NewEvent { kind, person_id: Some(person_id), login: &login, address: "", detail };
    note(tx, org_id, now, &event)
}

/// The person logs out.
pub fn end_session(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<(), StoreError> {
    if sql::delete(tx, session)? {
        noted(tx, session.org_id, session.person_id, LoginEventKind::Logout, "", now)?;
    }
    Ok(())
}

/// The person ends another of their own sessions, by its key.
pub fn end_session_of(tx: &mut Tx<'_>, session: &Session, id: i64, now: Moment) -> Result<bool, StoreError> {
    let gone = sql::delete_by_id(tx, session.org_id, session.person_id, id)?;
    if gone {
        noted(tx, session.org_id, session.person_id, LoginEventKind::Ended, &format!("session {id}"), now)?;
    }
    Ok(gone)
}

/// Ends every session of a person; `why` is noted when there was one.
pub(crate) fn end_all(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    why: &str,
    now: Moment,
) -> Result<u64, StoreError> {
    let gone = sql::delete_all(tx, org_id, person_id)?;
    if gone > 0 {
        noted(tx, org_id, person_id, LoginEventKind::Ended, why, now)?;
    }
    Ok(gone)
}

/// Ends every session of the person of `session`, this one too.
pub fn end_all_sessions(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<u64, StoreError> {
    end_all(tx, session.org_id, session.person_id, "all sessions", now)
}

/// Keeps the language and theme the person chose.
pub fn set_preferences(
    tx: &mut Tx<'_>,
    session: &Session,
    lang: Option<Lang>,
    theme: Theme,
) -> Result<(), StoreError> {
    let account = credential::sql::account(tx, session.org_id, session.person_id)?;
    let account = credential::sql::Account {
        lang: lang_key(lang).to_owned(),
        theme: theme.key().to_owned(),
        ..account
    };
    credential::sql::keep_account(tx, session.org_id, session.person_id, &account)
}
