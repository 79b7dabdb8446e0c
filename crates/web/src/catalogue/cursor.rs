//! Where a list goes on: by a number of rows left out, or, for lists that are long and grow while one reads them, by the
//! place of the last row seen. A cursor says so in a text that a program hands back as it got it; it comes from outside,
//! so everything in it is bounded and looked at, and it opens nothing: what a person may see is asked anew each time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use store::{KeyPart, Walk};

use super::{Given, List, Query, Raw, Refusal, Rows, one_field};

/// Characters of a cursor at most.
const CURSOR_MAX: usize = 4_000;
/// Parts of a place at most, and characters of a text in it.
const PARTS_MAX: usize = 4;
const TEXT_MAX: usize = 500;
/// No list is longer.
const ROWS_MAX: usize = 100_000_000;

/// What a part of a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A whole number.
    Number,
    /// A text.
    Text,
}

/// The ends of the rows that were shown, for lists that are walked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walked {
    /// The place of the first row; none when there is no row.
    pub first: Option<Vec<KeyPart>>,
    /// Of the last.
    pub last: Option<Vec<KeyPart>>,
    /// There are further rows in the direction one came.
    pub more: bool,
}

/// Where an answer to a question begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// Rows left out; of a walk, rows before the place it goes on from, as far as the walker has counted.
    pub offset: usize,
    /// The place to go on from; none goes by `offset` alone.
    pub walk: Option<Walk>,
}

/// Where the pages beside a page begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// Rows before the first one shown.
    pub before: usize,
    /// The page before; none on the first.
    pub previous: Option<Start>,
    /// The page after; none on the last.
    pub next: Option<Start>,
    /// The last page; none on the last.
    pub last: Option<Start>,
}

impl Query<'_> {
    /// The place to go on from, in a list whose rows' places are of these parts.
    pub fn walk(&self, parts: &[Part]) -> Result<Walk, Refusal> {
        let Some(walk) = self.walk else { return Ok(Walk::START) };
        let fits = walk.from.as_ref().is_none_or(|from| {
            let same = |(part, of): (&KeyPart, &Part)| {
                matches!((part, of), (KeyPart::Int(_), Part::Number) | (KeyPart::Text(_), Part::Text))
            };
            from.len() == parts.len() && from.iter().zip(parts).all(same)
        });
        if fits { Ok(walk.clone()) } else { Err(wrong()) }
    }
    /// How many rows to ask for: one more than are shown says whether there are more.
    pub fn one_more(&self) -> usize {
        self.limit.saturating_add(1)
    }
    /// Cuts what was found to what is shown, and answers its ends.
    pub fn walked<T>(&self, found: &mut Vec<T>, place: impl Fn(&T) -> Vec<KeyPart>) -> Walked {
        let more = found.len() > self.limit;
        if more && self.walk.is_some_and(|walk| walk.back) {
            found.drain(..found.len() - self.limit);
        } else {
            found.truncate(self.limit);
        }
        Walked { first: found.first().map(&place), last: found.last().map(&place), more }
    }
}

impl Start {
    /// What is asked by the values of `cursor` and `offset`.
    pub fn read(list: &List, raw: &Raw) -> Result<Start, Refusal> {
        let text = |name: &str| raw.texts.get(name).map(|text| text.trim()).unwrap_or_default();
        match (text("cursor"), text("offset")) {
            ("", "") => Ok(Start::default()),
            ("", offset) => match offset.parse() {
                Ok(offset) if offset <= ROWS_MAX => Ok(Start { offset, walk: None }),
                _ => Err(one_field("offset", "应为行数", "a number of rows")),
            },
            (cursor, _) => read(cursor, &question(list, raw)).ok_or_else(wrong),
        }
    }
    /// A question that begins here.
    pub fn query<'q>(
        &'q self,
        given: &'q Given,
        search: &'q str,
        sort: Option<(&'static str, bool)>,
        limit: usize,
    ) -> Query<'q> {
        // A place says by itself what comes before it.
        let offset = if self.walk.is_some() { 0 } else { self.offset };
        Query { given, search, sort, offset, limit, walk: self.walk.as_ref() }
    }
    /// As a name and value in an address.
    pub fn written(&self, list: &List, raw: &Raw) -> (&'static str, String) {
        match &self.walk {
            None => ("offset", self.offset.to_string()),
            Some(_) => ("cursor", self.cursor(list, raw)),
        }
    }
    /// As a text for programs.
    pub fn cursor(&self, list: &List, raw: &Raw) -> String {
        let walk = self.walk.as_ref().map(|walk| {
            let part = |part: &KeyPart| match part {
                KeyPart::Int(number) => json!(number),
                KeyPart::Text(text) => json!(text),
            };
            let from = walk.from.as_ref().map(|from| from.iter().map(part).collect::<Vec<Json>>());
            json!([walk.back, from])
        });
        URL_SAFE_NO_PAD.encode(json!([question(list, raw), self.offset, walk]).to_string())
    }
}

