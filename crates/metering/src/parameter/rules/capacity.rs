//! Changes of transformers: addition, removal, suspension, resumption, reduction, swap and standby, with their dated
//! limits. Source: rules 3; Electricity Supply Rules 1996 art. 23 to 25; NDRC office 2016 no. 1583.

use kernel::{Bilingual, Date, Lang, Quantity, Text};

use super::{Circumstances, Drafting};
use crate::account::{BasicMethod, Options, Transformer, TransformerChange, TransformerEvent, VoltageLevel};
use crate::parameter::change::{CapacityAct, Change, Line};
use crate::parameter::fault::Fault;
use crate::parameter::supply::Supply;

/// Transformers of an account at most.
const TRANSFORMERS_MAX: usize = 100;

/// How a transformer stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not connected, or removed.
    Absent,
    /// In service.
    Running,
    /// Sealed since that day.
    Suspended(Date),
    /// Taken out by a reduction since that day.
    Reduced(Date),
    /// Sealed cold standby.
    ColdStandby,
    /// Hot standby, counted as in service.
    HotStandby,
}

impl Standing {
    fn text(self) -> Text {
        let (zh, en) = match self {
            Standing::Absent => ("未投运或已拆除", "not connected"),
            Standing::Running => ("运行", "in service"),
            Standing::Suspended(_) => ("暂停", "suspended"),
            Standing::Reduced(_) => ("减容", "reduced"),
            Standing::ColdStandby => ("冷备用", "on cold standby"),
            Standing::HotStandby => ("热备用", "on hot standby"),
        };
        Text::new(zh, en)
    }
    /// Does it count as capacity in service?
    pub fn in_service(self) -> bool {
        matches!(self, Standing::Running | Standing::HotStandby)
    }
}

/// How a transformer stands on `day`, whose events count, and its capacity then.
pub fn standing_on(supply: &Supply, transformer: &Transformer, day: Date) -> (Standing, Quantity) {
    let connected = transformer.connected_on <= day;
    let mut standing = if connected { Standing::Running } else { Standing::Absent };
    let mut capacity = transformer.capacity_kva;
    let own = |event: &&TransformerEvent| event.seq == transformer.seq && event.on <= day;
    for event in supply.events.iter().filter(own) {
        standing = match event.change {
            TransformerChange::Add | TransformerChange::Resume => Standing::Running,
            TransformerChange::Remove => Standing::Absent,
            TransformerChange::Suspend => Standing::Suspended(event.on),
            TransformerChange::Reduce => Standing::Reduced(event.on),
            TransformerChange::Swap => standing,
            TransformerChange::ColdStandby => Standing::ColdStandby,
            TransformerChange::HotStandby => Standing::HotStandby,
        };
        capacity = event.capacity_kva.unwrap_or(capacity);
    }
    (standing, capacity)
}

fn sum(supply: &Supply, day: Date, counts: impl Fn(Standing) -> bool) -> Result<Quantity, Fault> {
    let standing = supply.transformers.iter().map(|transformer| standing_on(supply, transformer, day));
    Ok(Quantity::sum(standing.filter(|(standing, _)| counts(*standing)).map(|(_, capacity)| capacity))?)
}

/// kVA in service on a day: running and hot standby.
pub fn in_service_kva(supply: &Supply, day: Date) -> Result<Quantity, Fault> {
    sum(supply, day, Standing::in_service)
}

/// kVA connected on a day, whether in service or not.
pub(super) fn installed_kva(supply: &Supply, day: Date) -> Result<Quantity, Fault> {
    sum(supply, day, |standing| standing != Standing::Absent)
}

/// The day `months` calendar months after `from`; the last of a month that has no such day.
fn months_after(from: Date, months: i64) -> Result<Date, Fault> {
    let month = from.month().plus(i32::try_from(months).unwrap_or(i32::MAX))?;
    let day = i64::from(from.day()).min(month.days());
    Ok(month.first_day().plus_days(day - 1)?)
}

