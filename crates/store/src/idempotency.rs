//! The same request twice changes nothing the second time: its answer is kept in the transaction that made it.

use kernel::Moment;
use sha2::{Digest, Sha256};

use crate::{Engine, StoreError, Tx, params};

impl Tx<'_> {
    /// The answer given before to `request_key`, if any. The same key with another verb or body is refused. Two at once:
    /// the later waits for the first and is given its answer.
    pub fn remembered(
        &mut self,
        org_id: i64,
        verb: &str,
        request_key: &str,
        body: &[u8],
    ) -> Result<Option<String>, StoreError> {
        if self.engine() == Engine::Postgres {
            // SQLite has one writer. Here the later one must not run into what the first has changed meanwhile.
            let name = Sha256::new().chain_update(org_id.to_be_bytes()).chain_update(request_key).finalize();
            let mut lock = [0; 8];
            lock.copy_from_slice(&name[..8]);
            self.execute("SELECT pg_advisory_xact_lock(?1)", params![i64::from_be_bytes(lock)])?;
        }
        let found = self.one(
            "SELECT verb, body_hash, response FROM idempotency WHERE org_id = ?1 AND request_key = ?2",
            params![org_id, request_key],
            |row| Ok::<_, StoreError>((row.text(0)?, row.blob(1)?, row.text(2)?)),
        )?;
        match found {
            None => Ok(None),
            Some((old_verb, hash, response)) if old_verb == verb && hash == digest(body) => {
                Ok(Some(response))
            }
            Some(_) => Err(StoreError::KeyReused(request_key.into())),
        }
    }

    /// Keeps `response` as the answer to `request_key`, in this transaction; a second answer is refused as duplicate.
    pub fn remember(
        &mut self,
        org_id: i64,
        verb: &str,
        request_key: &str,
        body: &[u8],
        response: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO idempotency (org_id, request_key, verb, body_hash, response, made_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![org_id, request_key, verb, digest(body).as_slice(), response, now],
        )?;
        Ok(())
    }
}

fn digest(body: &[u8]) -> Vec<u8> {
    Sha256::digest(body).to_vec()
}
