//! The answer to a quote file: the priced bill and charges, explained, as text and as data.

use std::fmt::Write;

use kernel::{Bilingual, Lang, Text};
use serde_json::{Value as Json, json};

use super::build::Priced;
use super::figures::{Expectation, Figure, Figures};
use super::sections::Sections;
use crate::explain::{Block, Context, line_calculation, line_label, padded, render, width, words};
use crate::model::Bill;

/// The answer to a quote file.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) title: Option<String>,
    pub(super) notes: Vec<Text>,
    pub(super) priced: Option<Priced>,
    pub(super) sections: Sections,
    pub(super) blocks: Vec<Block>,
    pub(super) figures: Figures,
    pub(super) expectations: Vec<Expectation>,
}

impl Answer {
    /// The bill, when the file describes an account.
    pub fn bill(&self) -> Option<&Bill> {
        self.priced.as_ref().map(|priced| &priced.bill)
    }
    /// The worked calculation.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
    /// What the file expected, each with what came out.
    pub fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }
    /// Did everything the file expects come out? Decides the exit code of the command.
    pub fn passed(&self) -> bool {
        self.expectations.iter().all(|expectation| expectation.met)
    }
    /// What was presumed because the file does not say it.
    pub fn notes(&self) -> &[Text] {
        &self.notes
    }

    /// The answer for a person.
    pub fn text(&self, lang: Lang) -> String {
        let say = |zh: &str, en: &str| if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() };
        let mut text = String::new();
        if let Some(title) = &self.title {
            text.push_str(title);
            text.push_str("\n\n");
        }
        if let Some(priced) = &self.priced {
            text.push_str(&table(priced, lang));
            text.push('\n');
        }
        text.push_str(&render(&self.blocks, lang));
        let derived: Vec<&Figure> =
            self.figures.0.iter().filter(|figure| figure.quotient && shown(&figure.name)).collect();
        if !derived.is_empty() {
            let _ = writeln!(text, "\n{}", say("派生指标", "Derived figures"));
            for figure in derived {
                let _ =
                    writeln!(text, "  {}  {}", padded(&derived_label(&figure.name, lang), 30), figure.text);
            }
        }
        if !self.notes.is_empty() {
            let _ = writeln!(text, "\n{}", say("说明", "Notes"));
            for note in &self.notes {
                let _ = writeln!(text, "  - {}", note.text(lang));
            }
        }
        if !self.expectations.is_empty() {
            let met = self.expectations.iter().filter(|expectation| expectation.met).count();
            let all = self.expectations.len();
            let _ = writeln!(
                text,
                "\n{}",
                say(
                    &format!("核对：{all} 项中 {met} 项相符"),
                    &format!("Expected: {met} of {all} figures agree")
                )
            );
            for expectation in self.expectations.iter().filter(|expectation| !expectation.met) {
                let Expectation { name, expected, actual, line, .. } = expectation;
                let _ = writeln!(
                    text,
                    "{}",
                    say(
                        &format!("  ✗ 第 {line} 行 {name}：期望 {expected}，得出 {actual}"),
                        &format!("  ✗ line {line}: {name} is expected to be {expected}, and is {actual}"),
                    )
                );
            }
        }
        text
    }

    /// The answer as data: `title`, `bill`, `figures`, `steps`, `notes`, `expect` and `passed`. Figures are text.
    pub fn json(&self) -> Json {
        json!({
            "title": self.title,
            "bill": self.priced.as_ref().map(bill_json),
            "figures": self.figures.json(),
            "charges_total": self.sections.any.then(|| self.sections.total.to_string()),
            "steps": self.blocks,
            "notes": self.notes,
            "expect": self.expectations.iter().map(|expectation| json!({
                "name": expectation.name,
                "expected": expectation.expected,
                "actual": expectation.actual,
                "met": expectation.met,
                "line": expectation.line,
            })).collect::<Vec<_>>(),
            "passed": self.passed(),
        })
    }
}

fn shown(name: &str) -> bool {
    !name.contains('.')
}