/// Days of `year` on which any transformer was suspended, up to but not including `end`, and how many suspensions
/// began in it; transformers sealed on the same day are one suspension.
fn suspended_in(supply: &Supply, year: i16, end: Date) -> Result<(i64, i64), Fault> {
    let (first, next) = (Date::new(year, 1, 1)?, Date::new(year + 1, 1, 1)?);
    let mut spans = Vec::new();
    for transformer in &supply.transformers {
        let mut since = None;
        for event in supply.events.iter().filter(|event| event.seq == transformer.seq) {
            match event.change {
                TransformerChange::Suspend => since = since.or(Some(event.on)),
                TransformerChange::Swap => {}
                _ => spans.extend(since.take().map(|from| (from, event.on))),
            }
        }
        spans.extend(since.map(|from| (from, end.max(from))));
    }
    spans.sort();
    let mut starts: Vec<Date> =
        spans.iter().map(|(from, _)| *from).filter(|from| from.year() == year).collect();
    starts.dedup();
    let (mut days, mut covered) = (0, first);
    for (from, to) in spans {
        let (from, to) = (from.max(covered), to.min(next));
        days += from.days_until(to).max(0);
        covered = covered.max(to);
    }
    Ok((days, starts.len() as i64))
}

pub(super) fn change(drafting: &mut Drafting<'_>, act: &CapacityAct, from: Date) -> Result<(), Fault> {
    match act {
        CapacityAct::Add { model, capacity_kva } => connect(drafting, model, *capacity_kva, from),
        CapacityAct::Remove { seq } => {
            expect(drafting, *seq, from, |standing| standing != Standing::Absent)?;
            event(drafting, *seq, from, TransformerChange::Remove, None)
        }
        CapacityAct::Suspend { seq, until } => suspend(drafting, *seq, *until, from),
        CapacityAct::Resume { seq } => resume(drafting, *seq, from),
        CapacityAct::Reduce { seq, to_kva, until } => reduce(drafting, *seq, *to_kva, *until, from),
        CapacityAct::Swap { seq, capacity_kva, until } => swap(drafting, *seq, *capacity_kva, *until, from),
        CapacityAct::SwapBack { seq } => {
            let (_, capacity) = expect(drafting, *seq, from, Standing::in_service)?;
            let own = transformer(drafting, *seq)?.capacity_kva;
            if own == capacity {
                return Err(Fault::Same { field: "transformer" });
            }
            event(drafting, *seq, from, TransformerChange::Swap, Some(own))
        }
        CapacityAct::ColdStandby { seq } => {
            let stands = |standing| matches!(standing, Standing::Running | Standing::HotStandby);
            expect(drafting, *seq, from, stands)?;
            event(drafting, *seq, from, TransformerChange::ColdStandby, None)
        }
        CapacityAct::HotStandby { seq } => {
            let stands = |standing| matches!(standing, Standing::Running | Standing::ColdStandby);
            expect(drafting, *seq, from, stands)?;
            event(drafting, *seq, from, TransformerChange::HotStandby, None)
        }
        CapacityAct::Revoke { seq } => revoke(drafting, *seq, from),
    }
}

fn transformer<'d>(drafting: &'d Drafting<'_>, seq: i64) -> Result<&'d Transformer, Fault> {
    let found = drafting.supply.transformers.iter().find(|transformer| transformer.seq == seq);
    found.ok_or(Fault::NoTransformer { seq })
}

/// Refuses unless the transformer stands as `wanted` on the day, and nothing happens to it later.
fn expect(
    drafting: &Drafting<'_>,
    seq: i64,
    from: Date,
    wanted: impl Fn(Standing) -> bool,
) -> Result<(Standing, Quantity), Fault> {
    let found = transformer(drafting, seq)?;
    if drafting.supply.events.iter().any(|event| event.seq == seq && event.on > from) {
        let why = Text::new(
            "该变压器之后还有变更，应先更正",
            "a later event of the transformer stands in the way; revoke it first",
        );
        return Err(Fault::Day { from, why });
    }
    let (standing, capacity) = standing_on(&drafting.supply, found, from);
    if !wanted(standing) {
        return Err(Fault::WrongStanding { seq, standing: standing.text() });
    }
    Ok((standing, capacity))
}

fn describe(event: &TransformerEvent) -> String {
    let capacity = event.capacity_kva.map(|kva| format!(" {kva}")).unwrap_or_default();
    format!("{}{capacity}", event.change.key())
}

