//! The proof of a password, and what follows from it.

use kernel::{Moment, Text};
use store::{Store, StoreError, Tx};

use super::event::{LoginEventKind, NewEvent, note};
use super::model::{Attempt, LoggedIn, LoginRefused};
use super::sql;
use super::throttle::{Counted, address_name, login_name};
use crate::credential::{self, PasswordCost, PasswordHash};
use crate::session::{self, NewSession};
use crate::{AccessRules, Actor, Person, Session, rules, service};

/// Longest password looked at, in bytes: longer ones can never have been set.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// Somebody whose password was right.
pub(crate) struct Proven {
    pub person: Person,
    pub hash: PasswordHash,
}

enum Begun {
    Look(Option<Found>),
    Wait { ms: i64 },
}

struct Found {
    person: Person,
    /// None for a person without a password.
    hash: Option<PasswordHash>,
    locked: bool,
}

/// The login as the list shows it: of an unknown one a fingerprint, which tells two apart and gives nothing away.
fn shown(attempt: &Attempt<'_>, known: bool) -> String {
    if known { attempt.login.to_owned() } else { format!("?{}", &login_name(attempt.login)[..8]) }
}

/// Counts the try under its login and finds who is meant; a try during a wait is refused unseen, and the first of each
/// wait is noted.
fn begin(tx: &mut Tx<'_>, attempt: &Attempt<'_>, now: Moment) -> Result<Begun, StoreError> {
    let rules = AccessRules::on(now.date());
    let org_id = attempt.org_id;
    let plausible = rules::check_code("login", attempt.login).is_ok();
    let person = if plausible { crate::sql::person_by_login(tx, org_id, attempt.login)? } else { None };
    let person = person.filter(|person| person.active);
    let name = login_name(attempt.login);
    let by_login = sql::hold_failures(tx, org_id, Counted::Login, &name)?;
    let house = address_name(attempt.address);
    let by_address = sql::failures(tx, org_id, Counted::Address, &house)?;
    let waits = [by_login.wait_ms(now), by_address.wait_ms(now)];
    if let Some(ms) = waits.into_iter().flatten().max() {
        if by_login.refused == 0 {
            note(
                tx,
                org_id,
                now,
                &NewEvent {
                    kind: LoginEventKind::Throttled,
                    person_id: person.as_ref().map(|person| person.id),
                    login: &shown(attempt, person.is_some()),
                    address: attempt.address,
                    detail: "",
                },
            )?;
        }
        let mut seen = by_login;
        seen.refused = seen.refused.saturating_add(1);
        seen.last_at = now.millis();
        sql::keep_failures(tx, org_id, Counted::Login, &name, &seen)?;
        return Ok(Begun::Wait { ms });
    }
    let counted = by_login.one_more(Counted::Login, &rules, now);
    sql::keep_failures(tx, org_id, Counted::Login, &name, &counted)?;
    let Some(person) = person else { return Ok(Begun::Look(None)) };
    let hash = credential::sql::password(tx, org_id, person.id)?.map(|kept| kept.hash);
    let locked = credential::sql::account(tx, org_id, person.id)?.locked;
    Ok(Begun::Look(Some(Found { person, hash, locked })))
}

/// Counts a failure under its address and notes it.
fn fail(
    tx: &mut Tx<'_>,
    attempt: &Attempt<'_>,
    person_id: Option<i64>,
    detail: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let rules = AccessRules::on(now.date());
    let org_id = attempt.org_id;
    let house = address_name(attempt.address);
    let by_address = sql::hold_failures(tx, org_id, Counted::Address, &house)?;
    let counted = by_address.one_more(Counted::Address, &rules, now);
    sql::keep_failures(tx, org_id, Counted::Address, &house, &counted)?;
    sql::forget_before(tx, org_id, now.plus_millis(-rules.failures_forgotten_ms))?;
    note(
        tx,
        org_id,
        now,
        &NewEvent {
            kind: LoginEventKind::Failed,
            person_id,
            login: &shown(attempt, person_id.is_some()),
            address: attempt.address,
            detail,
        },
    )
}

/// Proves that login and password go together. The hash is computed outside every transaction, and for an unknown login
/// too. The caller ends with [`admit`] in the transaction of what follows.
pub(crate) fn prove(
    store: &Store,
    cost: PasswordCost,
    attempt: &Attempt<'_>,
    now: Moment,
) -> Result<Proven, LoginRefused> {
    let found = match store.write(|tx| begin(tx, attempt, now))? {
        Begun::Wait { ms } => return Err(LoginRefused::Wait { seconds: (ms + 999) / 1_000 }),
        Begun::Look(found) => found,
    };
    let possible = attempt.password.len() <= PASSWORD_BYTES_MAX;
    let password = if possible { attempt.password } else { "" };
    let (person, hash, locked) =
        found.map_or((None, None, false), |found| (Some(found.person), found.hash, found.locked));
    let proven = match hash {
        Some(hash) => (hash.is_of(password) && possible).then_some(hash),
        // The same work for a login that is unknown or has no password.
        None => cost.hash(password).map(|_| None)?,
    };
    let person_id = person.as_ref().map(|person| person.id);
    let (Some(person), Some(hash)) = (person, proven) else {
        store.write(|tx| fail(tx, attempt, person_id, "", now))?;
        return Err(LoginRefused::Wrong);
    };
    if locked {
        store.write(|tx| fail(tx, attempt, person_id, "locked", now))?;
        return Err(LoginRefused::Locked);
    }
    Ok(Proven { person, hash })
}

