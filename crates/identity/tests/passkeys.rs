//! Passkeys with an authenticator made of software, on both databases.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, PASSWORD, each_engine, now};
use data_encoding::BASE64URL_NOPAD;
use identity::passkey::{self, Site};
use identity::session::{self, Session};
use identity::{IdentityError, LoginRefused, PasswordCost, login};
use kernel::Moment;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a browser and a key in somebody's pocket do.
struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    origin: String,
    counter: u32,
}

impl Authenticator {
    fn new(seed: u8) -> Authenticator {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        Authenticator { key, id: vec![seed; 32], origin: site().origin, counter: 0 }
    }
    fn data(&mut self, domain: &str, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest(domain).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }
    fn collected(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let origin = &self.origin;
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }
    fn create(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), 0x45);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_encoded_point(false);
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 32]);
        data.extend(point.y().unwrap());
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(&data);
        self.answer(&json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&self.collected("webauthn.create", &options["challenge"])),
            "attestationObject": BASE64URL_NOPAD.encode(&attestation),
            "transports": ["usb"],
        }))
    }
    fn get(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let data = self.data(options["rpId"].as_str().unwrap(), 0x05);
        let collected = self.collected("webauthn.get", &options["challenge"]);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&collected));
        let signature: Signature = self.key.sign(&signed);
        self.answer(&json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&collected),
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
            "signature": BASE64URL_NOPAD.encode(signature.to_der().as_bytes()),
        }))
    }
    fn answer(&self, response: &Value) -> String {
        let id = BASE64URL_NOPAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response,
        })
        .to_string()
    }
}

fn site() -> Site {
    Site::of_address("https://office.example.com").unwrap()
}

fn later(seconds: i64) -> Moment {
    now().plus_millis(seconds * 1_000)
}

impl House<'_> {
    fn enter(&self, login: &str, at: Moment) -> Session {
        self.login_from(login, PASSWORD, "10.0.0.1", at).unwrap().session
    }
    fn add(&self, session: &Session, key: &mut Authenticator) -> Result<i64, IdentityError> {
        let options = passkey::begin_registration(self.store, &site(), session, now())?;
        passkey::finish_registration(self.store, &site(), session, "pocket", &key.create(&options), now())
    }
}

/// XC-01: who asks for it gives the second factor at every login; without it the session opens nothing.
#[test]
fn a_second_factor_is_given() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let first = house.enter("reader", now());
        let mut key = Authenticator::new(7);
        let switch = |session: &Session, on| {
            house.as_person(reader, |work| passkey::set_second_factor(work, session, on))
        };
        assert!(matches!(switch(&first, true), Err(IdentityError::Passkey { .. })), "there is none yet");
        house.add(&first, &mut key).unwrap();
        switch(&first, true).unwrap();

        let inside = house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        let this = inside.session;
        assert!(this.second_factor_wanted && !this.is_clear());
        let options = passkey::begin_second_factor(store, &site(), &this, now()).unwrap();
        let answer = key.get(&options);
        let give = |session: &Session, answer: &str, at| {
            passkey::finish_second_factor(store, &site(), session, answer, at)
        };
        let refused = |outcome| matches!(outcome, Err(LoginRefused::Passkey { .. }));
        assert!(refused(give(&first, &answer, now())), "the question was for another session");
        let options = passkey::begin_second_factor(store, &site(), &this, now()).unwrap();
        let answer = key.get(&options);
        give(&this, &answer, now()).unwrap();
        assert!(refused(give(&this, &answer, now())), "no answer counts twice");
        let found = store.read(|tx| session::find_session(tx, &inside.token, now())).unwrap().unwrap();
        assert!(found.is_clear());

        // Somebody else's key, an older counter, another place, too late, and plain nonsense.
        let this = house.enter("reader", now());
        let begin = || passkey::begin_second_factor(store, &site(), &this, now()).unwrap();
        let mut foreign = Authenticator { id: key.id.clone(), ..Authenticator::new(8) };
        assert!(refused(give(&this, &foreign.get(&begin()), now())));
        let mut cloned = Authenticator { counter: 0, ..Authenticator::new(7) };
        assert!(
            refused(give(&this, &cloned.get(&begin()), now())),
            "a copy of the key counts from the start"
        );
        let mut elsewhere = Authenticator {
            origin: "https://office.example.org".into(),
            counter: 50,
            ..Authenticator::new(7)
        };
        assert!(refused(give(&this, &elsewhere.get(&begin()), now())));
        let mut late = Authenticator { counter: 60, ..Authenticator::new(7) };
        assert!(refused(give(&this, &late.get(&begin()), later(301))));
        for nonsense in ["", "{}", "[]", "张", &"x".repeat(100_000)] {
            assert!(refused(give(&this, nonsense, now())), "{nonsense:.20}");
        }
        let found = store.read(|tx| session::sessions(tx, this.org_id, reader, now())).unwrap();
        assert!(found.iter().any(|one| one.id == this.id && !one.second_factor_done));
        // The password alone does not add another key, nor take the last one away.
        let mut second = Authenticator::new(9);
        assert!(matches!(house.add(&this, &mut second), Err(IdentityError::Passkey { .. })));
        let id = store.read(|tx| passkey::passkeys(tx, this.org_id, reader)).unwrap()[0].id;
        assert!(matches!(
            passkey::remove_passkey(store, &this, id, now()),
            Err(IdentityError::Passkey { .. })
        ));
    });
}

