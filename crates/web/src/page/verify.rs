//! The public page of a printed bill: is it authentic, and which figures does it bear. Nothing else of the customer.
//!
//! The code carries 130 bits of the bill's hash: nobody finds one by trying. Whatever is wrong with a code, the answer
//! is the same, so that it tells nothing about which bills there are.

use audit::bundle;
use billing::BillCode;
use kernel::{Bilingual as _, Date, Lang, Moment, Money, Month, Text};
use maud::{Markup, html};

use crate::catalogue::{Download, Field, FileMade, Given, Look, Page, Refusal, Takes, Who, Why};
use crate::frame::url;
use crate::words;

const CODE_FIELD: Field = Field::new("code", Takes::Text(400));

/// Where a code is typed.
pub const VERIFY: Page = Page {
    name: "verify",
    path: "/verify",
    who: Who::Anybody,
    params: &[Field::maybe("code", Takes::Text(400))],
    draw,
    menu: false,
};

/// Where the code printed on a bill leads to.
pub const CODE: Page = Page {
    name: "verify_code",
    path: "/verify/{code}",
    who: Who::Anybody,
    params: &[CODE_FIELD],
    draw,
    menu: false,
};

/// The proof of the bill that a code names, for whoever holds it.
pub const FILE: Download = Download {
    name: "verified_proof",
    path: "/verify/{code}/proof",
    permission: "",
    params: &[CODE_FIELD],
    types: &["application/json"],
    make: file,
};

/// What is printed on the bill, and what proves it.
struct Authentic {
    code: String,
    month: Month,
    account: String,
    amount: Money,
    issued_on: Date,
    /// Size and moment of the checkpoint that covers it; none when the next one will.
    checkpoint: Option<(i64, Moment, Vec<String>)>,
}

/// The number of an account with its middle hidden: who holds the bill knows it, nobody else learns it.
fn masked(number: &str) -> String {
    let signs: Vec<char> = number.chars().collect();
    let (head, tail) = (2.min(signs.len()), 4.min(signs.len().saturating_sub(2)));
    let hidden = signs.len() - head - tail;
    let shown = |part: &[char]| part.iter().collect::<String>();
    format!("{}{}{}", shown(&signs[..head]), "*".repeat(hidden), shown(&signs[signs.len() - tail..]))
}

