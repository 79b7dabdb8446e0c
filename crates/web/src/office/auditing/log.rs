//! Who did what, when, on which document; one act with its bytes and the proof that they are in the log.

use identity::{Catalogue, Work};
use kernel::{Bilingual as _, Lang, Text};
use vault::{ActQuery, Document, Erased, Recorded};

use crate::catalogue::cursor::Part;
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Download, Field, FileMade, Given, House, Kind, List, Look, Offer, Query,
    Refusal, Row, Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::frame::url;

pub(super) const READ: &str = "vault.read";

/// Every act, the latest first.
pub const ACTS: List = List {
    name: "acts",
    path: "/log",
    permission: READ,
    filters: &[
        Field::maybe("actor", Takes::Option(persons)),
        Field::maybe("on_day", Takes::Date),
        Field::maybe("document_kind", Takes::Option(kinds)),
        Field::maybe("number", Takes::Text(200)),
    ],
    columns: ACT_COLUMNS,
    rows: acts,
    menu: true,
    acts: &["proof.document", "vault.erase"],
};

/// What a list of acts shows.
pub const ACT_COLUMNS: &[Column] = &[
    Column::sorted("act_number", Kind::Count),
    Column::new("at", Kind::Moment),
    Column::new("actor", Kind::Text),
    Column::new("post", Kind::Text),
    Column::new("act", Kind::Text),
    Column::new("document_kind", Kind::Text),
    Column::new("document", Kind::Text),
    Column::new("changes", Kind::Text),
];

fn persons(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let found = identity::persons(look.tx, org_id)?;
    let named = |person: identity::Person| {
        let name = format!("{} {}", person.name, person.login);
        (person.login, Text::new(name.clone(), name))
    };
    Ok(found.into_iter().map(named).collect())
}

fn kinds(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let found = vault::document_kinds(look.tx, org_id)?;
    Ok(found
        .into_iter()
        .map(|code| (code.clone(), name(&code).unwrap_or(Text::new(code.clone(), code))))
        .collect())
}

/// Names of posts, acts and kinds of documents, as far as they are known.
pub(super) fn name(code: &str) -> Option<Text> {
    let catalogue = Catalogue::built_in();
    let post = catalogue.post(code).map(|post| post.text.clone());
    post.or_else(|| catalogue.permission(code).map(|permission| permission.text.clone()))
        .or_else(|| documents::kind(code).ok().map(|kind| kind.text.clone()))
        .or_else(|| word(&format!("word.log.{code}")))
}

fn word(key: &str) -> Option<Text> {
    let say = |lang| crate::words::say(lang, key);
    crate::words::has(key).then(|| Text::new(say(Lang::Zh), say(Lang::En)))
}

fn named(code: &str) -> Cell {
    name(code).map_or_else(|| Cell::from(code), Cell::from)
}

/// An act as a row.
pub fn act_row(act: &Recorded) -> Row {
    let document = &act.act.document;
    let of = format!(
        "/log?document_kind={}&number={}",
        url::encode(&document.kind),
        url::encode(&document.number)
    );
    let mut changes: Vec<String> = act.act.changes.iter().map(changed).collect();
    if let Some(batch) = &act.act.batch {
        changes.push(format!("× {}", batch.lines));
    }
    let changes: String = changes.join("; ").chars().take(300).collect();
    Row::from(vec![
        Cell::from(act.seq).to(format!("/log/{}", act.seq)),
        Cell::from(act.at),
        Cell::from(act.person.as_str()),
        if act.post.is_empty() { Cell::default() } else { named(&act.post) },
        named(&act.act.verb),
        named(&document.kind),
        Cell::from(document.number.as_str()).to(of),
        Cell::from(changes),
    ])
}

fn changed(change: &vault::Change) -> String {
    match (change.before.as_str(), change.after.as_str()) {
        ("", after) => format!("{}: {after}", change.field),
        (before, after) => format!("{}: {before} → {after}", change.field),
    }
}

