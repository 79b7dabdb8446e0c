//! Who held which right at which moment, from posts, their dates and the changes of these.

use std::collections::{BTreeMap, HashMap};

use kernel::{Date, Moment};
use store::Tx;

use crate::delegation::{self, Delegation};
use crate::{Catalogue, HeldPost, IdentityError, KeptChange, Unit, rules, sql};

/// A post as it was held, with what is needed to say whether it was held at a past moment.
#[derive(Debug, Clone)]
pub struct Held {
    /// The post, its unit and its days as they are now.
    pub post: HeldPost,
    /// Who gave it.
    pub made_by: i64,
    /// When it was given: nothing before was allowed by it.
    pub made_at: Moment,
    /// The units it acts on.
    pub units: Vec<i64>,
    /// Acts on every unit.
    pub all_units: bool,
    /// Earlier last days: up to this moment, the last day was this.
    earlier: Vec<(Moment, Option<Date>)>,
}

impl Held {
    /// Was it held at `at`, as far as was known then?
    fn at(&self, at: Moment) -> bool {
        let until = self.earlier.iter().find(|(changed, _)| at <= *changed).map(|(_, until)| *until);
        let until = until.unwrap_or(self.post.until);
        let day = at.date();
        self.made_at <= at && self.post.from <= day && until.is_none_or(|until| day <= until)
    }
    fn acts_on(&self, unit_id: i64) -> bool {
        self.all_units || self.post.unit_id == unit_id || self.units.contains(&unit_id)
    }
}

/// A post held for an absent colleague: the colleague's holding, and the days of the delegation.
#[derive(Debug)]
struct StoodIn {
    held: Held,
    delegation: Delegation,
    /// Earlier last days: up to this moment, the last day was this.
    earlier: Vec<(Moment, Option<Date>)>,
}

impl StoodIn {
    fn at(&self, at: Moment) -> bool {
        // It was withdrawn before its first day, so it never held.
        if self.delegation.withdrawn_at.is_some() {
            return false;
        }
        let until = self.earlier.iter().find(|(changed, _)| at <= *changed).and_then(|(_, until)| *until);
        let until = until.unwrap_or(self.delegation.until);
        let day = at.date();
        self.delegation.made_at <= at && self.delegation.from <= day && day <= until && self.held.at(at)
    }
}

/// Every post ever held in an organisation.
#[derive(Debug, Default)]
pub struct History {
    by_person: HashMap<i64, Vec<Held>>,
    for_others: HashMap<i64, Vec<StoodIn>>,
    persons: HashMap<i64, String>,
    units: Vec<Unit>,
}

impl History {
    /// Loads it; persons and posts are few.
    pub fn load(tx: &mut Tx<'_>, org_id: i64) -> Result<History, IdentityError> {
        let units = sql::units(tx, org_id)?;
        let persons = sql::persons(tx, org_id)?.into_iter().map(|person| (person.id, person.login)).collect();
        let mut last_days: BTreeMap<i64, Vec<(Moment, Option<Date>)>> = BTreeMap::new();
        let mut left: HashMap<i64, Moment> = HashMap::new();
        for KeptChange { at, subject, subject_id, old, new, .. } in sql::changes_after(tx, org_id, i64::MIN)?
        {
            match subject.as_str() {
                // An end that was given: before it, the last day was the old one.
                "assignment" | "delegation" if !old.is_empty() => {
                    last_days.entry(subject_id).or_default().push((at, old.parse().ok()));
                }
                "person" if new.starts_with("retired") => {
                    left.insert(subject_id, at);
                }
                _ => (),
            }
        }
        let mut by_person: HashMap<i64, Vec<Held>> = HashMap::new();
        let served = sql::all_served(tx, org_id)?;
        for (post, made_by, made_at) in sql::all_posts(tx, org_id)? {
            let mut earlier = last_days.remove(&post.id).unwrap_or_default();
            // Who leaves keeps the posts until that moment.
            if let (Some(at), true) = (left.get(&post.person_id), post.until.is_some())
                && earlier.last().is_none_or(|(changed, _)| changed < at)
            {
                earlier.push((*at, None));
            }
            let known = Catalogue::built_in().post(&post.post);
            let mut acts_on = rules::with_all_below(&units, post.unit_id);
            acts_on.extend(served.get(&post.id).into_iter().flatten());
            by_person.entry(post.person_id).or_default().push(Held {
                all_units: known.is_some_and(|known| known.all_units),
                units: acts_on,
                made_by,
                made_at,
                earlier,
                post,
            });
        }
        let mut for_others: HashMap<i64, Vec<StoodIn>> = HashMap::new();
        for delegation in delegation::sql::all(tx, org_id)? {
            let of_absent = by_person.get(&delegation.absent_id).into_iter().flatten();
            let Some(held) = of_absent.into_iter().find(|held| held.post.id == delegation.assignment_id)
            else {
                continue;
            };
            let earlier = last_days.remove(&delegation.id).unwrap_or_default();
            let held = held.clone();
            for_others.entry(delegation.substitute_id).or_default().push(StoodIn {
                held,
                delegation,
                earlier,
            });
        }
        Ok(History { by_person, for_others, persons, units })
    }

    /// Did `person_id` hold `permission` for `unit_id` at `at`?
    pub fn might(&self, person_id: i64, permission: &str, unit_id: i64, at: Moment) -> bool {
        self.held(person_id, at).any(|held| {
            held.acts_on(unit_id)
                && Catalogue::built_in()
                    .post(&held.post.post)
                    .is_some_and(|post| post.permissions.contains(permission))
        })
    }
    /// Did `person_id` hold `permission` for any unit at `at`?
    pub fn might_anywhere(&self, person_id: i64, permission: &str, at: Moment) -> bool {
        self.held(person_id, at).any(|held| {
            Catalogue::built_in()
                .post(&held.post.post)
                .is_some_and(|post| post.permissions.contains(permission))
        })
    }
    /// Did `person_id` hold the post `code` and act on `unit_id` at `at`?
    pub fn held_post(&self, person_id: i64, code: &str, unit_id: i64, at: Moment) -> bool {
        self.held(person_id, at).any(|held| held.post.post == code && held.acts_on(unit_id))
    }
    fn held(&self, person_id: i64, at: Moment) -> impl Iterator<Item = &Held> {
        let own = self.by_person.get(&person_id).into_iter().flatten().filter(move |held| held.at(at));
        let for_others = self.for_others.get(&person_id).into_iter().flatten();
        own.chain(for_others.filter(move |stood_in| stood_in.at(at)).map(|stood_in| &stood_in.held))
    }
    /// The login of a person; nothing when there is none with this key.
    pub fn login(&self, person_id: i64) -> Option<&str> {
        self.persons.get(&person_id).map(String::as_str)
    }
    /// The person as a finding names them.
    pub fn name(&self, person_id: i64) -> String {
        self.login(person_id).map_or_else(|| person_id.to_string(), str::to_owned)
    }
    /// The units of the organisation.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }
    /// Every post ever held.
    pub fn posts(&self) -> impl Iterator<Item = &Held> {
        self.by_person.values().flatten()
    }
}
