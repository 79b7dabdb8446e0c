//! The first page of every post: what waits for the person, what is due and late and on whom, and the month as pictures.
//!
//! Everything here is counted by the database: no bill, no exception and no ticket is read one by one.

use std::collections::BTreeMap;

use billing::desk;
use billing::exception::ExceptionState;
use kernel::{Bilingual as _, Month, Text};
use maud::{Markup, html};
use metering::book::BookState;
use workflow::{Side, TicketGroup};

use crate::catalogue::{
    Area, Block, Catalogue, Cell, Chart, Column, Given, Kind, Look, Page, Refusal, Row, Shape, Tone, Value,
    Who,
};
use crate::cells;
use crate::office::centre::{approvals, deadlines, encode, review};
use crate::render::{self, Screen};
use crate::words;

const PAGE: Page = Page { name: "home", path: "/", who: Who::Staff, params: &[], draw, menu: true };

/// The desk everybody finds first.
pub const AREA: Area =
    Area { name: "home", lists: &[deadlines::LIST], views: &[], acts: &[], pages: &[PAGE] };

/// Months of the picture of amounts.
const MONTHS: i32 = 6;

/// Work of one kind that waits for the person.
pub struct Task {
    /// What it is.
    pub what: Text,
    /// How much of it.
    pub count: i64,
    /// Of it, late.
    pub late: i64,
    /// Where it is done.
    pub path: String,
}

impl Task {
    fn new(key: &str, count: i64, path: impl Into<String>) -> Task {
        Task { what: words::text(&format!("page.home.task.{key}")), count, late: 0, path: path.into() }
    }
    fn late(mut self, late: i64) -> Task {
        self.late = late;
        self
    }
}

/// The stations among `units` the permission covers: nothing means all.
fn covers(units: Option<&[i64]>, unit_id: i64) -> bool {
    units.is_none_or(|units| units.contains(&unit_id))
}

fn draw(look: &mut Look<'_, '_>, _: &Given) -> Result<Markup, Refusal> {
    let (lang, month, today) = (look.lang(), look.this_month(), look.today());
    let lines =
        if look.caller.holds("metering.read") { review::books_of(look, month, None)? } else { Vec::new() };
    let tasks = tasks(look, month, &lines)?;
    let due = due(look)?;
    let pictures = pictures(look, month, lines)?;
    let catalogue = Catalogue::built_in();
    let screen = Screen {
        house: look.house,
        catalogue: &catalogue,
        lang,
        caller: Some(look.caller),
        path: "/",
        title: words::say(lang, "page.home"),
        menu: Vec::new(),
        flash: None,
        stopped: None,
        now: look.now,
    };
    let posts: Vec<String> =
        look.caller.actor.assignments.iter().map(|held| approvals::post(&held.post).text(lang)).collect();
    let under = html! { p.hint { (look.caller.actor.name) " · " (posts.join(words::say(lang, "page.home.and").as_str())) " · " (today) } };
    let title = words::fill(lang, "page.home.title", &[("month", &month.to_string())]);
    let say = |key: &str| words::say(lang, &format!("page.home.{key}"));
    Ok(html! {
        (render::head(&title, &under, &html! {}))
        section.block aria-labelledby="home-waits" {
            h2 id="home-waits" { (say("waits")) }
            @if tasks.is_empty() { div.card { (render::nothing(&say("nothing_waits"))) } } @else {
                div.tiles { @for task in &tasks { (tile(&screen, task)) } }
            }
        }
        section.block aria-labelledby="home-due" {
            h2 id="home-due" { (say("due")) }
            div.card {
                @if due.is_empty() { (render::nothing(&say("nothing_due"))) } @else {
                    (render::table(&screen, &say("due"), DUE, &due))
                }
            }
        }
        @if !pictures.is_empty() {
            div.columns { @for picture in &pictures { (render::block(&screen, picture)) } }
        }
    })
}

