//! Making, finding and revoking tokens.

use kernel::{Date, Moment};
use store::{Store, StoreError, Tx};

use super::model::{MadeToken, NewToken, Token, check_scopes};
use super::sql;
use crate::secret::Secret;
use crate::{AccessRules, Actor, IdentityError, Permission, Work, credential, rules, service};

const MANAGE_PERSONS: Permission = Permission("identity.manage_persons");
/// What every secret begins with, so that one that leaks is recognised.
const PREFIX: &str = "zf_";
/// The last use is written when the one written is older than this.
const TOUCH_MS: i64 = 60_000;

/// Makes a token. For oneself no permission is asked; for another it is `identity.manage_persons`, and the account must
/// have no password: what acts as a person is in that person's hands only. The secret is answered here and never again,
/// so the command is not one to be repeated from memory.
pub fn create_token(work: &mut Work<'_, '_>, new: &NewToken<'_>) -> Result<MadeToken, IdentityError> {
    rules::check_name("token name", new.name)?;
    check_scopes(new.scopes)?;
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let person = service::hold_person(work, new.person_id)?;
    if person.id != by {
        work.require(MANAGE_PERSONS, person.unit_id)?;
        if credential::sql::password(work.tx, org_id, person.id)?.is_some() {
            return Err(IdentityError::TokenOfPerson { person: person.name });
        }
    }
    let today = work.today();
    let days = AccessRules::on(today).token_days_max;
    if new.last_day < today || today.days_until(new.last_day) > days {
        return Err(IdentityError::TokenDays { last: new.last_day, days });
    }
    let secret = Secret::new(org_id)?;
    let token = Token {
        org_id,
        id: work.next_key(),
        person_id: person.id,
        name: new.name.to_owned(),
        scopes: new.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        made_by: by,
        made_at: now,
        expires_at: Moment::on(new.last_day, 24, 0),
        last_used_at: None,
        revoked: None,
    };
    sql::insert(work.tx, &secret.digest(), &token)?;
    service::note(work, "token", token.id, "", &words(&token))?;
    Ok(MadeToken { id: token.id, secret: format!("{PREFIX}{}", secret.base32()) })
}

/// What the list of changes says of a token.
pub(crate) fn words(token: &Token) -> String {
    let last = token.expires_at.plus_millis(-1).date();
    format!("person {} until {last} {}: {}", token.person_id, token.scopes.join(" "), token.name)
}

/// Revokes a token, one's own or with `identity.manage_persons` anybody's.
pub fn revoke_token(work: &mut Work<'_, '_>, token_id: i64) -> Result<(), IdentityError> {
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let unknown = IdentityError::UnknownToken { token_id };
    let token = sql::by_id(work.tx, org_id, token_id)?.ok_or(unknown.clone())?;
    if token.person_id != by {
        let person = crate::sql::person_by_id(work.tx, org_id, token.person_id)?;
        work.require(MANAGE_PERSONS, person.map_or(0, |person| person.unit_id))?;
    }
    if !sql::revoke(work.tx, &token, by, now)? {
        return Err(unknown);
    }
    service::note(work, "token", token_id, "valid", "revoked")
}

/// The token whose secret this is, if it is valid and its person works here and is not locked: one query by the whole
/// key.
pub fn find_token(tx: &mut Tx<'_>, secret: &str, now: Moment) -> Result<Option<Token>, StoreError> {
    let Some(secret) = secret.strip_prefix(PREFIX).and_then(Secret::from_base32) else { return Ok(None) };
    let found = sql::by_secret(tx, secret.org_id(), &secret.digest())?;
    Ok(found.filter(|token| token.is_valid(now)))
}

/// Is the last use written a minute old?
pub fn is_touch_due(token: &Token, now: Moment) -> bool {
    token.last_used_at.is_none_or(|last| now.millis() - last.millis() >= TOUCH_MS)
}

/// Writes that the token was used at `now`, if the last use written is a minute old.
pub fn touch_token(tx: &mut Tx<'_>, token: &Token, now: Moment) -> Result<(), StoreError> {
    if is_touch_due(token, now) {
        sql::touch(tx, token, now)?;
    }
    Ok(())
}

/// What every request of a machine does: finds the token and, once a minute, writes that it is in use.
pub fn pass_token(store: &Store, secret: &str, now: Moment) -> Result<Option<Token>, StoreError> {
    let found = store.read(|tx| find_token(tx, secret, now))?;
    if let Some(token) = &found
        && is_touch_due(token, now)
    {
        store.write(|tx| touch_token(tx, token, now))?;
    }
    Ok(found)
}

/// The person of the token as they act on `day`, with no more than its scopes.
pub fn token_actor(tx: &mut Tx<'_>, token: &Token, day: Date) -> Result<Actor, IdentityError> {
    let actor = service::load_actor(tx, token.org_id, token.person_id, day)?;
    Ok(actor.limited_to(&token.scopes))
}

/// The tokens of one person, or of all, revoked and expired ones too.
pub fn tokens(tx: &mut Tx<'_>, org_id: i64, person_id: Option<i64>) -> Result<Vec<Token>, StoreError> {
    match person_id {
        Some(person_id) => sql::of_person(tx, org_id, person_id),
        None => sql::all(tx, org_id),
    }
}
