//! Checkpoints of the log: what was signed, by whom, what witnesses say, and what they are asked.

use identity::Work;
use kernel::{Bilingual as _, Text};

use super::log::{READ, hex};
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Download, Field, FileMade, Given, House, Kind, List, Look, Query,
    Refusal, Row, Rows, Run, Sheet, Takes, Tone, View, Weight,
};

/// Checkpoints, the newest first.
pub const CHECKPOINTS: List = List {
    name: "checkpoints",
    path: "/log/checkpoints",
    permission: READ,
    filters: &[],
    columns: &[
        Column::new("checkpoint", Kind::Count),
        Column::new("sealed_at", Kind::Moment),
        Column::new("root", Kind::Text),
        Column::new("signatures", Kind::Count),
        Column::new("witnesses", Kind::Text),
    ],
    rows: checkpoints,
    menu: true,
    acts: &["vault.checkpoint", "vault.cosign"],
};

/// Signatures in a note.
fn signatures(note: &str) -> usize {
    note.matches("\n\u{2014} ").count()
}

fn checkpoints(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let (found, total) = vault::checkpoints_part(look.tx, org_id, query.offset, query.limit)?;
    let rows = found
        .into_iter()
        .map(|kept| {
            let made = kept.checkpoint;
            let witnesses: Vec<&str> = kept.cosignatures.iter().map(|one| one.witness.as_str()).collect();
            Row::from(vec![
                Cell::from(made.size).to(format!("/log/checkpoints/{}", made.size)),
                Cell::from(made.made_at),
                Cell::from(hex(&made.root)),
                Cell::from(signatures(&made.note)),
                Cell::from(witnesses.join(", ")),
            ])
        })
        .collect();
    let size = vault::size(look.tx, org_id)?;
    let note = Some(Text::new(format!("日志共 {size} 条"), format!("the log holds {size} acts")));
    Ok(Rows { rows, total: usize::try_from(total).unwrap_or(0), note, ..Rows::default() })
}

/// One checkpoint.
pub const CHECKPOINT: View = View {
    name: "checkpoint",
    path: "/log/checkpoints/{size}",
    permission: READ,
    params: &[Field::new("size", Takes::Id)],
    show: checkpoint,
    menu: false,
};

fn checkpoint(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, size, lang) = (look.org_id(), given.number("size")?, look.lang());
    let kept = vault::checkpoints(look.tx, org_id, Some(size.saturating_add(1)), 1)?
        .pop()
        .filter(|kept| kept.checkpoint.size == size)
        .ok_or_else(|| Refusal::not_found("检查点", "checkpoint", &size.to_string()))?;
    let made = &kept.checkpoint;
    let title = Text::new(format!("{size} 条处的检查点"), format!("Checkpoint of {size} acts"));
    let mut sheet = Sheet::new(title.text(lang));
    let cosigned = !kept.cosignatures.is_empty();
    sheet.badges.push(if cosigned {
        Cell::word("state.cosigned").toned(Tone::Good)
    } else {
        Cell::word("state.not_cosigned").toned(Tone::Warn)
    });
    sheet.push(Block::Facts {
        name: "checkpoint",
        facts: vec![
            ("checkpoint", Kind::Count, Cell::from(made.size)),
            ("sealed_at", Kind::Moment, Cell::from(made.made_at)),
            ("root", Kind::Text, Cell::from(hex(&made.root))),
            ("signatures", Kind::Count, Cell::from(signatures(&made.note))),
        ],
    });
    let rows = kept.cosignatures.iter().map(|signature| {
        Row::from(vec![Cell::from(signature.witness.as_str()), Cell::from(signature.taken_at)])
    });
    sheet.push(Block::Table {
        name: "cosignatures",
        columns: vec![Column::new("witness", Kind::Text), Column::new("taken_at", Kind::Moment)],
        rows: rows.collect(),
    });
    sheet.push(Block::Raw { name: "note", text: vault::signed_note(look.tx, org_id, size)?.print() });
    let last = vault::last_checkpoint(look.tx, org_id)?;
    if last.is_some_and(|last| last.size == size) {
        sheet.offer("vault.cosign", &[]);
        let request = Text::new("会签请求（交见证人）", "request for a cosignature, for a witness");
        sheet.push(Block::Files { name: "files", files: vec![(request, "/log/witness-request".to_owned())] });
    }
    Ok(sheet)
}

/// Makes a signed checkpoint now.
pub const MAKE: Act = Act {
    name: "vault.checkpoint",
    path: "/log/checkpoints",
    permission: "vault.checkpoint",
    fields: &[],
    run: Run::Command(make),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn make(work: &mut Work<'_, '_>, _: &Given, house: &House) -> Result<Done, Refusal> {
    let made = vault::checkpoint(work, &house.signers)?;
    let size = made.size;
    Ok(Done::said(format!("已生成 {size} 条处的检查点"), format!("the log is signed at {size} acts"))
        .see(format!("/log/checkpoints/{size}"))
        .fact("size", size)
        .fact("note", made.note))
}

/// What a witness is asked to cosign now.
pub const REQUEST: Download = Download {
    name: "witness_request",
    path: "/log/witness-request",
    permission: READ,
    params: &[Field::maybe("witness", Takes::Text(200))],
    types: &["text/plain"],
    make: request,
};

fn request(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let org_id = look.org_id();
    let old = vault::last_cosigned(look.tx, org_id, given.maybe_text("witness"))?;
    let made = vault::witness_request(look.tx, org_id, old)?;
    let name = format!("checkpoint-{}.witness-request", made.checkpoint().size());
    Ok(FileMade { name, content_type: "text/plain", bytes: made.print().into_bytes() })
}

/// Takes in what a witness answered.
pub const COSIGN: Act = Act {
    name: "vault.cosign",
    path: "/log/cosignatures",
    permission: "vault.checkpoint",
    fields: &[Field::new("cosignature", Takes::File(64 << 10, ".txt,.cosignature"))],
    run: Run::Command(cosign),
    ..Act::PLAIN
};

fn cosign(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let answer = given.file("cosignature").map_or(&[][..], |file| file.bytes.as_slice());
    let taken = vault::cosign(work, answer)?;
    let (size, witnesses) = (taken.size, taken.witnesses.join(" "));
    Ok(Done::said(
        format!("{size} 条处的检查点已由 {witnesses} 会签"),
        format!("the checkpoint at {size} acts is cosigned by {witnesses}"),
    )
    .see(format!("/log/checkpoints/{size}")))
}