fn tile(screen: &Screen<'_>, task: &Task) -> Markup {
    let tone = if task.late > 0 { Tone::Bad } else { Tone::Warn };
    let value = Cell::from(task.count).to(task.path.clone()).toned(tone);
    let below = if task.late > 0 {
        words::fill(screen.lang, "page.home.late", &[("late", &task.late.to_string())])
    } else {
        String::new()
    };
    render::tile(&task.what.text(screen.lang), &value, Kind::Count, &below, screen.lang)
}

/// What waits for the person in this month, kind by kind; nothing that is done.
pub fn tasks(
    look: &mut Look<'_, '_>,
    month: Month,
    lines: &[review::BookLine],
) -> Result<Vec<Task>, Refusal> {
    let mut tasks = Vec::new();
    approvals_waiting(look, &mut tasks)?;
    books(look, month, lines, &mut tasks);
    exceptions(look, month, &mut tasks)?;
    tickets(look, &mut tasks)?;
    slips(look, month, &mut tasks)?;
    lists(look, month, &mut tasks)?;
    reading_days(look, &mut tasks)?;
    ledger_room(look, month, &mut tasks)?;
    reports(look, month, &mut tasks)?;
    keepers(look, &mut tasks)?;
    tasks.retain(|task| task.count > 0);
    Ok(tasks)
}

fn approvals_waiting(look: &mut Look<'_, '_>, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    if look.caller.holds("workflow.read") {
        let waiting = approvals::mine(look)?.len();
        tasks.push(Task::new("approvals", i64::try_from(waiting).unwrap_or(0), "/approvals"));
    }
    Ok(())
}

fn books(look: &Look<'_, '_>, month: Month, lines: &[review::BookLine], tasks: &mut Vec<Task>) {
    let caller = look.caller;
    let mut put = |key: &str, permission: &str, path: String, fits: &dyn Fn(&review::BookLine) -> bool| {
        if !caller.holds(permission) {
            return;
        }
        let units = caller.units_of(permission);
        let mine = lines.iter().filter(|line| covers(units.as_deref(), line.book.unit_id) && fits(line));
        let (count, late) =
            mine.fold((0, 0), |(count, late), line| (count + 1, late + i64::from(line.late_days > 0)));
        tasks.push(Task::new(key, count, path).late(late));
    };
    let state = |wanted: BookState| move |line: &review::BookLine| line.book.state == wanted;
    let station = |state: &str| format!("/books?month={month}&state={state}");
    let centre = |state: &str| format!("/review?month={month}&book_state={state}");
    put("books_to_enter", "metering.enter_reading", station("created"), &state(BookState::Created));
    put("books_entering", "metering.enter_reading", station("entering"), &state(BookState::Entering));
    put("books_returned", "metering.enter_reading", station("returned"), &state(BookState::Returned));
    put("books_to_calculate", "billing.calculate", centre("submitted"), &state(BookState::Submitted));
    put("books_to_review", "billing.review", centre("calculating"), &state(BookState::Calculating));
    put("books_to_issue", "billing.issue", centre("reviewing"), &state(BookState::Reviewing));
    put("books_with_bills_in_order", "billing.issue", centre("exception"), &|line| {
        line.book.state == BookState::Exception && line.progress.in_order > 0
    });
}

