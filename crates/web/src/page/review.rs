//! The reviewer's screen: the exceptions of a book one after the other, by keyboard.
//!
//! On the left the queue, on the right the customer: twelve months, the registers of this month, why it is an exception
//! and how suspicious it looks, the bill in short, what the station answered, and what can be decided. No act here
//! changes a parameter: the reviewer has no such right. (BILL-17)

use billing::desk::{self, ExceptionQuery};
use billing::exception::{Exception, ExceptionState};
use billing::gates::{Reasons, volatility};
use billing::suspicion;
use billing::{BillKey, PriceBook, stored_bill};
use kernel::{Bilingual as _, Lang, Month, Text};
use maud::{Markup, html};
use metering::account::AccountDetails;

use crate::catalogue::{
    Block, Caller, Catalogue, Cell, Field, Given, House, Kind, Look, Offer, Page, Refusal, Takes, Tone,
    Value, Weight, Who,
};
use crate::office::centre::{accounts, bills, encode, exceptions, reasons, review};
use crate::render::{self, Screen};
use crate::words;

/// The screen of a book.
pub const PAGE: Page = Page {
    name: "review_book",
    path: "/review/{month}/{book}",
    who: Who::Holder("billing.review"),
    params: &[
        crate::office::centre::MONTH,
        crate::office::centre::BOOK,
        Field::maybe("account", Takes::Text(20)),
        Field::maybe("all", Takes::Flag),
    ],
    draw,
    menu: false,
};

/// Exceptions of one queue; a book has some hundred accounts.
const QUEUE_MOST: usize = 1_000;

/// The keys of the decisions, by act.
const KEYS: &[(&str, &str)] = &[
    ("exception.put_in_order", "o"),
    ("exception.raise_ticket", "t"),
    ("exception.ask_again", "a"),
    ("exception.propose_release", "r"),
    ("exception.confirm_release", "c"),
    ("exception.send_lists", "s"),
    ("book.issue", "i"),
    ("book.review", "v"),
    ("book.calculate", "b"),
];

