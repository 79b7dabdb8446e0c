//! Appending acts: the one way into the log.

use std::borrow::Cow;

use identity::Work;
use kernel::{Date, Moment};
use store::Tx;

use crate::act::Act;
use crate::canonical::{self, FORM, Leaf, Sealed};
use crate::personal::Sealer;
use crate::sql::{self, Rows};
use crate::tree::{self, Edge};
use crate::{VaultError, absorb};

/// The field of an act done for an absent colleague: the colleague's key.
pub const ACTING_FOR: &str = "acting_for";
/// The field of an act done with another person's authority: the keys of the authority and of that person, and the post
/// under which it was given.
pub const AUTHORITY: &str = "authority";

/// Who did an act, and when.
pub(crate) struct Hand<'h> {
    pub person_id: i64,
    pub person: &'h str,
    pub post: &'h str,
    pub at: Moment,
}

/// The end of an organisation's log while acts are appended; other writers of this log wait.
pub(crate) struct Appender {
    org_id: i64,
    seq: i64,
    edge: Edge,
    rows: Rows,
    sealer: Sealer,
    days: Vec<(Date, i64, i64)>,
    bytes: Vec<u8>,
}

impl Appender {
    pub(crate) fn open(tx: &mut Tx<'_>, org_id: i64) -> Result<Appender, VaultError> {
        sql::lock(tx, org_id)?;
        let seq = sql::size(tx, org_id)?;
        let edge = sql::edge(tx, org_id, seq)?;
        let rows = Rows::new(org_id, edge.size());
        let sealer = Sealer::new(org_id);
        Ok(Appender { org_id, seq, edge, rows, sealer, days: Vec::new(), bytes: Vec::new() })
    }

    /// The number of the next act.
    pub(crate) fn next(&self) -> i64 {
        self.seq
    }

    pub(crate) fn append(&mut self, tx: &mut Tx<'_>, hand: &Hand<'_>, act: &Act) -> Result<i64, VaultError> {
        let Appender { org_id, seq, edge, rows, sealer, days, bytes } = self;
        let (org_id, this) = (*org_id, *seq);
        let mut keep = |private: &_| Ok(rows.private(private)?);
        let person = sealer.name(tx, hand.person_id, hand.person, this, &mut keep)?;
        let changes = sealer.changes(act, this, &mut keep)?;
        let leaf = Leaf {
            form: FORM,
            org_id,
            seq: this,
            verb: act.verb.clone(),
            unit_id: act.unit_id,
            person_id: hand.person_id,
            person: Sealed::Committed(person),
            post: hand.post.to_owned(),
            at: hand.at,
            document: act.document.clone(),
            before: act.before,
            after: act.after,
            changes,
            batch: act.batch.clone(),
        };
        bytes.clear();
        canonical::encode(&leaf, bytes);
        let hash = tree::leaf_hash(bytes);
        rows.leaf(&leaf, bytes, &hash)?;
        let mut stored = Ok(());
        edge.append(hash, |hash| {
            if stored.is_ok() {
                stored = rows.hash(hash);
            }
        });
        stored?;
        // A run of acts of one day is one row.
        match days.last_mut() {
            Some((day, _, last)) if *day == hand.at.date() => *last = this,
            _ => days.push((hand.at.date(), this, this)),
        }
        *seq += 1;
        Ok(this)
    }

    /// Writes what was appended.
    pub(crate) fn close(mut self, tx: &mut Tx<'_>) -> Result<(), VaultError> {
        self.rows.load(tx)?;
        for (day, first, last) in self.days {
            sql::add_day(tx, self.org_id, day, first, last)?;
        }
        Ok(())
    }
}

/// Appends one act to the organisation's log, in the transaction of the command; answers its number.
pub fn record(work: &mut Work<'_, '_>, act: &Act) -> Result<i64, VaultError> {
    record_batch(work, std::slice::from_ref(act))
}

/// Appends many acts at once, in order, at the speed of the engine's loader; answers the number of the first.
/// Changes of units, persons and posts that are not in the log yet go in before them.
pub fn record_batch(work: &mut Work<'_, '_>, acts: &[Act]) -> Result<i64, VaultError> {
    acts.iter().try_for_each(Act::accept)?;
    let mut log = Appender::open(work.tx, work.org_id())?;
    absorb::newer(work, &mut log)?;
    let first = log.next();
    let actor = work.actor();
    for act in acts {
        let held = held(actor, act);
        let post = held.map_or("", |held| held.post.as_str());
        let hand = Hand { person_id: actor.person_id, person: &actor.name, post, at: work.now() };
        let lent = work.authority().filter(|lent| held.is_none() && lent.permission == act.verb);
        // Most acts are one's own, and stay as they are.
        let said = match (held.and_then(|held| held.for_person), lent) {
            (None, None) => Cow::Borrowed(act),
            (Some(absent_id), _) => Cow::Owned(act.clone().change(ACTING_FOR, "", absent_id.to_string())),
            (None, Some(lent)) => {
                let whose = format!("{} {} {}", lent.id, lent.authority_id, lent.authority_post);
                Cow::Owned(act.clone().change(AUTHORITY, "", whose))
            }
        };
        log.append(work.tx, &hand, &said)?;
    }
    log.close(work.tx)?;
    Ok(first)
}

/// The post that carries the right to the act, as held by the person who acts.
pub(crate) fn post<'a>(actor: &'a identity::Actor, act: &Act) -> &'a str {
    held(actor, act).map_or("", |held| &held.post)
}

fn held<'a>(actor: &'a identity::Actor, act: &Act) -> Option<&'a identity::Assignment> {
    let holds = |assignment: &&identity::Assignment| {
        (assignment.all_units || assignment.unit_id == act.unit_id || assignment.units.contains(&act.unit_id))
            && assignment.permissions.contains(&act.verb)
    };
    actor.assignments.iter().find(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::{Actor, Assignment, Permission};

    /// XC-01, XC-15: the post named in the log is the one that carries the right at the unit of the act.
    #[test]
    fn the_post_is_the_one_that_carries_the_right() {
        let held = |post: &str, unit_id, units: &[i64], all_units, right: &str| Assignment {
            post: post.into(),
            unit_id,
            units: units.to_vec(),
            all_units,
            permissions: [right.to_owned()].into_iter().collect(),
            for_person: None,
            lent_to: vec![],
        };
        let actor = Actor {
            org_id: 1,
            person_id: 2,
            name: "x".into(),
            assignments: vec![
                held("other", 3, &[4], true, "a.other"),
                held("station", 3, &[], false, "a.do"),
                held("district", 5, &[6, 7], false, "a.do"),
                held("house", 1, &[], true, "a.all"),
            ],
        };
        for (right, unit_id, expected) in [
            ("a.do", 3, "station"),
            ("a.do", 5, "district"),
            ("a.do", 7, "district"),
            ("a.do", 8, ""),
            ("a.other", 99, "other"),
            ("a.all", 3, "house"),
            ("a.none", 3, ""),
        ] {
            let act = Act { verb: right.into(), ..Act::new(Permission("x"), unit_id, "m", "1") };
            assert_eq!(post(&actor, &act), expected, "{right} {unit_id}");
        }
    }
}
