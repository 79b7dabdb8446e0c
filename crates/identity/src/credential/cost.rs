//! Hashing and verifying.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::IdentityError;

/// A hash that asks for more memory than this was not made here.
const MEMORY_KIB_MAX: u32 = 1 << 20;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PasswordCost {
    /// Next to nothing: for tests, and for a demo whose passwords are printed anyway.
    pub const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1 };

    fn hasher(self) -> Result<Argon2<'static>, IdentityError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None);
        let params = params.map_err(|error| IdentityError::Hashing { why: error.to_string() })?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// Hashes `password` with a new salt.
    pub fn hash(self, password: &str) -> Result<PasswordHash, IdentityError> {
        let hashed: phc::PasswordHash = self
            .hasher()?
            .hash_password(password.as_bytes())
            .map_err(|error| IdentityError::Hashing { why: error.to_string() })?;
        Ok(PasswordHash(hashed.to_string()))
    }
}

/// A hashed password in PHC form: algorithm, version, parameters, salt, hash.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

impl PasswordHash {
    /// Is it the hash of `password`? One that cannot be read is the hash of nothing.
    pub fn is_of(&self, password: &str) -> bool {
        let Ok(hash) = phc::PasswordHash::new(&self.0) else { return false };
        let affordable = Params::try_from(&hash).is_ok_and(|params| params.m_cost() <= MEMORY_KIB_MAX);
        if !affordable {
            return false;
        }
        Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    }

    /// Did it cost less than `cost` in any way, or was it made by another algorithm or version?
    pub fn is_weaker_than(&self, cost: PasswordCost) -> bool {
        let Ok(hash) = phc::PasswordHash::new(&self.0) else { return true };
        let Ok(params) = Params::try_from(&hash) else { return true };
        hash.algorithm != Algorithm::Argon2id.ident()
            || hash.version != Some(Version::V0x13.into())
            || params.m_cost() < cost.memory_kib
            || params.t_cost() < cost.passes
            || params.p_cost() < cost.lanes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A hash tells its cost, and one that was cheap is told from one that is dear.
    #[test]
    fn a_hash_tells_its_cost() {
        let cheap = PasswordCost::CHEAP.hash("correct horse").unwrap();
        assert!(cheap.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", cheap.0);
        assert!(cheap.is_of("correct horse") && !cheap.is_of("correct hors"));
        assert!(!cheap.is_weaker_than(PasswordCost::CHEAP));
        for dearer in [
            PasswordCost { memory_kib: 9, ..PasswordCost::CHEAP },
            PasswordCost { passes: 2, ..PasswordCost::CHEAP },
            PasswordCost { memory_kib: 16, passes: 1, lanes: 2 },
        ] {
            assert!(cheap.is_weaker_than(dearer), "{dearer:?}");
        }
        let dear = PasswordCost { memory_kib: 16, passes: 2, lanes: 2 }.hash("correct horse").unwrap();
        assert!(dear.is_of("correct horse") && !dear.is_weaker_than(PasswordCost::CHEAP));
        assert_ne!(cheap.0, PasswordCost::CHEAP.hash("correct horse").unwrap().0, "each has its own salt");
    }

    /// What stands in the database and is no hash opens nothing.
    #[test]
    fn what_is_no_hash_opens_nothing() {
        for text in ["", "x", "$argon2id$", "$1$abc$def", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA"] {
            let hash = PasswordHash(text.to_owned());
            assert!(
                !hash.is_of("") && !hash.is_of("x") && hash.is_weaker_than(PasswordCost::CHEAP),
                "{text}"
            );
        }
        let older = PasswordHash("$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned());
        assert!(older.is_weaker_than(PasswordCost::CHEAP));
        assert!(PasswordCost { memory_kib: 1, passes: 1, lanes: 1 }.hash("x").is_err());
    }
}
