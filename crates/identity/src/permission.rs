//! Permissions and the person who holds them.

/// The right to one kind of act, named `office.act`. Offices declare theirs as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(pub &'static str);

/// A post held by a person at an organisation unit, with the permissions the post carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The post's code, such as `reviewer`.
    pub post: String,
    /// The unit where the post is held.
    pub unit_id: i64,
    /// The units the post acts on: its own and those below it, or others it serves.
    pub units: Vec<i64>,
    /// Acts on every unit of the organisation.
    pub all_units: bool,
    /// The permissions, by name.
    pub permissions: Vec<String>,
    /// The absent colleague for whom the post is held, when it is not the person's own.
    pub for_person: Option<i64>,
    /// Who else holds this same post in the person's stead on this day.
    pub lent_to: Vec<i64>,
}

impl Assignment {
    /// Does the post act on the unit?
    pub fn acts_on(&self, unit_id: i64) -> bool {
        self.all_units || self.unit_id == unit_id || self.units.contains(&unit_id)
    }
}

/// A person who acts, with the posts held at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The organisation.
    pub org_id: i64,
    /// The person.
    pub person_id: i64,
    /// The person's full name, as printed.
    pub name: String,
    /// Posts held.
    pub assignments: Vec<Assignment>,
}

impl Actor {
    /// Does this person act for `other` on this day, or the other way round? Then the two count as one hand.
    pub fn is_one_hand_with(&self, other: i64) -> bool {
        self.assignments.iter().any(|held| held.for_person == Some(other) || held.lent_to.contains(&other))
    }
    /// The assignment under which this person may use `permission` on `unit_id`, if there is one.
    pub fn assignment_for(&self, permission: Permission, unit_id: i64) -> Option<&Assignment> {
        self.assignments
            .iter()
            .find(|held| held.acts_on(unit_id) && held.permissions.iter().any(|name| name == permission.0))
    }
}