fn event(
    drafting: &mut Drafting<'_>,
    seq: i64,
    on: Date,
    change: TransformerChange,
    capacity_kva: Option<Quantity>,
) -> Result<(), Fault> {
    let account_id = drafting.supply.account_id();
    let same_day = |event: &&TransformerEvent| event.seq == seq && event.on == on;
    let event_no =
        drafting.supply.events.iter().filter(same_day).map(|event| event.event_no).max().unwrap_or(0) + 1;
    let (before, _) = standing_on(&drafting.supply, transformer(drafting, seq)?, on);
    let event = TransformerEvent { account_id, seq, on, event_no, change, capacity_kva };
    let old = before.text().text(Lang::En).replace(' ', "_");
    drafting.note_row(format!("transformer.{seq}"), Some(old), Some(describe(&event)), on);
    drafting.supply.events.push(event);
    drafting.supply.events.sort_by_key(|event| (event.seq, event.on, event.event_no));
    Ok(())
}

fn positive(capacity_kva: Quantity) -> Result<(), Fault> {
    if capacity_kva <= Quantity::default() {
        let why = Text::new("容量应大于零", "a capacity is more than nothing");
        return Err(Fault::Value { field: "transformer", why });
    }
    Ok(())
}

/// Connects another transformer: a row, and an event that puts it into service on the day.
pub(super) fn connect(
    drafting: &mut Drafting<'_>,
    model: &str,
    capacity_kva: Quantity,
    from: Date,
) -> Result<(), Fault> {
    positive(capacity_kva)?;
    let model = super::account::text("transformer", model, 40, true)?;
    let supply = &mut drafting.supply;
    if supply.transformers.len() >= TRANSFORMERS_MAX {
        let why = Text::new("变压器不超过 100 台", "at most 100 transformers");
        return Err(Fault::Value { field: "transformer", why });
    }
    let account_id = supply.account_id();
    let seq = supply.transformers.iter().map(|transformer| transformer.seq).max().unwrap_or(0) + 1;
    supply.transformers.push(Transformer { account_id, seq, model, capacity_kva, connected_on: from });
    supply.details.account.options = supply.details.account.options.with(Options::HAS_TRANSFORMERS, true);
    let event = TransformerEvent {
        account_id,
        seq,
        on: from,
        event_no: 1,
        change: TransformerChange::Add,
        capacity_kva: None,
    };
    drafting.note_row(format!("transformer.{seq}"), None, Some(format!("add {capacity_kva}")), from);
    drafting.supply.events.push(event);
    Ok(())
}

fn check_lead(drafting: &Drafting<'_>, from: Date) -> Result<(), Fault> {
    let now = drafting.now;
    now.rules.check_lead(now.calendar, "capacity_lead", now.applied_on, from)
}

fn suspend(drafting: &mut Drafting<'_>, seq: i64, until: Option<Date>, from: Date) -> Result<(), Fault> {
    expect(drafting, seq, from, |standing| standing.in_service() || standing == Standing::ColdStandby)?;
    check_lead(drafting, from)?;
    let rules = drafting.now.rules;
    if let Some(until) = until {
        let least = rules.value("suspension_min", from).unwrap_or(1);
        if from.days_until(until) < least {
            return Err(Fault::TooShort { from, until, least, months: false });
        }
    }
    event(drafting, seq, from, TransformerChange::Suspend, None)?;
    let end = until.unwrap_or(from);
    for year in from.year()..=end.year().min(from.year() + 2) {
        let (days, count) = suspended_in(&drafting.supply, year, end)?;
        if let Some(most) = rules.value("suspensions_per_year", from).filter(|most| count > *most) {
            return Err(Fault::TooOften { year, count, most });
        }
        if let Some(most) = rules.value("suspension_year_max", from).filter(|most| days > *most) {
            return Err(Fault::TooManyDays { year, days, most });
        }
    }
    Ok(())
}

fn resume(drafting: &mut Drafting<'_>, seq: i64, from: Date) -> Result<(), Fault> {
    let back = |standing| !matches!(standing, Standing::Absent | Standing::Running);
    let (standing, _) = expect(drafting, seq, from, back)?;
    check_lead(drafting, from)?;
    if let Standing::Reduced(since) = standing {
        let rules = drafting.now.rules;
        if let Some(least) = rules.value("reduction_min", since).filter(|_| from > since)
            && from < months_after(since, least)?
        {
            return Err(Fault::TooShort { from: since, until: from, least, months: true });
        }
        if let Some(most) = rules.value("reduction_max", since)
            && from > months_after(since, most)?
        {
            return Err(Fault::TooLong { from: since, until: from, most });
        }
    }
    event(drafting, seq, from, TransformerChange::Resume, None)
}