/// Notes that the proof was right, and forgets the failures of the login.
pub(crate) fn admit(
    tx: &mut Tx<'_>,
    attempt: &Attempt<'_>,
    person_id: i64,
    kind: LoginEventKind,
    now: Moment,
) -> Result<(), StoreError> {
    let org_id = attempt.org_id;
    sql::forget_failures(tx, org_id, Counted::Login, &login_name(attempt.login))?;
    let event = NewEvent {
        kind,
        person_id: Some(person_id),
        login: attempt.login,
        address: attempt.address,
        detail: attempt.agent,
    };
    note(tx, org_id, now, &event)
}

/// Lets somebody in and opens a session. `cost` is what a hash costs today: a password that was hashed for less is
/// hashed anew.
///
/// Refuses an unknown login, a wrong password, a person who has left and one without a password alike
/// ([`LoginRefused::Wrong`]), a locked account, and everybody during a wait.
pub fn login(
    store: &Store,
    cost: PasswordCost,
    attempt: &Attempt<'_>,
    now: Moment,
) -> Result<LoggedIn, LoginRefused> {
    let proven = prove(store, cost, attempt, now)?;
    let stronger = if proven.hash.is_weaker_than(cost) { Some(cost.hash(attempt.password)?) } else { None };
    store.write(|tx| {
        let (org_id, person_id) = (attempt.org_id, proven.person.id);
        admit(tx, attempt, person_id, LoginEventKind::Login, now)?;
        if let Some(hash) = &stronger {
            credential::sql::rehash(tx, org_id, person_id, &proven.hash, hash)?;
        }
        let new = NewSession { org_id, person_id, address: attempt.address, agent: attempt.agent };
        Ok(session::open(tx, &new, now)?)
    })
}

/// Proves the password of somebody who is in already, before an act that asks for it. The session is counted as
/// authenticated at `now`.
pub fn confirm_password(
    store: &Store,
    cost: PasswordCost,
    session: &Session,
    password: &str,
    address: &str,
    now: Moment,
) -> Result<(), LoginRefused> {
    let login = login_of(store, session)?;
    let attempt = Attempt { org_id: session.org_id, login: &login, password, address, agent: "" };
    let proven = prove(store, cost, &attempt, now)?;
    store.write(|tx| {
        admit(tx, &attempt, proven.person.id, LoginEventKind::Confirmed, now)?;
        session::sql::authenticated(tx, session, now)?;
        Ok(())
    })
}

pub(crate) fn login_of(store: &Store, session: &Session) -> Result<String, LoginRefused> {
    let person = store.read(|tx| crate::sql::person_by_id(tx, session.org_id, session.person_id))?;
    Ok(person.ok_or(LoginRefused::Wrong)?.login)
}

/// Another person who gives authority on the spot (现场授权, XC-03) and whose password was right. Who has a passkey is
/// asked for it as well ([`crate::passkey::begin_authority`]): the password alone lends nothing.
#[derive(Debug, Clone)]
pub struct Lender {
    actor: Actor,
    has_passkey: bool,
}

impl Lender {
    /// The person's key.
    pub fn person_id(&self) -> i64 {
        self.actor.person_id
    }
    /// Is a passkey asked before the authority is given?
    pub fn has_passkey(&self) -> bool {
        self.has_passkey
    }
    /// The unit of a post that carries `permission`; none when no post does.
    pub fn unit_with(&self, permission: &str) -> Option<i64> {
        let carries = |held: &&crate::Assignment| held.permissions.iter().any(|name| name == permission);
        self.actor.assignments.iter().find(carries).map(|held| held.unit_id)
    }
    /// The person as they act today, for [`crate::Work::with_authority`]; refused while a passkey is to be asked.
    pub fn by_password(self) -> Result<Actor, LoginRefused> {
        if self.has_passkey {
            let why =
                Text::new("授权人须用通行密钥确认", "whoever lends the authority confirms with the passkey");
            return Err(LoginRefused::Passkey { why });
        }
        Ok(self.actor)
    }
    /// The person, whose passkey has answered.
    pub(crate) fn by_passkey(self) -> Actor {
        self.actor
    }
}

/// Proves the password of another person who gives authority on the spot (现场授权, XC-03), with the same waits as a
/// login; no session is opened.
pub fn verify_authority(
    store: &Store,
    cost: PasswordCost,
    attempt: &Attempt<'_>,
    now: Moment,
) -> Result<Lender, LoginRefused> {
    let proven = prove(store, cost, attempt, now)?;
    store.write(|tx| {
        let (org_id, person_id) = (attempt.org_id, proven.person.id);
        admit(tx, attempt, person_id, LoginEventKind::Authority, now)?;
        let has_passkey = !crate::passkey::sql::of_person(tx, org_id, person_id)?.is_empty();
        Ok(Lender { actor: service::load_actor(tx, org_id, person_id, now.date())?, has_passkey })
    })
}
