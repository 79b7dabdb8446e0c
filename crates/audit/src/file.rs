//! The proof file of bills or of a document: one JSON text (docs/proof-format.md).

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use billing::{PlanNumber, PriceSet, StoredTable};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use proof::Hash;
use serde::{Deserialize, Serialize};

use crate::AuditError;
use crate::error::unreadable;

/// The form written by this program.
pub const FORMAT: &str = "zhangfang-proof/1";
/// A proof file is never larger.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// Price tables unpacked are never larger.
const PRICES_BYTES_MAX: u64 = 32 << 20;

/// A proof file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// [`FORMAT`].
    pub format: String,
    /// Words for a person: who exported what, when. Nothing proves them.
    pub about: String,
    /// Acts with their proofs.
    pub acts: Vec<ActProof>,
    /// Bills with their place inside an act.
    #[serde(default)]
    pub bills: Vec<BillProof>,
    /// The prices the bills were made by.
    #[serde(default)]
    pub prices: Option<Prices>,
}

/// One act: its bytes, and the C2SP tlog-proof that the log holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActProof {
    /// The bytes of the act, Base64.
    pub leaf: String,
    /// The tlog-proof with the signed checkpoint.
    pub proof: String,
    /// The voucher whose digest the act has, Base64.
    #[serde(default)]
    pub voucher: Option<String>,
}

/// One bill: its bytes and its path to the root that an act has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillProof {
    /// The code on the bill.
    pub code: String,
    /// Words for a person: account and bill number. Nothing proves them.
    pub about: String,
    /// The place of the act in `acts`.
    pub act: usize,
    /// Its line in the issue, from 0.
    pub line: u64,
    /// From the line's sibling up, Base64.
    pub path: Vec<String>,
    /// The bytes of the issued bill, Base64.
    pub bytes: String,
}

/// The price tables and the numbers of the plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// A [`PriceTexts`] as JSON, deflated, Base64.
    pub packed: String,
    /// For each table the place of the act that loaded it in `acts`; nothing when the log began later.
    pub acts: Vec<Option<usize>>,
}

#[derive(Serialize, Deserialize)]
struct PriceTexts {
    tables: Vec<(String, i64, String)>,
    plans: Vec<Plan>,
}

#[derive(Serialize, Deserialize)]
struct Plan(String, i64, i64, Option<i64>, String, String, bool, Option<i64>);

/// Bytes as Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str, place: &str) -> Result<Vec<u8>, AuditError> {
    STANDARD.decode(text).map_err(|error| unreadable(place, error))
}

pub(crate) fn hash_from_base64(text: &str, place: &str) -> Result<Hash, AuditError> {
    from_base64(text, place)?.try_into().map_err(|_| unreadable(place, "a hash has 32 bytes"))
}

/// Packs prices.
pub(crate) fn pack(set: &PriceSet) -> Result<Vec<u8>, AuditError> {
    let texts = PriceTexts {
        tables: set.tables.iter().map(|one| (one.code.clone(), one.version, one.content.clone())).collect(),
        plans: set
            .plans
            .iter()
            .map(|one| {
                Plan(
                    one.table_code.clone(),
                    one.table_version,
                    one.from.number(),
                    one.to.map(|to| to.number()),
                    one.class.clone(),
                    one.voltage.clone(),
                    one.left_market,
                    one.own_purchase_price,
                )
            })
            .collect(),
    };
    let json = serde_json::to_vec(&texts).map_err(|error| unreadable("prices", error))?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&json)?;
    Ok(packed.finish()?)
}

/// Unpacks prices; refuses what would grow beyond measure.
pub(crate) fn unpack(packed: &[u8]) -> Result<PriceSet, AuditError> {
    let refused = |why: &dyn ToString| unreadable("prices", why.to_string());
    let mut json = Vec::new();
    DeflateDecoder::new(packed)
        .take(PRICES_BYTES_MAX + 1)
        .read_to_end(&mut json)
        .map_err(|error| refused(&error))?;
    if json.len() as u64 > PRICES_BYTES_MAX {
        return Err(refused(&"too large"));
    }
    let texts: PriceTexts = serde_json::from_slice(&json).map_err(|error| refused(&error))?;
    let date = |number| kernel::Date::from_number(number).map_err(|error| refused(&error));
    let tables =
        texts.tables.into_iter().map(|(code, version, content)| StoredTable { code, version, content });
    let plan = |plan: Plan| {
        let Plan(table_code, table_version, from, to, class, voltage, left_market, own_purchase_price) = plan;
        Ok(PlanNumber {
            table_code,
            table_version,
            from: date(from)?,
            to: to.map(date).transpose()?,
            class,
            voltage,
            left_market,
            own_purchase_price,
        })
    };
    Ok(PriceSet {
        tables: tables.collect(),
        plans: texts.plans.into_iter().map(plan).collect::<Result<_, AuditError>>()?,
    })
}

impl ProofFile {
    /// The text of the file.
    pub fn print(&self) -> Result<String, AuditError> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| unreadable("proof", error))?;
        text.push('\n');
        Ok(text)
    }
    /// Reads a file; nothing is verified.
    pub fn parse(bytes: &[u8]) -> Result<ProofFile, AuditError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(unreadable("proof", "it is too large"));
        }
        let file: ProofFile = serde_json::from_slice(bytes).map_err(|error| unreadable("proof", error))?;
        if file.format != FORMAT {
            return Err(unreadable("format", format!("{:?} is not {FORMAT}", file.format)));
        }
        Ok(file)
    }
}

/// Packed prices of nothing, for bundles without bills.
pub fn no_prices() -> Result<Vec<u8>, AuditError> {
    pack(&PriceSet::default())
}