fn exceptions(look: &mut Look<'_, '_>, month: Month, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    if !look.caller.holds("billing.read") {
        return Ok(());
    }
    let (org_id, today, caller) = (look.org_id(), look.today(), look.caller);
    let counts = desk::exception_counts(look.tx, org_id, month, today)?;
    let mut put = |key: &str, permission: &str, query: &str, fits: &dyn Fn(&desk::ExceptionCount) -> bool| {
        if !caller.holds(permission) {
            return;
        }
        let units = caller.units_of(permission);
        let mine = counts.iter().filter(|one| covers(units.as_deref(), one.unit_id) && fits(one));
        let (count, late) = mine.fold((0, 0), |(count, late), one| (count + one.count, late + one.late));
        tasks.push(Task::new(key, count, format!("/exceptions?month={month}&{query}")).late(late));
    };
    put(
        "exceptions_to_send",
        "billing.raise_exception",
        "exception_state=found&transformer=public",
        &|one| one.state == ExceptionState::Found && !one.dedicated,
    );
    put(
        "exceptions_to_ticket",
        "billing.raise_exception",
        "exception_state=found&transformer=dedicated",
        &|one| one.state == ExceptionState::Found && one.dedicated,
    );
    put("exceptions_to_answer", "billing.answer_exception", "exception_state=sent", &|one| {
        one.state == ExceptionState::Sent
    });
    put("exceptions_to_decide", "billing.close_exception", "exception_state=answered", &|one| {
        one.state == ExceptionState::Answered
    });
    if caller.holds("billing.propose_release") {
        let held: i64 =
            counts.iter().filter(|one| one.state < ExceptionState::InOrder).map(|one| one.held).sum();
        tasks.push(Task::new("held", held, format!("/exceptions?month={month}&reasons=held&open=true")));
    }
    if caller.holds("billing.confirm_release") {
        let waiting = desk::releases_waiting(look.tx, org_id, month)?;
        let mine = waiting.iter().filter(|(_, _, by, _)| *by != caller.actor.person_id).count();
        tasks.push(Task::new(
            "releases",
            i64::try_from(mine).unwrap_or(0),
            format!("/releases?month={month}"),
        ));
    }
    Ok(())
}

/// Kinds of ticket whose steps are counted elsewhere: as exceptions of the month.
const COUNTED: &[&str] = &["public_exception", "dedicated_reading_anomaly", "dedicated_other_anomaly"];
/// Steps nobody waits for, and those that an approval decides.
const NOT_WAITED_FOR: &[&str] = &["withdraw", "ask_again", "refuse", "refuse_data", "reject"];