fn acts(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let given = query.given;
    let person_id = match given.maybe_text("actor") {
        None => None,
        Some(login) => {
            let found = identity::find_person(look.tx, org_id, login)?;
            Some(found.ok_or_else(|| Refusal::not_found("人员", "person", login))?.id)
        }
    };
    let (kind, number) = (given.maybe_text("document_kind"), given.maybe_text("number"));
    if kind.is_none() && number.is_some() {
        let why = Text::new("查单据编号须先选单据种类", "choose the kind of the document as well");
        return Err(Refusal::fields(vec![("document_kind".to_owned(), why)]));
    }
    // A number typed into the search leads to the act of that number.
    if let Ok(seq) = query.search.trim().trim_start_matches('#').parse::<i64>() {
        let size = vault::size(look.tx, org_id)?;
        let rows = match (0..size).contains(&seq) {
            true => vec![act_row(&vault::act(look.tx, org_id, seq)?)],
            false => Vec::new(),
        };
        return Ok(Rows { total: rows.len(), rows, ..Rows::default() });
    }
    let wanted = ActQuery {
        person_id,
        kind: kind.map(str::to_owned),
        number: number.map(str::to_owned),
        day: given.maybe_date("on_day"),
        newest_first: query.sort.is_none_or(|(_, down)| down),
        walk: query.walk(&[Part::Number])?,
        offset: query.offset,
        limit: query.one_more(),
    };
    let (mut found, count) = vault::acts(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, |act| vec![act.seq.into()]);
    let rows = found.iter().map(act_row).collect();
    let total = usize::try_from(count).unwrap_or(0);
    Ok(Rows { rows, total, walked: Some(walked), ..Rows::default() })
}

/// One act.
pub const ACT: View = View {
    name: "act",
    path: "/log/{index}",
    permission: READ,
    params: &[Field::new("index", Takes::Id)],
    show: act,
    menu: false,
};

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as people read them: sixteen a line, with their place.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4);
    for (at, line) in bytes.chunks(16).enumerate() {
        let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain: String = line
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        text.push_str(&format!("{:06x}  {:<47}  {plain}\n", at * 16, pairs.join(" ")));
    }
    text
}

fn act(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, seq, lang) = (look.org_id(), given.number("index")?, look.lang());
    let size = vault::size(look.tx, org_id)?;
    if seq >= size {
        return Err(Refusal::not_found("操作记录", "act", &seq.to_string()));
    }
    let found = vault::act(look.tx, org_id, seq)?;
    let mut sheet = Sheet::new(Text::new(format!("第 {seq} 条操作"), format!("Act {seq}")).text(lang));
    let mut canonical = Vec::new();
    vault::each_canonical(look.tx, org_id, seq, seq + 1, |_, bytes| {
        canonical.extend_from_slice(bytes);
        Ok::<_, vault::VaultError>(())
    })?;
    let document = &found.act.document;
    let of = format!(
        "/log?document_kind={}&number={}",
        url::encode(&document.kind),
        url::encode(&document.number)
    );
    let unit = if found.act.unit_id == 0 { String::new() } else { look.unit_name(found.act.unit_id)? };
    let mut facts = vec![
        ("at", Kind::Moment, Cell::from(found.at)),
        ("actor", Kind::Text, Cell::from(found.person.as_str())),
        ("post", Kind::Text, if found.post.is_empty() { Cell::default() } else { named(&found.post) }),
        ("act", Kind::Text, named(&found.act.verb)),
        ("verb", Kind::Text, Cell::from(found.act.verb.as_str())),
        ("unit", Kind::Text, Cell::from(unit)),
        ("document_kind", Kind::Text, named(&document.kind)),
        ("document", Kind::Text, Cell::from(document.number.as_str()).to(of)),
        ("digest_before", Kind::Text, Cell::from(found.act.before.map(|digest| hex(&digest)))),
        ("digest_after", Kind::Text, Cell::from(found.act.after.map(|digest| hex(&digest)))),
    ];
    if let Some(batch) = &found.act.batch {
        facts.push(("batch_lines", Kind::Count, Cell::from(batch.lines)));
        facts.push(("batch_root", Kind::Text, Cell::from(hex(&batch.root))));
    }
    sheet.push(Block::Facts { name: "act", facts });
    let rows = found.act.changes.iter().map(|change| {
        let shown = |value: &str| match value {
            vault::ERASED => Cell::word("word.erased").toned(Tone::Quiet),
            _ => Cell::from(value),
        };
        Row::from(vec![
            Cell::from(change.field.as_str()),
            shown(&change.before),
            shown(&change.after),
            Cell::from(change.personal),
        ])
    });
    sheet.push(Block::Table {
        name: "changes",
        columns: vec![
            Column::new("changed_field", Kind::Text),
            Column::new("before_change", Kind::Text),
            Column::new("after_change", Kind::Text),
            Column::new("personal", Kind::Flag),
        ],
        rows: rows.collect(),
    });
    let leaf = vault::leaf_hash(&canonical);
    // What no checkpoint covers yet is told, not hidden: the next one covers it.
    match vault::checkpoint_over(look.tx, org_id, seq) {
        Ok(over) => {
            sheet.badges.push(Cell::word("state.proved").toned(Tone::Good));
            let kept = vault::checkpoints(look.tx, org_id, Some(over.size + 1), 1)?.pop();
            let witnesses: Vec<String> = kept.map_or_else(Vec::new, |kept| {
                kept.cosignatures.into_iter().map(|signature| signature.witness).collect()
            });
            sheet.push(Block::Facts {
                name: "proof",
                facts: vec![
                    ("leaf_hash", Kind::Text, Cell::from(hex(&leaf))),
                    (
                        "checkpoint",
                        Kind::Count,
                        Cell::from(over.size).to(format!("/log/checkpoints/{}", over.size)),
                    ),
                    ("root", Kind::Text, Cell::from(hex(&over.root))),
                    ("sealed_at", Kind::Moment, Cell::from(over.made_at)),
                    ("witnesses", Kind::Text, Cell::from(witnesses.join(", "))),
                ],
            });
            let path = vault::inclusion(look.tx, org_id, seq, over.size)?;
            let lines: Vec<String> = path.iter().map(|hash| hex(hash)).collect();
            sheet.push(Block::Raw { name: "inclusion", text: lines.join("\n") });
            sheet.push(Block::Files {
                name: "files",
                files: vec![(
                    Text::new("证明文件（C2SP tlog-proof）", "Proof file (C2SP tlog-proof)"),
                    format!("/log/{seq}/proof"),
                )],
            });
        }
        Err(_) => {
            sheet.badges.push(Cell::word("state.not_covered").toned(Tone::Warn));
            sheet.push(Block::Facts {
                name: "proof",
                facts: vec![("leaf_hash", Kind::Text, Cell::from(hex(&leaf)))],
            });
            sheet.push(Block::Note(
                Tone::Warn,
                Text::new(
                    "尚无检查点覆盖此条；下一检查点即可证明",
                    "no checkpoint covers it yet; the next one does",
                ),
            ));
            sheet.offers.push(Offer::new("vault.checkpoint", &[]));
        }
    }
    sheet.push(Block::Raw { name: "canonical", text: dump(&canonical) });
    Ok(sheet)
}