/// The bill a code names; nothing for every kind of wrong code.
fn authentic(look: &mut Look<'_, '_>, text: &str) -> Result<Option<Authentic>, Refusal> {
    let Ok(code) = text.parse::<BillCode>() else { return Ok(None) };
    let org_id = look.org_id();
    let key = match bundle::bill_by_code(look.tx, org_id, &code) {
        Ok(key) => key,
        Err(audit::AuditError::NoSuchBill(_) | audit::AuditError::WrongCode(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(issue) = billing::issue_of(look.tx, key)? else { return Ok(None) };
    let amount = match billing::stored_bill(look.tx, key)? {
        Some(bill) => bill.bill.total,
        None => match billing::adjustment::stored_adjustment(look.tx, key)? {
            Some(adjusted) => adjusted.bill.amount,
            None => return Ok(None),
        },
    };
    let Some(account) = metering::account::account_by_id(look.tx, org_id, key.account_id)? else {
        return Ok(None);
    };
    let seq = bundle::act_of_bill(look.tx, key)?;
    let checkpoint = match vault::checkpoint_over(look.tx, org_id, seq) {
        Ok(over) => {
            let kept = vault::checkpoints(look.tx, org_id, Some(over.size + 1), 1)?.pop();
            let witnesses = kept.map_or_else(Vec::new, |kept| {
                kept.cosignatures.into_iter().map(|signature| signature.witness).collect()
            });
            Some((over.size, over.made_at, witnesses))
        }
        Err(vault::VaultError::NotCovered { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Authentic {
        code: code.to_string(),
        month: key.month,
        account: masked(&account.number),
        amount,
        issued_on: issue.issued_on,
        checkpoint,
    }))
}

fn draw(look: &mut Look<'_, '_>, given: &Given) -> Result<Markup, Refusal> {
    let lang = look.lang();
    let say = |key: &str| words::say(lang, key);
    let text = given.text("code").trim().to_owned();
    let found = if text.is_empty() { None } else { Some(authentic(look, &text)?) };
    let house = look.house.org_name.text(lang);
    Ok(html! { div.certificate {
        header.head { div.head-words { h1 { (say("page.verify")) } p { (house) } } }
        @match found {
            None => {}
            Some(None) => {
                div.say.bad role="alert" { div { strong { (say("page.verify.not_found")) } p { (say("page.verify.not_found_hint")) } } }
            }
            Some(Some(bill)) => { (figures(&bill, lang)) }
        }
        form.card.paper method="get" action="/verify" {
            div.field {
                label for="verify-code" { (say("field.code")) }
                input id="verify-code" name="code" value=(text) autocomplete="off" spellcheck="false" required;
                p.hint { (say("hint.code")) }
            }
            div.form-end { button.main type="submit" { (say("page.verify.check")) } }
        }
    } })
}

fn figures(bill: &Authentic, lang: Lang) -> Markup {
    let say = |key: &str| words::say(lang, key);
    html! {
        div.say.good { div { strong { (say("page.verify.authentic")) } p { (say("page.verify.authentic_hint")) } } }
        section.block { h2 { (say("page.verify.figures")) }
            div.card { dl.facts {
                div.amount { dt { (say("column.amount")) } dd { (documents::page::yuan(bill.amount)) } }
                div { dt { (say("column.month")) } dd { (bill.month) } }
                div { dt { (say("column.account")) } dd { (bill.account) } }
                div { dt { (say("column.issued_on")) } dd { (bill.issued_on) } }
            } }
        }
        section.block { h2 { (say("block.proof")) }
            div.card {
                @match &bill.checkpoint {
                    Some((size, made_at, witnesses)) => {
                        dl.facts {
                            div { dt { (say("column.checkpoint")) } dd { (size) } }
                            div { dt { (say("column.sealed_at")) } dd { (made_at) } }
                            @if !witnesses.is_empty() { div { dt { (say("column.witnesses")) } dd { (witnesses.join(", ")) } } }
                        }
                        p { a href={ "/verify/" (url::encode(&bill.code)) "/proof" } download { (say("page.verify.proof")) } }
                        p.quiet { (say("page.verify.proof_hint")) }
                    }
                    None => { p { (say("page.verify.not_covered")) } }
                }
            }
        }
    }
}

fn file(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let org_id = look.org_id();
    let text = given.text("code");
    let unknown = || {
        let (zh, en) = ("没有与此验证码相符的账单", "no bill fits this code");
        Refusal::new(Why::NotFound, zh, en)
    };
    let code: BillCode = text.parse().map_err(|_| unknown())?;
    let key = match bundle::bill_by_code(look.tx, org_id, &code) {
        Ok(key) => key,
        Err(audit::AuditError::NoSuchBill(_) | audit::AuditError::WrongCode(_)) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    let about = Text::new(format!("公开验证 {}", look.now), format!("public verification, {}", look.now));
    let asked = [(key, key.month.to_string())];
    let made = bundle::bills_proved(look.tx, org_id, &asked, &about.text(look.lang()))?;
    Ok(FileMade {
        name: format!("bill-{}.proof.json", key.month),
        content_type: FILE.types[0],
        bytes: made.print()?.into_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::masked;

    /// A number is recognised by who knows it and learned by nobody else.
    #[test]
    fn numbers_are_masked_whatever_their_length() {
        for (number, shown) in [
            ("4200001001", "42****1001"),
            ("1234567", "12*4567"),
            ("123456", "123456"),
            ("123", "123"),
            ("", ""),
        ] {
            assert_eq!(masked(number), shown);
        }
    }
}
