//! Tokens and their scopes.

use kernel::{Date, Moment};

use crate::{Actor, Catalogue, IdentityError};

/// Most scopes of a token.
const SCOPES_MAX: usize = 50;

/// A token (接口令牌), without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The organisation.
    pub org_id: i64,
    /// Its key; no secret.
    pub id: i64,
    /// The person it acts as.
    pub person_id: i64,
    /// What it is for.
    pub name: String,
    /// What it may do: names of permissions, `office.*`, `*.act`.
    pub scopes: Vec<String>,
    /// Who made it.
    pub made_by: i64,
    /// When.
    pub made_at: Moment,
    /// From then on it opens nothing.
    pub expires_at: Moment,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Moment>,
    /// When and by whom it was revoked.
    pub revoked: Option<(Moment, i64)>,
}

impl Token {
    /// Does it open anything at `now`, as far as the token itself says?
    pub fn is_valid(&self, now: Moment) -> bool {
        self.revoked.is_none() && now < self.expires_at
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The person it acts as.
    pub person_id: i64,
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [&'a str],
    /// The last day on which it is valid.
    pub last_day: Date,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct MadeToken {
    /// Its key.
    pub id: i64,
    /// The secret, shown here and never again.
    pub secret: String,
}

impl std::fmt::Debug for MadeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeToken({})", self.id)
    }
}

/// Does `scope` name `permission`: by its name, as `office.*`, or as `*.act`?
pub fn scope_allows(scope: &str, permission: &str) -> bool {
    if let Some(office) = scope.strip_suffix(".*") {
        return permission.split_once('.').is_some_and(|(of, _)| of == office);
    }
    if let Some(act) = scope.strip_prefix("*.") {
        return permission.split_once('.').is_some_and(|(_, does)| does == act);
    }
    scope == permission
}

/// Refuses no scopes, too many, and one that names no permission there is.
pub(crate) fn check_scopes(scopes: &[&str]) -> Result<(), IdentityError> {
    if scopes.is_empty() || scopes.len() > SCOPES_MAX {
        return Err(IdentityError::BadScopes { scope: format!("{} scopes", scopes.len()) });
    }
    let known = &Catalogue::built_in().permissions;
    match scopes.iter().find(|scope| !known.iter().any(|known| scope_allows(scope, known.name))) {
        Some(scope) => Err(IdentityError::BadScopes { scope: scope.chars().take(40).collect() }),
        None => Ok(()),
    }
}

impl Actor {
    /// The same person with no more permissions than `scopes` name; posts that carry none of them are left out.
    pub fn limited_to(&self, scopes: &[String]) -> Actor {
        let mut limited = self.clone();
        for held in &mut limited.assignments {
            held.permissions.retain(|name| scopes.iter().any(|scope| scope_allows(scope, name)));
        }
        limited.assignments.retain(|held| !held.permissions.is_empty());
        limited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_name_permissions() {
        let cases = [
            ("billing.read", "billing.read", true),
            ("billing.*", "billing.read", true),
            ("*.read", "billing.read", true),
            ("*.read", "billing.issue", false),
            ("bill.*", "billing.read", false),
            ("*.rea", "billing.read", false),
            ("*", "billing.read", false),
            ("*.*", "billing.read", false),
            ("billing", "billing.read", false),
            ("", "billing.read", false),
        ];
        for (scope, permission, allows) in cases {
            assert_eq!(scope_allows(scope, permission), allows, "{scope} {permission}");
        }
        for scope in ["billing.read", "billing.*", "*.read", "identity.*"] {
            assert_eq!(check_scopes(&[scope]), Ok(()));
        }
        for scope in ["*", "*.*", "", "billing.fly", "sky.*", "*.fly", "张.*"] {
            assert!(check_scopes(&["billing.read", scope]).is_err(), "{scope}");
        }
        assert!(check_scopes(&[]).is_err() && check_scopes(&["billing.*"; 51]).is_err());
    }
}