/// What stands under a cursor: which list, sorted and narrowed how. A cursor of another question leads nowhere.
fn question(list: &List, raw: &Raw) -> String {
    let mut asked = Sha256::new();
    let filters = list.filters.iter().map(|field| field.name);
    for name in [list.name, "sort", "q"].into_iter().chain(filters) {
        let value = raw.texts.get(name).map(|text| text.trim()).unwrap_or_default();
        asked.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
    }
    asked.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn read(cursor: &str, question: &str) -> Option<Start> {
    if cursor.len() > CURSOR_MAX {
        return None;
    }
    let read: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let [Json::String(of), offset, walk] = read.as_array()?.as_slice() else { return None };
    let offset = usize::try_from(offset.as_u64()?).ok().filter(|offset| *offset <= ROWS_MAX)?;
    if of != question {
        return None;
    }
    if walk.is_null() {
        return Some(Start { offset, walk: None });
    }
    let [Json::Bool(back), from] = walk.as_array()?.as_slice() else { return None };
    let part = |part: &Json| match part {
        // A text ends where the database could not take it.
        Json::String(text) if text.chars().count() <= TEXT_MAX && !text.contains('\0') => {
            Some(KeyPart::Text(text.clone()))
        }
        other => other.as_i64().map(KeyPart::Int),
    };
    let from = match from {
        Json::Null => None,
        Json::Array(parts) if (1..=PARTS_MAX).contains(&parts.len()) => {
            Some(parts.iter().map(part).collect::<Option<Vec<KeyPart>>>()?)
        }
        _ => return None,
    };
    Some(Start { offset, walk: Some(Walk { from, back: *back }) })
}

fn wrong() -> Refusal {
    one_field("cursor", "不是此查询返回的游标", "not a cursor of an answer to this question")
}

/// Where the pages beside this one begin.
///
/// # Errors
/// When a list that does not walk was asked to.
pub fn turns(from: &Start, limit: usize, rows: &Rows) -> Result<Turns, Refusal> {
    let shown = rows.rows.len();
    let Some(walked) = &rows.walked else {
        if from.walk.is_some() {
            return Err(wrong());
        }
        let limit = limit.max(1);
        let at = |offset| Some(Start { offset, walk: None });
        let next = from.offset.saturating_add(limit);
        let more = next < rows.total && shown > 0;
        return Ok(Turns {
            before: from.offset,
            previous: if from.offset > 0 { at(from.offset.saturating_sub(limit)) } else { None },
            next: if more { at(next) } else { None },
            last: if more { at((rows.total - 1) / limit * limit) } else { None },
        });
    };
    let back = from.walk.as_ref().is_some_and(|walk| walk.back);
    let behind = from.walk.as_ref().is_some_and(|walk| walk.from.is_some()) || from.offset > 0;
    let (is_more_before, is_more_after) = if back { (walked.more, behind) } else { (behind, walked.more) };
    let before = match (back, is_more_before) {
        (_, false) => 0,
        (true, true) => from.offset.saturating_sub(shown),
        (false, true) => from.offset,
    };
    let at = |place: &Option<Vec<KeyPart>>, back: bool, offset: usize| Start {
        offset,
        walk: Some(Walk { from: place.clone(), back }),
    };
    Ok(Turns {
        before,
        previous: (is_more_before && walked.first.is_some()).then(|| at(&walked.first, true, before)),
        next: (is_more_after && walked.last.is_some()).then(|| at(&walked.last, false, before + shown)),
        // How many there are before the end is known only when all were counted.
        last: (is_more_after && !rows.more).then(|| at(&None, true, rows.total)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn list() -> &'static List {
        crate::office::AREAS
            .iter()
            .flat_map(|area| area.lists)
            .find(|list| list.name == "bills")
            .expect("bills")
    }
    fn raw(texts: &[(&str, &str)]) -> Raw {
        let texts = texts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Raw { texts, files: BTreeMap::new() }
    }

    /// A cursor leads on in the question it came from, and in no other.
    #[test]
    fn a_cursor_belongs_to_its_question() {
        let asked = raw(&[("month", "2026-01"), ("sort", "-amount")]);
        let from = Some(vec![KeyPart::Int(-5), KeyPart::Text("江".into()), KeyPart::Int(i64::MIN)]);
        for walk in [None, Some(Walk { from, back: true }), Some(Walk { from: None, back: false })] {
            let place = Start { offset: 97, walk };
            let cursor = place.cursor(list(), &asked);
            let with = |texts: &[(&str, &str)]| {
                let mut raw = raw(texts);
                raw.texts.insert("cursor".into(), cursor.clone());
                Start::read(list(), &raw)
            };
            assert_eq!(with(&[("month", "2026-01"), ("sort", "-amount")]).expect("its own"), place);
            assert!(with(&[("month", "2026-02"), ("sort", "-amount")]).is_err());
            assert!(with(&[("month", "2026-01")]).is_err());
        }
    }

    /// Whatever else is sent as a cursor is refused.
    #[test]
    fn what_is_not_a_cursor_is_refused() {
        let of = question(list(), &raw(&[]));
        let texts = [
            json!([of, 1, [false, []]]),
            json!([of, 1, [false, [1, 2, 3, 4, 5]]]),
            json!([of, 1, [false, [1.5]]]),
            json!([of, 1, [false, [null]]]),
            json!([of, 1, [false, ["\u{0}"]]]),
            json!([of, 1, [false, ["x".repeat(TEXT_MAX + 1)]]]),
            json!([of, 1, [0, [1]]]),
            json!([of, -1, null]),
            json!([of, 1_000_000_000_000_u64, null]),
            json!([of, 1]),
            json!({ "of": of }),
        ];
        let mut cursors: Vec<String> =
            texts.iter().map(|text| URL_SAFE_NO_PAD.encode(text.to_string())).collect();
        cursors.extend([
            "x".into(),
            "%%%".into(),
            "A".repeat(CURSOR_MAX + 1),
            URL_SAFE_NO_PAD.encode("rows:5"),
        ]);
        for cursor in cursors {
            assert!(Start::read(list(), &raw(&[("cursor", &cursor)])).is_err(), "{cursor}");
        }
    }

    /// A place whose parts are of other kinds than the list's rows is refused before the database sees it.
    #[test]
    fn a_place_fits_the_order_of_its_list() {
        let given = crate::catalogue::Given::understand(&[], &raw(&[]), false).expect("nothing");
        let walk = Walk { from: Some(vec![KeyPart::Int(1), KeyPart::from("x")]), back: false };
        let query = Query { given: &given, search: "", sort: None, offset: 0, limit: 2, walk: Some(&walk) };
        assert!(query.walk(&[Part::Number, Part::Text]).is_ok());
        for parts in [&[Part::Number][..], &[Part::Text, Part::Number], &[Part::Number, Part::Number]] {
            assert!(query.walk(parts).is_err(), "{parts:?}");
        }
        let mut found = vec![1, 2, 3];
        let walked = query.walked(&mut found, |one| vec![KeyPart::Int(*one)]);
        assert_eq!((found, walked.more), (vec![1, 2], true));
    }
}
