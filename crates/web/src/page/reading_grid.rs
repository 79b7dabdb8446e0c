//! The reading grid: a book's lines in the order of the route, entered by keyboard, each saved at once.
//!
//! The page says everything a reader needs to see; `assets/reading-grid.js` sends what is typed to the act
//! `readings.enter` and shows what came of it. Without a script the same lines stand in one form.

use maud::{Markup, html};
use metering::book::BookState;
use metering::entry::SheetLine;
use metering::reading::{ReadingFlags, Register};

use crate::catalogue::{Given, Kind, Look, Refusal, Tone, Value};
use crate::frame::random_text;
use crate::office::station::readings::{KINDS, Mark, kind_of, mark, scores};
use crate::office::station::{book_path, books};
use crate::render::assets::href;
use crate::render::{head, say as strip};
use crate::words;

/// Words the script says; it has none of its own.
const SAID: &[&str] = &[
    "saving",
    "saved",
    "refused",
    "waiting",
    "not_sent",
    "retry",
    "offline",
    "logged_out",
    "unsaved",
    "missing",
    "none_missing",
    "paste_good",
    "paste_bad",
    "paste_none",
    "paste_beyond",
    "changed",
    "no_such",
];
const MARKS: &[Mark] = &[Mark::Off, Mark::Zero, Mark::Unread, Mark::Short, Mark::ZeroAverage];