/// The proof of one act as a file of its own.
pub const PROOF: Download = Download {
    name: "act_proof",
    path: "/log/{index}/proof",
    permission: READ,
    params: &[Field::new("index", Takes::Id)],
    types: &["text/plain"],
    make: proof,
};

fn proof(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let (org_id, seq) = (look.org_id(), given.number("index")?);
    let made = vault::proof_of(look.tx, org_id, seq)?;
    let name = format!("act-{seq}.tlog-proof");
    Ok(FileMade { name, content_type: "text/plain", bytes: made.print().into_bytes() })
}

/// Destroys personal values kept with the log; the log stays whole.
pub const ERASE: Act = Act {
    name: "vault.erase",
    path: "/log/erase",
    permission: "vault.erase",
    fields: &[
        Field::maybe("actor", Takes::Option(persons)),
        Field::maybe("document_kind", Takes::Option(kinds)),
        Field::maybe("number", Takes::Text(200)),
        Field::new("reason", Takes::LongText(600)),
    ],
    run: Run::Command(erase),
    weight: Weight::Signed,
    ..Act::PLAIN
};

fn erase(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let org_id = work.org_id();
    let document = given.maybe_text("document_kind").zip(given.maybe_text("number"));
    let what = match (document, given.maybe_text("actor")) {
        (Some((kind, number)), None) => {
            Erased::Document(Document { kind: kind.to_owned(), number: number.to_owned() })
        }
        (None, Some(login)) => {
            let found = identity::find_person(work.tx, org_id, login)?;
            Erased::Person(found.ok_or_else(|| Refusal::not_found("人员", "person", login))?.id)
        }
        _ => {
            let why =
                Text::new("请指定人员，或单据种类和编号", "name a person, or a kind and number of document");
            return Err(Refusal::fields(vec![("actor".to_owned(), why)]));
        }
    };
    let count = vault::erase(work, &what, given.text("reason"))?;
    Ok(Done::said(
        format!("已销毁 {count} 项个人信息；日志仍可校验。以前的备份中仍有这些信息，须按规定处置"),
        format!(
            "{count} personal values are destroyed, the log stays whole; backups made earlier still hold them"
        ),
    )
    .fact("values", count))
}
