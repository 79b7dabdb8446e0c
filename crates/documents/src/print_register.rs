//! The printing register (XC-11): each copy says which of how many it is, and every reprint is marked and logged.

use identity::{Permission, Work};
use kernel::{Bilingual, Lang, Moment};
use store::Tx;

use crate::{DocumentError, kind, sql};

const PRINT: Permission = Permission("documents.print");
/// Most characters of a reason that are kept.
const REASON_CHARS_MAX: usize = 500;

/// A print asked for.
#[derive(Debug, Clone)]
pub struct PrintRequest<'a> {
    /// The code of the kind of document.
    pub kind: &'a str,
    /// The document's key.
    pub document_id: i64,
    /// The document's number in its printed form.
    pub number: &'a str,
    /// The unit that prints.
    pub unit_id: i64,
    /// First and last copy asked for; none for all copies of the kind.
    pub copies: Option<(u16, u16)>,
    /// Why, needed for a reprint.
    pub reason: &'a str,
}

/// What a printed copy says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyMark {
    /// Which copy.
    pub copy: u16,
    /// Of how many.
    pub of: u16,
    /// 0 for the first print, 1 for the first reprint, and so on.
    pub reprint: u32,
}

impl Bilingual for CopyMark {
    fn text(&self, lang: Lang) -> String {
        let CopyMark { copy, of, reprint } = self;
        match (lang, reprint) {
            (Lang::Zh, 0) => format!("第{copy}联 共{of}联"),
            (Lang::En, 0) => format!("copy {copy} of {of}"),
            (Lang::Zh, _) => format!("第{copy}联 共{of}联 补打第{reprint}次"),
            (Lang::En, _) => format!("copy {copy} of {of}, reprint {reprint}"),
        }
    }
}

/// Enters a print in the register, before the paper leaves the printer, and answers the mark of each copy. Any print
/// after the first of the same document is a reprint and needs a reason.
pub fn register_print(
    work: &mut Work<'_, '_>,
    request: &PrintRequest<'_>,
) -> Result<Vec<CopyMark>, DocumentError> {
    let kind = kind(request.kind)?;
    work.require(PRINT, request.unit_id)?;
    let of = kind.copies;
    let (first, last) = request.copies.unwrap_or((1, of));
    if first < 1 || last < first || last > of {
        return Err(DocumentError::NoSuchCopies { first, last, of });
    }
    let org_id = work.org_id();
    let reprint = sql::prints_before(work.tx, org_id, kind.code, request.document_id)?;
    if reprint > 0 && request.reason.trim().is_empty() {
        return Err(DocumentError::ReasonNeeded { what: request.number.to_owned() });
    }
    let reason: String = request.reason.chars().take(REASON_CHARS_MAX).collect();
    let print = Print {
        kind: kind.code.to_owned(),
        document_id: request.document_id,
        reprint,
        number: request.number.to_owned(),
        first_copy: first,
        last_copy: last,
        of,
        unit_id: request.unit_id,
        person_id: work.actor().person_id,
        at: work.now(),
        reason,
    };
    // Two prints of one document at the same moment: the second finds the first's row and is refused as duplicate.
    sql::insert_print(work.tx, org_id, &print)?;
    Ok((first..=last).map(|copy| CopyMark { copy, of, reprint }).collect())
}

/// One entry of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The code of the kind of document.
    pub kind: String,
    /// The document's key.
    pub document_id: i64,
    /// 0 for the first print.
    pub reprint: u32,
    /// The document's number.
    pub number: String,
    /// First copy printed.
    pub first_copy: u16,
    /// Last copy printed.
    pub last_copy: u16,
    /// Copies of the kind.
    pub of: u16,
    /// The unit that printed.
    pub unit_id: i64,
    /// Who printed.
    pub person_id: i64,
    /// When.
    pub at: Moment,
    /// Why, for a reprint.
    pub reason: String,
}

/// Every print of a document, in order.
pub fn prints(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind_code: &str,
    document_id: i64,
) -> Result<Vec<Print>, DocumentError> {
    Ok(sql::prints(tx, org_id, kind(kind_code)?.code, document_id)?)
}