fn draw(look: &mut Look<'_, '_>, given: &Given) -> Result<Markup, Refusal> {
    let (org_id, lang, month) = (look.org_id(), look.lang(), given.month("month")?);
    let book = look.book(given.text("book"))?;
    look.require("billing.review", book.unit_id)?;
    let lines = review::books_of(look, month, Some(&[book.unit_id]))?;
    let line = lines.into_iter().find(|line| line.book.book_id == book.book_id).ok_or_else(|| {
        Refusal::new(
            crate::catalogue::Why::NotFound,
            format!("抄本 {} 在 {month} 没有开册", book.number),
            format!("book {} is not open in {month}", book.number),
        )
    })?;
    let all = given.flag("all");
    let query =
        ExceptionQuery { book_id: Some(book.book_id), limit: QUEUE_MOST, ..ExceptionQuery::month(month) };
    let (mut queue, _) = desk::exceptions_page(look.tx, org_id, &query)?;
    if !all {
        queue.retain(|one| one.state != ExceptionState::Issued);
    }
    let names = crate::office::centre::names(look, queue.iter().map(|one| one.account_id))?;
    let number =
        |one: &Exception| names.get(&one.account_id).map_or_else(String::new, |known| known.number.clone());
    let wanted = given.maybe_text("account");
    let at = match wanted {
        Some(wanted) => queue.iter().position(|one| number(one) == wanted),
        // Without a wish the first that waits for the reviewer.
        None => queue.iter().position(waits_for_reviewer).or(if queue.is_empty() { None } else { Some(0) }),
    };
    let catalogue = Catalogue::built_in();
    let path = format!("/review/{month}/{}", encode(&book.number));
    let panel = match at.and_then(|at| queue.get(at)) {
        Some(one) => Some(panel(look, &catalogue, &path, month, one, &number(one))?),
        None => None,
    };
    let screen = screen((look.house, look.caller, look.now), &catalogue, &path);
    let say = |key: &str| words::say(lang, &format!("page.review.{key}"));
    let unit = look.unit_name(book.unit_id)?;
    let mut offers = line.offers(month);
    if queue.iter().any(|one| one.state == ExceptionState::Found && !one.dedicated) {
        let code = look.units()?.get(&book.unit_id).map(|unit| unit.code.clone()).unwrap_or_default();
        offers.push(Offer::new("exception.send_lists", &[("month", &month), ("unit", &code)]));
    }
    let counts = desk::reason_counts(look.tx, org_id, month, Some(&[book.book_id]))?;
    let under = html! {
        div.badges {
            (render::badge(&crate::office::centre::book_state(line.book.state), lang))
            (render::badge(&Cell::from(unit), lang))
            @if let Some(due) = line.issue_by {
                @let tone = if line.late_days > 0 { Tone::Bad } else { Tone::Plain };
                (render::badge(&Cell::said(format!("{due} 前发行"), format!("issue by {due}")).toned(tone), lang))
            }
            @for (reason, count) in &counts {
                (render::badge(&Cell::said(
                    format!("{} {count}", reasons(*reason).zh), format!("{} {count}", reasons(*reason).en)), lang))
            }
        }
    };
    let title =
        words::fill(lang, "page.review.title", &[("month", &month.to_string()), ("book", &book.number)]);
    let shown = queue.len();
    Ok(html! {
        link rel="stylesheet" href=(render::assets::href("review.css"));
        div data-own-keys="" data-review="" data-csrf=(look.caller.csrf) {
            (render::head(&title, &under, &buttons(&screen, &offers, "")))
            p.hint { (say("keys")) }
            div.review {
                nav.review-queue aria-label=(say("queue")) {
                    p.hint { (words::fill(lang, "page.review.count", &[("count", &shown.to_string())])) " "
                        @if all { a href=(path) { (say("only_open")) } } @else { a href={ (path) "?all=true" } { (say("all")) } }
                    }
                    ol {
                        @for (place, one) in queue.iter().enumerate() {
                            li {
                                a href={ (path) "?account=" (encode(&number(one))) @if all { "&all=true" } }
                                    aria-current=[(Some(place) == at).then_some("true")] data-account=(number(one)) {
                                    strong { (number(one)) } " "
                                    (render::cell(&exceptions::state(one.state), Kind::Word, lang))
                                    span.quiet { (reasons(one.reasons).text(lang)) }
                                    span.figure { (Value::Money(one.amount).written(Kind::Money, lang)) }
                                }
                            }
                        }
                    }
                }
                div.review-case id="review-case" aria-live="polite" tabindex="-1" {
                    @match panel {
                        Some(panel) => (panel),
                        None => div.card { (render::nothing(&say("nothing"))) },
                    }
                }
            }
        }
        script src=(render::assets::href("review.js")) defer {}
    })
}

/// Does an exception wait for the reviewer, and not for the station?
fn waits_for_reviewer(one: &Exception) -> bool {
    matches!(one.state, ExceptionState::Found | ExceptionState::Answered)
}

fn screen<'s>(
    (house, caller, now): (&'s House, &'s Caller, kernel::Moment),
    catalogue: &'s Catalogue,
    path: &'s str,
) -> Screen<'s> {
    Screen {
        house,
        catalogue,
        lang: caller.lang,
        caller: Some(caller),
        path,
        title: String::new(),
        menu: Vec::new(),
        flash: None,
        stopped: None,
        now,
    }
}

/// Acts as buttons, with the key that presses each.
fn buttons(screen: &Screen<'_>, offers: &[Offer], class: &str) -> Markup {
    let allowed = offers.iter().filter_map(|offer| screen.catalogue.act(offer.act).map(|act| (offer, act)));
    let allowed = allowed.filter(|(_, act)| screen.caller.is_some_and(|caller| caller.holds(act.permission)));
    html! {
        @for (offer, act) in allowed {
            @let path = render::offer_path(offer);
            @let key = KEYS.iter().find(|(name, _)| *name == act.name).map(|(_, key)| *key);
            @let weight = match act.weight { Weight::Main => "button main", Weight::Grave => "button grave", _ => "button" };
            @let direct = act.fields.iter().all(|field| offer.given.iter().any(|(name, _)| *name == field.name)) && act.weight == Weight::Main;
            a class={ (weight) " " (class) } href=(path) hx-get=(path) hx-target="#dialog-body" hx-select="#act" hx-swap="innerHTML"
                data-key=[key] data-act=[direct.then_some(act.name)] aria-keyshortcuts=[key] {
                (words::say(screen.lang, &format!("act.{}", act.name)))
                @if let Some(key) = key { " " kbd { (key) } }
            }
        }
    }
}

