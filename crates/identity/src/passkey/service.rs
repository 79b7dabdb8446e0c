//! Adding passkeys, asking them at login, and having them sign.

use kernel::Moment;
use store::{Store, StoreError, Tx};

use super::ceremony::{self, Begun};
use super::model::{Passkey, Signature, Site};
use super::sql::{self, Ceremony};
use crate::login::{self, Lender, LoginEventKind, LoginRefused, NewEvent};
use crate::secret::sha256;
use crate::sql::Change;
use crate::{AccessRules, Actor, IdentityError, Person, Session, Work, credential, rules, service, session};

const ADD: &str = "add";
const SECOND_FACTOR: &str = "second_factor";
const SIGN: &str = "sign";
const LEND: &str = "lend";

/// The passkeys of a person.
pub fn passkeys(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Passkey>, StoreError> {
    sql::of_person(tx, org_id, person_id)
}

/// Every signature under an act, in order.
pub fn signatures(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Signature>, StoreError> {
    sql::signatures(tx, org_id)
}

fn keep(
    tx: &mut Tx<'_>,
    session: &Session,
    purpose: &'static str,
    begun: &Begun,
    now: Moment,
) -> Result<(), StoreError> {
    let ceremony = Ceremony {
        challenge: begun.challenge,
        session_id: session.id,
        purpose,
        state: begun.state.clone(),
        expires_at: now.plus_millis(AccessRules::on(now.date()).challenge_ms),
    };
    sql::begin(tx, session.org_id, &ceremony, now)
}

fn take(
    store: &Store,
    session: &Session,
    purpose: &str,
    challenge: &[u8; 16],
    now: Moment,
) -> Result<Vec<u8>, IdentityError> {
    // In a transaction of its own: an answer that is refused has used up its challenge.
    let taken = store.write(|tx| sql::take(tx, session.org_id, (challenge, session.id, purpose), now))?;
    taken.ok_or_else(|| {
        ceremony::refused(
            "本次询问已过期或已答复，请重新开始",
            "the question is over or was answered; begin again",
        )
    })
}

fn person_of(tx: &mut Tx<'_>, session: &Session) -> Result<Person, IdentityError> {
    active_person(tx, session.org_id, session.person_id)
}

fn active_person(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Person, IdentityError> {
    let person = crate::sql::person_by_id(tx, org_id, person_id)?;
    person.filter(|person| person.active).ok_or(IdentityError::UnknownPerson { person_id })
}

/// Begins to add a passkey to one's own account; answers what the browser is to be given, as JSON.
///
/// Refuses when the login is not fresh, and while the second factor is still asked of somebody who has one: else the
/// password alone would make a second one.
pub fn begin_registration(
    store: &Store,
    site: &Site,
    session: &Session,
    now: Moment,
) -> Result<String, IdentityError> {
    let (org_id, person_id) = (session.org_id, session.person_id);
    let since = now.millis() - session.authenticated_at.millis();
    if since > AccessRules::on(now.date()).fresh_ms {
        return Err(IdentityError::NotFresh);
    }
    store.write(|tx| {
        let person = person_of(tx, session)?;
        let known = sql::of_person(tx, org_id, person_id)?;
        if session.second_factor_wanted && !session.second_factor_done && !known.is_empty() {
            return Err(ceremony::refused("请先完成第二因素验证", "give the second factor first"));
        }
        let user = ceremony::handle(org_id, person_id);
        let begun = ceremony::begin_registration(site, &user, (&person.login, &person.name), &known)?;
        keep(tx, session, ADD, &begun, now)?;
        Ok(begun.options)
    })
}

/// Adds the passkey that answered; it counts as the second factor of this session.
pub fn finish_registration(
    store: &Store,
    site: &Site,
    session: &Session,
    name: &str,
    answer: &str,
    now: Moment,
) -> Result<i64, IdentityError> {
    rules::check_name("passkey name", name)?;
    let (answer, challenge) = ceremony::registration_answer(answer)?;
    let state = take(store, session, ADD, &challenge, now)?;
    let (credential_id, public_key, state, transports) =
        ceremony::finish_registration(site, &state, &answer)?;
    let (org_id, person_id) = (session.org_id, session.person_id);
    store.write(|tx| {
        person_of(tx, session)?;
        let id = tx.next_key(now);
        let new = Passkey {
            id,
            person_id,
            name: name.to_owned(),
            added_at: now,
            last_used_at: None,
            credential_id: credential_id.clone(),
            public_key: public_key.clone(),
            state: state.clone(),
            transports,
        };
        sql::insert(tx, org_id, &new)?;
        session::sql::second_factor_done(tx, session, now)?;
        let said = words(&new);
        let change = Change { subject: "passkey", subject_id: id, old: "", new: &said };
        crate::sql::insert_change(tx, org_id, person_id, &change, now)?;
        Ok(id)
    })
}

/// What the list of changes says of a passkey: whose, and the digest of its public key.
pub(crate) fn words(passkey: &Passkey) -> String {
    let digest = data_encoding::HEXLOWER.encode(&sha256(&[&passkey.credential_id, &passkey.public_key]));
    format!("person {} key {digest}: {}", passkey.person_id, passkey.name)
}

/// What the list of changes says of a signature: who signed what with which passkey, and the digest of the rest.
pub(crate) fn signature_words(signature: &Signature) -> String {
    let Signature { person_id, passkey_id, verb, request_key, body_hash, .. } = signature;
    let parts = [body_hash, &signature.client_data, &signature.authenticator_data, &signature.signature];
    let digest = data_encoding::HEXLOWER.encode(&sha256(&parts.map(Vec::as_slice)));
    format!("person {person_id} passkey {passkey_id} {verb} {request_key} {digest}")
}

/// Removes one of one's own passkeys; the last one not while a second factor is asked.
pub fn remove_passkey(store: &Store, session: &Session, id: i64, now: Moment) -> Result<(), IdentityError> {
    let (org_id, person_id) = (session.org_id, session.person_id);
    store.write(|tx| {
        let known = sql::of_person(tx, org_id, person_id)?;
        let is_last = known.len() == 1 && known.first().is_some_and(|passkey| passkey.id == id);
        if is_last && session::second_factor_wanted(tx, org_id, person_id, now)? {
            return Err(ceremony::refused(
                "这是最后一个，而登录要求第二因素；请先改为不要求",
                "it is the last one, and logins ask for a second factor; switch that off first",
            ));
        }
        if !sql::remove(tx, org_id, person_id, id, now)? {
            return Err(IdentityError::UnknownPasskey { passkey_id: id });
        }
        let change = Change { subject: "passkey", subject_id: id, old: "valid", new: "removed" };
        Ok(crate::sql::insert_change(tx, org_id, person_id, &change, now)?)
    })
}

/// The person's own switch: a second factor is asked at every login. It needs a passkey.
pub fn set_second_factor(work: &mut Work<'_, '_>, session: &Session, on: bool) -> Result<(), IdentityError> {
    let (org_id, person_id) = (work.org_id(), work.actor().person_id);
    if session.person_id != person_id || session.org_id != org_id {
        return Err(IdentityError::UnknownPerson { person_id: session.person_id });
    }
    if on && sql::of_person(work.tx, org_id, person_id)?.is_empty() {
        return Err(ceremony::refused("请先登记一个通行密钥", "add a passkey first"));
    }
    let account = credential::sql::account(work.tx, org_id, person_id)?;
    if account.second_factor == on {
        return Ok(());
    }
    let said = |on: bool| if on { "asked" } else { "not asked" };
    let old = said(account.second_factor);
    let account = credential::sql::Account { second_factor: on, ..account };
    credential::sql::keep_account(work.tx, org_id, person_id, &account)?;
    service::note(work, "second_factor", person_id, old, said(on))
}

fn begin(
    store: &Store,
    site: &Site,
    session: &Session,
    person_id: i64,
    (purpose, challenge): (&'static str, Option<[u8; 16]>),
    now: Moment,
) -> Result<String, IdentityError> {
    store.write(|tx| {
        let known = sql::of_person(tx, session.org_id, person_id)?;
        if known.is_empty() {
            return Err(ceremony::refused("您没有登记通行密钥", "you have no passkey"));
        }
        let begun = ceremony::begin_assertion(site, &known, challenge)?;
        keep(tx, session, purpose, &begun, now)?;
        Ok(begun.options)
    })
}

/// Begins to ask for the second factor; answers what the browser is to be given, as JSON.
pub fn begin_second_factor(
    store: &Store,
    site: &Site,
    session: &Session,
    now: Moment,
) -> Result<String, IdentityError> {
    begin(store, site, session, session.person_id, (SECOND_FACTOR, None), now)
}

/// Begins to have an act signed; answers what the browser is to be given, as JSON. `body` are the canonical bytes of what
/// is asked for, by which the same request is known again.
pub fn begin_signature(
    store: &Store,
    site: &Site,
    session: &Session,
    (verb, request_key, body): (&str, &str, &[u8]),
    now: Moment,
) -> Result<String, IdentityError> {
    let challenge = ceremony::act_challenge(session.org_id, session.person_id, verb, request_key, body);
    begin(store, site, session, session.person_id, (SIGN, Some(challenge)), now)
}

/// Begins to ask the passkey of a person who lends authority on the spot for an act of the person of `session` (XC-03);
/// answers what the browser is to be given, as JSON.
pub fn begin_authority(
    store: &Store,
    site: &Site,
    session: &Session,
    lender: &Lender,
    (verb, request_key, body): (&str, &str, &[u8]),
    now: Moment,
) -> Result<String, IdentityError> {
    let person_id = lender.person_id();
    let challenge = ceremony::act_challenge(session.org_id, person_id, verb, request_key, body);
    begin(store, site, session, person_id, (LEND, Some(challenge)), now)
}

/// An answer that was verified.
struct Proof {
    passkey: Passkey,
    state: Vec<u8>,
    parts: [Vec<u8>; 3],
    challenge: [u8; 16],
}

fn proof(
    store: &Store,
    site: &Site,
    session: &Session,
    (person_id, purpose): (i64, &str),
    answer: &str,
    now: Moment,
) -> Result<Proof, IdentityError> {
    let (answer, challenge) = ceremony::assertion_answer(answer)?;
    let state = take(store, session, purpose, &challenge, now)?;
    let known = store.read(|tx| sql::of_person(tx, session.org_id, person_id))?;
    let user = ceremony::handle(session.org_id, person_id);
    let (passkey, state) = ceremony::finish_assertion(site, &state, &user, &known, &answer)?;
    let response = answer.response();
    let parts = [response.client_data_json(), response.authenticator_data(), response.signature()];
    Ok(Proof { passkey: passkey.clone(), state, parts: parts.map(<[u8]>::to_vec), challenge })
}

fn note(
    tx: &mut Tx<'_>,
    session: &Session,
    person_id: i64,
    (kind, detail): (LoginEventKind, &str),
    now: Moment,
) -> Result<(), IdentityError> {
    let person = active_person(tx, session.org_id, person_id)?;
    let event = NewEvent {
        kind,
        person_id: Some(person.id),
        login: &person.login,
        address: &session.address,
        detail,
    };
    Ok(login::note(tx, session.org_id, now, &event)?)
}

/// Takes the second factor: the session is clear from now on.
pub fn finish_second_factor(
    store: &Store,
    site: &Site,
    session: &Session,
    answer: &str,
    now: Moment,
) -> Result<(), LoginRefused> {
    let person_id = session.person_id;
    match proof(store, site, session, (person_id, SECOND_FACTOR), answer, now) {
        Ok(proof) => store.write(|tx| {
            sql::used(tx, session.org_id, proof.passkey.id, &proof.state, now)?;
            session::sql::second_factor_done(tx, session, now)?;
            let said = (LoginEventKind::SecondFactor, proof.passkey.name.as_str());
            Ok(note(tx, session, person_id, said, now)?)
        }),
        Err(error) => {
            let why = error.to_string();
            let said = (LoginEventKind::SecondFactorFailed, why.as_str());
            store.write(|tx| note(tx, session, person_id, said, now))?;
            Err(error.into())
        }
    }
}

/// Takes the signature under an act and keeps it; answers its key. Refuses an answer whose challenge was not made of
/// exactly this act.
pub fn sign_act(
    store: &Store,
    site: &Site,
    session: &Session,
    (verb, request_key, body): (&str, &str, &[u8]),
    answer: &str,
    now: Moment,
) -> Result<i64, LoginRefused> {
    let person_id = session.person_id;
    let proof = proof(store, site, session, (person_id, SIGN), answer, now)?;
    require_this_act(session.org_id, person_id, (verb, request_key, body), &proof)?;
    store.write(|tx| {
        session::sql::authenticated(tx, session, now)?;
        Ok(keep_signature(tx, session.org_id, person_id, (verb, request_key, body), &proof, now)?)
    })
}

fn require_this_act(
    org_id: i64,
    person_id: i64,
    (verb, request_key, body): (&str, &str, &[u8]),
    proof: &Proof,
) -> Result<(), LoginRefused> {
    if proof.challenge == ceremony::act_challenge(org_id, person_id, verb, request_key, body) {
        return Ok(());
    }
    let error = ceremony::refused(
        "所签的不是现在要办的这一项",
        "another act was signed than the one that is asked for",
    );
    Err(error.into())
}

fn keep_signature(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    (verb, request_key, body): (&str, &str, &[u8]),
    proof: &Proof,
    now: Moment,
) -> Result<i64, StoreError> {
    let [client_data, authenticator_data, signature] = proof.parts.clone();
    sql::used(tx, org_id, proof.passkey.id, &proof.state, now)?;
    let id = tx.next_key(now);
    let kept = Signature {
        id,
        person_id,
        passkey_id: proof.passkey.id,
        verb: verb.to_owned(),
        request_key: request_key.to_owned(),
        body_hash: sha256(&[body]).to_vec(),
        at: now,
        client_data,
        authenticator_data,
        signature,
    };
    sql::insert_signature(tx, org_id, &kept)?;
    let said = signature_words(&kept);
    let change = Change { subject: "signature", subject_id: id, old: "", new: &said };
    crate::sql::insert_change(tx, org_id, person_id, &change, now)?;
    Ok(id)
}

/// Takes the answer of the passkey of a person who lends authority, and keeps it as that person's signature under the act;
/// answers the person as they act today, for [`Work::with_authority`]. Refuses an answer whose challenge was not made of
/// exactly this act and this person.
pub fn finish_authority(
    store: &Store,
    site: &Site,
    session: &Session,
    lender: Lender,
    (verb, request_key, body): (&str, &str, &[u8]),
    answer: &str,
    now: Moment,
) -> Result<Actor, LoginRefused> {
    let (org_id, person_id) = (session.org_id, lender.person_id());
    let proven =
        proof(store, site, session, (person_id, LEND), answer, now).map_err(LoginRefused::from).and_then(
            |proof| require_this_act(org_id, person_id, (verb, request_key, body), &proof).map(|()| proof),
        );
    match proven {
        Ok(proof) => {
            store.write(|tx| -> Result<(), IdentityError> {
                keep_signature(tx, org_id, person_id, (verb, request_key, body), &proof, now)?;
                note(tx, session, person_id, (LoginEventKind::SecondFactor, &proof.passkey.name), now)
            })?;
            Ok(lender.by_passkey())
        }
        Err(refused) => {
            let why = refused.to_string();
            store
                .write(|tx| note(tx, session, person_id, (LoginEventKind::SecondFactorFailed, &why), now))?;
            Err(refused)
        }
    }
}
