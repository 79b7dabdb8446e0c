//! Trying a bill: what an account would pay by a table that was loaded here or comes with the program, line by line
//! (`tariff::quote`).

use kernel::Bilingual as _;
use maud::{Markup, html};

use super::prices::{READ, in_house, tables_to_try};
use crate::catalogue::{Field, Given, Look, Page, Refusal, Takes, Who};
use crate::words;

/// The page.
pub const TRY: Page = Page {
    name: "try_bill",
    path: "/prices/try",
    who: Who::Holder(READ),
    params: &[
        Field::maybe("price_table", Takes::Option(tables_to_try)),
        Field::maybe("class", Takes::Text(60)),
        Field::maybe("voltage", Takes::Text(20)),
        Field::maybe("month", Takes::Month),
        Field::maybe("kwh", Takes::Quantity),
        Field::maybe("capacity_kva", Takes::Quantity),
        Field::maybe("quote_text", Takes::LongText(8_000)),
    ],
    draw,
    menu: true,
};

/// A file as it is priced, from the fields of the form.
fn file(given: &Given) -> Option<String> {
    if let Some(text) = given.maybe_text("quote_text") {
        return Some(text.to_owned());
    }
    let kwh = given.maybe_quantity("kwh")?;
    let quoted = |text: &str| text.replace(['"', '\\', '\n'], "");
    let mut price = vec![format!("table = \"{}\"", quoted(given.text("price_table")))];
    for (name, key) in [("class", "class"), ("voltage", "voltage")] {
        if let Some(value) = given.maybe_text(name) {
            price.push(format!("{key} = \"{}\"", quoted(value)));
        }
    }
    let mut text = String::new();
    if let Some(month) = given.maybe_month("month") {
        text.push_str(&format!("month = \"{month}\"\n"));
    }
    if let Some(capacity) = given.maybe_quantity("capacity_kva") {
        text.push_str(&format!("capacity_kva = \"{capacity}\"\n"));
    }
    text.push_str(&format!("kwh = \"{kwh}\"\nprice = {{ {} }}\n", price.join(", ")));
    Some(text)
}

fn draw(look: &mut Look<'_, '_>, given: &Given) -> Result<Markup, Refusal> {
    let lang = look.lang();
    let tables = tables_to_try(look)?;
    let own = in_house(look)?;
    let say = |key: &str| words::say(lang, key);
    let asked = file(given);
    let answer = asked.as_ref().map(|text| tariff::quote::quote_with(text, "quote.toml", &own));
    let field = |name: &'static str, value: String, kind: &'static str| {
        html! {
            div.field {
                label for={ "try-" (name) } { (say(&format!("field.{name}"))) }
                input id={ "try-" (name) } type=(kind) name=(name) value=(value);
            }
        }
    };
    let text_of = |name: &str| given.text(name).to_owned();
    Ok(html! {
        header.head { div.head-words { h1 { (say("page.try_bill")) } } }
        form.card method="get" action="/prices/try" {
            div.fields {
                div.field {
                    label for="try-price_table" { (say("field.price_table")) }
                    select id="try-price_table" name="price_table" {
                        @for (code, name) in &tables {
                            option value=(code) selected[code == given.text("price_table")] { (name.text(lang)) }
                        }
                    }
                }
                (field("class", text_of("class"), "text"))
                (field("voltage", text_of("voltage"), "text"))
                (field("month", given.maybe_month("month").map(|month| month.to_string()).unwrap_or_default(), "month"))
                (field("kwh", given.maybe_quantity("kwh").map(|kwh| kwh.to_string()).unwrap_or_default(), "text"))
                (field("capacity_kva", given.maybe_quantity("capacity_kva").map(|kva| kva.to_string()).unwrap_or_default(), "text"))
            }
            details open[given.maybe_text("quote_text").is_some()] {
                summary { (say("page.try_bill.whole_file")) }
                label for="try-text" { (say("field.quote_text")) }
                textarea id="try-text" name="quote_text" rows="14" { (given.text("quote_text")) }
            }
            button.main type="submit" { (say("page.try_bill.calculate")) }
        }
        @match answer {
            None => { p.quiet { (say("page.try_bill.hint")) } }
            Some(Err(error)) => { div.say.bad role="alert" { div { (error.text(lang)) } } }
            Some(Ok(answer)) => {
                @if let Some(bill) = answer.bill() {
                    section.block { h2 { (say("page.try_bill.result")) }
                        div.card { dl.facts {
                            div.amount { dt { (say("column.amount")) } dd { (documents::page::yuan(bill.total)) } }
                            div { dt { (say("column.energy_kwh")) } dd { (documents::page::quantity(bill.energy_kwh, 2)) } }
                        } }
                    }
                }
                @for block in answer.blocks() {
                    section.block { h2 { (block.heading.text(lang)) }
                        div.card { div.table-box tabindex="0" role="region" aria-label=(block.heading.text(lang)) {
                            table.steps { tbody { @for row in &block.rows { tr {
                                td.what { (row.label.text(lang)) }
                                td.how { (row.calculation.text(lang)) }
                                td.figure.result { (row.result) }
                            } } } }
                        } }
                    }
                }
                @if !answer.notes().is_empty() {
                    ul.quiet { @for note in answer.notes() { li { (note.text(lang)) } } }
                }
            }
        }
        @if let Some(text) = asked {
            section.block { h2 { (say("page.try_bill.file")) } div.card { pre tabindex="0" { (text) } } }
        }
    })
}