/// Everything about one exception.
fn panel(
    look: &mut Look<'_, '_>,
    catalogue: &Catalogue,
    path: &str,
    month: Month,
    one: &Exception,
    number: &str,
) -> Result<Markup, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let account = look.account(number)?;
    let mut blocks = vec![figures(one)];
    score(look, month, one, &mut blocks)?;
    let read = metering::stream::accounts_with_readings(look.tx, org_id, month, &[one.account_id])?;
    let rows = read.iter().flat_map(|account| &account.readings).flat_map(accounts::register_rows).collect();
    blocks.push(Block::Table { name: "registers", columns: accounts::register_columns(), rows });
    bill(look, month, one, &mut blocks)?;
    answers(look, one, &mut blocks)?;
    let months = accounts::months_of(look, one.account_id, month, accounts::MONTHS)?;
    let energy: Vec<Option<i64>> =
        months.iter().map(|(_, kwh, _)| kwh.map(kernel::Quantity::units)).collect();
    let amounts: Vec<Option<i64>> =
        months.iter().map(|(.., amount)| amount.map(kernel::Money::fen)).collect();
    let release = suspicion::release_of(look.tx, org_id, month, one.account_id)?;
    let release = match release {
        Some(release) => {
            let first = look.person_name(release.proposed_by)?;
            let second = match release.confirmed_by {
                Some(person) => look.person_name(person)?,
                None => words::say(lang, "page.review.nobody_yet"),
            };
            let said = words::fill(
                lang,
                "page.review.release",
                &[("first", &first), ("second", &second), ("reason", &release.reason)],
            );
            Some(said)
        }
        None => None,
    };
    let screen = screen((look.house, look.caller, look.now), catalogue, path);
    let mut offers = exceptions::offers(one, month, number);
    if one.state != ExceptionState::Issued {
        offers.push(Offer::new("adjustment.start_centre", &[("account", &number), ("month", &month)]));
    }
    let say = |key: &str| words::say(lang, &format!("page.review.{key}"));
    Ok(html! {
        header.head {
            div.head-words {
                h2 { a href=(accounts::bill_path(month, number, 0)) { (number) } " " (account.name) }
                div.badges {
                    (render::badge(&exceptions::state(one.state), lang))
                    (render::badge(&accounts::transformer(one.dedicated), lang))
                    (render::badge(&Cell::from(class_of(&account)), lang))
                }
                p.hint { (account.address) }
            }
            div.actions { (buttons(&screen, &offers, "")) }
        }
        @if let Some(release) = &release { (render::say(Tone::Warn, &html! { (release) })) }
        div.card.review-months {
            dl.facts {
                div { dt { (say("energy_months")) } dd { (render::spark(&energy, &sentence(&months, lang, true))) } }
                div { dt { (say("amount_months")) } dd { (render::spark(&amounts, &sentence(&months, lang, false))) } }
            }
        }
        @for part in &blocks { (render::block(&screen, part)) }
    })
}

fn class_of(account: &AccountDetails) -> Text {
    let category = &account.account.category;
    Text::new(category.text(Lang::Zh), category.text(Lang::En))
}

/// Twelve months in words, for who cannot see the bars.
fn sentence(
    months: &[(Month, Option<kernel::Quantity>, Option<kernel::Money>)],
    lang: Lang,
    energy: bool,
) -> String {
    let said = months.iter().map(|(month, kwh, amount)| {
        let value = if energy {
            kwh.map_or(Value::Empty, Value::Quantity).written(Kind::Quantity(0), lang)
        } else {
            amount.map_or(Value::Empty, Value::Money).written(Kind::Money, lang)
        };
        format!("{month} {}", if value.is_empty() { "–".to_owned() } else { value })
    });
    said.collect::<Vec<_>>().join("; ")
}

/// This month's figures beside the average of the three before, and why it is an exception.
fn figures(one: &Exception) -> Block {
    let share = |this: i64, past: i64| {
        volatility(this, past).and_then(|share| share.to_rate(4).ok()).map_or(Value::Empty, Value::Rate)
    };
    let months = i64::from(one.past.months);
    let fee = (months > 0)
        .then(|| kernel::Money::from_fen(one.past.fee.fen().saturating_add(months / 2).div_euclid(months)));
    let enough = one.past.months == 3;
    let off = |value: Value| Cell::from(if enough { value } else { Value::Empty });
    Block::Facts {
        name: "review_figures",
        facts: vec![
            ("reasons", Kind::Text, reasons(one.reasons).into()),
            ("energy_kwh", Kind::Quantity(2), one.energy_kwh.into()),
            ("past_kwh", Kind::Quantity(2), exceptions::average(one).into()),
            ("energy_off", Kind::Percent(1), off(share(one.energy_kwh.units(), one.past.energy_kwh.units()))),
            ("amount", Kind::Money, one.amount.into()),
            ("past_amount", Kind::Money, fee.into()),
            ("amount_off", Kind::Percent(1), off(share(one.amount.fen(), one.past.fee.fen()))),
            ("past_months", Kind::Count, i64::from(one.past.months).into()),
            ("answer_by", Kind::Date, one.due_on.into()),
        ],
    }
}

