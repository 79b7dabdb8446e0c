//! The rights the vault asks for, and the state of a log.

use store::Tx;

use crate::act::Digest;
use crate::{VaultError, sql};

/// The rights the vault asks for.
pub mod permission {
    use identity::Permission;

    /// Search and read the log of acts.
    pub const READ: Permission = Permission("vault.read");
    /// Make a checkpoint of the log and take cosignatures in.
    pub const CHECKPOINT: Permission = Permission("vault.checkpoint");
    /// Name the log and add keys to it.
    pub const KEYS: Permission = Permission("vault.keys");
    /// Destroy personal values kept with the log.
    pub const ERASE: Permission = Permission("vault.erase");
    /// All of them, for building posts.
    pub const ALL: &[Permission] = &[READ, CHECKPOINT, KEYS, ERASE];
}

/// How many acts the log holds.
pub fn size(tx: &mut Tx<'_>, org_id: i64) -> Result<i64, VaultError> {
    Ok(sql::size(tx, org_id)?)
}

/// The root of the tree over the first `size` acts.
pub fn tree_root(tx: &mut Tx<'_>, org_id: i64, size: i64) -> Result<Digest, VaultError> {
    let have = sql::size(tx, org_id)?;
    if size < 0 || size > have {
        return Err(VaultError::BeyondEnd { asked: size, size: have });
    }
    Ok(sql::edge(tx, org_id, size)?.root())
}