fn tickets(look: &mut Look<'_, '_>, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let person_id = look.caller.actor.person_id;
    let groups = workflow::ticket_groups(look.tx, org_id, person_id)?;
    let mut found: BTreeMap<(String, &'static str), (Text, i64)> = BTreeMap::new();
    for group in &groups {
        if COUNTED.contains(&group.kind.as_str()) {
            continue;
        }
        if let Some((act, what)) = step_for(look, group) {
            found.entry((group.kind.clone(), act)).or_insert((what, 0)).1 += group.count;
        }
    }
    // Who starts adjustments elsewhere in the company follows what became of them.
    for (permission, kinds) in [
        ("adjustment.start_metering", &["adjustment_metering", "metering_fee_request"][..]),
        ("adjustment.start_inspection", &["adjustment_inspection"][..]),
    ] {
        if look.caller.holds(permission) {
            let own = groups.iter().filter(|group| kinds.contains(&group.kind.as_str()));
            let count = own.map(|group| group.count).sum();
            tasks.push(Task::new("own_adjustments", count, "/adjustments?case_state=running"));
        }
    }
    for ((kind, _), (what, count)) in found {
        let path = match kind.as_str() {
            kind if kind.starts_with("adjustment") => "/adjustments?case_state=running".to_owned(),
            "inquiry" => "/inquiries".to_owned(),
            "purchase_statement" => "/statements".to_owned(),
            "issue_urge" => "/urges".to_owned(),
            _ => "/tickets".to_owned(),
        };
        tasks.push(Task { what, count, late: 0, path });
    }
    Ok(())
}

/// The step of a group's tickets that this person may take next.
fn step_for(look: &Look<'_, '_>, group: &TicketGroup) -> Option<(&'static str, Text)> {
    let kind = workflow::Catalogue::built_in().ticket(&group.kind)?;
    let approved = kind.code.starts_with("adjustment") || kind.code == "purchase_statement";
    let step = kind.transitions.iter().find(|step| {
        let unit_id = match step.side {
            Side::Raiser => Some(group.raised_unit_id),
            Side::Addressee => Some(group.addressed_unit_id),
            Side::Third => group.third_unit_id,
        };
        let by_route = approved && step.act == "approve";
        let barred = by_route || NOT_WAITED_FOR.contains(&step.act) || (step.needs_other && group.own);
        step.from.contains(&group.state.as_str())
            && !barred
            && unit_id.is_some_and(|unit_id| look.sees(step.permission.0, unit_id))
    })?;
    let what = Text::new(
        format!("{}：{}", kind.text.zh, step.text.zh),
        format!("{}: {}", kind.text.en, step.text.en),
    );
    Some((step.act, what))
}

/// Change slips of the month that are not closed, for who registers them.
fn slips(look: &mut Look<'_, '_>, month: Month, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    const REGISTER: &str = "adjustment.register_slip";
    let org_id = look.org_id();
    let mut open = 0;
    for held in look.caller.actor.assignments.iter() {
        if held.permissions.iter().any(|name| name == REGISTER) {
            open += billing::slip::open_of_unit(look.tx, org_id, held.unit_id, month)?.0;
        }
    }
    tasks.push(Task::new("slips", i64::try_from(open).unwrap_or(0), format!("/slips?month={month}")));
    Ok(())
}

/// Lists of the month that the person's unit has to sign.
fn lists(look: &mut Look<'_, '_>, month: Month, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    if !look.caller.holds("workflow.sign_list") {
        return Ok(());
    }
    let org_id = look.org_id();
    let caller = look.caller;
    let own = |unit_id: i64| {
        let holds = |held: &identity::Assignment| {
            held.unit_id == unit_id && held.permissions.iter().any(|name| name == "workflow.sign_list")
        };
        caller.actor.assignments.iter().any(holds)
    };
    let open = workflow::unsigned_lists(look.tx, org_id, month)?;
    let signed =
        |list: &workflow::SignedList, side| list.signatures.iter().any(|signature| signature.side == side);
    let mine = open.iter().filter(|list| {
        own(list.first_unit_id) && !signed(list, workflow::ListSide::First)
            || own(list.second_unit_id) && !signed(list, workflow::ListSide::Second)
    });
    let count = i64::try_from(mine.count()).unwrap_or(0);
    tasks.push(Task::new("lists_to_sign", count, format!("/lists?month={month}")));
    if caller.holds("adjustment.list_running") {
        let units = caller.units_of("adjustment.list_running").unwrap_or_default();
        let today = look.today();
        let missing = billing::adjustment::missing_running_lists(look.tx, org_id, today, &units)?;
        let count = i64::try_from(missing.len()).unwrap_or(0);
        tasks.push(Task::new("running_list", count, "/adjustments?case_state=running"));
    }
    Ok(())
}

/// Reading days: books that have none, for who sets them; proposals, for who made and who reviews them. (READ-13)
fn reading_days(look: &mut Look<'_, '_>, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    const SET: &str = "metering.set_reading_day";
    const REVIEW: &str = "metering.review_reading_day";
    let (org_id, caller) = (look.org_id(), look.caller);
    if !caller.holds(SET) && !caller.holds(REVIEW) {
        return Ok(());
    }
    let proposed = metering::book::unreviewed_reading_days(look.tx, org_id)?;
    let books = look.books()?.clone();
    let count = |fits: &dyn Fn(&metering::book::Book) -> bool| {
        i64::try_from(books.values().filter(|book| fits(book)).count()).unwrap_or(0)
    };
    let waits = |book: &metering::book::Book| proposed.iter().any(|(_, book_id, _)| *book_id == book.book_id);
    if caller.holds(SET) {
        let units = caller.units_of(SET);
        let own = |book: &metering::book::Book| covers(units.as_deref(), book.unit_id);
        let without = count(&|book| own(book) && book.reading_day.is_none() && !waits(book));
        tasks.push(Task::new("books_without_day", without, "/reading-books?without_day=true"));
        tasks.push(Task::new("own_reading_days", count(&|book| own(book) && waits(book)), "/reading-days"));
    }
    if caller.holds(REVIEW) {
        let units = caller.units_of(REVIEW);
        let theirs = count(&|book| covers(units.as_deref(), book.unit_id) && waits(book));
        tasks.push(Task::new("reading_days_to_review", theirs, "/reading-days"));
    }
    Ok(())
}

/// The ledger-issue room: ledgers that readers will ask for, and what is out and should come back. (READ-15)
fn ledger_room(look: &mut Look<'_, '_>, month: Month, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    const ISSUE: &str = "ledger_room.issue";
    if !look.caller.holds(ISSUE) {
        return Ok(());
    }
    let (org_id, units) = (look.org_id(), look.caller.units_of(ISSUE));
    let mut found = metering::custody::room_counts(look.tx, org_id, month)?;
    found.retain(|one| covers(units.as_deref(), one.unit_id));
    let sum = |of: fn(&metering::custody::RoomCount) -> i64| found.iter().map(of).sum();
    tasks.push(Task::new("ledgers_to_issue", sum(|one| one.to_issue), "/ledger-room?tool_state=kept"));
    let out = Task::new("tools_out", sum(|one| one.out), "/ledger-room?tool_state=issued");
    tasks.push(out.late(sum(|one| one.overdue)));
    Ok(())
}

/// Reports that stations submitted and nobody has rolled up, for who does that for the own unit. (RPT-07)
fn reports(look: &mut Look<'_, '_>, month: Month, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    const ROLL_UP: &str = "report.roll_up";
    let org_id = look.org_id();
    let held = look.caller.actor.assignments.iter();
    let units: Vec<i64> = held
        .filter(|held| held.permissions.iter().any(|name| name == ROLL_UP))
        .map(|held| held.unit_id)
        .collect();
    // Those of the month before come in when the month has changed.
    for of in [month.previous(), month] {
        let mut count = 0;
        for unit_id in &units {
            count += billing::report::to_roll_up(look.tx, org_id, of, *unit_id)?;
        }
        if count > 0 {
            let count = i64::try_from(count).unwrap_or(0);
            tasks.push(Task::new("reports_to_roll_up", count, format!("/reports/rolled-up?month={of}")));
            break;
        }
    }
    Ok(())
}

/// Those who keep the books, the people and the log: what they look after.
fn keepers(look: &mut Look<'_, '_>, tasks: &mut Vec<Task>) -> Result<(), Refusal> {
    let (org_id, month, caller) = (look.org_id(), look.this_month(), look.caller);
    if caller.holds("ledger.close_period") {
        let open = ledger::periods(look.tx, org_id)?;
        let waiting = open.iter().filter(|period| period.open && period.month < month).count();
        tasks.push(Task::new("periods_to_close", i64::try_from(waiting).unwrap_or(0), "/closing"));
    }
    if caller.holds("vault.read") || caller.holds("vault.checkpoint") {
        let size = vault::size(look.tx, org_id)?;
        let signed = vault::last_checkpoint(look.tx, org_id)?.map_or(0, |last| last.size);
        tasks.push(Task::new("acts_unsigned", size - signed, "/log/checkpoints"));
    }
    if caller.holds("alarm.check") {
        let open = i64::from(identity::alarm::open_alarm(look.tx, org_id)?.is_some());
        tasks.push(Task::new("alarm", open, "/alarms").late(open));
    }
    if caller.holds("audit.read_all") || caller.holds("vault.read") {
        tasks.push(Task::new("acts", vault::size(look.tx, org_id)?, "/log"));
    }
    if caller.holds("identity.manage_posts") {
        let persons = identity::persons(look.tx, org_id)?;
        let active = persons.iter().filter(|person| person.active).count();
        tasks.push(Task::new("people", i64::try_from(active).unwrap_or(0), "/people"));
    }
    Ok(())
}

const DUE: &[Column] = &[
    Column::new("deadline", Kind::Text),
    Column::new("late_on", Kind::Text),
    Column::new("due_today", Kind::Count),
    Column::new("late", Kind::Count),
    Column::new("oldest_due", Kind::Date),
];

/// What is due today or late, and on whom, as far as the person may see tickets of the unit.
fn due(look: &mut Look<'_, '_>) -> Result<Vec<Row>, Refusal> {
    if !look.caller.holds("workflow.read") {
        return Ok(Vec::new());
    }
    let (org_id, today) = (look.org_id(), look.today());
    let mut rows = Vec::new();
    for group in workflow::clock_groups(look.tx, org_id, today, today)? {
        if !look.sees("workflow.read", group.unit_id) {
            continue;
        }
        let unit = look.units()?.get(&group.unit_id).map(|unit| unit.code.clone()).unwrap_or_default();
        let path =
            format!("/deadlines?due_by={today}&deadline={}&unit={}", encode(&group.code), encode(&unit));
        let tone = if group.late > 0 { Tone::Bad } else { Tone::Warn };
        rows.push(Row::from(cells![
            Cell::from(deadlines::deadline(&group.code)).to(path),
            look.unit_name(group.unit_id)?,
            group.due,
            Cell::from(group.late).toned(if group.late > 0 { tone } else { Tone::Plain }),
            Cell::from(group.first_due_on).toned(tone),
        ]));
    }
    Ok(rows)
}

/// The month as pictures: books by state, issue by station, amounts by month and station.
fn pictures(
    look: &mut Look<'_, '_>,
    month: Month,
    mut lines: Vec<review::BookLine>,
) -> Result<Vec<Block>, Refusal> {
    let mut blocks = Vec::new();
    if !look.caller.holds("metering.read") {
        return Ok(blocks);
    }
    let seen = look.caller.units_of("metering.read");
    lines.retain(|line| covers(seen.as_deref(), line.book.unit_id));
    let mut units: Vec<i64> = lines.iter().map(|line| line.book.unit_id).collect();
    units.sort_unstable();
    units.dedup();
    let along = units.iter().map(|unit| look.unit_name(*unit)).collect::<Result<Vec<_>, _>>()?;
    let per_unit = |count: &dyn Fn(&review::BookLine) -> i64| -> Vec<Value> {
        let of = |unit: &i64| lines.iter().filter(|line| line.book.unit_id == *unit).map(count).sum();
        units.iter().map(|unit| Value::Count(of(unit))).collect()
    };
    if !lines.is_empty() {
        let states =
            BookState::ALL.iter().filter(|state| lines.iter().any(|line| line.book.state == **state));
        let series = states
            .map(|state| {
                let words = Text::new(state.text(kernel::Lang::Zh), state.text(kernel::Lang::En));
                (words, per_unit(&|line| i64::from(line.book.state == *state)))
            })
            .collect();
        blocks.push(Block::Chart(Chart {
            name: "home_books",
            shape: Shape::Stacked,
            along: along.clone(),
            series,
            kind: Kind::Count,
        }));
    }
    if !look.caller.holds(crate::office::centre::READ) {
        return Ok(blocks);
    }
    if lines.iter().any(|line| line.progress.accounts > 0) {
        let series = vec![
            (words::text("choice.bill_state.issued"), per_unit(&|line| line.progress.issued)),
            (
                words::text("choice.bill_state.open"),
                per_unit(&|line| (line.progress.accounts - line.progress.issued).max(0)),
            ),
        ];
        blocks.push(Block::Chart(Chart {
            name: "home_issue",
            shape: Shape::Stacked,
            along,
            series,
            kind: Kind::Count,
        }));
    }
    blocks.extend(amounts(look, month)?);
    Ok(blocks)
}

fn amounts(look: &mut Look<'_, '_>, month: Month) -> Result<Option<Block>, Refusal> {
    let org_id = look.org_id();
    let first = month.plus(1 - MONTHS)?;
    let mut found: BTreeMap<i64, BTreeMap<Month, kernel::Money>> = BTreeMap::new();
    for (of, unit_id, _, amount) in desk::unit_amounts(look.tx, org_id, (first, month))? {
        if look.sees(crate::office::centre::READ, unit_id) {
            found.entry(unit_id).or_default().insert(of, amount);
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    let mut along = Vec::new();
    let mut at = first;
    while at <= month {
        along.push(at);
        at = at.next();
    }
    let mut series = Vec::new();
    for (unit_id, amounts) in &found {
        let name = look.units()?.get(unit_id).map(|unit| unit.name.clone());
        let name = name.unwrap_or_else(|| Text::new(unit_id.to_string(), unit_id.to_string()));
        let values =
            along.iter().map(|at| amounts.get(at).map_or(Value::Empty, |amount| Value::Money(*amount)));
        series.push((name, values.collect()));
    }
    let along = along.iter().map(Month::to_string).collect();
    Ok(Some(Block::Chart(Chart {
        name: "home_amounts",
        shape: Shape::Stacked,
        along,
        series,
        kind: Kind::Money,
    })))
}