/// The score of the month with its reasons.
fn score(
    look: &mut Look<'_, '_>,
    month: Month,
    one: &Exception,
    blocks: &mut Vec<Block>,
) -> Result<(), Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let wanted = desk::ScoreQuery {
        month,
        from: suspicion::Band::Release,
        units: None,
        book_id: Some(one.book_id),
        accounts: Some(&[one.account_id]),
        ascending: false,
        walk: store::Walk::START,
        offset: 0,
        limit: 1,
    };
    let (found, _) = desk::scores_page(look.tx, org_id, &wanted)?;
    let Some(found) = found.into_iter().next() else { return Ok(()) };
    let steps = found
        .findings
        .iter()
        .map(|finding| {
            (finding.text(lang), finding.reason.code().replace('_', " "), finding.points.to_string())
        })
        .collect();
    blocks.push(Block::Facts {
        name: "review_score",
        facts: vec![
            ("score", Kind::Count, i64::from(found.score).into()),
            ("band", Kind::Word, exceptions::band(found.band)),
            ("used_kwh", Kind::Quantity(0), found.used_kwh.into()),
            ("expected_kwh", Kind::Quantity(0), found.expected_kwh.into()),
        ],
    });
    blocks.push(Block::Steps { name: "review_findings", steps });
    Ok(())
}

/// The bill in short; a bill that could not be calculated says why.
fn bill(
    look: &mut Look<'_, '_>,
    month: Month,
    one: &Exception,
    blocks: &mut Vec<Block>,
) -> Result<(), Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let key = BillKey { org_id, month, account_id: one.account_id, sequence: 0 };
    if one.reasons.has(Reasons::NOT_CALCULATED) {
        let why = billing::why_not_calculated(look.tx, key)?.unwrap_or_default();
        blocks.push(Block::Note(
            Tone::Bad,
            Text::new(format!("未能计算：{why}"), format!("not calculated: {why}")),
        ));
        return Ok(());
    }
    let Some(bill) = stored_bill(look.tx, key)? else { return Ok(()) };
    let prices = PriceBook::load(look.tx, org_id)?;
    let name = |id| prices.plans().component(id).map(|known| known.name.text(lang));
    let steps = bill
        .bill
        .sums
        .iter()
        .filter(|sum| !sum.amount.is_zero())
        .map(|sum| {
            let amount = Value::Money(sum.amount).written(Kind::Money, lang);
            (name(sum.component).unwrap_or_default(), String::new(), amount)
        })
        .chain(std::iter::once((
            words::say(lang, "frame.sum"),
            Value::Quantity(bill.bill.energy_kwh).written(Kind::Quantity(2), lang) + " kWh",
            Value::Money(bill.bill.total).written(Kind::Money, lang),
        )))
        .collect();
    blocks.push(Block::Steps { name: "review_bill", steps });
    if bills::bill_state(bill.issued.is_some()).tone == Tone::Good {
        blocks.push(Block::Note(Tone::Good, words::text("choice.bill_state.issued")));
    }
    Ok(())
}

/// What went between the centre and the station about it.
fn answers(look: &mut Look<'_, '_>, one: &Exception, blocks: &mut Vec<Block>) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let Some(ticket_id) = one.ticket_id else { return Ok(()) };
    let ticket = workflow::find(look.tx, org_id, ticket_id)?;
    let mut events = Vec::new();
    for step in workflow::history(look.tx, org_id, ticket_id)?.into_iter().rev() {
        let what = accounts::ticket_state(&ticket.kind, &step.to_state);
        let who = format!("{} · {}", look.person_name(step.person_id)?, look.unit_name(step.unit_id)?);
        events.push((step.at, who, what, step.text));
    }
    blocks.push(Block::Timeline { name: "review_answers", events });
    Ok(())
}
