//! Commands: append acts, state size and root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity::{Permission, Work};
use kernel::Moment;
use store::{Tx, params};

use crate::act::{Act, Digest, Recorded};
use crate::sql::{self, Rows};
use crate::{VaultError, canonical, tree};

/// The rights the vault asks for.
pub mod permission {
    use identity::Permission;

    /// Search and read the log of acts.
    pub const READ: Permission = Permission("vault.read");
    /// Make a checkpoint of the log.
    pub const CHECKPOINT: Permission = Permission("vault.checkpoint");
    /// All of them, for building posts.
    pub const ALL: &[Permission] = &[READ, CHECKPOINT];
}

const ORIGIN_BYTES_MAX: usize = 200;

/// Appends one act to the organisation's log, in the transaction of the command; answers its number.
pub fn record(work: &mut Work<'_, '_>, act: &Act) -> Result<i64, VaultError> {
    record_batch(work, std::slice::from_ref(act))
}

/// Appends many acts at once, in order, at the speed of the engine's loader; answers the number of the first.
pub fn record_batch(work: &mut Work<'_, '_>, acts: &[Act]) -> Result<i64, VaultError> {
    let (org_id, at, actor) = (work.org_id(), work.now(), work.actor());
    acts.iter().try_for_each(Act::accept)?;
    let (person_id, person) = (actor.person_id, actor.name.clone());
    let posts: Vec<String> = acts.iter().map(|act| post(work, act)).collect();
    sql::lock(work.tx, org_id)?;
    let first = sql::size(work.tx, org_id)?;
    if acts.is_empty() {
        return Ok(first);
    }
    let mut edge = sql::edge(work.tx, org_id, first)?;
    let mut rows = Rows::new(org_id, edge.size());
    let mut bytes = Vec::new();
    let mut seq = first;
    for (act, post) in acts.iter().zip(posts) {
        let recorded =
            Recorded { org_id, seq, person_id, person: person.clone(), post, at, act: act.clone() };
        bytes.clear();
        canonical::encode(&recorded, &mut bytes);
        let hash = tree::leaf_hash(&bytes);
        rows.leaf(&recorded, &bytes, &hash)?;
        let mut stored = Ok(());
        edge.append(hash, |hash| {
            if stored.is_ok() {
                stored = rows.hash(hash);
            }
        });
        stored?;
        seq += 1;
    }
    rows.load(work.tx)?;
    sql::add_day(work.tx, org_id, at.date(), first, seq - 1)?;
    Ok(first)
}

/// The post that carries the right to the act, as held by the person who acts.
fn post(work: &Work<'_, '_>, act: &Act) -> String {
    let holds = |assignment: &&identity::Assignment| {
        (assignment.all_units || assignment.unit_id == act.unit_id || assignment.units.contains(&act.unit_id))
            && assignment.permissions.contains(&act.verb)
    };
    work.actor().assignments.iter().find(holds).map(|held| held.post.clone()).unwrap_or_default()
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

/// The state of the log at one moment: so many acts, this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Acts covered.
    pub size: i64,
    /// The root over them.
    pub root: Digest,
    /// The text of a C2SP tlog-checkpoint, to which signatures will be added: origin, size and root in Base64.
    pub note: String,
    /// When it was made.
    pub made_at: Moment,
}

/// States the log as it is now and keeps the statement. When nothing was added since the last one, that one is given.
/// `origin` names the log and never changes, such as `example.com/books/2026`.
pub fn checkpoint(work: &mut Work<'_, '_>, origin: &str) -> Result<Checkpoint, VaultError> {
    const RIGHT: Permission = permission::CHECKPOINT;
    work.require(RIGHT, 0)?;
    let bad = |char: char| char.is_whitespace() || char.is_control() || char == '+';
    if origin.is_empty() || origin.len() > ORIGIN_BYTES_MAX || origin.contains(bad) {
        return Err(VaultError::BadOrigin(origin.chars().take(ORIGIN_BYTES_MAX).collect()));
    }
    let (org_id, made_at) = (work.org_id(), work.now());
    sql::lock(work.tx, org_id)?;
    let size = sql::size(work.tx, org_id)?;
    if let Some(last) = last_checkpoint(work.tx, org_id)?
        && last.size == size
    {
        return Ok(last);
    }
    let root = sql::edge(work.tx, org_id, size)?.root();
    let note = format!("{origin}\n{size}\n{}\n", BASE64.encode(root));
    sql::insert_checkpoint(work.tx, org_id, size, &root, &note, made_at)?;
    Ok(Checkpoint { size, root, note, made_at })
}

/// The checkpoint made last.
pub fn last_checkpoint(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<Checkpoint>, VaultError> {
    tx.one(
        "SELECT size, root, note, made_at FROM checkpoint WHERE org_id = ?1 ORDER BY size DESC LIMIT 1",
        params![org_id],
        |row| {
            Ok(Checkpoint {
                size: row.int(0)?,
                root: sql::digest(row, 1)?,
                note: row.text(2)?,
                made_at: row.moment(3)?,
            })
        },
    )
}
