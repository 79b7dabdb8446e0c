//! Organisations, units, persons and the posts they hold.

use kernel::{Date, Moment, Text};

/// An organisation unit (单位), a node of the organisation's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its key.
    pub id: i64,
    /// The unit above it; none for the organisation itself.
    pub parent_id: Option<i64>,
    /// The code of its kind, such as `supply_station`.
    pub kind: String,
    /// Its short code, unique in the organisation, printed within document numbers.
    pub code: String,
    /// Its name.
    pub name: Text,
}

/// A person (人员) with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The key.
    pub id: i64,
    /// The one unit the person belongs to.
    pub unit_id: i64,
    /// The name given at login, unique in the organisation.
    pub login: String,
    /// The full name, as printed.
    pub name: String,
    /// Works here still.
    pub active: bool,
}

/// A post held by a person for some days (任岗).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPost {
    /// The key.
    pub id: i64,
    /// Who holds it.
    pub person_id: i64,
    /// Where.
    pub unit_id: i64,
    /// The post's code.
    pub post: String,
    /// The first day.
    pub from: Date,
    /// The last day, included; none while it is open.
    pub until: Option<Date>,
}

impl HeldPost {
    /// Is it held on `day`?
    pub fn on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// What is needed to found an organisation.
#[derive(Debug, Clone)]
pub struct NewOrganisation<'a> {
    /// Its short code, unique in the database.
    pub code: &'a str,
    /// Its name.
    pub name: Text,
    /// The login of its first administrator.
    pub administrator_login: &'a str,
    /// The full name of its first administrator.
    pub administrator_name: &'a str,
}

/// A founded organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Founded {
    /// The organisation.
    pub org_id: i64,
    /// Its root unit, of kind `company`.
    pub unit_id: i64,
    /// Its first administrator.
    pub administrator_id: i64,
}

/// A unit to be made.
#[derive(Debug, Clone)]
pub struct NewUnit<'a> {
    /// The unit above it.
    pub parent_id: i64,
    /// The code of its kind.
    pub kind: &'a str,
    /// Its short code, of letters, digits and hyphens.
    pub code: &'a str,
    /// Its name.
    pub name: Text,
}

/// A person to be registered.
#[derive(Debug, Clone)]
pub struct NewPerson<'a> {
    /// The unit the person belongs to.
    pub unit_id: i64,
    /// The name given at login.
    pub login: &'a str,
    /// The full name.
    pub name: &'a str,
}

/// A post to be given.
#[derive(Debug, Clone)]
pub struct NewAssignment<'a> {
    /// To whom.
    pub person_id: i64,
    /// Where it is held.
    pub unit_id: i64,
    /// The post's code.
    pub post: &'a str,
    /// The first day.
    pub from: Date,
    /// The last day, included, if known.
    pub until: Option<Date>,
    /// Other units it acts on besides its own and those below.
    pub serves: &'a [i64],
}

/// Another person's authority, given on the spot (现场授权) and kept with both persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The key of the row that keeps it.
    pub id: i64,
    /// Who acts.
    pub person_id: i64,
    /// Who gives the authority.
    pub authority_id: i64,
    /// The full name of who gives it.
    pub authority_name: String,
    /// The post under which it is given.
    pub authority_post: String,
    /// The permission lent.
    pub permission: &'static str,
}

/// A kept authority, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAuthority {
    /// Who acted.
    pub person_id: i64,
    /// Who gave the authority.
    pub authority_id: i64,
    /// Under which post.
    pub authority_post: String,
    /// For which permission.
    pub permission: String,
    /// On what.
    pub what: String,
    /// When.
    pub at: Moment,
}

/// One change of units, persons or posts, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptChange {
    /// Its key; keys grow with time.
    pub id: i64,
    /// Who changed it.
    pub by_person_id: i64,
    /// When.
    pub at: Moment,
    /// What kind of thing: `unit`, `person`, `assignment`, `organisation`.
    pub subject: String,
    /// Which one.
    pub subject_id: i64,
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
}