fn reduce(
    drafting: &mut Drafting<'_>,
    seq: i64,
    to_kva: Option<Quantity>,
    until: Option<Date>,
    from: Date,
) -> Result<(), Fault> {
    let stands = |standing: Standing| standing.in_service() || matches!(standing, Standing::Suspended(_));
    let (_, capacity) = expect(drafting, seq, from, stands)?;
    check_lead(drafting, from)?;
    let rules = drafting.now.rules;
    if let Some(until) = until {
        if let Some(least) = rules.value("reduction_min", from)
            && until < months_after(from, least)?
        {
            return Err(Fault::TooShort { from, until, least, months: true });
        }
        if let Some(most) = rules.value("reduction_max", from)
            && until > months_after(from, most)?
        {
            return Err(Fault::TooLong { from, until, most });
        }
    }
    match to_kva {
        None => event(drafting, seq, from, TransformerChange::Reduce, None),
        Some(smaller) => {
            positive(smaller)?;
            if smaller >= capacity {
                let why = Text::new("减容应换为更小的容量", "a reduction leads to a smaller capacity");
                return Err(Fault::Value { field: "transformer", why });
            }
            event(drafting, seq, from, TransformerChange::Swap, Some(smaller))
        }
    }
}

fn swap(drafting: &mut Drafting<'_>, seq: i64, kva: Quantity, until: Date, from: Date) -> Result<(), Fault> {
    let (_, capacity) = expect(drafting, seq, from, Standing::in_service)?;
    positive(kva)?;
    if kva == capacity {
        return Err(Fault::Same { field: "transformer" });
    }
    let high = drafting.supply.details.account.voltage >= VoltageLevel::From35To110kv;
    let name = if high { "swap_max_from_35kv" } else { "swap_max_below_35kv" };
    if until <= from {
        return Err(Fault::TooShort { from, until, least: 1, months: false });
    }
    if let Some(most) = drafting.now.rules.value(name, from)
        && until > months_after(from, most)?
    {
        return Err(Fault::TooLong { from, until, most });
    }
    event(drafting, seq, from, TransformerChange::Swap, Some(kva))
}

/// Takes back the last event of a transformer, on its very day.
fn revoke(drafting: &mut Drafting<'_>, seq: i64, from: Date) -> Result<(), Fault> {
    transformer(drafting, seq)?;
    let events = &mut drafting.supply.events;
    let last = events.iter().rposition(|event| event.seq == seq && event.change != TransformerChange::Add);
    let Some(event) = last.map(|at| events.remove(at)) else {
        let why = Text::new("没有可更正的容量变更", "there is no event to be revoked");
        return Err(Fault::Value { field: "transformer", why });
    };
    if event.on != from {
        let why = Text::new(
            format!("该变压器最后一次变更在 {}，更正日期应与其相同", event.on),
            format!("the last event of the transformer is of {}; give that day", event.on),
        );
        return Err(Fault::Day { from, why });
    }
    drafting.note_row(format!("transformer.{seq}"), Some(describe(&event)), None, from);
    Ok(())
}

/// A customer charged by demand suspends all capacity, while that rule holds. Judged after all lines of the ticket.
pub(super) fn check_whole(supply: &Supply, lines: &[Line], now: Circumstances<'_>) -> Result<(), Fault> {
    let by_demand = supply
        .terms
        .as_ref()
        .is_some_and(|terms| matches!(terms.basic, BasicMethod::ContractDemand | BasicMethod::ActualDemand));
    for line in lines {
        let suspends = matches!(&line.change, Change::Capacity { act: CapacityAct::Suspend { .. } });
        if by_demand && suspends && now.rules.value("suspension_whole_demand", line.from) == Some(1) {
            let left = in_service_kva(supply, line.from)?;
            if left > Quantity::default() {
                return Err(Fault::NotWhole);
            }
        }
    }
    Ok(())
}