fn derived_label(name: &str, lang: Lang) -> String {
    let known = [
        ("average_price", "平均电价（元/千瓦时）", "average price, yuan per kWh"),
        ("average_price_without_funds", "不含基金平均电价", "average price without funds"),
        ("load_hours", "每千伏安电量", "kWh per kVA"),
        ("target_kwh", "达到目标均价的电量", "kWh for the target average price"),
    ];
    let label = known.iter().find(|(key, _, _)| *key == name);
    label.map_or_else(
        || name.to_owned(),
        |(_, zh, en)| if lang == Lang::Zh { (*zh).into() } else { (*en).into() },
    )
}

/// The lines of the bill as a table, with aligned amounts and the total.
fn table(priced: &Priced, lang: Lang) -> String {
    let context = priced.context();
    let mut rows: Vec<(String, String, String)> = priced
        .bill
        .lines
        .iter()
        .map(|line| {
            let label = line_label(line, &context).text(lang);
            (label, line_calculation(line, &priced.bill), line.amount.to_string())
        })
        .collect();
    let total = if lang == Lang::Zh { "应收电费" } else { "To pay" };
    rows.push((total.into(), String::new(), priced.bill.total.to_string()));
    let label = rows.iter().map(|row| width(&row.0)).max().unwrap_or(0);
    let calculation = rows.iter().map(|row| width(&row.1)).max().unwrap_or(0);
    let amount = rows.iter().map(|row| row.2.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        if place + 1 == rows.len() {
            text.push_str(&"-".repeat(label + calculation + amount + 4));
            text.push('\n');
        }
        let _ =
            writeln!(text, "{}  {}  {:>amount$}", padded(&row.0, label), padded(&row.1, calculation), row.2);
    }
    text
}

impl Priced {
    pub(super) fn context(&self) -> Context<'_> {
        Context { plans: &self.plans, rules: &self.rules, input: &self.input, point_names: &self.names }
    }
}

fn bill_json(priced: &Priced) -> Json {
    let bill = &priced.bill;
    let context = priced.context();
    let name = |point: u8| priced.names.get(usize::from(point)).cloned().unwrap_or_default();
    let regulation = priced.rules.regulations.get(usize::from(bill.regulation));
    json!({
        "from": priced.input.from,
        "to": priced.input.to,
        "month": priced.input.month,
        "regulation": regulation.map(|regulation| &regulation.code),
        "lines": bill.lines.iter().map(|line| json!({
            "point": name(line.point),
            "kind": words::kind_key(line.kind),
            "label": line_label(line, &context),
            "period": line.period.key(),
            "tier": line.tier,
            "rule": words::rule(line),
            "component": line.component.and_then(|id| priced.plans.component(id)).map(|component| &component.code),
            "quantity": line.quantity.to_string(),
            "price": line.price.to_string(),
            "factor": line.factor.to_string(),
            "days": line.fraction.part,
            "of_days": line.fraction.whole,
            "unrounded": line.exact.to_string(),
            "amount": line.amount.to_string(),
        })).collect::<Vec<_>>(),
        "components": bill.sums.iter().map(|sum| json!({
            "component": priced.plans.component(sum.component).map(|component| &component.code),
            "name": priced.plans.component(sum.component).map(|component| &component.name),
            "fund": sum.fund,
            "contained": sum.contained,
            "amount": sum.amount.to_string(),
            "vat": sum.vat.to_string(),
        })).collect::<Vec<_>>(),
        "points": bill.points.iter().map(|point| json!({
            "name": name(point.point),
            "metered_kwh": point.metered.sum().unwrap_or_default().to_string(),
            "deducted_kwh": point.deducted_kwh.to_string(),
            "transformer_loss_kwh": point.transformer_loss_kwh.to_string(),
            "line_loss_kwh": point.line_loss_kwh.to_string(),
            "billed_kwh": point.billed_kwh.to_string(),
            "kvarh": point.metered_kvarh.to_string(),
            "reactive_loss_kvarh": point.reactive_loss_kvarh.to_string(),
            "demand_kw": point.demand_kw.map(|kw| kw.to_string()),
        })).collect::<Vec<_>>(),
        "total": bill.total.to_string(),
        "catalogue": bill.catalogue.to_string(),
        "funds": bill.funds.to_string(),
        "vat": bill.vat.to_string(),
    })
}