/// Adding a passkey needs a fresh login; the same passkey is not added twice; the log says whose it is.
#[test]
fn a_passkey_is_added_and_removed() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let this = house.enter("reader", now());
        let mut key = Authenticator::new(7);
        let stale = passkey::begin_registration(store, &site(), &this, later(901));
        assert_eq!(stale, Err(IdentityError::NotFresh));
        let id = house.add(&this, &mut key).unwrap();
        assert!(house.add(&this, &mut key).is_err());
        let other = house.with_password("other");
        let theirs = house.enter("other", now());
        let mut foreign = Authenticator::new(8);
        let options = passkey::begin_registration(store, &site(), &this, now()).unwrap();
        let stolen =
            passkey::finish_registration(store, &site(), &theirs, "pocket", &foreign.create(&options), now());
        assert!(matches!(stolen, Err(IdentityError::Passkey { .. })), "{stolen:?}");
        assert_eq!(
            passkey::remove_passkey(store, &theirs, id, now()),
            Err(IdentityError::UnknownPasskey { passkey_id: id })
        );
        passkey::remove_passkey(store, &this, id, now()).unwrap();
        assert!(store.read(|tx| passkey::passkeys(tx, this.org_id, reader)).unwrap().is_empty());
        let changes = store.read(|tx| identity::changes(tx, this.org_id)).unwrap();
        let said: Vec<_> = changes.iter().filter(|change| change.subject == "passkey").collect();
        assert!(said[0].new.starts_with(&format!("person {reader} key ")) && said[1].new == "removed");
        assert!(other > 0);
    });
}

/// XC-04: an act is signed by the key of the person, over exactly this act; anybody can check it later.
#[test]
fn an_act_is_signed() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let this = house.enter("reader", now());
        let mut key = Authenticator::new(7);
        house.add(&this, &mut key).unwrap();
        let act = ("workflow.close_period", "k-1", &b"unit=C month=2026-02"[..]);
        let begin = |what| passkey::begin_signature(store, &site(), &this, what, now()).unwrap();
        let sign = |what, answer: &str| passkey::sign_act(store, &site(), &this, what, answer, now());
        for other in [
            ("workflow.close_period", "k-1", &b"unit=C month=2026-03"[..]),
            ("workflow.close_period", "k-2", act.2),
            ("ledger.close_period", "k-1", act.2),
        ] {
            let answer = key.get(&begin(act));
            assert!(matches!(sign(other, &answer), Err(LoginRefused::Passkey { .. })), "{other:?}");
        }
        let login = key.get(&passkey::begin_second_factor(store, &site(), &this, now()).unwrap());
        assert!(matches!(sign(act, &login), Err(LoginRefused::Passkey { .. })), "a login signs nothing");
        let answer = key.get(&begin(act));
        let id = sign(act, &answer).unwrap();
        assert!(sign(act, &answer).is_err());
        let kept = store.read(|tx| passkey::signatures(tx, this.org_id)).unwrap();
        assert_eq!(kept.len(), 1);
        let kept = &kept[0];
        assert_eq!((kept.id, kept.person_id, kept.verb.as_str()), (id, reader, act.0));
        // What was kept proves itself: the challenge is made of the act, the signature covers the challenge.
        let collected: Value = serde_json::from_slice(&kept.client_data).unwrap();
        let challenge = passkey::act_challenge(this.org_id, reader, act.0, act.1, act.2);
        assert_eq!(collected["challenge"], BASE64URL_NOPAD.encode(&challenge));
        let mut signed = kept.authenticator_data.clone();
        signed.extend(Sha256::digest(&kept.client_data));
        let signature = Signature::from_der(&kept.signature).unwrap();
        VerifyingKey::from(&key.key).verify(&signed, &signature).unwrap();
        for statement in ["DELETE FROM identity_signature", "UPDATE identity_signature SET verb = 'x'"] {
            assert!(store.write(|tx| tx.execute(statement, &[])).is_err(), "{statement}");
        }
    });
}

