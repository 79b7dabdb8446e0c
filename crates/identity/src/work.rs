//! The context of a command, and the desk at which commands are given.

use kernel::{Date, Moment};
use serde::{Serialize, de::DeserializeOwned};
use store::{Store, StoreError, Tx};

use crate::{Actor, Assignment, Authority, IdentityError, Permission, alarm, service};

/// One command in progress. Offices take it by `&mut` and do their six steps with it.
pub struct Work<'w, 'c> {
    /// The transaction; only `sql.rs` files speak to it.
    pub tx: &'w mut Tx<'c>,
    actor: &'w Actor,
    now: Moment,
    authority: Option<(Authority, Assignment)>,
}

impl<'w, 'c> Work<'w, 'c> {
    /// A command by `actor` at `now` inside `tx`.
    pub fn new(tx: &'w mut Tx<'c>, actor: &'w Actor, now: Moment) -> Work<'w, 'c> {
        Work { tx, actor, now, authority: None }
    }
    /// The organisation in which the person acts.
    pub fn org_id(&self) -> i64 {
        self.actor.org_id
    }
    /// Who acts.
    pub fn actor(&self) -> &'w Actor {
        self.actor
    }
    /// When the command was given; the only clock there is.
    pub fn now(&self) -> Moment {
        self.now
    }
    /// The day the command was given.
    pub fn today(&self) -> Date {
        self.now.date()
    }
    /// A new key that grows with time.
    pub fn next_key(&mut self) -> i64 {
        self.tx.next_key(self.now)
    }
    /// Refuses unless the person holds `permission` on `unit_id`, or another person who holds it there lent it within
    /// this command ([`Work::with_authority`]).
    pub fn require(&self, permission: Permission, unit_id: i64) -> Result<(), IdentityError> {
        let lent = self
            .authority
            .as_ref()
            .is_some_and(|(given, of_lender)| given.permission == permission.0 && of_lender.acts_on(unit_id));
        match self.actor.assignment_for(permission, unit_id) {
            Some(_) => Ok(()),
            None if lent => Ok(()),
            None => Err(IdentityError::NotPermitted {
                person: self.actor.name.clone(),
                permission: permission.0,
                unit_id,
            }),
        }
    }
    /// Refuses when the person who acts is the one who made the document, acts for that person or is acted for by that
    /// person, or when that person lent the authority: maker is never checker.
    pub fn forbid_maker(&self, maker_person_id: i64, what: &str) -> Result<(), IdentityError> {
        let person = || self.actor.name.clone();
        if maker_person_id == self.actor.person_id {
            return Err(IdentityError::MakerIsChecker { person: person(), what: what.to_owned() });
        }
        let lender = self.authority().filter(|lent| lent.authority_id == maker_person_id);
        if let Some(lender) = lender {
            let person = lender.authority_name.clone();
            return Err(IdentityError::MakerIsChecker { person, what: what.to_owned() });
        }
        if self.actor.is_one_hand_with(maker_person_id) {
            return Err(IdentityError::OneHand { person: person(), what: what.to_owned() });
        }
        Ok(())
    }
    /// Takes the authority of another person on the spot (现场授权, XC-03): `authority`, whose own credentials the
    /// caller has just verified, lends `permission` on `unit_id` for `what`. Both persons are kept in this
    /// transaction. Refuses one's own authority and an authority who does not hold the permission.
    pub fn with_authority(
        &mut self,
        authority: &Actor,
        permission: Permission,
        unit_id: i64,
        what: &str,
    ) -> Result<Authority, IdentityError> {
        if authority.person_id == self.actor.person_id || authority.org_id != self.actor.org_id {
            return Err(IdentityError::OwnAuthority { person: authority.name.clone() });
        }
        let Some(post) = authority.assignment_for(permission, unit_id) else {
            return Err(IdentityError::NotPermitted {
                person: authority.name.clone(),
                permission: permission.0,
                unit_id,
            });
        };
        let given = Authority {
            id: self.next_key(),
            person_id: self.actor.person_id,
            authority_id: authority.person_id,
            authority_name: authority.name.clone(),
            authority_post: post.post.clone(),
            permission: permission.0,
        };
        service::keep_authority(self, &given, unit_id, what)?;
        self.authority = Some((given.clone(), post.clone()));
        Ok(given)
    }
    /// The authority taken last within this command, for the record of the act.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref().map(|(given, _)| given)
    }
}

/// A person at work on a database: every command is given through a desk.
#[derive(Clone, Copy)]
pub struct Desk<'d> {
    /// The database.
    pub store: &'d Store,
    /// Who acts.
    pub actor: &'d Actor,
}

impl<'d> Desk<'d> {
    /// A desk for `actor`.
    pub fn new(store: &'d Store, actor: &'d Actor) -> Desk<'d> {
        Desk { store, actor }
    }

    /// Gives one command: everything `command` does is committed together, or nothing is. Every command is refused
    /// while an alarm waits for its decision ([`StoreError::Stopped`]).
    pub fn act<T, E: From<StoreError>>(
        &self,
        now: Moment,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.write(|tx| {
            alarm::require_calm(tx, self.actor.org_id)?;
            command(&mut Work::new(tx, self.actor, now))
        })
    }
    /// Gives the one kind of command that an alarm does not stop: deciding the alarm itself.
    pub fn act_on_alarm<T, E: From<StoreError>>(
        &self,
        now: Moment,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.write(|tx| command(&mut Work::new(tx, self.actor, now)))
    }

    /// Gives one command at most once: the same `request_key` with the same `body` again is answered from memory.
    pub fn act_once<T: Serialize + DeserializeOwned, E: From<StoreError>>(
        &self,
        now: Moment,
        verb: &str,
        request_key: &str,
        body: &[u8],
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.write(|tx| {
            alarm::require_calm(tx, self.actor.org_id)?;
            self.once(tx, now, verb, request_key, body, command)
        })
    }
    /// [`Desk::act_on_alarm`], at most once like [`Desk::act_once`].
    pub fn act_on_alarm_once<T: Serialize + DeserializeOwned, E: From<StoreError>>(
        &self,
        now: Moment,
        verb: &str,
        request_key: &str,
        body: &[u8],
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.write(|tx| self.once(tx, now, verb, request_key, body, command))
    }
    fn once<T: Serialize + DeserializeOwned, E: From<StoreError>>(
        &self,
        tx: &mut Tx<'_>,
        now: Moment,
        verb: &str,
        request_key: &str,
        body: &[u8],
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let unreadable = |error: serde_json::Error| StoreError::Sql(format!("stored answer: {error}"));
        let org_id = self.actor.org_id;
        if let Some(answer) = tx.remembered(org_id, verb, request_key, body)? {
            return serde_json::from_str(&answer).map_err(|error| unreadable(error).into());
        }
        let answer = command(&mut Work::new(tx, self.actor, now))?;
        let kept = serde_json::to_string(&answer).map_err(unreadable)?;
        tx.remember(org_id, verb, request_key, body, &kept, now)?;
        Ok(answer)
    }

    /// Looks without changing anything.
    pub fn look<T, E: From<StoreError>>(
        &self,
        look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.read(look)
    }
}