/// The grid of a book.
pub fn draw(look: &mut Look<'_, '_>, given: &Given) -> Result<Markup, Refusal> {
    let month = given.month("month")?;
    let (known, opened) = books::book_of(look, given)?;
    let (org_id, lang) = (look.org_id(), look.lang());
    let lines = metering::entry::entry_sheet(look.tx, org_id, month, known.book_id)?;
    let scores = scores(look, month, known.book_id)?;
    let open = matches!(opened.state, BookState::Created | BookState::Entering | BookState::Returned)
        && look.sees("metering.enter_reading", opened.unit_id);
    let returned = opened.state == BookState::Returned;
    let say = |key: &str| words::say(lang, &format!("page.readings.{key}"));
    let missing = lines.iter().filter(|line| line.is_open()).count();
    let registers: usize = lines.iter().map(|line| line.reading.registers.iter().count()).sum();
    let mut estimated = 0;
    let mut suspicious = 0;
    for line in &lines {
        estimated += usize::from(kind_of(&line.reading) == Some("estimated"));
        for (register, _) in line.reading.registers.iter() {
            suspicious += usize::from(mark(line, &line.reading, register)?.is_some_and(Mark::is_suspicious));
        }
    }
    let page = book_path(month, &known.number);
    let path = format!("{page}/readings");
    let mut rows = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let score = scores.get(&line.reading.account_id).copied();
        rows.push(draw_line(look, (at, line), month, open, score)?);
    }
    let state = words::say(lang, &format!("state.book.{}", opened.state.key()));
    Ok(html! {
        link rel="stylesheet" href=(href("reading-grid.css"));
        (head(
            &format!("{month} {} {}", known.number, known.name),
            &html! {
                div.badges {
                    span.badge.framed { (state) }
                    span.badge.framed { (look.unit_name(opened.unit_id)?) }
                    span.badge.framed { (say("scheduled")) " " (opened.scheduled_on) }
                }
            },
            &html! { a.button href=(page) { (say("back_to_book")) } },
        ))
        @if returned && open { (strip(Tone::Warn, &html! { (say("returned_note")) })) }
        @if !open { (strip(Tone::Plain, &html! { (say("read_only")) })) }
        section #reading-grid data-own-keys="" data-act="/acts/readings.enter" data-month=(month) data-book=(known.number)
            data-csrf=(look.caller.csrf) data-open=(open) data-returned=(returned)
            data-lang=(if lang == kernel::Lang::Zh { "zh" } else { "en" })
            data-words=(said(lang)) {
            div.grid-bar {
                dl.grid-sums {
                    div { dt { (say("meters")) } dd #sum-lines { (lines.len()) } }
                    div { dt { (say("registers")) } dd { (registers) } }
                    div { dt { (say("left")) } dd #sum-missing { (missing) } }
                    div { dt { (words::say(lang, "column.estimated")) } dd #sum-estimated { (estimated) } }
                    div { dt { (words::say(lang, "column.suspicious")) } dd #sum-suspicious { (suspicious) } }
                    div { dt { (say("energy")) } dd.figure #sum-used { (written(&Value::Quantity(energy(&lines)?), lang)) } }
                }
                @if open && returned {
                    label.grid-reason { (words::say(lang, "field.reason"))
                        input #grid-reason maxlength="500" required; }
                }
                @if open {
                    details.grid-keys { summary { (say("keys")) }
                        ul {
                            @for key in ["enter", "arrows", "esc", "f2", "kinds", "roll", "paste"] {
                                li { (say(&format!("key.{key}"))) }
                            }
                        }
                    }
                }
            }
            p.unseen #grid-said role="status" aria-live="polite" {}
            p.note.bad #grid-alarm role="alert" hidden {}
            div.table-box.tall tabindex="0" role="region" aria-label=(words::say(lang, "page.readings")) {
                table.reading-grid {
                    thead { tr {
                        th.figure scope="col" { (words::say(lang, "column.route")) }
                        th scope="col" { (words::say(lang, "column.account")) }
                        th scope="col" { (words::say(lang, "column.meter")) }
                        th scope="col" { (words::say(lang, "column.register")) }
                        th.figure scope="col" { (words::say(lang, "column.previous")) }
                        th.figure scope="col" { (words::say(lang, "column.average")) }
                        th.figure scope="col" { (words::say(lang, "column.current")) }
                        th.figure scope="col" { (words::say(lang, "column.used")) }
                        th scope="col" { (words::say(lang, "column.mark")) }
                        th scope="col" { (words::say(lang, "column.reading_kind")) }
                        th scope="col" { (words::say(lang, "column.entry_state")) }
                    } }
                    tbody { @for row in &rows { (row) } }
                }
            }
            @if open { (paste_dialog(lang)) }
        }
        @if open { noscript { (plain_form(look, &lines, month, &known.number, &path, returned)) } }
        script src=(href("reading-grid.js")) defer {}
    })
}

fn energy(lines: &[SheetLine]) -> Result<kernel::Quantity, Refusal> {
    let mut sum = kernel::Quantity::ZERO;
    for line in lines.iter().filter(|line| !line.is_open()) {
        if let Some(used) = line.reading.consumption(Register::Total)? {
            sum = sum.plus(used)?;
        }
    }
    Ok(sum)
}

fn written(value: &Value, lang: kernel::Lang) -> String {
    value.written(Kind::Quantity(2), lang)
}

/// A figure as it is typed: no grouping, no zeros that say nothing.
fn plain(quantity: kernel::Quantity) -> String {
    quantity.to_string()
}

/// The words of the script as a JSON object.
fn said(lang: kernel::Lang) -> String {
    let mut said = serde_json::Map::new();
    for key in SAID {
        said.insert((*key).to_owned(), words::say(lang, &format!("page.readings.say.{key}")).into());
    }
    for mark in MARKS {
        said.insert(
            format!("mark.{}", mark.code()),
            words::say(lang, &format!("mark.{}", mark.code())).into(),
        );
    }
    serde_json::Value::Object(said).to_string()
}

/// A meter: a row for each register.
fn draw_line(
    look: &mut Look<'_, '_>,
    (at, line): (usize, &SheetLine),
    month: kernel::Month,
    open: bool,
    score: Option<u8>,
) -> Result<Markup, Refusal> {
    let lang = look.lang();
    let reading = &line.reading;
    // The last reading of a meter taken off was entered with its ticket.
    let taken_off = reading.flags.has(ReadingFlags::FINAL);
    let open = open && !taken_off;
    let kind = kind_of(reading);
    let registers: Vec<Register> = reading.registers.iter().map(|(register, _)| register).collect();
    let page = format!(
        "/readings/{month}/{}/{}",
        crate::frame::url::encode(&line.account_number),
        reading.meter_seq
    );
    let mut drawn = Vec::with_capacity(registers.len());
    for (place, register) in registers.iter().copied().enumerate() {
        let first = place == 0;
        let span = reading.registers.of(register).unwrap_or_default();
        let entered = !line.is_open();
        let current = if entered { plain(span.current) } else { String::new() };
        let used = if entered { reading.consumption(register)? } else { None };
        let average = line.average(register)?;
        let mark = mark(line, reading, register)?;
        let rolled = reading.flags.rolled_over(register);
        let id = format!("r{at}-{place}");
        let label = format!(
            "{} {} {}",
            line.account_number,
            line.name,
            words::say(lang, &format!("choice.register.{}", register.key()))
        );
        drawn.push(html! {
            tr #(id) data-account=(line.account_number) data-meter=(reading.meter_seq) data-register=(register.key())
                data-version=(reading.version) data-previous=(plain(span.previous)) data-used=[used.map(|used| used.to_string())]
                data-kind=[kind] data-rolled=(rolled) data-entered=(entered) data-first=(first) {
                td.figure.route { @if first { (line.route_sequence) } }
                th.who scope="row" {
                    @if first {
                        a href=(page) { (line.account_number) } " " span.name { (line.name) }
                        span.address { (line.address) }
                    } @else { span.unseen { (line.account_number) } }
                }
                td.meter { @if first { (line.meter_number)
                    @if reading.multiplier != kernel::Rate::ONE { " " span.times { "×" (reading.multiplier) } } } }
                td.register { (words::say(lang, &format!("choice.register.{}", register.key()))) }
                td.figure.previous { (written(&Value::Quantity(span.previous), lang)) }
                td.figure.average { @if let Some(average) = average { (written(&Value::Quantity(average), lang)) } }
                td.figure.entry {
                    @if open {
                        input type="text" inputmode="decimal" autocomplete="off" maxlength="24" value=(current)
                            aria-label=(label) aria-describedby={ (id) "-state" };
                    } @else { (current) }
                }
                td.figure.used { @if let Some(used) = used { (written(&Value::Quantity(used), lang)) } }
                td.mark {
                    span.badge.bad[mark.is_some_and(Mark::is_suspicious)].warn[mark.is_some_and(|mark| !mark.is_suspicious())]
                        hidden[mark.is_none()] {
                        @if let Some(mark) = mark { (words::say(lang, &format!("mark.{}", mark.code()))) }
                    }
                    @if let (true, Some(score)) = (first, score) {
                        span.score title=(words::say(lang, "column.score")) { (words::say(lang, "column.score")) " " (score) }
                    }
                }
                td.kind {
                    @if first && open {
                        select aria-label={ (label) " " (words::say(lang, "column.reading_kind")) } {
                            @for code in KINDS {
                                option value=(code) selected[kind.unwrap_or("actual") == *code] {
                                    (words::say(lang, &format!("choice.reading_kind.{code}"))) }
                            }
                        }
                    } @else if first {
                        @if let Some(kind) = kind { (words::say(lang, &format!("choice.reading_kind.{kind}"))) }
                    }
                    span.rolled hidden[!rolled] { (words::say(lang, "column.rolled_over")) }
                }
                td.state #{ (id) "-state" } {
                    @if taken_off { (words::say(lang, "page.readings.taken_off")) }
                    @else if entered { span.badge.good { (words::say(lang, "page.readings.say.saved")) } }
                }
            }
        });
    }
    Ok(html! { @for row in &drawn { (row) } })
}

fn paste_dialog(lang: kernel::Lang) -> Markup {
    let say = |key: &str| words::say(lang, &format!("page.readings.{key}"));
    html! {
        dialog #paste-preview aria-labelledby="paste-title" {
            h2 #paste-title { (say("paste_title")) }
            p #paste-said {}
            div.table-box tabindex="0" role="region" aria-label=(say("paste_title")) {
                table.data {
                    thead { tr {
                        th scope="col" { (words::say(lang, "column.account")) }
                        th scope="col" { (words::say(lang, "column.register")) }
                        th.figure scope="col" { (words::say(lang, "column.previous")) }
                        th.figure scope="col" { (words::say(lang, "column.current")) }
                        th.figure scope="col" { (words::say(lang, "column.used")) }
                        th scope="col" { (words::say(lang, "column.entry_state")) }
                    } }
                    tbody #paste-rows {}
                }
            }
            div.acts {
                button.button.main #paste-save type="button" { (say("paste_save")) }
                button.button #paste-cancel type="button" { (words::say(lang, "frame.cancel")) }
            }
        }
    }
}

/// Every line in one form, for who has no script: a line of text for a register, its figure at the end.
fn plain_form(
    look: &Look<'_, '_>,
    lines: &[SheetLine],
    month: kernel::Month,
    book: &str,
    path: &str,
    returned: bool,
) -> Markup {
    let lang = look.lang();
    let mut text = String::new();
    for line in lines.iter().filter(|line| !line.reading.flags.has(ReadingFlags::FINAL)) {
        for (register, span) in line.reading.registers.iter() {
            let current = if line.is_open() { String::new() } else { plain(span.current) };
            let kind = kind_of(&line.reading).unwrap_or_default();
            let (meter, register) = (line.reading.meter_seq, register.key());
            text.push_str(&format!("{}\t{meter}\t{register}\t{current}\t{kind}\n", line.account_number));
        }
    }
    html! {
        form.form method="post" action="/acts/readings.enter" {
            h2 { (words::say(lang, "page.readings.plain_title")) }
            p { (words::say(lang, "page.readings.plain_hint")) }
            input type="hidden" name="csrf" value=(look.caller.csrf);
            input type="hidden" name="request_key" value=(random_text(16));
            input type="hidden" name="back" value=(path);
            input type="hidden" name="month" value=(month);
            input type="hidden" name="book" value=(book);
            @if returned {
                label { (words::say(lang, "field.reason")) input name="reason" maxlength="500" required; }
            }
            label { (words::say(lang, "field.lines"))
                textarea name="lines" rows="20" cols="80" { (text) } }
            button.button.main type="submit" { (words::say(lang, "frame.submit")) }
        }
    }
}