/// XC-03: who has a passkey lends authority with it, over exactly the act that it is lent for, to exactly the session
/// that asked; the password alone lends nothing. Without a passkey the password is enough.
#[test]
fn whoever_lends_authority_gives_the_passkey_too() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let clerk = house.with_password("clerk");
        let head = house.with_password("head");
        house.assign(head, house.founded.unit_id, "leader_in_charge").unwrap();
        let asking = house.enter("clerk", now());
        let verify = || {
            let attempt = house.attempt("head", PASSWORD, "10.0.0.1");
            login::verify_authority(store, PasswordCost::CHEAP, &attempt, now()).unwrap()
        };
        assert_eq!(verify().by_password().unwrap().person_id, head, "there is no passkey yet");

        let mut key = Authenticator::new(9);
        house.add(&house.enter("head", now()), &mut key).unwrap();
        let mut own = Authenticator::new(10);
        house.add(&asking, &mut own).unwrap();
        let lender = verify();
        assert!(lender.has_passkey());
        assert_eq!(lender.unit_with("report.approve_targets"), Some(house.founded.unit_id));
        assert_eq!(lender.unit_with("ledger.post"), None);
        assert!(matches!(lender.by_password(), Err(LoginRefused::Passkey { .. })));

        let act = ("report.approve_targets", "k-1", &b"month=2026-02"[..]);
        let begin = |session: &Session, what| {
            passkey::begin_authority(store, &site(), session, &verify(), what, now()).unwrap()
        };
        let finish = |session: &Session, what, answer: &str| {
            passkey::finish_authority(store, &site(), session, verify(), what, answer, now())
        };
        // Another act, another session, another person's passkey, a signature meant as such: nothing is lent.
        let answer = key.get(&begin(&asking, act));
        assert!(finish(&asking, (act.0, "k-2", act.2), &answer).is_err());
        let answer = key.get(&begin(&asking, act));
        assert!(finish(&house.enter("clerk", now()), act, &answer).is_err());
        let answer = own.get(&begin(&asking, act));
        assert!(finish(&asking, act, &answer).is_err());
        let answer = own.get(&passkey::begin_signature(store, &site(), &asking, act, now()).unwrap());
        assert!(finish(&asking, act, &answer).is_err());

        let answer = key.get(&begin(&asking, act));
        assert_eq!(finish(&asking, act, &answer).unwrap().person_id, head);
        assert!(finish(&asking, act, &answer).is_err(), "once");
        let kept = store.read(|tx| passkey::signatures(tx, asking.org_id)).unwrap();
        let [kept] = kept.as_slice() else { panic!("one signature: {kept:?}") };
        assert_eq!((kept.person_id, kept.verb.as_str(), kept.request_key.as_str()), (head, act.0, act.1));
        // The lender's passkey made nobody's session fresher.
        let again = store.read(|tx| session::sessions(tx, asking.org_id, clerk, now())).unwrap();
        assert!(again.iter().all(|one| !one.second_factor_done || one.id == asking.id));
    });
}
